package report

import (
	"time"

	"edgescope/load"
	"edgescope/scenarios"
	"edgescope/scenarios/processor"
)

// FirstHits tells the requests that may meet a cold start from all others: a request is a first hit when nothing had been
// answered for the idle time of the plan as it was sent. All requests that are sent before the first answer after a gap are
// first hits, since each may start an instance; so is the first one of the run. Each region has gaps of its own. It is for
// one goroutine; a nil one tells nothing.
type FirstHits struct {
	idle  time.Duration
	gaps  map[string]*gap // by region
	names [2]hitNames
}

// gap is the last gap of a region: before it the last answer of the burst before, behind it the first one of this burst.
type gap struct{ before, behind, last time.Time }

type hitNames struct{ response, ttfb string }

// NewFirstHits is nil for a plan that does not tell first hits.
func NewFirstHits(plan *scenarios.Plan) *FirstHits {
	if plan.Idle <= 0 {
		return nil
	}
	return &FirstHits{idle: plan.Idle, gaps: map[string]*gap{}, names: [2]hitNames{
		{seriesLaterHit + ".response_time", seriesLaterHit + ".ttfb"}, {seriesFirstHit + ".response_time", seriesFirstHit + ".ttfb"},
	}}
}

// The distributions of first hits and of all other requests.
const (
	seriesFirstHit = "edgescope.first_hit"
	seriesLaterHit = "edgescope.later_hit"
)

// Measure is what a result adds to the distributions of first or later hits, nothing for all other events and for requests
// without a complete answer. Results must come in the order in which they ended.
func (s *FirstHits) Measure(e load.Event) []*load.Metric {
	r, ok := e.(*load.Result)
	if s == nil || !ok || r.Cut || r.Sent.IsZero() {
		return nil
	}
	end := endOf(r)
	first := s.first(r.Region, r.Sent, end)
	if r.Failure != "" {
		return nil
	}
	names := &s.names[0]
	if first {
		names = &s.names[1]
	}
	metric := func(name string, d time.Duration) *load.Metric {
		return &load.Metric{At: end, Metric: processor.Metric{Kind: processor.Histogram, Name: name, Value: float64(d) / 1e6}}
	}
	return []*load.Metric{metric(names.response, r.Response()), metric(names.ttfb, r.TTFB)}
}

func (s *FirstHits) first(region string, sent, end time.Time) bool {
	g := s.gaps[region]
	if g == nil {
		g = &gap{behind: end, last: end}
		s.gaps[region] = g
	}
	if sent.Sub(g.last) >= s.idle {
		g.before, g.behind = g.last, end
	}
	if end.After(g.last) {
		g.last = end
	}
	return sent.Before(g.behind) && sent.Sub(g.before) >= s.idle
}
