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
)

// Runs is the model of the list of load tests.
type Runs struct {
	Page   *Page
	Table  Table
	Trends []Figure
}

// NewRuns makes the model of an answer.
func NewRuns(p *Page, a *query.Runs) Content {
	m := &Runs{Page: p, Table: runsTable("", "Load tests", a.Runs)}
	m.Table.Empty = "No load test in this range."
	m.Trends = runTrends(a.Runs)
	return Content{Body: m.body(), Tables: []Table{m.Table}}
}

// verdictState is a verdict in glyph, word and colour.
func verdictState(verdict string) State {
	switch verdict {
	case edge.VerdictPassed:
		return State{Class: "ok", Text: "✓ passed"}
	case edge.VerdictRunning:
		return State{Class: "quiet", Text: "… running"}
	case edge.VerdictFailed, edge.VerdictError:
		return State{Class: "bad", Text: "✕ " + verdict}
	default:
		return State{Class: "warn", Text: "! " + verdict}
	}
}

func runsTable(name, caption string, runs []query.RunRow) Table {
	num := func(key, title string, of func(*query.RunRow) Cell) column[query.RunRow] {
		return column[query.RunRow]{Column: Column{Key: key, Title: title, Numeric: true}, cell: of}
	}
	columns := []column[query.RunRow]{
		{Column: Column{Key: "verdict", Title: "verdict"}, cell: func(r *query.RunRow) Cell {
			s := verdictState(r.Verdict)
			return Cell{Text: s.Text, Raw: r.Verdict, Class: "badge " + s.Class}
		}},
		{Column: Column{Key: "name", Title: "name"}, cell: func(r *query.RunRow) Cell {
			return Cell{Text: orAbsent(r.Name), Raw: r.Name, Href: "/runs/" + r.ID, Head: true}
		}},
		{Column: Column{Key: "started", Title: "started (UTC)"}, cell: func(r *query.RunRow) Cell {
			return Cell{Text: stamp(r.Started), Raw: r.Started.UTC().Format(time.RFC3339)}
		}},
		num("duration_ms", "duration", func(r *query.RunRow) Cell {
			return number(chart.Milliseconds, query.Num(runLength(&r.Run).Round(time.Millisecond).Seconds()*1e3))
		}),
		num("requests", "requests", func(r *query.RunRow) Cell { return number(chart.Number, query.Num(r.Requests)) }),
		num("requests_per_second", "req/s", func(r *query.RunRow) Cell { return number(chart.Number, query.Num(r.Rate)) }),
		num("p95_ms", "p95", func(r *query.RunRow) Cell { return quantileCell(r.Response, r.Response.P95) }),
		num("p99_ms", "p99", func(r *query.RunRow) Cell { return quantileCell(r.Response, r.Response.P99) }),
		num("failed", "errors", func(r *query.RunRow) Cell { return number(chart.Number, query.Num(r.Failed)) }),
		num("p95_change", "p95 vs baseline", p95Change),
		{Column: Column{Key: "commit", Title: "commit"}, cell: func(r *query.RunRow) Cell {
			return Cell{Text: orAbsent(r.Commit[:min(10, len(r.Commit))]), Raw: r.Commit, Class: "mono"}
		}},
	}
	return build(name, caption, columns, runs)
}

// p95Change is the change against the baseline; within 5 % it is called noise.
func p95Change(r *query.RunRow) Cell {
	c := Cell{Text: chart.Relative(1 + float64(r.P95Change)), Raw: raw(r.P95Change)}
	if r.P95Change.OK() && math.Abs(float64(r.P95Change)) < 0.05 {
		c.Sub = "within 5\u00a0%"
	}
	return c
}

func quantileCell(q edge.RunQuantiles, v float64) Cell {
	if q.Count == 0 {
		return Cell{Text: chart.Absent}
	}
	return greyed(number(chart.Milliseconds, query.Num(v)), query.Num(q.Count))
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
func runTrends(runs []query.RunRow) []Figure {
	byName := map[string][]float64{}
	for i := len(runs) - 1; i >= 0; i-- {
		if r := &runs[i]; r.Response.Count > 0 {
			byName[r.Name] = append(byName[r.Name], r.Response.P95)
		}
	}
	var out []Figure
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		values := byName[name]
		if len(values) < 2 {
			continue
		}
		latest := chart.Milliseconds.Text(values[len(values)-1])
		s := chart.Spark{Title: "p95 of " + name + " over " + strconv.Itoa(len(values)) + " runs, latest " + latest, Now: values, Width: 160, Height: 40}
		out = append(out, Figure{ID: "trend-" + name, Title: name, SVG: s.SVG(), Legend: []LegendItem{{Value: latest, Name: strconv.Itoa(len(values)) + " runs"}}})
		if len(out) == 8 {
			break
		}
	}
	return out
}

// Run is the model of one load test: what the client saw beside what the edge saw.
type Run struct {
	Page                   *Page
	Run                    edge.Run
	Verdict                State
	Summary                []Pair
	Tiles                  []Tile
	Thresholds             Table
	Rate, Latency          Figure
	EdgeRate, EdgeLatency  Figure
	EdgeTiles              []Tile
	Quantiles              Table
	Steps, Regions, Phases Table
	Counts                 []Table
	EdgeRegions            Table
	Traces                 Table
	Base                   Table
	History                Table
}

// NewRun makes the model of an answer.
func NewRun(p *Page, a *query.RunDetail) Content {
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
	m.Counts = []Table{
		countTable("codes", "Status codes", r.Codes), countTable("errors", "Errors by class", r.Errors),
		countTable("cache", "Cache, as the client saw it", r.Cache), checkTable(r.Expectations),
	}
	tables := []Table{
		m.Steps, m.Thresholds, m.Quantiles, m.Phases, m.Regions, m.EdgeRegions, m.Traces, m.Base, m.History,
		m.Rate.Numbers, m.Latency.Numbers, m.EdgeRate.Numbers, m.EdgeLatency.Numbers,
	}
	return Content{Body: m.body(), Tables: append(tables, m.Counts...)}
}

// unsorted takes the links for sorting from a table.
func unsorted(t Table) Table {
	t.Columns = slices.Clone(t.Columns)
	for i := range t.Columns {
		t.Columns[i].Sort = ""
	}
	return t
}

func runSummary(r *edge.Run) []Pair {
	out := []Pair{
		{"started", stamp(r.Started) + " UTC"},
		{"lasted", chart.Milliseconds.Text(runLength(r).Seconds() * 1e3)},
	}
	for _, p := range []Pair{{"script", r.Script}, {"target", r.Target}, {"commit", r.Commit}} {
		if p.Value != "" {
			out = append(out, p)
		}
	}
	return append(out, Pair{"exit code", strconv.Itoa(r.ExitCode)})
}

func runTiles(r *edge.Run) []Tile {
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
	return []Tile{
		plainTile("run-requests", "Requests", chart.Number, query.Num(r.Requests), chart.PerSecond.Text(r.Rate)),
		plainTile("run-p95", "Response p95", chart.Milliseconds, p95, "from the intended start"),
		plainTile("run-ttfb", "First byte p95", chart.Milliseconds, ttfb, "from the send"),
		plainTile("run-failed", "No answer", chart.Number, query.Num(r.Failed), "of "+integer(r.Requests)+" requests"),
		plainTile("run-users", "Users", chart.Number, query.Num(u.Created), integer(u.Completed)+" completed, "+integer(u.Failed)+" failed"),
		plainTile("run-lag", "Generator lag p99", chart.Milliseconds, lag, integer(u.Skipped)+" arrivals skipped"),
	}
}

func edgeTiles(a *query.RunDetail) []Tile {
	s := &a.Edge
	return []Tile{
		plainTile("edge-requests", "Invocations", chart.Number, s.Requests, chart.PerSecond.Text(float64(s.Rate))),
		plainTile("edge-p95", "Duration p95", chart.Milliseconds, s.P95, "p50 "+chart.Milliseconds.Text(float64(s.P50))),
		plainTile("edge-cold", "Cold starts", chart.Ratio, s.ColdRatio, chart.Number.Text(orZero(s.Cold))+" of "+chart.Number.Text(orZero(add(s.Cold, s.Warm)))),
		plainTile("edge-cache", "Cache hit ratio", chart.Ratio, s.Cache.HitRatio, chart.Number.Text(orZero(add(s.Cache.Miss, s.Cache.Expired)))+" to origin"),
		plainTile("edge-errors", "Errors", chart.Ratio, s.ErrorRatio, chart.Number.Text(orZero(s.Errors))+" failed"),
		plainTile("edge-cpu", "CPU time p99", chart.Milliseconds, s.CPUP99, "per invocation"),
	}
}

func thresholdTable(ts []edge.RunThreshold) Table {
	return build("thresholds", "Thresholds", []column[edge.RunThreshold]{
		{Column: Column{Key: "state", Title: "state"}, cell: func(t *edge.RunThreshold) Cell {
			switch {
			case t.OK:
				return Cell{Text: "✓ ok", Raw: "ok", Class: "badge ok"}
			case t.Optional:
				return Cell{Text: "! over", Raw: "over", Class: "badge warn"}
			default:
				return Cell{Text: "✕ failed", Raw: "failed", Class: "badge bad"}
			}
		}},
		{Column: Column{Key: "threshold", Title: "threshold"}, cell: func(t *edge.RunThreshold) Cell {
			return Cell{Text: t.Expression, Raw: t.Expression, Head: true, Class: "mono"}
		}},
		{Column: Column{Key: "limit", Title: "limit", Numeric: true}, cell: func(t *edge.RunThreshold) Cell { return number(chart.Number, query.Num(t.Limit)) }},
		{Column: Column{Key: "actual", Title: "actual", Numeric: true}, cell: func(t *edge.RunThreshold) Cell {
			if t.Missing {
				return Cell{Text: "never seen"}
			}
			return number(chart.Number, query.Num(t.Actual))
		}},
	}, ts)
}

// namedQuantiles is one of a run's distributions.
type namedQuantiles struct {
	name, raw string
	edge.RunQuantiles
}

func quantileTable(r *edge.Run) Table {
	columns := []column[namedQuantiles]{{Column: Column{Key: "of", Title: "milliseconds"}, cell: func(q *namedQuantiles) Cell {
		return Cell{Text: q.name, Raw: q.raw, Head: true}
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
		columns = append(columns, column[namedQuantiles]{Column: Column{Key: c.name + "_ms", Title: c.name, Numeric: true}, cell: func(q *namedQuantiles) Cell {
			return quantileCell(q.RunQuantiles, c.of(q))
		}})
	}
	return build("quantiles", "Percentiles, successful requests", columns, []namedQuantiles{
		{"response, as scheduled", "response", r.Response},
		{"service, from the send", "service", r.Service},
		{"first byte, from the send", "ttfb", r.TTFB},
		{"lag of the generator", "lag", r.Lag},
	})
}

func phaseTable(phases []edge.RunPhase) Table {
	rate := func(v float64) Cell { return number(chart.PerSecond, query.Num(v)) }
	return build("phases", "Phases", []column[edge.RunPhase]{
		{Column: Column{Key: "phase", Title: "phase"}, cell: func(p *edge.RunPhase) Cell { return Cell{Text: orAbsent(p.Name), Raw: p.Name, Head: true} }},
		{Column: Column{Key: "duration_s", Title: "duration", Numeric: true}, cell: func(p *edge.RunPhase) Cell {
			return Cell{Text: chart.Milliseconds.Text(p.Duration * 1e3), Raw: raw(query.Num(p.Duration))}
		}},
		{Column: Column{Key: "from_rate", Title: "from", Numeric: true}, cell: func(p *edge.RunPhase) Cell { return rate(p.FromRate) }},
		{Column: Column{Key: "to_rate", Title: "to", Numeric: true}, cell: func(p *edge.RunPhase) Cell { return rate(p.ToRate) }},
		{Column: Column{Key: "arrivals", Title: "arrivals", Numeric: true}, cell: func(p *edge.RunPhase) Cell { return number(chart.Number, query.Num(p.Arrivals)) }},
	}, phases)
}

func partTable(name, caption string, parts []edge.RunPart) Table {
	t := build(name, caption, []column[edge.RunPart]{
		{Column: Column{Key: "name", Title: "name"}, cell: func(p *edge.RunPart) Cell {
			return Cell{Text: orAbsent(p.Name), Raw: p.Name, Head: true, Class: "mono"}
		}},
		{Column: Column{Key: "requests", Title: "requests", Numeric: true}, cell: func(p *edge.RunPart) Cell { return number(chart.Number, query.Num(p.Requests)) }},
		{Column: Column{Key: "failed", Title: "no answer", Numeric: true}, cell: func(p *edge.RunPart) Cell { return number(chart.Number, query.Num(p.Failed)) }},
		{Column: Column{Key: "p50_ms", Title: "p50", Numeric: true}, cell: func(p *edge.RunPart) Cell { return quantileCell(p.Response, p.Response.P50) }},
		{Column: Column{Key: "p95_ms", Title: "p95", Numeric: true}, cell: func(p *edge.RunPart) Cell { return quantileCell(p.Response, p.Response.P95) }},
		{Column: Column{Key: "p99_ms", Title: "p99", Numeric: true}, cell: func(p *edge.RunPart) Cell { return quantileCell(p.Response, p.Response.P99) }},
		{Column: Column{Key: "cold", Title: "cold", Numeric: true}, cell: func(p *edge.RunPart) Cell { return number(chart.Number, query.Num(p.Cold)) }},
	}, parts)
	return capped(t)
}

// count is a word and how often it was seen.
type count struct {
	name string
	n    int64
}

func countTable(name, caption string, counts map[string]int64) Table {
	var all []count
	for k, n := range counts {
		all = append(all, count{k, n})
	}
	slices.SortFunc(all, func(a, b count) int {
		return cmp.Or(cmp.Compare(b.n, a.n), cmp.Compare(a.name, b.name))
	})
	t := build(name, caption, []column[count]{
		{Column: Column{Key: name, Title: name}, cell: func(c *count) Cell { return Cell{Text: orAbsent(c.name), Raw: c.name, Head: true, Class: "mono"} }},
		{Column: Column{Key: "count", Title: "count", Numeric: true}, cell: func(c *count) Cell { return number(chart.Number, query.Num(c.n)) }},
	}, all)
	t.Empty = "None."
	return capped(t)
}

func checkTable(checks []edge.RunCheck) Table {
	t := build("expectations", "Expectations", []column[edge.RunCheck]{
		{Column: Column{Key: "expectation", Title: "expectation"}, cell: func(c *edge.RunCheck) Cell { return Cell{Text: c.Name, Raw: c.Name, Head: true, Class: "mono"} }},
		{Column: Column{Key: "ok", Title: "ok", Numeric: true}, cell: func(c *edge.RunCheck) Cell { return number(chart.Number, query.Num(c.OK)) }},
		{Column: Column{Key: "failed", Title: "failed", Numeric: true}, cell: func(c *edge.RunCheck) Cell { return number(chart.Number, query.Num(c.Failed)) }},
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

func baseTable(a *query.RunDetail) Table {
	if a.Base == nil {
		return Table{Name: "baseline", Caption: "Against the baseline", Empty: "No earlier run of this name has passed: there is nothing to compare with."}
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
	return build("baseline", "Against the baseline of "+stamp(a.Base.Started)+" UTC", []column[compared]{
		{Column: Column{Key: "figure", Title: "figure"}, cell: func(c *compared) Cell { return Cell{Text: c.name, Raw: c.name, Head: true} }},
		{Column: Column{Key: "now", Title: "this run", Numeric: true}, cell: func(c *compared) Cell { return number(c.unit, query.Num(c.now)) }},
		{Column: Column{Key: "baseline", Title: "baseline", Numeric: true}, cell: func(c *compared) Cell { return number(c.unit, query.Num(c.then)) }},
		{Column: Column{Key: "change", Title: "change", Numeric: true}, cell: func(c *compared) Cell {
			cell := change(c.unit, query.Num(c.now-c.then))
			if c.then != 0 && math.Abs(c.now-c.then) < 0.05*math.Abs(c.then) {
				cell.Sub = "within 5\u00a0%"
			}
			return cell
		}},
	}, rows)
}
