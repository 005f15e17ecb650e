package webtest

import (
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

func (c *Collector) loadRun(i int) edge.Run {
	q := func(p50 float64) edge.RunQuantiles {
		return edge.RunQuantiles{
			Count: 59400, Min: p50 * .4, Mean: p50 * 1.2, P50: p50, P90: p50 * 2, P95: p50 * 2.6,
			P99: p50 * 4.4, Max: p50 * 9,
		}
	}
	started := Now.Add(-time.Duration(i*24+1) * time.Hour)
	id := RunID
	if i > 0 {
		id = strings.Repeat(strconv.Itoa(i%10), 32)
	}
	r := edge.Run{
		ID: id, Name: "guide", Script: "scenarios/guide.yml", Target: "http://127.0.0.1:8787",
		Commit: "a1b2c3d4e5f60718", Started: started,
		Ended: started.Add(16 * time.Minute), Updated: started.Add(16 * time.Minute), Verdict: edge.VerdictPassed,
		Requests: 59412, Responses: 59400, Failed: 12,
		Rate: 61.9, Users: edge.RunUsers{Planned: 30000, Created: 30000, Completed: 29988, Failed: 12},
		Response: q(31 - float64(i)), Service: q(30), TTFB: q(22), Lag: q(.4), Cold: 182,
		Phases: []edge.RunPhase{
			{Name: "warm up", Duration: 60, FromRate: 10, ToRate: 10, Arrivals: 600},
			{Name: "ramp", Start: 60, Duration: 300, FromRate: 10, ToRate: 60, Arrivals: 10500},
			{Name: "sustain", Start: 360, Duration: 600, FromRate: 60, ToRate: 60, Arrivals: 36000},
		},
		Codes:        map[string]int64{"200": 59000, "404": 388, "503": 12},
		Errors:       map[string]int64{"ETIMEDOUT": 9, "ECONNREFUSED": 3},
		Cache:        map[string]int64{"hit": 41000, "miss": 2100},
		Expectations: []edge.RunCheck{{Name: "statusCode 200", OK: 59000, Failed: 400}},
		Thresholds: []edge.RunThreshold{
			{Expression: "p95", Limit: 100, Actual: 80.6, OK: true},
			{Expression: "maxErrorRate", Limit: 1, Actual: .02, OK: true},
		},
	}
	r.Points = loadPoints()
	for i, n := range []string{"POST /process", "GET /status/{{ id }}", "GET /api/products"} {
		r.Steps = append(r.Steps,
			edge.RunPart{
				Name: n, Requests: 20000 - int64(i*900), Failed: int64(i), Response: q(28 + float64(i*9)), Cold: 60,
			})
	}
	for i, n := range []string{"FRA", "IAD", "SIN"} {
		r.Regions = append(r.Regions, edge.RunPart{Name: n, Requests: 20000, Response: q(20 + float64(i*40)), Cold: 60})
	}
	return r
}

// loadPoints are the lines of a run of 16 minutes that rises to 60 users a second.
func loadPoints() []edge.RunPoint {
	points := make([]edge.RunPoint, 96)
	for s := range points {
		rate := math.Min(60, 10+math.Max(0, float64(s*10-60)/6))
		points[s] = edge.RunPoint{
			At: float64(s * 10), Width: 10, Arrivals: int64(rate * 5), Requests: int64(rate * 10),
			Errors: int64(s % 7 / 6), Active: int64(rate / 3),
			P50: 30 + rate/20, P95: 80 + rate/5 + float64(s%5), P99: 130 + rate/3 + float64(s%11)*3,
			ServiceP95: 76 + rate/6,
		}
	}
	return points
}

func (c *Collector) runs() []query.RunRow {
	var out []query.RunRow
	for i := range 12 {
		if c.Bare {
			return nil
		}
		r := query.RunRow{Run: c.loadRun(i), P95Change: query.Num(float64(i)-3) / 50}
		if i == 4 {
			r.Verdict, r.Reason, r.ExitCode = edge.VerdictFailed, "p95 is 131 ms, the limit is 100 ms", 1
		}
		if i == 11 {
			r.P95Change = query.None()
		}
		out = append(out, r)
	}
	return out
}

func (c *Collector) run() any {
	base := c.loadRun(1)
	out := &query.RunDetail{
		About: c.about(), Run: c.loadRun(0), Base: &base, Services: []string{"edge-demo"}, Edge: c.stats(62, 74, .931),
	}
	if c.Bare {
		out.Run = edge.Run{ID: RunID, Name: "guide", Started: Now, Updated: Now, Verdict: edge.VerdictRunning}
		out.Base = nil
		return out
	}
	out.History, out.EdgeRegions, out.Traces = c.runs()[1:], c.Rows[:min(3, len(c.Rows))], c.traceList(8)
	out.EdgeLines = []query.Line{
		c.line("rate", 62, .05), c.line("p95", 74, .1), c.line("cold", .003, .1), c.line("cache", .95, .02),
	}
	return out
}

// wasm is two comparisons of two sizes, and two engines in the field.
func (c *Collector) wasm() any {
	out := &query.WASM{About: c.about(), Choices: choices}
	if c.Bare {
		return out
	}
	row := func(size, engine string, ratio float64) edge.BenchRow {
		return edge.BenchRow{
			Size: size, Engine: engine, Baseline: "js", Ratio: ratio, CI: [2]float64{ratio * .99, ratio * 1.01},
			CPURatio: ratio * .98,
			CPUCI:    [2]float64{ratio * .97, ratio * .99}, WallMS: 28 / ratio, CPUMS: 28.8 / ratio,
			FirstOpMS: 67 / ratio, ColdProcessMS: 24,
			RSS: 76e6, Hash: "3fb5124e", Note: "a note on " + engine,
		}
	}
	bench := edge.Bench{
		ID: TraceID, Name: "wasm-vs-js", Started: Now.Add(-48 * time.Hour), Rounds: 30, Generations: 3,
		Runtime: edge.BenchRuntime{Name: "workerd", Version: "1.20261117.1", Engine: "V8 15.8.62.5"},
		AA: edge.BenchControl{
			Ratio: 1.002, CI: [2]float64{.995, 1.008}, Valid: true, CPURatio: 1,
			CPUCI: [2]float64{.99, 1.01}, CPUValid: true,
		},
		Results: []edge.BenchRow{
			row("small", "js", 1), row("small", "wasm-simd", 7.15), row("medium", "js", 1),
			row("medium", "wasm-simd", 8.35),
		},
		Native: []edge.BenchNative{
			{Size: "medium", Engine: "wasm-simd", Native: "c", Ratio: 1.72, CI: [2]float64{1.6, 1.87}},
		},
		ColdIsolates: []edge.BenchColdIsolate{{Kind: "js", MS: 3.4, N: 15}, {Kind: "wasm", MS: 5.1, N: 15}},
	}
	if c.Busy {
		bench.Machine.LoadAfter = 6
	}
	older := bench
	older.ID, older.AA.Valid, older.Started = "", false, Now.Add(-72*time.Hour)
	out.Benches = []edge.Bench{bench, older}
	out.Engines = []query.Row{{Name: "js", Stats: c.stats(2, 30, .9)}, {Name: "wasm-simd", Stats: c.stats(2, 4, .9)}}
	out.Latency = []query.Line{c.line("js", 30, .1), c.line("wasm-simd", 4, .1)}
	return out
}
