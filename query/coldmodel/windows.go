package coldmodel

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// entry is a number of a window: how many events, cold or warm starts.
type entry struct {
	at   int32 // windows after the start
	kind uint8
	n    uint16
}

// count adds what places served in what is read; one that served nothing there is forgotten.
func (r *reading) count(ctx context.Context, places map[place]*presence) error {
	c := r.cut(r.whole(), tables.WithRequests|tables.WithStarts, placeKeys...)
	err := r.read.EachSeries(ctx, c, r.whole(), func(metric string, s *store.Series) error {
		p := places[placeOf(s)]
		if p == nil || s.Label(edge.LabelOverflow) != "" {
			return nil
		}
		n := 0.0
		for _, v := range s.Values {
			n += max(0, v)
		}
		switch metric {
		case edge.MetricRequests:
			p.requests += n
		case edge.MetricEvents:
			p.events += n
		case edge.MetricColdStarts:
			if s.Label(edge.LabelColdStart) == "true" {
				p.cold += n
			} else {
				p.warm += n
			}
		}
		return nil
	})
	for at, p := range places {
		p.hourly = p.hourly[max(0, len(p.hourly)-int(tally.Ceil(r.to, time.Hour).Sub(r.from)/time.Hour)):]
		if p.events == 0 {
			delete(places, at)
		}
	}
	return err
}

// versions returns when versions were first seen.
func (r *reading) versions(ctx context.Context) ([]time.Time, error) {
	a, err := r.read.Begin(r.tenant, query.Question{From: r.from, To: r.to})
	if err != nil {
		return nil, err
	}
	for _, c := range r.conditions {
		if c.Key == edge.KeyServiceName {
			a.Conditions = append(a.Conditions, c)
		}
	}
	deploys, err := a.Deploys(ctx)
	at := make([]time.Time, 0, len(deploys))
	for _, d := range deploys {
		at = append(at, d.At)
	}
	return at, err
}

// early adds up the cold starts in the first minutes of versions.
func (r *reading) early(ctx context.Context, deploys []time.Time) (float64, error) {
	sum := 0.0
	if len(deploys) == 0 {
		return 0, nil
	}
	err := r.pieces(func(w tally.Window) error {
		c := r.cut(w, tables.WithStarts, edge.KeyServiceName)
		return r.read.EachSeries(ctx, c, r.whole(), func(_ string, s *store.Series) error {
			if s.Label(edge.LabelColdStart) != "true" {
				return nil
			}
			for i, n := range s.Values {
				if n > 0 && rollingOut(deploys, w.From.Add(time.Duration(i)*window)) {
					sum += n
				}
			}
			return nil
		})
	})
	return sum, err
}

// pieces cuts what is read into windows of ten seconds, so many at a time as a store gives.
func (r *reading) pieces(each func(tally.Window) error) error {
	for from := r.from; from.Before(r.to); from = from.Add(piece) {
		to := from.Add(piece)
		if r.to.Before(to) {
			to = r.to
		}
		if err := each(tally.Window{From: from, To: to, Step: window}); err != nil {
			return err
		}
	}
	return nil
}

// rollingOut tells whether a window that begins then is in the first minutes of a version. deploys are in order.
func rollingOut(deploys []time.Time, at time.Time) bool {
	i := firstFrom(deploys, at.Add(window))
	return i > 0 && at.Before(deploys[i-1].Add(rollout))
}

// firstFrom returns the place of the first time that is not before another.
func firstFrom(times []time.Time, at time.Time) int {
	i, _ := slices.BinarySearchFunc(times, at, time.Time.Compare)
	return i
}

// readWindows reads the windows of the places that are chosen, and makes gaps of them.
func (s *service) readWindows(ctx context.Context, own *reading, chosen map[place]choice) error {
	wanted, colos := map[place]*presence{}, map[string]bool{}
	for _, p := range s.places {
		if chosen[p.place] == isRead {
			wanted[p.place], colos[p.colo] = p, true
		} else {
			s.blind++
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if len(wanted) < len(s.places) {
		names := make([]string, 0, len(colos))
		for c := range colos {
			names = append(names, c)
		}
		slices.Sort(names)
		own.conditions = append(slices.Clip(own.conditions), filter.AnyOf(edge.KeyColo, names))
	}
	err := own.pieces(func(w tally.Window) error {
		c := own.cut(w, tables.WithEvents|tables.WithStarts, placeKeys...)
		first := int32(w.From.Sub(own.from) / window)
		return own.read.EachSeries(ctx, c, own.whole(), func(metric string, series *store.Series) error {
			if p := wanted[placeOf(series)]; p != nil && series.Label(edge.LabelOverflow) == "" {
				p.see(kindOf(metric, series), first, series.Values)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	s.united = make([]uint64, s.to.Sub(s.from)/window/64+1)
	for _, p := range s.places {
		if wanted[p.place] != nil {
			p.gaps = s.gapsOf(p)
			s.gaps = append(s.gaps, p.gaps...)
			p.seen = nil
		}
	}
	return nil
}

func kindOf(metric string, s *store.Series) uint8 {
	switch {
	case metric == edge.MetricEvents:
		return ofEvents
	case s.Label(edge.LabelColdStart) == "true":
		return ofCold
	default:
		return ofWarm
	}
}

// see notes the numbers of windows.
func (p *presence) see(kind uint8, first int32, values []float64) {
	for i, n := range values {
		if n > 0 {
			p.seen = append(p.seen, entry{first + int32(i), kind, uint16(min(math.Ceil(n), math.MaxUint16))})
		}
	}
}

// count adds a number to a window.
func count(w *judge.Window, e entry) {
	n := float64(e.n)
	switch e.kind {
	case ofEvents:
		w.Requests += n
	case ofCold:
		w.Cold, w.Known = w.Cold+n, w.Known+n
	default:
		w.Known += n
	}
}

// gapsOf makes gaps of the windows of a place. One that ends in the first minutes of a version is none: its cold starts
// are put down to the version. One that holds the first sight of a version tells nothing of lifetimes.
func (s *service) gapsOf(p *presence) []judge.Gap {
	slices.SortFunc(p.seen, func(x, y entry) int { return cmp.Or(cmp.Compare(x.at, y.at), cmp.Compare(x.kind, y.kind)) })
	var gaps []judge.Gap
	var run []judge.Window // without a window of a version's first minutes but the first
	last := time.Time{}
	end := func() { gaps = append(gaps, judge.Gaps(run)...); run = run[:0] }
	for i := 0; i < len(p.seen); {
		at := p.seen[i].at
		w := judge.Window{At: int64(at) * int64(window/time.Second)}
		for ; i < len(p.seen) && p.seen[i].at == at; i++ {
			count(&w, p.seen[i])
		}
		if w.Requests == 0 {
			continue
		}
		s.windows++
		s.united[at/64] |= 1 << (at % 64)
		start := s.from.Add(time.Duration(at) * window)
		if rollingOut(s.deploys, start) {
			end()
		}
		w.NewVersion = firstFrom(s.deploys, last) < firstFrom(s.deploys, start.Add(window))
		run, last = append(run, w), start
	}
	end()
	return gaps
}
