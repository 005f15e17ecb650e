package view

import (
	"math"
	"slices"
	"strconv"
	"time"

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
	Times                  *part.Times
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
	m.Traces, m.Times = unsorted(m.Traces), part.NewTimes(p, "times")
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
	return part.Content{Body: m.body(), Tables: m.Times.With(append(tables, m.Counts...)...)}
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

// windows are a run's points on a time axis.
type windows struct {
	frame  chart.Frame
	width  float64 // seconds
	points map[int]*edge.RunPoint
}

// mostWindows bounds the axis: a summary has at most 600 windows, a span of time far beyond them is a mistake of its
// sender.
const mostWindows = 6000

func windowsOf(r *edge.Run) windows {
	w := windows{width: r.Points[0].Width, points: make(map[int]*edge.RunPoint, len(r.Points))}
	if !(w.width >= 0.001) {
		w.width = 1
	}
	first := r.Points[0].At
	last := 0
	for i := range r.Points {
		at := math.Round((r.Points[i].At - first) / w.width)
		if at >= 0 && at < mostWindows {
			w.points[int(at)] = &r.Points[i]
			last = max(last, int(at))
		}
	}
	w.frame = chart.Frame{
		From: r.Started.Add(time.Duration(first * float64(time.Second))),
		Step: time.Duration(w.width * float64(time.Second)), Buckets: last + 1,
	}
	return w
}

// series is one figure of all windows; windows that are missing are gaps.
func (w windows) series(name, class string, value func(*edge.RunPoint) float64) chart.Series {
	s := chart.Series{Name: name, Class: class, Values: make([]float64, w.frame.Buckets)}
	for i := range s.Values {
		s.Values[i] = math.NaN()
		if p := w.points[i]; p != nil {
			s.Values[i] = value(p)
		}
	}
	return s
}

// quantile is a series of a latency: a window without a request has none.
func (w windows) quantile(name, class string, value func(*edge.RunPoint) float64) chart.Series {
	return w.series(name, class, func(p *edge.RunPoint) float64 {
		if p.Requests == 0 {
			return math.NaN()
		}
		return value(p)
	})
}

// clientFigures are the client's rate and latency over time, with the phases as bands.
func clientFigures(r *edge.Run) (rate, latency part.Figure) {
	if len(r.Points) == 0 {
		return part.Figure{ID: "client-rate", Empty: "No windows were sent."},
			part.Figure{ID: "client-latency", Empty: "No windows were sent."}
	}
	w := windowsOf(r)
	rate = part.TimeFigure("client-rate", &chart.Lines{
		Title: "Requests per second and active users", Frame: w.frame, Height: 190, Zero: true, Bands: bands(r),
		Series: []chart.Series{
			w.series("requests/s", "s3", func(p *edge.RunPoint) float64 { return float64(p.Requests) / w.width }),
			w.series("errors/s", "s4", func(p *edge.RunPoint) float64 { return float64(p.Errors) / w.width }),
			w.series("active users", "s1", func(p *edge.RunPoint) float64 { return float64(p.Active) }),
		},
	})
	latency = part.TimeFigure("client-latency", &chart.Lines{
		Title: "Response time, successful requests", Frame: w.frame, Height: 190, Zero: true, Unit: chart.Milliseconds,
		Bands: bands(r), Series: []chart.Series{
			w.quantile("p50", "s0", func(p *edge.RunPoint) float64 { return p.P50 }),
			w.quantile("p95", "s1", func(p *edge.RunPoint) float64 { return p.P95 }),
			w.quantile("p99", "s2", func(p *edge.RunPoint) float64 { return p.P99 }),
			w.quantile("p95 from send", "s3", func(p *edge.RunPoint) float64 { return p.ServiceP95 }),
		},
	})
	for _, f := range []part.Figure{rate, latency} {
		if f.Plot != nil {
			f.Plot.Zoom = false
		}
	}
	return rate, latency
}

func bands(r *edge.Run) []chart.Band {
	var out []chart.Band
	for i, p := range r.Phases {
		if i%2 == 0 {
			from := r.Started.Add(time.Duration(p.Start * float64(time.Second)))
			out = append(out,
				chart.Band{From: from, To: from.Add(time.Duration(p.Duration * float64(time.Second))), Text: p.Name})
		}
	}
	return out
}

func edgeFigures(a *query.RunDetail) (rate, latency part.Figure) {
	f := part.Frame(a.About)
	rate = part.TimeFigure("edge-rate", &chart.Lines{
		Title: "Invocations per second", Frame: f, Series: part.LineSeries(a.EdgeLines, []string{"rate"}),
		Unit: chart.PerSecond, Height: 190, Zero: true, Marks: part.Marks(a.About),
	})
	latency = part.TimeFigure("edge-latency", &chart.Lines{
		Title: "Invocation duration p95", Frame: f, Series: part.LineSeries(a.EdgeLines, []string{"p95"}),
		Unit: chart.Milliseconds, Height: 190, Zero: true, Marks: part.Marks(a.About),
	})
	return rate, latency
}
