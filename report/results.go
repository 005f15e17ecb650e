package report

import (
	"time"

	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/sums"
)

// window is an open period: what is added up of it, and the groups of its results.
type window struct {
	sums.Tally
	groups  map[groupKey]*group
	last    *group // that a result went into
	lastKey groupKey
}

func newWindow() *window { return &window{Tally: *sums.New(), groups: map[groupKey]*group{}} }

// group is where all results of a window go that count under the same names: the names are put together once, and a
// further result costs no look-up in a map. What a result counts under is decided in newGroup alone.
type group struct {
	names   []string // of the counters to which each result adds one
	results int64    // since the last settle
	bytes   int64
	series  []series
	apdex   time.Duration // threshold; 0: not counted
}

// series is a distribution and which of a result's times go into it.
type series struct {
	into *distribution.Histogram
	of   measure
}

// measure is one of the times of a result.
type measure int

const (
	waited measure = iota // as Artillery has it: whole milliseconds
	response
	service
	ttfb
	connWait
	body
	dns
	tcp
	tlsTime
	total
	serverTotal
	measures // how many there are
)

// timesOf are the times of a result, by measure.
func timesOf(r *load.Result) (times [measures]time.Duration) {
	times[waited] = r.Waited.Round(time.Millisecond)
	times[response], times[service], times[ttfb] = r.Response(), r.Service(), r.TTFB
	times[connWait], times[body] = r.ConnWait, r.Download
	times[dns], times[tcp], times[tlsTime] = r.DNS, r.TCP, r.TLS
	times[total], times[serverTotal] = times[response]-r.Lag-r.ConnWait, r.ServerTotal
	return times
}

// groupKey is what the names of a result depend on.
type groupKey struct {
	kind                           load.Kind
	endpoint, name, cache, failure string
	code                           uint16
	final, cut, reused, cold       bool
	encrypted, serverTotal         bool
}

func (s *Summary) groupKey(r *load.Result) groupKey {
	key := groupKey{
		kind: r.Kind, endpoint: s.endpointOf(r), name: r.Name, cache: r.CacheStatus, code: r.Code,
		final: r.Final, cut: r.Cut, reused: r.Reused, cold: r.ColdStart != nil && *r.ColdStart,
		encrypted: r.TLS > 0, serverTotal: r.HasServerTotal,
	}
	if r.Failure != "" {
		key.failure = s.errors.name(r.Failure)
	}
	return key
}

// group finds the group of a result.
func (s *Summary) group(w *window, r *load.Result) *group {
	key := s.groupKey(r)
	if w.last != nil && w.lastKey == key {
		return w.last
	}
	g := w.groups[key]
	if g == nil {
		g = s.newGroup(w, r, &key)
		w.groups[key] = g
	}
	w.last, w.lastKey = g, key
	return g
}

// newGroup says under which names a result counts.
func (s *Summary) newGroup(w *window, r *load.Result, key *groupKey) *group {
	g := &group{}
	switch {
	case r.Kind != load.KindRequest:
		s.socket(w, g, r)
	case r.Answered():
		s.answered(w, g, r)
		fallthrough
	default:
		g.count(sums.Requests)
	}
	if r.Cut {
		g.count("edgescope.http.cut")
	}
	s.endpoint(w, g, r, key)
	return g
}

func (g *group) count(name string) { g.names = append(g.names, name) }

func (g *group) record(w *window, name string, of measure) {
	g.series = append(g.series, series{w.Histogram(name), of})
}

// add adds a result, which ended at so many Unix milliseconds.
func (g *group) add(w *window, r *load.Result, ms int64) {
	w.Counted.Add(ms)
	g.results++
	if !r.Answered() {
		return
	}
	if r.Kind == load.KindRequest {
		g.bytes += r.Decoded
	}
	w.Recorded.Add(ms)
	times := timesOf(r)
	for i := range g.series {
		g.series[i].into.Record(times[g.series[i].of])
	}
	if g.apdex > 0 {
		w.Counters[apdexName(times[response]-r.Lag, g.apdex)]++
	}
}

func apdexName(took, threshold time.Duration) string {
	switch {
	case took <= threshold:
		return "apdex.satisfied"
	case took <= 4*threshold:
		return "apdex.tolerated"
	default:
		return "apdex.frustrated"
	}
}

// settle adds to the counters what the groups have counted since the last time, and returns the window's tally.
func (w *window) settle() *sums.Tally {
	for _, g := range w.groups {
		for _, name := range g.names {
			w.Counters[name] += g.results
		}
		w.countSome("http.downloaded_bytes", g.bytes)
		g.results, g.bytes = 0, 0
	}
	return &w.Tally
}

// countSome leaves a counter out that would be 0.
func (w *window) countSome(name string, n int64) {
	if n > 0 {
		w.Counters[name] += n
	}
}

// connectionSeries are the series of new connections (cold) or of reused ones (warm).
type connectionSeries struct{ response, service, ttfb string }

var (
	coldSeries = connectionSeries{
		sums.SeriesResponse + sums.Cold, sums.SeriesService + sums.Cold,
		sums.SeriesTTFB + sums.Cold,
	}
	warmSeries = connectionSeries{
		sums.SeriesResponse + sums.Warm, sums.SeriesService + sums.Warm,
		sums.SeriesTTFB + sums.Warm,
	}
	responseClasses = [...]string{
		"http.response_time.2xx", "http.response_time.3xx", "http.response_time.4xx",
		"http.response_time.5xx",
	}
)

// socket counts what happened on a WebSocket. Artillery counts messages, which are metrics of their own, and nothing of
// these: the names are ours.
func (s *Summary) socket(w *window, g *group, r *load.Result) {
	g.count(sums.SocketRequests)
	if !r.Answered() {
		return
	}
	g.count(sums.SocketResponses)
	into := sums.SeriesAnswer
	if r.Kind == load.KindConnect {
		into = sums.SeriesConnect
		g.count(s.names.code(sums.SocketCodes, r.Code))
	}
	if r.Failure == "" && !r.Cut {
		g.record(w, into, response)
		g.recordComplete(w, r)
	}
}

func (s *Summary) answered(w *window, g *group, r *load.Result) {
	g.count("http.responses")
	g.count(s.names.code("http.codes.", r.Code))
	w.Counters["http.downloaded_bytes"] += 0 // written even if all bodies are empty
	g.record(w, "http.response_time", waited)
	if r.Code >= 200 && r.Code < 600 {
		g.record(w, responseClasses[r.Code/100-2], waited)
	}
	if s.options.Plan.HTTP.ExtendedMetrics {
		g.record(w, "http.dns", dns)
		g.record(w, "http.tcp", tcp)
		g.record(w, "http.tls", tlsTime)
		g.record(w, "http.total", total)
	}
	if r.CacheStatus != "" {
		g.count(s.names.of(sums.CacheCounters, r.CacheStatus))
	}
	if r.ColdStart != nil && *r.ColdStart {
		g.count("edgescope.cold_starts")
	}
	if r.Failure == "" && !r.Cut {
		g.recordComplete(w, r)
		g.apdex = s.options.Plan.Apdex
	}
}

// recordComplete records the series of complete answers, which are our own: a broken one has no last byte.
func (g *group) recordComplete(w *window, r *load.Result) {
	kind := &coldSeries
	if r.Reused {
		kind = &warmSeries
	}
	g.record(w, sums.SeriesResponse, response)
	g.record(w, kind.response, response)
	g.record(w, sums.SeriesService, service)
	g.record(w, kind.service, service)
	g.record(w, sums.SeriesTTFB, ttfb)
	g.record(w, kind.ttfb, ttfb)
	g.record(w, sums.SeriesConnWait, connWait)
	g.record(w, "edgescope.phase.body", body)
	if !r.Reused {
		g.record(w, "edgescope.phase.dns", dns)
		g.record(w, "edgescope.phase.tcp", tcp)
		if r.TLS > 0 {
			g.record(w, "edgescope.phase.tls", tlsTime)
		}
	}
}
