package view

import (
	"slices"
	"strconv"

	"edgescope/chart"
	"edgescope/edge"
	"edgescope/query"
	"edgescope/web/part"
)

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
		Steps:       partTable("steps", "By step", r.Steps),
		Regions:     partTable("client-regions", "By region, as the client saw it", r.Regions),
		EdgeRegions: coldTable(p, "edge-regions", "By region, as the edge saw it", query.KeyRegion, a.EdgeRegions),
		Traces:      tracesTable(p, "traces", a.Traces), EdgeTiles: edgeTiles(a), Base: baseTable(a),
		History: runsTable("history", "Earlier runs", a.History),
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
		part.PlainTile("run-failed", "No answer", chart.Number, query.Num(r.Failed),
			"of "+part.Integer(r.Requests)+" requests"),
		part.PlainTile("run-users", "Users", chart.Number, query.Num(u.Created),
			part.Integer(u.Completed)+" completed, "+part.Integer(u.Failed)+" failed"),
		part.PlainTile("run-lag", "Generator lag p99", chart.Milliseconds, lag,
			part.Integer(u.Skipped)+" arrivals skipped"),
	}
}

func edgeTiles(a *query.RunDetail) []part.Tile {
	s := &a.Edge
	return []part.Tile{
		part.PlainTile("edge-requests", "Invocations", chart.Number, s.Requests, chart.PerSecond.Text(float64(s.Rate))),
		part.PlainTile("edge-p95", "Duration p95", chart.Milliseconds, s.P95,
			"p50 "+chart.Milliseconds.Text(float64(s.P50))),
		part.PlainTile("edge-cold", "Cold starts", chart.Ratio, s.ColdRatio,
			chart.Number.Text(part.OrZero(s.Cold))+" of "+chart.Number.Text(part.OrZero(part.Add(s.Cold, s.Warm)))),
		part.PlainTile("edge-cache", "Cache hit ratio", chart.Ratio, s.Cache.HitRatio,
			chart.Number.Text(part.OrZero(part.Add(s.Cache.Miss, s.Cache.Expired)))+" to origin"),
		part.PlainTile("edge-errors", "Errors", chart.Ratio, s.ErrorRatio,
			chart.Number.Text(part.OrZero(s.Errors))+" failed"),
		part.PlainTile("edge-cpu", "CPU time p99", chart.Milliseconds, s.CPUP99, "per invocation"),
	}
}
