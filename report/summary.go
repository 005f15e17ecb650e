package report

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/scenarios"
)

// Window is the length of a report's intermediate periods, which are aligned to wall clock.
const Window = 10 * time.Second

// LateAfter is how late an arrival must start to count as vusers.late.
const LateAfter = 10 * time.Millisecond

// maxErrorNames bounds the distinct errors.* counters: a target that makes its messages up must not fill our memory.
const maxErrorNames = 200

// Options are what a Summary must know of the run beforehand.
type Options struct {
	Plan     *scenarios.Plan
	Schedule *load.Schedule
	Started  time.Time
	// Connections is the pool that all users share, 0 when each has its own; it is reported.
	Connections int
	// Segment is the part of the schedule that this process takes; nil: all of it.
	Segment *load.Segment
}

// Summary adds a run up. It is safe for concurrent use: one goroutine adds events while others read.
type Summary struct {
	options Options

	mu      sync.Mutex
	total   *tally // of the closed windows
	open    map[int64]*tally
	floor   int64 // start of the earliest window still open, Unix milliseconds
	periods []Period
	windows []map[string]distribution.Buckets // of periods, if this is a segment
	parts   parts
	points  points
	errors  map[string]bool
	emitted map[string]bool // of the metrics that functions of the script emitted
	labels  map[string]*endpointNames
	names   names
	misses  misses
	active  int64
	phase   scenarios.Phase
	lag     lagWatch
}

// NewSummary makes an empty summary.
func NewSummary(o Options) *Summary {
	return &Summary{
		options: o, total: newTally(), open: map[int64]*tally{}, errors: map[string]bool{}, emitted: map[string]bool{},
		labels: map[string]*endpointNames{}, names: names{}, misses: misses{}, parts: newParts(), points: newPoints(o),
	}
}

// Add adds one event of the run.
func (s *Summary) Add(e load.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case *load.Result:
		s.result(e)
	case *load.UserStart:
		s.userStart(e)
	case *load.UserEnd:
		s.userEnd(e)
	case *load.Skip:
		w := s.window(e.At)
		w.count("vusers.skipped", 1, e.At.UnixMilli())
	case *load.PhaseStart:
		s.phase = e.Phase
	case *load.Metric:
		s.custom(e)
	case *load.Line:
	}
}

// Advance closes the windows and points that ended a second before now, so that memory does not grow with the run. What
// comes later still for a closed window is counted in the next one.
func (s *Summary) Advance(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeBefore(now.Add(-time.Second).UnixMilli())
	s.points.advance(now, s.active)
}

// Close closes everything; nothing may be added after it.
func (s *Summary) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeBefore(1<<63 - 1)
	s.points.close(s.active)
}

func (s *Summary) closeBefore(ms int64) {
	for _, start := range slices.Sorted(maps.Keys(s.open)) {
		if start+Window.Milliseconds() > ms {
			return
		}
		w := s.open[start]
		w.fold()
		s.lag.window(w.histograms[seriesLag])
		s.periods = append(s.periods, newPeriod(start, w))
		if s.options.Segment != nil {
			s.windows = append(s.windows, distribution.AllBuckets(w.histograms))
		}
		s.total.merge(w)
		delete(s.open, start)
		s.floor = start + Window.Milliseconds()
	}
}

func (s *Summary) window(at time.Time) *tally {
	ms := at.UnixMilli()
	start := max(ms-ms%Window.Milliseconds(), s.floor)
	w := s.open[start]
	if w == nil {
		w = newTally()
		w.counters["vusers.failed"] = 0 // written even if nobody failed
		if s.options.Plan.Apdex > 0 {
			w.counters["apdex.satisfied"], w.counters["apdex.tolerated"], w.counters["apdex.frustrated"] = 0, 0, 0 // likewise
		}
		s.open[start] = w
	}
	return w
}

func (s *Summary) userStart(e *load.UserStart) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	w.count("vusers.created", 1, ms)
	w.count(s.names.of("vusers.created_by_name.", e.Scenario), 1, ms)
	if e.Lag > LateAfter {
		w.count("vusers.late", 1, ms)
	}
	w.record(seriesLag, e.Lag, ms)
	s.active++
	s.points.arrival()
}

func (s *Summary) userEnd(e *load.UserEnd) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	s.active--
	switch {
	case e.Cut:
		w.count("edgescope.vusers.cut", 1, ms)
	case e.Err != "":
		w.count("vusers.failed", 1, ms)
		w.count("errors."+s.errorName(e.Err), 1, ms)
	default:
		w.count("vusers.completed", 1, ms)
		w.record("vusers.session_length", e.Length, ms)
	}
}

func (s *Summary) errorName(name string) string {
	if s.errors[name] {
		return name
	}
	if len(s.errors) >= maxErrorNames {
		return "other"
	}
	s.errors[name] = true
	return name
}

// endOf is when a result was complete.
func endOf(r *load.Result) time.Time { return r.Timestamp.Add(r.Latency) }

func (s *Summary) result(r *load.Result) {
	end := endOf(r)
	w, ms := s.window(end), end.UnixMilli()
	s.lane(w, r).add(w, r, ms)
	if !r.Cut {
		s.points.result(r)
		s.parts.result(r)
	}
	if r.BadCookies > 0 {
		w.count("errors.cookie_parse_error_invalid_cookie", int64(r.BadCookies), ms)
	}
	for _, o := range r.Outcomes {
		verb := "ok"
		if !o.OK {
			verb = "failed"
			s.misses.add(r.Attack, &o)
		}
		verb = s.names.of("plugins.expect.", verb)
		w.count(verb, 1, ms)
		w.count(s.names.of(verb, ".", o.Type), 1, ms)
	}
}

// The names of our own distributions (milliseconds).
const (
	seriesResponse = "edgescope.response_time" // the headline: intended start -> last byte
	seriesService  = "edgescope.service_time"
	seriesTTFB     = "edgescope.ttfb"
	seriesLag      = "edgescope.lag"
	seriesConnWait = "edgescope.conn_wait"
)

// connectionSeries are the series of new connections (cold) or of reused ones (warm).
type connectionSeries struct{ response, service, ttfb string }

var (
	coldSeries      = connectionSeries{seriesResponse + ".cold", seriesService + ".cold", seriesTTFB + ".cold"}
	warmSeries      = connectionSeries{seriesResponse + ".warm", seriesService + ".warm", seriesTTFB + ".warm"}
	responseClasses = [...]string{"http.response_time.2xx", "http.response_time.3xx", "http.response_time.4xx", "http.response_time.5xx"}
)

func (s *Summary) answered(w *tally, l *lane, r *load.Result) {
	l.count("http.responses")
	l.count(s.names.code("http.codes.", r.Code))
	w.counters["http.downloaded_bytes"] += 0 // written even if all bodies are empty
	l.record(w, "http.response_time", waited)
	if r.Code >= 200 && r.Code < 600 {
		l.record(w, responseClasses[r.Code/100-2], waited)
	}
	if s.options.Plan.HTTP.ExtendedMetrics {
		l.record(w, "http.dns", dns)
		l.record(w, "http.tcp", tcp)
		l.record(w, "http.tls", tlsTime)
		l.record(w, "http.total", total)
	}
	if r.CacheStatus != "" {
		l.count(s.names.of("edgescope.cache.", r.CacheStatus))
	}
	if r.ColdStart != nil && *r.ColdStart {
		l.count("edgescope.cold_starts")
	}
	if r.Failure == "" && !r.Cut {
		l.own(w, r)
		l.apdex = s.options.Plan.Apdex
	}
}

// own are our own series, of complete answers only: a broken one has no last byte.
func (l *lane) own(w *tally, r *load.Result) {
	kind := &coldSeries
	if r.Reused {
		kind = &warmSeries
	}
	l.record(w, seriesResponse, response)
	l.record(w, kind.response, response)
	l.record(w, seriesService, service)
	l.record(w, kind.service, service)
	l.record(w, seriesTTFB, ttfb)
	l.record(w, kind.ttfb, ttfb)
	l.record(w, seriesConnWait, connWait)
	l.record(w, "edgescope.phase.body", body)
	if !r.Reused {
		l.record(w, "edgescope.phase.dns", dns)
		l.record(w, "edgescope.phase.tcp", tcp)
		if r.TLS > 0 {
			l.record(w, "edgescope.phase.tls", tlsTime)
		}
	}
}

// endpointNames are the names of one endpoint's metrics.
type endpointNames struct{ responseTime, serverTiming, codes, errors, cache string }

// endpoint counts under metrics-by-endpoint: the last hop only, and nothing when Artillery's plugin has nothing.
func (s *Summary) endpoint(w *tally, l *lane, r *load.Result, failure string) {
	o := &s.options.Plan.Endpoints
	if !r.Final || r.Endpoint == "" || r.Cut || o.IgnoreUnnamed && r.Name == "" {
		return
	}
	names := s.endpointNames(r)
	if r.Answered() {
		l.count(s.names.code(names.codes, r.Code))
		l.record(w, names.responseTime, waited)
		if r.HasServerTotal {
			l.record(w, names.serverTiming, serverTotal)
		}
		if r.CacheStatus != "" {
			l.count(s.names.of(names.cache, r.CacheStatus))
		}
	}
	if failure != "" {
		l.count(names.errors + failure)
	}
}

func (s *Summary) endpointNames(r *load.Result) *endpointNames {
	label := r.Endpoint
	if s.options.Plan.Endpoints.UseOnlyRequestNames && r.Name != "" {
		label = r.Name
	}
	names := s.labels[label]
	if names == nil {
		namespace := s.options.Plan.Endpoints.Namespace
		if namespace == "" {
			namespace = "plugins.metrics-by-endpoint"
		}
		names = &endpointNames{
			responseTime: namespace + ".response_time." + label,
			serverTiming: namespace + ".server-timing." + label,
			codes:        namespace + "." + label + ".codes.",
			errors:       namespace + "." + label + ".errors.",
			cache:        cacheByEndpoint + label + ".",
		}
		s.labels[label] = names
	}
	return names
}

// isEndpoint tells a metric that the console hides.
func (s *Summary) isEndpoint(name string) bool {
	namespace := s.options.Plan.Endpoints.Namespace
	if namespace == "" {
		namespace = "plugins.metrics-by-endpoint"
	}
	return strings.HasPrefix(name, namespace+".") || strings.HasPrefix(name, cacheByEndpoint)
}
