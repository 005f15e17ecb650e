package view

import (
	"cmp"
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
		num("requests", "requests", func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Requests)) }),
		num("requests_per_second", "req/s", func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Rate)) }),
		num("p95_ms", "p95", func(r *query.RunRow) part.Cell { return quantileCell(r.Response, r.Response.P95) }),
		num("p99_ms", "p99", func(r *query.RunRow) part.Cell { return quantileCell(r.Response, r.Response.P99) }),
		num("failed", "errors", func(r *query.RunRow) part.Cell { return part.Number(chart.Number, query.Num(r.Failed)) }),
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
		s := chart.Spark{Title: "p95 of " + name + " over " + strconv.Itoa(len(values)) + " runs, latest " + latest, Now: values, Width: 160, Height: 40}
		out = append(out, part.Figure{ID: "trend-" + name, Title: name, SVG: s.SVG(), Legend: []part.LegendItem{{Value: latest, Name: strconv.Itoa(len(values)) + " runs"}}})
		if len(out) == 8 {
			break
		}
	}
	return out
}

// Run is the model of one load test: what the client saw beside what the edge saw.
type Run struct {
	Page                   *part.Page
	Run                    edge.Run
	Verdict                part.State
	Summary                []Pair
	Tiles                  []part.Tile
	Thresholds             part.Table
	Rate, Latency          part.Figure
	EdgeRate, EdgeLatency  part.Figure
	EdgeTiles              []part.Tile
	Quantiles              part.Table
	Steps, Regions, Phases part.Table
	Counts                 []part.Table
	EdgeRegions            part.Table
	Traces                 part.Table
	Base                   part.Table
	History                part.Table
}

// NewRun makes the model of an answer.
func NewRun(p *part.Page, a *query.RunDetail) part.Content {
	r := &a.Run
	m := &Run{
		Page: p, Run: *r, Verdict: verdictState(r.Verdict), Summary: runSummary(r), Tiles: runTiles(r),
		Thresholds: thresholdTable(r.Thresholds), Quantiles: quantileTable(r), Phases: phaseTable(r.Phases),
		Steps: partTable("steps", "By step", r.Steps), Regions: partTable("client-regions", "By region, as the client saw it", r.Regions),
		EdgeRegions: coldTable(p, "edge-regions", "By region, as the edge saw it", query.KeyRegion, a.EdgeRegions),
		Traces:      tracesTable(p, "traces", a.Traces), EdgeTiles: edgeTiles(a), Base: baseTable(a), History: runsTable("history", "Earlier runs", a.History),
	}
	m.Traces.Sort, m.EdgeRegions.Sort = "", ""
	m.EdgeRegions = unsorted(m.EdgeRegions)
	m.Traces = unsorted(m.Traces)
	m.Rate, m.Latency = clientFigures(r)
	m.EdgeRate, m.EdgeLatency = edgeFigures(a)
	m.Counts = []part.Table{
		countTable("codes", "Status codes", r.Codes), countTable("errors", "Errors by class", r.Errors),
		countTable("cache", "Cache, as the client saw it", r.Cache), checkTable(r.Expectations),
	}
	tables := []part.Table{
		m.Steps, m.Thresholds, m.Quantiles, m.Phases, m.Regions, m.EdgeRegions, m.Traces, m.Base, m.History,
		m.Rate.Numbers, m.Latency.Numbers, m.EdgeRate.Numbers, m.EdgeLatency.Numbers,
	}
	return part.Content{Body: m.body(), Tables: append(tables, m.Counts...)}
}

// unsorted takes the links for sorting from a table.
func unsorted(t part.Table) part.Table {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Sort = ""
	}
	return t
}

func runSummary(r *edge.Run) []Pair {
	out := []Pair{
		{"started", part.Stamp(r.Started) + " UTC"},
		{"lasted", chart.Milliseconds.Text(runLength(r).Seconds() * 1e3)},
	}
	for _, p := range []Pair{{"script", r.Script}, {"target", r.Target}, {"commit", r.Commit}} {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return append(out, Pair{"exit code", strconv.Itoa(r.ExitCode)})
}

func runTiles(r *edge.Run) []part.Tile {
	u := r.Users
	absent := query.None()
	p95, ttfb, lag := absent, absent, absent
	if r.Response.Count > 0 {
		p95 = query.Num(r.Response.P95)
	}
	if r.TTFB.Count > 0 {
		ttfb = query.Num(r.TTFB.P95)
	}
	if r.Lag.Count > 0 {
		lag = query.Num(r.Lag.P99)
	}
	return []part.Tile{
		part.PlainTile("run-requests", "Requests", chart.Number, query.Num(r.Requests), chart.PerSecond.Text(r.Rate)),
		part.PlainTile("run-p95", "Response p95", chart.Milliseconds, p95, "from the intended start"),
		part.PlainTile("run-ttfb", "First byte p95", chart.Milliseconds, ttfb, "from the send"),
		part.PlainTile("run-failed", "No answer", chart.Number, query.Num(r.Failed), "of "+part.Integer(r.Requests)+" requests"),
		part.PlainTile("run-users", "Users", chart.Number, query.Num(u.Created), part.Integer(u.Completed)+" completed, "+part.Integer(u.Failed)+" failed"),
		part.PlainTile("run-lag", "Generator lag p99", chart.Milliseconds, lag, part.Integer(u.Skipped)+" arrivals skipped"),
	}
}

func edgeTiles(a *query.RunDetail) []part.Tile {
	s := &a.Edge
	return []part.Tile{
		part.PlainTile("edge-requests", "Invocations", chart.Number, s.Requests, chart.PerSecond.Text(float64(s.Rate))),
		part.PlainTile("edge-p95", "Duration p95", chart.Milliseconds, s.P95, "p50 "+chart.Milliseconds.Text(float64(s.P50))),
		part.PlainTile("edge-cold", "Cold starts", chart.Ratio, s.ColdRatio, chart.Number.Text(part.OrZero(s.Cold))+" of "+chart.Number.Text(part.OrZero(part.Add(s.Cold, s.Warm)))),
		part.PlainTile("edge-cache", "Cache hit ratio", chart.Ratio, s.Cache.HitRatio, chart.Number.Text(part.OrZero(part.Add(s.Cache.Miss, s.Cache.Expired)))+" to origin"),
		part.PlainTile("edge-errors", "Errors", chart.Ratio, s.ErrorRatio, chart.Number.Text(part.OrZero(s.Errors))+" failed"),
		part.PlainTile("edge-cpu", "CPU time p99", chart.Milliseconds, s.CPUP99, "per invocation"),
	}
}

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
		{Column: part.Column{Key: "limit", Title: "limit", Numeric: true}, Cell: func(t *edge.RunThreshold) part.Cell { return part.Number(chart.Number, query.Num(t.Limit)) }},
		{Column: part.Column{Key: "actual", Title: "actual", Numeric: true}, Cell: func(t *edge.RunThreshold) part.Cell {
			if t.Missing {
				return part.Cell{Text: "never seen"}
			}
			return part.Number(chart.Number, query.Num(t.Actual))
		}},
	}, ts)
}

// namedQuantiles is one of a run's distributions.
type namedQuantiles struct {
	name, raw string
	edge.RunQuantiles
}

func quantileTable(r *edge.Run) part.Table {
	columns := []part.ColumnOf[namedQuantiles]{{Column: part.Column{Key: "of", Title: "milliseconds"}, Cell: func(q *namedQuantiles) part.Cell {
		return part.Cell{Text: q.name, Raw: q.raw, Head: true}
	}}}
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
		columns = append(columns, part.ColumnOf[namedQuantiles]{Column: part.Column{Key: c.name + "_ms", Title: c.name, Numeric: true}, Cell: func(q *namedQuantiles) part.Cell {
			return quantileCell(q.RunQuantiles, c.of(q))
		}})
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
		{Column: part.Column{Key: "duration_s", Title: "duration", Numeric: true}, Cell: func(p *edge.RunPhase) part.Cell {
			return part.Cell{Text: chart.Milliseconds.Text(p.Duration * 1e3), Raw: part.Raw(query.Num(p.Duration))}
		}},
		{Column: part.Column{Key: "from_rate", Title: "from", Numeric: true}, Cell: func(p *edge.RunPhase) part.Cell { return rate(p.FromRate) }},
		{Column: part.Column{Key: "to_rate", Title: "to", Numeric: true}, Cell: func(p *edge.RunPhase) part.Cell { return rate(p.ToRate) }},
		{Column: part.Column{Key: "arrivals", Title: "arrivals", Numeric: true}, Cell: func(p *edge.RunPhase) part.Cell { return part.Number(chart.Number, query.Num(p.Arrivals)) }},
	}, phases)
}

func partTable(name, caption string, parts []edge.RunPart) part.Table {
	t := part.Build(name, caption, []part.ColumnOf[edge.RunPart]{
		{Column: part.Column{Key: "name", Title: "name"}, Cell: func(p *edge.RunPart) part.Cell {
			return part.Cell{Text: part.OrAbsent(p.Name), Raw: p.Name, Head: true, Class: "mono"}
		}},
		{Column: part.Column{Key: "requests", Title: "requests", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return part.Number(chart.Number, query.Num(p.Requests)) }},
		{Column: part.Column{Key: "failed", Title: "no answer", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return part.Number(chart.Number, query.Num(p.Failed)) }},
		{Column: part.Column{Key: "p50_ms", Title: "p50", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P50) }},
		{Column: part.Column{Key: "p95_ms", Title: "p95", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P95) }},
		{Column: part.Column{Key: "p99_ms", Title: "p99", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return quantileCell(p.Response, p.Response.P99) }},
		{Column: part.Column{Key: "cold", Title: "cold", Numeric: true}, Cell: func(p *edge.RunPart) part.Cell { return part.Number(chart.Number, query.Num(p.Cold)) }},
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
		{Column: part.Column{Key: "count", Title: "count", Numeric: true}, Cell: func(c *count) part.Cell { return part.Number(chart.Number, query.Num(c.n)) }},
	}, all)
	t.Empty = "None."
	return capped(t)
}

func checkTable(checks []edge.RunCheck) part.Table {
	t := part.Build("expectations", "Expectations", []part.ColumnOf[edge.RunCheck]{
		{Column: part.Column{Key: "expectation", Title: "expectation"}, Cell: func(c *edge.RunCheck) part.Cell {
			return part.Cell{Text: c.Name, Raw: c.Name, Head: true, Class: "mono"}
		}},
		{Column: part.Column{Key: "ok", Title: "ok", Numeric: true}, Cell: func(c *edge.RunCheck) part.Cell { return part.Number(chart.Number, query.Num(c.OK)) }},
		{Column: part.Column{Key: "failed", Title: "failed", Numeric: true}, Cell: func(c *edge.RunCheck) part.Cell { return part.Number(chart.Number, query.Num(c.Failed)) }},
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
		return part.Table{Name: "baseline", Caption: "Against the baseline", Empty: "No earlier run of this name has passed: there is nothing to compare with."}
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
	return part.Build("baseline", "Against the baseline of "+part.Stamp(a.Base.Started)+" UTC", []part.ColumnOf[compared]{
		{Column: part.Column{Key: "figure", Title: "figure"}, Cell: func(c *compared) part.Cell { return part.Cell{Text: c.name, Raw: c.name, Head: true} }},
		{Column: part.Column{Key: "now", Title: "this run", Numeric: true}, Cell: func(c *compared) part.Cell { return part.Number(c.unit, query.Num(c.now)) }},
		{Column: part.Column{Key: "baseline", Title: "baseline", Numeric: true}, Cell: func(c *compared) part.Cell { return part.Number(c.unit, query.Num(c.then)) }},
		{Column: part.Column{Key: "change", Title: "change", Numeric: true}, Cell: func(c *compared) part.Cell {
			cell := part.Change(c.unit, query.Num(c.now-c.then))
			if c.then != 0 && math.Abs(c.now-c.then) < 0.05*math.Abs(c.then) {
				cell.Sub = "within 5\u00a0%"
			}
			return cell
		}},
	}, rows)
}
