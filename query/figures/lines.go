package figures

import (
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tally"
)

// Trends adds the P95 over time and returns the heatmap of the asked percentile, a row for each of the rows.
func Trends(rows []query.Row, t *tally.Table, percentile int) query.Heatmap {
	h := query.Heatmap{Rows: Names(rows), Cells: make([][]query.Num, len(rows))}
	for i := range rows {
		buckets := t.Groups[rows[i].Name]
		if buckets == nil {
			buckets = make([]tally.Tally, t.Window.Buckets())
		}
		rows[i].Trend = Line("", buckets, Durations(95)).Values
		h.Cells[i] = Line("", buckets, Durations(percentile)).Values
	}
	return h
}

// Line draws one value per bucket.
func Line(name string, row []tally.Tally, value func(*tally.Tally) query.Num) query.Line {
	l := query.Line{Name: name, Values: make([]query.Num, len(row)), Latest: query.None()}
	for i := range row {
		l.Values[i] = value(&row[i])
		if l.Values[i].OK() {
			l.Latest = l.Values[i]
		}
	}
	return l
}

// RateOf returns requests per second, absent in a bucket without any: a gap, not a zero.
func RateOf(step time.Duration) func(*tally.Tally) query.Num {
	return func(t *tally.Tally) query.Num {
		if t.Requests == 0 {
			return query.None()
		}
		return query.Num(t.Requests / step.Seconds())
	}
}

func errorRatio(t *tally.Tally) query.Num { return tally.Ratio(t.Errors, t.Requests) }

// Durations returns the percentile of durations of a bucket.
func Durations(p int) func(*tally.Tally) query.Num {
	return func(t *tally.Tally) query.Num { return t.Percentile(p) }
}

func cpuP99(t *tally.Tally) query.Num { return t.CPU.Quantile(0.99) }

// StandardLines are the lines of the tiles: rate, p50, p95, p99, errors, cold, cache and cpu.
func StandardLines(row []tally.Tally, step time.Duration) []query.Line {
	return []query.Line{
		Line("rate", row, RateOf(step)), Line("p50", row, Durations(50)), Line("p95", row, Durations(95)),
		Line("p99", row, Durations(99)), Line("errors", row, errorRatio), Line("cold", row, (*tally.Tally).ColdRatio),
		Line("cache", row, (*tally.Tally).HitRatio), Line("cpu", row, cpuP99),
	}
}

// OutcomeLines draws invocations per step by cache status; a step without any invocation is a gap.
func OutcomeLines(row []tally.Tally) []query.Line {
	lines := make([]query.Line, len(edge.CacheStatuses))
	for i, status := range edge.CacheStatuses {
		lines[i] = Line(status, row, func(t *tally.Tally) query.Num {
			if t.Requests == 0 {
				return query.None()
			}
			return query.Num(t.Cache[i])
		})
	}
	return lines
}

// RegionLines draws a line for each of the names and, when there are more groups, one for all others together.
func RegionLines(all []tally.Tally, t *tally.Table, regions []string, others bool,
	value func(*tally.Tally) query.Num,
) []query.Line {
	lines := make([]query.Line, 0, len(regions)+1)
	rest := make([]tally.Tally, len(all))
	for i := range all {
		rest[i].Merge(&all[i])
	}
	for _, name := range regions {
		row := t.Groups[name]
		if row == nil {
			row = make([]tally.Tally, len(all))
		}
		lines = append(lines, Line(name, row, value))
		for i := range row {
			rest[i].Take(&row[i])
		}
	}
	if others {
		lines = append(lines, Line(othersName, rest, value))
	}
	return lines
}

// othersName is the name of the line of all regions that have none of their own.
const othersName = "others"
