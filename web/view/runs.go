package view

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

// Runs is the model of the list of load tests.
type Runs struct {
	Page   *part.Page
	Table  part.Table
	Trends []part.Figure
}

// NewRuns makes the model of an answer.
func NewRuns(p *part.Page, a *query.Runs) part.Content {
	m := &Runs{Page: p, Table: runsTable("", "Load tests", a.Runs)}
	m.Table.Empty = "No load test in this range."
	m.Trends = runTrends(a.Runs)
	return part.Content{Body: m.body(), Tables: []part.Table{m.Table}}
}

// verdictState is a verdict in glyph, word and colour.
func verdictState(verdict string) part.State {
	switch verdict {
	case edge.VerdictPassed:
		return part.State{Class: "ok", Text: "✓ passed"}
	case edge.VerdictRunning:
		return part.State{Class: "quiet", Text: "… running"}
	case edge.VerdictFailed, edge.VerdictError:
		return part.State{Class: "bad", Text: "✕ " + verdict}
	default:
		return part.State{Class: "warn", Text: "! " + verdict}
	}
}

func runsTable(name, caption string, runs []query.RunRow) part.Table {
	num := func(key, title string, of func(*query.RunRow) part.Cell) part.ColumnOf[query.RunRow] {
		return part.ColumnOf[query.RunRow]{Column: part.Column{Key: key, Title: title, Numeric: true}, Cell: of}
	}
	columns := []part.ColumnOf[query.RunRow]{
		{Column: part.Column{Key: "verdict", Title: "verdict"}, Cell: func(r *query.RunRow) part.Cell {
			s := verdictState(r.Verdict)
			return part.Cell{Text: s.Text, Raw: r.Verdict, Class: "badge " + s.Class}
		}},
		{Column: part.Column{Key: "name", Title: "name"}, Cell: func(r *query.RunRow) part.Cell {
			return part.Cell{Text: part.OrAbsent(r.Name), Raw: r.Name, Href: "/runs/" + r.ID, Head: true}
		}},
		{Column: part.Column{Key: "started", Title: "started (UTC)"}, Cell: func(r *query.RunRow) part.Cell {
			return part.Cell{Text: part.Stamp(r.Started), Raw: r.Started.UTC().Format(time.RFC3339)}
		}},
		num("duration_ms", "duration", func(r *query.RunRow) part.Cell {
			return part.Number(chart.Milliseconds, query.Num(runLength(&r.Run).Round(time.Millisecond).Seconds()*1e3))
		}),
		num("requests", "requests",
			func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Requests)) }),
		num("requests_per_second", "req/s",
			func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Rate)) }),
		num("p95_ms", "p95", func(r *query.RunRow) part.Cell { return quantileCell(r.Response, r.Response.P95) }),
		num("p99_ms", "p99", func(r *query.RunRow) part.Cell { return quantileCell(r.Response, r.Response.P99) }),
		num("failed", "errors",
			func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Failed)) }),
		num("p95_change", "p95 vs baseline", p95Change),
		{Column: part.Column{Key: "commit", Title: "commit"}, Cell: func(r *query.RunRow) part.Cell {
			return part.Cell{Text: part.OrAbsent(r.Commit[:min(10, len(r.Commit))]), Raw: r.Commit, Class: "mono"}
		}},
	}
	return part.Build(name, caption, columns, runs)
}

// p95Change is the change against the baseline; within 5 % it is called noise.
func p95Change(r *query.RunRow) part.Cell {
	c := part.Cell{Text: chart.Relative(1 + float64(r.P95Change)), Raw: part.Raw(r.P95Change)}
	if r.P95Change.OK() && math.Abs(float64(r.P95Change)) < 0.05 {
		c.Sub = "within 5\u00a0%"
	}
	return c
}

func quantileCell(q edge.RunQuantiles, v float64) part.Cell {
	if q.Count == 0 {
		return part.Cell{Text: chart.Absent}
	}
	return part.Greyed(part.Number(chart.Milliseconds, query.Num(v)), query.Num(q.Count))
}

func runLength(r *edge.Run) time.Duration {
	end := r.Ended
	if end.IsZero() {
		end = r.Updated
	}
	if end.Before(r.Started) {
		return 0
	}
	return end.Sub(r.Started)
}

// runTrends are the p95 of the runs of each name that ran at least twice, oldest first.
func runTrends(runs []query.RunRow) []part.Figure {
	byName := map[string][]float64{}
	for i := len(runs) - 1; i >= 0; i-- {
		if r := &runs[i]; r.Response.Count > 0 {
			byName[r.Name] = append(byName[r.Name], r.Response.P95)
		}
	}
	var out []part.Figure
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		values := byName[name]
		if len(values) < 2 {
			continue
		}
		latest := chart.Milliseconds.Text(values[len(values)-1])
		s := chart.Spark{
			Title: "p95 of " + name + " over " + strconv.Itoa(len(values)) + " runs, latest " + latest,
			Now:   values, Width: 160, Height: 40,
		}
		out = append(out,
			part.Figure{
				ID: "trend-" + name, Title: name, SVG: s.SVG(),
				Legend: []part.LegendItem{{Value: latest, Name: strconv.Itoa(len(values)) + " runs"}},
			})
		if len(out) == 8 {
			break
		}
	}
	return out
}
