// Package figures makes of tables of tallies what an answer shows: rows and how they compare, lines, heatmaps, the
// finding. Its functions are pure.
package figures

import (
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
)

// FewEvents is the number of events on both sides below which a change of a percentile means nothing.
const FewEvents = 100

// Rows makes a row of each group, as at that time; before may be nil.
func Rows(now, before *tally.Table, at time.Time) []query.Row {
	rows := make([]query.Row, 0, len(now.Groups))
	seconds := now.Window.Seconds(at)
	for name, buckets := range now.Groups {
		r := query.Row{
			Name: name, Stats: tally.Sum(buckets).Stats(seconds),
			Norm: query.None(), Ratio: query.None(), Lat: query.None(), Lon: query.None(), OriginExtra: query.None(),
			Silent: query.None(),
		}
		if before != nil {
			compare(&r, before)
		}
		rows = append(rows, r)
	}
	return rows
}

// compare adds the figures of the period before. A group that had nothing then has no Before.
func compare(r *query.Row, before *tally.Table) {
	buckets, ok := before.Groups[r.Name]
	if !ok {
		return
	}
	s := tally.Sum(buckets).Stats(before.Window.To.Sub(before.Window.From).Seconds())
	r.Before = &s
	if lost := s.Cache.HitRatio - r.Cache.HitRatio; lost.OK() && lost > 0 {
		r.OriginExtra = r.Requests * lost
	}
}

// AddNorms adds the norm and the ratio to it.
func AddNorms(rows []query.Row, norms map[string]query.Num) {
	for i := range rows {
		r := &rows[i]
		if norm, ok := norms[r.Name]; ok {
			r.Norm = norm
			r.Ratio = r.P95 / norm
		}
	}
}

// AddStandings adds how regions stand against their own norm, the worst first in standings, and since when those are
// silent that have been so for longer than SilenceLooked.
func AddStandings(rows []query.Row, standings []query.Standing, now time.Time) {
	of := make(map[string]*query.Standing, len(standings))
	for i := range standings {
		if s := &standings[i]; s.Region != "" && of[s.Region] == nil {
			of[s.Region] = s
		}
	}
	for i := range rows {
		r := &rows[i]
		r.Standing = of[r.Name]
		if r.Standing == nil || r.Standing.State != query.StandingSilent || !(r.Silent >= query.Num(SilenceLooked.Seconds())) {
			continue
		}
		if r.Silent = query.Num(query.Day.Seconds()); !r.Standing.SilentSince.IsZero() {
			r.Silent = query.Num(now.Sub(r.Standing.SilentSince).Truncate(time.Second).Seconds())
		}
	}
}

// Places are what a map shows of rows.
func Places(rows []query.Row) []query.Place {
	out := make([]query.Place, len(rows))
	for i := range rows {
		r := &rows[i]
		out[i] = query.Place{
			Name: r.Name, City: r.City, Lat: r.Lat, Lon: r.Lon, Rate: r.Rate, P95: r.P95, Samples: r.Samples,
			ErrorRatio: r.ErrorRatio, Norm: r.Norm, Ratio: r.Ratio, Silent: r.Silent, Standing: r.Standing,
		}
	}
	return out
}

// Top returns the first n rows.
func Top(rows []query.Row, n int) []query.Row { return rows[:min(n, len(rows))] }

// Names returns the names of rows, in their order.
func Names(rows []query.Row) []string {
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].Name
	}
	return out
}

// Busiest returns the names of the n groups with most requests, the most first.
func Busiest(rows []query.Row, n int) []string {
	sorted := slices.Clone(rows)
	query.SortRows(sorted, "-requests")
	return Names(Top(sorted, n))
}

// SetPercentiles sets the percentiles of figures that were made without durations.
func SetPercentiles(s *query.Stats, t *tally.Tally) {
	s.P50, s.P95, s.P99 = t.Percentile(50), t.Percentile(95), t.Percentile(99)
}

// StatsOf returns the figures of a table to compare with, nil without one.
func StatsOf(t *tally.Table) *query.Stats {
	if t == nil {
		return nil
	}
	s := t.Total().Stats(t.Window.To.Sub(t.Window.From).Seconds())
	return &s
}

// ColdShare returns which part of the invocations slower than the warm P99 are cold starts.
func ColdShare(t *tally.Tally) query.Num {
	p99 := t.Duration[edge.False].Quantile(0.99)
	if !p99.OK() {
		return query.None()
	}
	return tally.Ratio(t.Duration[edge.True].Above(float64(p99)), t.All().Above(float64(p99)))
}
