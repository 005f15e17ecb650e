// Package report sums a run up and says what came of it: the summary of its events, the verdict with its exit code, and
// the report that its file holds.
package report

import (
	"maps"
	"slices"
	"sync"
	"time"

	"edgescope/load"
	"edgescope/report/distribution"
	"edgescope/report/sums"
	"edgescope/scenarios/plan"
)

// Window is the length of a report's intermediate periods, which are aligned to wall clock.
const Window = 10 * time.Second

// lateAfter is how late an arrival must start to count as vusers.late.
const lateAfter = 10 * time.Millisecond

// Options are what a Summary must know of the run beforehand.
type Options struct {
	Plan     *plan.Plan
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
	total   *sums.Tally // of the closed windows
	open    map[int64]*window
	floor   int64 // start of the earliest window still open, Unix milliseconds
	periods []sums.Period
	windows []map[string]distribution.Buckets // of periods, if this is a segment

	steps, regions sums.Parts
	points         points
	failed         sums.FailedExpectations
	answers        Answers
	faults         map[string]load.Fault // the first of each name, of at most maxFaults
	hits           firstHits
	active         int64
	phase          plan.Phase
	lag            sums.WorstLag

	names                                   names
	labels                                  map[[2]string]*endpointNames
	errors, metrics, endpoints, regionNames bounded
}

// NewSummary makes an empty summary.
func NewSummary(o Options) *Summary {
	return &Summary{
		options: o, total: sums.New(), open: map[int64]*window{}, steps: sums.Parts{}, regions: sums.Parts{},
		points: newPoints(o),
		failed: sums.FailedExpectations{}, hits: firstHits{idle: o.Plan.Idle, gaps: map[string]*gap{}},
		names: names{}, labels: map[[2]string]*endpointNames{},
		errors: newBounded(maxErrors), metrics: newBounded(maxMetrics), endpoints: newBounded(maxEndpoints),
		regionNames: newBounded(maxRegions),
	}
}

// Add adds one event of the run. Results must come in the order in which they ended.
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
		s.window(e.At).Count("vusers.skipped", 1, e.At.UnixMilli())
	case *load.PhaseStart:
		s.phase = e.Phase
	case *load.Metric:
		s.metric(e)
	case *load.Mishap:
		s.window(e.At).Count("errors."+s.errors.name(e.Err), 1, e.At.UnixMilli())
	case *load.Line:
	}
}

// Started is the time at which the first phase began.
func (s *Summary) Started() time.Time { return s.options.Started }

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
		t := s.open[start].settle()
		s.lag.Window(t.Histograms[sums.SeriesLag])
		s.periods = append(s.periods, sums.NewWindow(start, t))
		if s.options.Segment != nil {
			s.windows = append(s.windows, distribution.AllBuckets(t.Histograms))
		}
		s.total.Merge(t)
		delete(s.open, start)
		s.floor = start + Window.Milliseconds()
	}
}

func (s *Summary) window(at time.Time) *window {
	ms := at.UnixMilli()
	start := max(ms-ms%Window.Milliseconds(), s.floor)
	w := s.open[start]
	if w == nil {
		w = newWindow()
		w.Counters["vusers.failed"] = 0 // written even if nobody failed
		if s.options.Plan.Apdex > 0 {
			w.Counters["apdex.satisfied"], w.Counters["apdex.tolerated"], w.Counters["apdex.frustrated"] = 0, 0, 0 // likewise
		}
		s.open[start] = w
	}
	return w
}

func (s *Summary) userStart(e *load.UserStart) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	w.Count("vusers.created", 1, ms)
	w.Count(s.names.of("vusers.created_by_name.", e.Scenario), 1, ms)
	if e.Lag > lateAfter {
		w.Count("vusers.late", 1, ms)
	}
	w.Record(sums.SeriesLag, e.Lag, ms)
	s.active++
	s.points.arrival()
}

// maxFaults is of how many errors the Summary remembers whose they are.
const maxFaults = 100

// blame remembers whose fault an error is.
func (s *Summary) blame(r *load.Result) {
	if r.Fault == nil || len(s.faults) >= maxFaults {
		return
	}
	if _, known := s.faults[r.Failure]; known {
		return
	}
	if s.faults == nil {
		s.faults = map[string]load.Fault{}
	}
	s.faults[r.Failure] = *r.Fault
}

func (s *Summary) userEnd(e *load.UserEnd) {
	w, ms := s.window(e.At), e.At.UnixMilli()
	s.active--
	switch {
	case e.Cut:
		w.Count("edgescope.vusers.cut", 1, ms)
	case e.Err != "":
		w.Count("vusers.failed", 1, ms)
		w.Count("errors."+s.errors.name(e.Err), 1, ms)
	default:
		w.Count("vusers.completed", 1, ms)
		w.Record("vusers.session_length", e.Length, ms)
	}
}

func (s *Summary) result(r *load.Result) {
	end := r.Timestamp.Add(r.Latency) // when it was complete
	w, ms := s.window(end), end.UnixMilli()
	s.group(w, r).add(w, r, ms)
	s.hits.add(w, r, end)
	if !r.Cut {
		s.answers.add(r)
		s.blame(r)
		s.points.result(r)
		s.partResult(r)
	}
	if r.BadCookies > 0 {
		w.Count("errors.cookie_parse_error_invalid_cookie", int64(r.BadCookies), ms)
	}
	for i := range r.Outcomes {
		o := &r.Outcomes[i]
		verb := "ok"
		if !o.OK {
			verb = "failed"
			s.failed.Add(r.Attack, o.Type, 1, o.Want, o.Got)
		}
		verb = s.names.of("plugins.expect.", verb)
		w.Count(verb, 1, ms)
		w.Count(s.names.of(verb, ".", o.Type), 1, ms)
	}
}

// Aggregate is the whole run so far.
func (s *Summary) Aggregate() sums.Period {
	s.mu.Lock()
	defer s.mu.Unlock()
	var last int64
	if n := len(s.periods); n > 0 {
		last = s.periods[n-1].Start.UnixMilli()
	}
	return sums.NewAggregate(last, s.sum())
}

// sum is the closed windows and the open ones together.
func (s *Summary) sum() *sums.Tally {
	t := sums.New()
	t.Counters["vusers.failed"] = 0
	t.Merge(s.total)
	for _, w := range s.open {
		t.Merge(w.settle())
	}
	return t
}

// Periods are the windows that are closed, in order; the caller may keep them.
func (s *Summary) Periods() []sums.Period {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sums.Period{}, s.periods...)
}

// Status is a run as it stands.
type Status struct {
	Rate   float64 // requests per second of the open windows
	Users  int64   // that are alive
	Errors int64   // requests without a complete answer and answers of 5xx, since the start
	// Response are the response times of the open windows.
	Response distribution.Histogram
	Left     time.Duration // of the schedule; not above 0 when all users have started
	Phase    plan.Phase
}

// Status returns how the run stands.
func (s *Summary) Status(now time.Time) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := sums.New()
	for _, w := range s.open {
		t.Merge(w.settle())
	}
	return Status{
		Rate: t.RequestRate(), Users: s.active, Errors: s.points.errors(), Response: *t.Histogram(sums.SeriesResponse),
		Left: (s.options.Schedule.Duration() - now.Sub(s.options.Started)).Round(time.Second), Phase: s.phase,
	}
}
