package tables

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/tally"
	"edgescope/store"
)

// MaxHistory is how far back a history may reach, in hours: five weeks, of which forecasts read four.
const MaxHistory = 5 * 7 * 24

const (
	historyDay, historyWeek = 24, 7 * 24
	// settles is how long an hour that is over may still get events before it is judged.
	settles = 90 * time.Second
	// busy is the number of events an hour above which none at all is no chance (less than one in 20,000 hours).
	busy = 10
)

// History is what was counted hour by hour, oldest first, one value an hour of each figure. NaN is not known: before
// the first hour that has anything, and in gaps.
type History struct {
	// From is the start of the first hour; the last one ended before now.
	From time.Time
	// Requests are weighted numbers of invocations, Events the raw numbers behind them.
	Requests, Events []float64
	// CPU and Duration are sums over all invocations in seconds. Where only a part of an hour's invocations say their
	// CPU time, the others are taken to be like them; where none does it is NaN.
	CPU, Duration []float64

	knownCPU []float64 // how many invocations said their CPU time
}

// History returns the past of each group of a cut by name, of the last hours that are over, at most MaxHistory; the
// cut's window and parts are of no account. It returns nil when no family of rollups has the cut: events are not kept
// long enough to tell a past. What has no series of its own because of the cap on series is in no group but that of
// everything (a cut by nothing).
//
// An hour without any event is a gap unless that is usual: hours at the same place of the week (of the day in less than
// two weeks) have fewer than ten events in the middle, which chance or a closed shop explains. Then it is 0.
func (d *Reader) History(ctx context.Context, c Cut, hours int) (map[string]*History, error) {
	to := tally.Floor(d.now().Add(-settles), time.Hour)
	from := to.Add(-time.Duration(min(max(hours, 1), MaxHistory)) * time.Hour)
	c.Window = tally.Window{From: from, To: to, Step: time.Hour}
	c.Parts = WithRequests | WithMean | WithCPU
	if !c.InRollups() {
		return nil, nil //nolint:nilnil // there is none
	}
	f, _ := c.family()
	by, all := f.labelsOf(c.By), map[string]*History{}
	err := d.EachSeries(ctx, c, c.Window.Whole(), func(metric string, s *store.Series) error {
		if len(by) > 0 && s.Label(edge.LabelOverflow) != "" {
			return nil
		}
		group := tally.GroupName(by, s.Label)
		h := all[group]
		if h == nil {
			h = newHistory(&c.Window)
			all[strings.Clone(group)] = h
		}
		if to := h.figure(metric); to != nil {
			for i, v := range s.Values[:min(len(to), len(s.Values))] {
				if v > 0 { // an hour without samples is NaN
					to[i] += v
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		h.settle()
	}
	return all, nil
}

func newHistory(w *tally.Window) *History {
	n := w.Buckets()
	values := make([]float64, 5*n)
	part := func(i int) []float64 { return values[i*n : (i+1)*n : (i+1)*n] }
	return &History{w.From, part(0), part(1), part(2), part(3), part(4)}
}

// figure returns where a metric adds up, nil when it is none of a history's.
func (h *History) figure(metric string) []float64 {
	switch metric {
	case edge.MetricRequests:
		return h.Requests
	case edge.MetricEvents:
		return h.Events
	case edge.MetricDuration + "_sum":
		return h.Duration
	case edge.MetricCPU + "_sum":
		return h.CPU
	case edge.MetricCPU + "_bucket":
		return h.knownCPU
	}
	return nil
}

// settle finds the gaps, and makes sums of CPU time those of all invocations.
func (h *History) settle() {
	if !slices.ContainsFunc(h.knownCPU, func(n float64) bool { return n > 0 }) {
		fill(h.CPU, math.NaN())
	}
	first := max(0, slices.IndexFunc(h.Events, func(n float64) bool { return n > 0 }))
	usual := usualEvents(h.Events[first:])
	for i, n := range h.Events {
		switch {
		case n > 0 && h.knownCPU[i] > 0:
			h.CPU[i] *= max(1, h.Requests[i]/h.knownCPU[i])
		case n > 0:
			h.CPU[i] = math.NaN()
		case i < first || usual[(i-first)%len(usual)] >= busy:
			for _, of := range [][]float64{h.Requests, h.Events, h.CPU, h.Duration} {
				of[i] = math.NaN()
			}
		}
	}
}

func fill(values []float64, v float64) {
	for i := range values {
		values[i] = v
	}
}

// usualEvents returns the number of events in the middle of the hours at each place of the week, of the day where there
// are less than two weeks.
func usualEvents(events []float64) []float64 {
	season := historyDay
	if len(events) >= 2*historyWeek {
		season = historyWeek
	}
	usual := make([]float64, season)
	var at []float64
	for place := range usual {
		at = at[:0]
		for i := place; i < len(events); i += season {
			at = append(at, events[i])
		}
		if len(at) > 0 {
			slices.Sort(at)
			usual[place] = at[len(at)/2]
		}
	}
	return usual
}
