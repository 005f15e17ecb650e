package view

import (
	"cmp"
	"math"
	"slices"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

func thresholdTable(ts []edge.RunThreshold) part.Table {
	return part.Build("thresholds", "Thresholds", []part.ColumnOf[edge.RunThreshold]{
		{Column: part.Column{Key: "state", Title: "state"}, Cell: func(t *edge.RunThreshold) part.Cell {
			switch {
			case t.OK:
				return part.Cell{Text: "✓ ok", Raw: "ok", Class: "badge ok"}
			case t.Optional:
				return part.Cell{Text: "! over", Raw: "over", Class: "badge warn"}
			default:
				return part.Cell{Text: "✕ failed", Raw: "failed", Class: "badge bad"}
			}
		}},
		{Column: part.Column{Key: "threshold", Title: "threshold"}, Cell: func(t *edge.RunThreshold) part.Cell {
			return part.Cell{Text: t.Expression, Raw: t.Expression, Head: true, Class: "mono"}
		}},
		part.NumberColumn("limit", "limit", chart.Number,
			func(t *edge.RunThreshold) query.Num { return query.Num(t.Limit) }),
		{
			Column: part.Column{Key: "actual", Title: "actual", Numeric: true},
			Cell: func(t *edge.RunThreshold) part.Cell {
				if t.Missing {
					return part.Cell{Text: "never seen"}
				}
				return part.Number(chart.Number, query.Num(t.Actual))
			},
		},
	}, ts)
}

// namedQuantiles is one of a run's distributions.
type namedQuantiles struct {
	name, raw string
	edge.RunQuantiles
}

func quantileTable(r *edge.Run) part.Table {
	columns := []part.ColumnOf[namedQuantiles]{{
		Column: part.Column{Key: "of", Title: "milliseconds"},
		Cell: func(q *namedQuantiles) part.Cell {
			return part.Cell{Text: q.name, Raw: q.raw, Head: true}
		},
	}}
	for _, c := range []struct {
		name string
		of   func(*namedQuantiles) float64
	}{
		{"min", func(q *namedQuantiles) float64 { return q.Min }},
		{"mean", func(q *namedQuantiles) float64 { return q.Mean }},
		{"p50", func(q *namedQuantiles) float64 { return q.P50 }},
		{"p90", func(q *namedQuantiles) float64 { return q.P90 }},
		{"p95", func(q *namedQuantiles) float64 { return q.P95 }},
		{"p99", func(q *namedQuantiles) float64 { return q.P99 }},
		{"max", func(q *namedQuantiles) float64 { return q.Max }},
	} {
		columns = append(columns,
			part.ColumnOf[namedQuantiles]{
				Column: part.Column{Key: c.name + "_ms", Title: c.name, Numeric: true},
				Cell: func(q *namedQuantiles) part.Cell {
					return quantileCell(q.RunQuantiles, c.of(q))
				},
			})
	}
	return part.Build("quantiles", "Percentiles, successful requests", columns, []namedQuantiles{
		{"response, as scheduled", "response", r.Response},
		{"service, from the send", "service", r.Service},
		{"first byte, from the send", "ttfb", r.TTFB},
		{"lag of the generator", "lag", r.Lag},
	})
}

func phaseTable(phases []edge.RunPhase) part.Table {
	rate := func(v float64) part.Cell { return part.Number(chart.PerSecond, query.Num(v)) }
	return part.Build("phases", "Phases", []part.ColumnOf[edge.RunPhase]{
		{Column: part.Column{Key: "phase", Title: "phase"}, Cell: func(p *edge.RunPhase) part.Cell {
			return part.Cell{Text: part.OrAbsent(p.Name), Raw: p.Name, Head: true}
		}},
		{
			Column: part.Column{Key: "duration_s", Title: "duration", Numeric: true},
			Cell: func(p *edge.RunPhase) part.Cell {
				return part.Cell{Text: chart.Milliseconds.Text(p.Duration * 1e3), Raw: part.Raw(query.Num(p.Duration))}
			},
		},
		{
			Column: part.Column{Key: "from_rate", Title: "from", Numeric: true},
			Cell:   func(p *edge.RunPhase) part.Cell { return rate(p.FromRate) },
		},
		{
			Column: part.Column{Key: "to_rate", Title: "to", Numeric: true},
			Cell:   func(p *edge.RunPhase) part.Cell { return rate(p.ToRate) },
		},
		part.NumberColumn("arrivals", "arrivals", chart.Number,
			func(p *edge.RunPhase) query.Num { return query.Num(p.Arrivals) }),
	}, phases)
}

func partTable(name, caption string, parts []edge.RunPart) part.Table {
	t := part.Build(name, caption, []part.ColumnOf[edge.RunPart]{
		{Column: part.Column{Key: "name", Title: "name"}, Cell: func(p *edge.RunPart) part.Cell {
			return part.Cell{Text: part.OrAbsent(p.Name), Raw: p.Name, Head: true, Class: "mono"}
		}},
		part.NumberColumn("requests", "requests", chart.Number,
			func(p *edge.RunPart) query.Num { return query.Num(p.Requests) }),
		part.NumberColumn("failed", "no answer", chart.Number,
			func(p *edge.RunPart) query.Num { return query.Num(p.Failed) }),
		{
			Column: part.Column{Key: "p50_ms", Title: "p50", Numeric: true},
			Cell:   func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P50) },
		},
		{
			Column: part.Column{Key: "p95_ms", Title: "p95", Numeric: true},
			Cell:   func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P95) },
		},
		{
			Column: part.Column{Key: "p99_ms", Title: "p99", Numeric: true},
			Cell:   func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P99) },
		},
		part.NumberColumn("cold", "cold", chart.Number, func(p *edge.RunPart) query.Num { return query.Num(p.Cold) }),
	}, parts)
	return capped(t)
}

// count is a word and how often it was seen.
type count struct {
	name string
	n    int64
}

func countTable(name, caption string, counts map[string]int64) part.Table {
	var all []count
	for k, n := range counts {
		all = append(all, count{k, n})
	}
	slices.SortFunc(all, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	t := part.Build(name, caption, []part.ColumnOf[count]{
		{Column: part.Column{Key: name, Title: name}, Cell: func(c *count) part.Cell {
			return part.Cell{Text: part.OrAbsent(c.name), Raw: c.name, Head: true, Class: "mono"}
		}},
		part.NumberColumn("count", "count", chart.Number, func(c *count) query.Num { return query.Num(c.n) }),
	}, all)
	t.Empty = "None."
	return capped(t)
}

func checkTable(checks []edge.RunCheck) part.Table {
	t := part.Build("expectations", "Expectations", []part.ColumnOf[edge.RunCheck]{
		{Column: part.Column{Key: "expectation", Title: "expectation"}, Cell: func(c *edge.RunCheck) part.Cell {
			return part.Cell{Text: c.Name, Raw: c.Name, Head: true, Class: "mono"}
		}},
		part.NumberColumn("ok", "ok", chart.Number, func(c *edge.RunCheck) query.Num { return query.Num(c.OK) }),
		part.NumberColumn("failed", "failed", chart.Number,
			func(c *edge.RunCheck) query.Num { return query.Num(c.Failed) }),
	}, checks)
	t.Empty = "None."
	return t
}

// compared is one figure of a run beside the baseline's.
type compared struct {
	name      string
	unit      chart.Unit
	now, then float64
}

func baseTable(a *query.RunDetail) part.Table {
	if a.Base == nil {
		return part.Table{
			Name: "baseline", Caption: "Against the baseline",
			Empty: "No earlier run of this name has passed: there is nothing to compare with.",
		}
	}
	rows := []compared{
		{"requests", chart.Number, float64(a.Run.Requests), float64(a.Base.Requests)},
		{"requests per second", chart.PerSecond, a.Run.Rate, a.Base.Rate},
		{"response p50", chart.Milliseconds, a.Run.Response.P50, a.Base.Response.P50},
		{"response p95", chart.Milliseconds, a.Run.Response.P95, a.Base.Response.P95},
		{"response p99", chart.Milliseconds, a.Run.Response.P99, a.Base.Response.P99},
		{"no answer", chart.Number, float64(a.Run.Failed), float64(a.Base.Failed)},
		{"cold starts seen", chart.Number, float64(a.Run.Cold), float64(a.Base.Cold)},
	}
	return part.Build("baseline", "Against the baseline of "+part.Stamp(a.Base.Started)+" UTC",
		[]part.ColumnOf[compared]{
			{
				Column: part.Column{Key: "figure", Title: "figure"},
				Cell:   func(c *compared) part.Cell { return part.Cell{Text: c.name, Raw: c.name, Head: true} },
			},
			{
				Column: part.Column{Key: "now", Title: "this run", Numeric: true},
				Cell:   func(c *compared) part.Cell { return part.Number(c.unit, query.Num(c.now)) },
			},
			{
				Column: part.Column{Key: "baseline", Title: "baseline", Numeric: true},
				Cell:   func(c *compared) part.Cell { return part.Number(c.unit, query.Num(c.then)) },
			},
			{Column: part.Column{Key: "change", Title: "change", Numeric: true}, Cell: func(c *compared) part.Cell {
				cell := part.Change(c.unit, query.Num(c.now-c.then))
				if c.then != 0 && math.Abs(c.now-c.then) < 0.05*math.Abs(c.then) {
					cell.Sub = "within 5\u00a0%"
				}
				return cell
			}},
		}, rows)
}
