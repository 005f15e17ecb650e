package query

import (
	"slices"
	"time"

	"edgescope/edge"
)

// fewEvents is the number of events on both sides below which a change of a percentile means nothing.
const fewEvents = 100

// makeRows makes a row of each group, as at that time; before may be nil.
func makeRows(now, before *table, at time.Time) []Row {
	rows := make([]Row, 0, len(now.groups))
	seconds := now.win.seconds(at)
	for name, buckets := range now.groups {
		r := Row{
			Name: name, Stats: sum(buckets).stats(seconds),
			Norm: None(), Ratio: None(), Lat: None(), Lon: None(), OriginExtra: None(), Silent: None(),
		}
		if before != nil {
			compare(&r, before)
		}
		rows = append(rows, r)
	}
	return rows
}

// compare adds the figures of the period before. A group that had nothing then has no Before.
func compare(r *Row, before *table) {
	buckets, ok := before.groups[r.Name]
	if !ok {
		return
	}
	s := sum(buckets).stats(before.win.to.Sub(before.win.from).Seconds())
	r.Before = &s
	if lost := s.Cache.HitRatio - r.Cache.HitRatio; lost.OK() && lost > 0 {
		r.OriginExtra = r.Requests * lost
	}
}

// addNorms adds the norm and the ratio to it.
func addNorms(rows []Row, norms map[string]Num) {
	for i := range rows {
		r := &rows[i]
		if norm, ok := norms[r.Name]; ok {
			r.Norm = norm
			r.Ratio = r.P95 / norm
		}
	}
}

// top answers the first n rows.
func top(rows []Row, n int) []Row { return rows[:min(n, len(rows))] }

func names(rows []Row) []string {
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].Name
	}
	return out
}

// busiest answers the names of the n groups with most requests, the most first.
func busiest(rows []Row, n int) []string {
	sorted := slices.Clone(rows)
	SortRows(sorted, "-requests")
	return names(top(sorted, n))
}

// setPercentiles adds what was left out of the figures.
func setPercentiles(s *Stats, t *tally) {
	s.P50, s.P95, s.P99 = t.percentile(50), t.percentile(95), t.percentile(99)
}

// statsOf answers the figures of a table to compare with, nil without one.
func statsOf(t *table) *Stats {
	if t == nil {
		return nil
	}
	s := t.total().stats(t.win.to.Sub(t.win.from).Seconds())
	return &s
}

// coldShare answers which part of the invocations slower than the warm P99 are cold starts.
func coldShare(t *tally) Num {
	p99 := t.duration[edge.False].quantile(0.99)
	if !p99.OK() {
		return None()
	}
	return ratio(t.duration[edge.True].above(float64(p99)), t.all().above(float64(p99)))
}
