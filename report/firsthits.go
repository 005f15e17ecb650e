package report

import (
	"time"

	"edgescope/load"
	"edgescope/report/sums"
)

// firstHits tells the requests that may meet a cold start from all others: a request is a first hit when nothing had
// been answered for the idle time of the plan as it was sent. All requests that are sent before the first answer after
// a gap are first hits, since each may start an instance; so is the first one of the run. Each region has gaps of its
// own. Without an idle time there are none.
type firstHits struct {
	idle time.Duration
	gaps map[string]*gap // by region
}

// gap is the last gap of a region: before it the last answer of the burst before, behind it the first one of this
// burst.
type gap struct{ before, behind, last time.Time }

// hitSeries are the series of first hits, or of all other requests.
type hitSeries struct{ response, ttfb string }

var (
	firstSeries = hitSeries{sums.SeriesFirstHit + ".response_time", sums.SeriesFirstHit + ".ttfb"}
	laterSeries = hitSeries{sums.SeriesLaterHit + ".response_time", sums.SeriesLaterHit + ".ttfb"}
)

// add records a result as a first or later hit; one without a complete answer only ends a gap. Results must come in the
// order in which they ended.
func (f *firstHits) add(w *window, r *load.Result, end time.Time) {
	if f.idle <= 0 || r.Cut || r.Sent.IsZero() {
		return
	}
	first := f.first(r.Region, r.Sent, end)
	if r.Failure != "" {
		return
	}
	series := &laterSeries
	if first {
		series = &firstSeries
	}
	w.Record(series.response, r.Response(), end.UnixMilli())
	w.Record(series.ttfb, r.TTFB, end.UnixMilli())
}

func (f *firstHits) first(region string, sent, end time.Time) bool {
	g := f.gaps[region]
	if g == nil {
		g = &gap{behind: end, last: end}
		f.gaps[region] = g
	}
	if sent.Sub(g.last) >= f.idle {
		g.before, g.behind = g.last, end
	}
	if end.After(g.last) {
		g.last = end
	}
	return sent.Before(g.behind) && sent.Sub(g.before) >= f.idle
}
