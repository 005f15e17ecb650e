// Package webtest is a collector that answers the dashboard's questions with made numbers: for tests, and to look at pages.
package webtest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// Now is the clock of the made numbers: a Friday afternoon.
var Now = time.Date(2026, 11, 20, 16, 0, 4, 0, time.UTC)

// place is a made region: a code, where it is, its requests per second and its p95 in ms.
type place struct {
	code, city, country string
	lat, lon, rate, p95 float64
	ratio, hit          float64
}

var places = []place{
	{"GRU", "São Paulo", "BR", -23.4, -46.5, 410, 187, 1.64, .72},
	{"BOM", "Mumbai", "IN", 19.1, 72.9, 620, 142, 1.27, .88},
	{"JNB", "Johannesburg", "ZA", -26.1, 28.2, 130, 131, 1.09, .83},
	{"SYD", "Sydney", "AU", -33.9, 151.2, 340, 96, 1.02, .91},
	{"SIN", "Singapore", "SG", 1.36, 104, 790, 88, 1, .92},
	{"NRT", "Tokyo", "JP", 35.8, 140.4, 980, 71, .98, .94},
	{"IAD", "Ashburn", "US", 38.9, -77.5, 2140, 58, 1.01, .95},
	{"LAX", "Los Angeles", "US", 33.9, -118.4, 1320, 55, .97, .95},
	{"LHR", "London", "GB", 51.5, -.5, 1510, 49, 1.03, .96},
	{"FRA", "Frankfurt", "DE", 50, 8.6, 1880, 46, .99, .96},
	{"AMS", "Amsterdam", "NL", 52.3, 4.8, 1105, 44, 1, .96},
	{"CDG", "Paris", "FR", 49, 2.5, 990, 42, .96, .97},
	{"", "", "", math.NaN(), math.NaN(), .004, 60, math.NaN(), math.NaN()},
}

// Places is how many regions have a place and numbers of their own.
var Places = len(places)

const (
	buckets = 144
	step    = 600 // seconds

	// TraceID is the one trace that there is.
	TraceID = "5b8efff798038103d269b633813fc60c"
	// RunID is the one load test with details.
	RunID = "0af7651916cd43dd8448eb211c80319c"
)

// Collector answers the questions of the API with made numbers, the same each time; its fields change what it says.
type Collector struct {
	mu     sync.Mutex // guards random
	random *rand.Rand

	// Rows are the figures of the regions.
	Rows []query.Row
	// Empty says that nothing was ever received.
	Empty bool
	// Fail answers in place of the collector when it returns true; nil never does.
	Fail func(w http.ResponseWriter, r *http.Request) bool
	// Alter changes any answer's About before it is sent.
	Alter func(a *query.About)
	// Bare leaves out every list, line and optional number.
	Bare bool
	// Refusals are what the collector refused; nil when it is too old to tell.
	Refusals *query.Refusals
	// Busy makes the newest comparison one of a busy machine.
	Busy bool
}

// New makes a collector of that many regions; the first Places of them are real ones, the last of which has no code.
func New(count int) *Collector {
	c := &Collector{random: rand.New(rand.NewPCG(1, 2))}
	for i := range count {
		p := places[i%len(places)]
		if i >= len(places) {
			p.code = "X" + strconv.Itoa(i)
			p.lat, p.lon = float64(i*37%110)-50, float64(i*61%360)-180
		}
		c.Rows = append(c.Rows, c.row(p))
	}
	return c
}

func (c *Collector) row(p place) query.Row {
	r := query.Row{Name: p.code, City: p.city, Country: p.country, Lat: query.Num(p.lat), Lon: query.Num(p.lon)}
	r.Stats = c.stats(p.rate, p.p95, p.hit)
	r.ErrorRatio = query.Num(.0002 + .0008*math.Max(0, p.ratio-1))
	r.ColdAdds, r.ColdRatio = query.Num(4+p.p95/9), query.Num(.008+p.p95/9000)
	before := c.stats(p.rate*.96, p.p95/math.Max(1, p.ratio), math.Min(.99, p.hit+.03))
	r.Before, r.Ratio, r.Norm = &before, query.Num(p.ratio), query.Num(p.p95/p.ratio)
	r.Trend = c.course(buckets, p.p95, .12)
	if p.ratio > 1.5 {
		for i := range r.Trend {
			if i < 90 {
				r.Trend[i] *= .62
			}
		}
	}
	r.OriginExtra = query.Num(math.Max(0, float64(before.Cache.HitRatio-r.Cache.HitRatio)) * float64(r.Requests))
	return r
}

func (c *Collector) stats(rate, p95, hit float64) query.Stats {
	n := rate * 86400
	s := query.Stats{
		Requests: query.Num(n), Samples: query.Num(math.Min(n, 1e6)), Rate: query.Num(rate), Errors: query.Num(n * .0004), ErrorRatio: .0004,
		P50: query.Num(p95 * .31), P95: query.Num(p95), P99: query.Num(p95 * 1.9), Cold: query.Num(n * .019), Warm: query.Num(n * .97), Known: .989,
		ColdRatio: .0192, ColdP95: query.Num(p95 + 320), WarmP95: query.Num(p95 - 14), ColdAdds: 14, InitP50: 180, InitP95: 412, InitP99: 640,
		InitTotal: query.Num(n * .019 * 210), CPUP99: 6.4,
	}
	s.Cache = query.Cache{
		Hit: query.Num(n * hit * .95), Stale: query.Num(n * hit * .04), Revalidated: query.Num(n * hit * .01), Miss: query.Num(n * (1 - hit) * .9),
		Expired: query.Num(n * (1 - hit) * .1), Bypass: query.Num(n * .02), Dynamic: query.Num(n * .01), HitRatio: query.Num(hit),
	}
	return s
}

// named is the middle of a made line.
type named struct {
	name  string
	value float64
}

// course is a line around a value, with a slow wave and noise; one gap of four buckets.
func (c *Collector) course(n int, around, noise float64) []query.Num {
	out := make([]query.Num, n)
	drift := c.random.Float64() * 6
	walk := 0.0
	for i := range out {
		walk = walk*.9 + c.random.NormFloat64()*noise*.35
		out[i] = query.Num(math.Max(0, around*(1+.16*math.Sin(float64(i)/float64(n)*6.3+drift)+walk)))
		if n > 100 && i > 40 && i < 45 {
			out[i] = query.None()
		}
	}
	return out
}

func (c *Collector) line(name string, around, noise float64) query.Line {
	v := c.course(buckets, around, noise)
	return query.Line{Name: name, Values: v, Latest: v[len(v)-1]}
}

func (c *Collector) about() query.About {
	to := Now.Truncate(step * time.Second)
	a := query.About{
		From: to.Add(-buckets * step * time.Second), To: to, Step: step, Source: "rollups", Overflow: 0, LastEvent: Now.Add(-3 * time.Second),
		Deploys: []query.Deploy{{Service: "image-resize", Version: "v141", At: to.Add(-19 * time.Hour)}, {Service: "image-resize", Version: "v142", At: to.Add(-570 * time.Minute)}},
	}
	if c.Empty {
		a.Empty, a.LastEvent, a.Deploys = true, time.Time{}, nil
	}
	if c.Alter != nil {
		c.Alter(&a)
	}
	return a
}

var choices = query.Choices{
	Services: []string{"image-resize", "catalog"}, Versions: []string{"v142", "v141", "v140"},
	Regions: []string{"FRA", "IAD"}, Routes: []string{"/img/*", "/api/catalog"},
}

func (c *Collector) named(names ...string) []query.Row {
	var out []query.Row
	for i, n := range names {
		p := places[i]
		p.code, p.city = n, ""
		r := c.row(p)
		r.Lat, r.Lon, r.Norm, r.Ratio = query.None(), query.None(), query.None(), query.None()
		out = append(out, r)
	}
	return out
}

// ServeHTTP answers one question.
func (c *Collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.Fail != nil && c.Fail(w, r) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.random = rand.New(rand.NewPCG(1, 2))
	kind, id, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, query.APIPrefix), "/")
	answer := c.answer(kind, id)
	if answer == nil {
		w.WriteHeader(http.StatusNotFound)
		answer = &query.APIError{Message: "there is no " + strings.TrimSuffix(kind, "s") + " " + id + " in the last 30 days"}
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// answer returns the answer about everything or, with an id, about one thing; nil when there is none.
func (c *Collector) answer(kind, id string) any {
	switch {
	case kind == query.PathRegions && id != "":
		return c.region(id)
	case kind == query.PathTraces && id == TraceID:
		return c.trace()
	case kind == query.PathRuns && id == RunID:
		return c.run()
	case id != "":
		return nil
	}
	all := map[string]func() any{
		"who":                func() any { return &query.Who{} },
		query.PathOverview:   c.overview,
		query.PathRegions:    c.regions,
		query.PathColdStarts: c.coldStarts,
		query.PathCache:      c.cache,
		query.PathWASM:       c.wasm,
		query.PathTraces:     c.traces,
		query.PathRuns:       func() any { return &query.Runs{About: c.about(), Runs: c.runs()} },
	}
	if kind == query.PathRefusals && c.Refusals != nil {
		return c.Refusals
	}
	if ask := all[kind]; ask != nil {
		return ask()
	}
	return nil
}

func (c *Collector) regions() any {
	return &query.Regions{About: c.about(), Total: c.stats(11400, 74, .931), Regions: c.list(c.Rows), Heatmap: c.heatmap(), Choices: choices}
}

// list is empty in a bare collector.
func (c *Collector) list(rows []query.Row) []query.Row {
	if c.Bare {
		return nil
	}
	return rows
}

func (c *Collector) overview() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	before.P50, total.P50, before.P99, total.P99 = 20, 18, 173, 211
	o := &query.Overview{About: c.about(), Requests: total.Requests, Total: total, Before: &before, Choices: choices, RegionCount: len(c.Rows)}
	if c.Bare {
		none := query.None()
		o.Total = query.Stats{Requests: 0, Samples: 0, Rate: 0, ErrorRatio: none, P50: none, P95: none, P99: none, ColdRatio: none, ColdAdds: none, CPUP99: none}
		o.Total.Cache.HitRatio, o.Before = none, nil
		return o
	}
	o.Finding = &query.Finding{Severity: "bad", Subject: "GRU p95 +64 %", Text: "since deploy v142 at 06:30 UTC: cache hit ratio there fell 91 % → 72 %.", Region: "GRU"}
	for _, l := range []named{{"rate", 11400}, {"p50", 18}, {"p95", 74}, {"p99", 211}, {"errors", .0004}, {"cold", .019}, {"cache", .931}, {"cpu", 6.4}} {
		o.Lines = append(o.Lines, c.line(l.name, l.value, .08))
		o.BeforeLines = append(o.BeforeLines, c.line(l.name, l.value*.95, .08))
	}
	for i := range min(5, len(c.Rows)) {
		l := query.Line{Name: c.Rows[i].Name, Values: c.Rows[i].Trend}
		o.Latency = append(o.Latency, l)
	}
	o.Latency = append(o.Latency, c.line("others", 52, .05))
	o.Regions = c.Rows[:min(12, len(c.Rows))]
	o.LosingHits = c.named("/img/*?w=", "/api/catalog", "/fonts/*")
	o.Heatmap = c.heatmap()
	return o
}

func (c *Collector) heatmap() query.Heatmap {
	var h query.Heatmap
	for _, r := range c.list(c.Rows) {
		h.Rows = append(h.Rows, r.Name)
		h.Cells = append(h.Cells, r.Trend)
	}
	return h
}

func (c *Collector) region(id string) any {
	i := slices.IndexFunc(c.Rows, func(r query.Row) bool { return r.Name == id })
	out := &query.Region{About: c.about(), Name: id, All: c.stats(11400, 74, .931), Choices: choices}
	if i < 0 || c.Bare {
		return out
	}
	row := c.Rows[i]
	out.City, out.Total = row.City, row.Stats
	p := float64(row.P95)
	out.Lines = []query.Line{c.line("p50", p*.31, .05), c.line("p95", p, .1), c.line("p99", p*1.9, .15), c.line("rate", float64(row.Rate), .08), c.line("errors", .0014, .3)}
	out.Routes, out.Versions, out.Slowest = c.named("/img/*?w=", "/api/catalog", "/fonts/*", ""), c.named("v142", "v141"), c.traceList(10)
	return out
}

func (c *Collector) coldStarts() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	out := &query.ColdStarts{About: c.about(), Total: total, Before: &before, Share: .63, Choices: choices}
	if c.Bare {
		out.Share = query.None()
		return out
	}
	for i := range min(5, len(c.Rows)) {
		out.Rate = append(out.Rate, c.line(c.Rows[i].Name, .015+.004*float64(i), .2))
	}
	out.Rate = append(out.Rate, c.line("others", .011, .1))
	out.Regions, out.Versions, out.Routes = slices.Clone(c.Rows), c.named("v142", "v141", "v140"), c.named("/img/*", "/api/catalog")
	out.Regions[len(out.Regions)-1].Cold = 7
	out.WarmHistogram, out.ColdHistogram = bell(40, .5, 1e6), bell(340, .35, 2e4)
	return out
}

// bell is a distribution around a value on logarithmic buckets.
func bell(around, width, count float64) query.Histogram {
	var h query.Histogram
	for low := 2.0; low < 3000; low *= 1.136 {
		d := math.Log(low/around) / width
		if n := math.Round(count * math.Exp(-d*d/2) / 20); n > 0 {
			h.Buckets = append(h.Buckets, query.Bucket{Low: query.Num(low), High: query.Num(low * 1.136), Count: query.Num(n)})
		}
	}
	return h
}

func (c *Collector) cache() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	out := &query.CacheAnswer{About: c.about(), Total: total, Before: &before, HitP50: 12, HitP95: 31, MissP50: 74, MissP95: 240, Choices: choices}
	if c.Bare {
		return out
	}
	for _, l := range []named{{"hit", 900}, {"stale", 35}, {"revalidated", 8}, {"miss", 70}, {"expired", 6}, {"bypass", 22}, {"dynamic", 9}} {
		out.Outcomes = append(out.Outcomes, c.line(l.name, l.value, .1))
	}
	out.Regions, out.Routes = c.Rows, c.named("/img/*?w=", "/api/catalog", "/fonts/*", "/")
	return out
}

func (c *Collector) traceList(n int) []query.Trace {
	var out []query.Trace
	for i := range n {
		p := places[i%12]
		t := query.Trace{
			ID: strings.Repeat("0", 24) + strconv.FormatInt(0x10000000+int64(i)*7919, 16), SpanID: "eee19b7ec3c1b174", Start: Now.Add(-time.Duration(i*1731) * time.Millisecond),
			Duration: query.Num(40 + c.random.ExpFloat64()*120), Service: "image-resize", Name: "GET /img", Route: "/img/*", Method: "GET", Status: 200,
			Outcome: "ok", Region: p.code, Version: "v142", Cold: "false", Cache: "hit",
		}
		switch i % 9 {
		case 0:
			t.ID = TraceID
		case 3:
			t.Status, t.Outcome, t.Cache = 503, "error", "miss"
		case 5:
			t.Cold, t.Status = "true", 404
		case 7:
			t.Cold, t.Cache, t.Version, t.Status, t.Outcome = "", "", "", 0, "exceeded_cpu"
		}
		out = append(out, t)
	}
	return out
}

func (c *Collector) traces() any {
	out := &query.Traces{About: c.about(), Choices: choices}
	if c.Bare {
		return out
	}
	out.Traces, out.Found, out.Histogram, out.Next = c.traceList(50), 128411, bell(60, .8, 9000), "cursor-2"
	for key, values := range map[string][]string{ // sorted below
		"region": {"IAD", "FRA", "LHR", "GRU"}, "route": {"/img/*", "/api/catalog", ""}, "status": {"200", "404", "503"},
		"cold": {"false", "true", ""}, "cache": {"hit", "miss"}, "version": {"v142", "v141"},
	} {
		facet := query.Facet{Key: key}
		for i, v := range values {
			facet.Values = append(facet.Values, query.FacetValue{Value: v, Count: int64(100000 / (i + 1))})
		}
		out.Facets = append(out.Facets, facet)
	}
	slices.SortFunc(out.Facets, func(a, b query.Facet) int { return strings.Compare(a.Key, b.Key) })
	return out
}

func (c *Collector) trace() any {
	start := Now.Add(-time.Minute)
	span := func(id, parent, service, name string, depth int, offset, duration float64) query.Span {
		return query.Span{
			ID: id, ParentID: parent, Service: service, Name: name, Kind: "server", Depth: depth, Start: start.Add(time.Duration(offset * 1e6)),
			Offset: query.Num(offset), Duration: query.Num(duration), Region: "GRU",
			Attrs: map[string]string{"http.route": "/img/*", "faas.name": "image-resize", "note": `<script>alert("x")</script>`},
		}
	}
	spans := []query.Span{
		span("01", "", "edgescope-loadgen", "GET /img/cat.png", 0, 0, 431),
		span("02", "01", "image-resize", "GET /img/*", 1, 38, 372), span("03", "02", "image-resize", "init", 2, 40, 182),
		span("04", "02", "image-resize", "cache.match", 2, 224, 4), span("05", "02", "image-resize", "fetch origin", 2, 229, 140),
		span("06", "05", "origin", "GET /cat.png", 3, 241, 118), span("07", "02", "image-resize", "resize", 2, 372, 35),
		span("09", "08", "origin", "db.query", 0, 262, 61),
	}
	spans[1].Cold, spans[3].Cache, spans[5].Status, spans[7].MissingParent = "true", "miss", "error", true
	spans[5].Events = []query.SpanEvent{{Name: "exception", At: start, Offset: 301, Attrs: map[string]string{"exception.message": "connection reset"}}}
	return &query.TraceDetail{
		About: c.about(), ID: TraceID, Start: start, Duration: 431, Services: []string{"edgescope-loadgen", "image-resize", "origin"}, Spans: spans, Missing: 1, Run: RunID,
	}
}

func (c *Collector) loadRun(i int) edge.Run {
	q := func(p50 float64) edge.RunQuantiles {
		return edge.RunQuantiles{Count: 59400, Min: p50 * .4, Mean: p50 * 1.2, P50: p50, P90: p50 * 2, P95: p50 * 2.6, P99: p50 * 4.4, Max: p50 * 9}
	}
	started := Now.Add(-time.Duration(i*24+1) * time.Hour)
	id := RunID
	if i > 0 {
		id = strings.Repeat(strconv.Itoa(i%10), 32)
	}
	r := edge.Run{
		ID: id, Name: "guide", Script: "scenarios/guide.yml", Target: "http://127.0.0.1:8787", Commit: "a1b2c3d4e5f60718", Started: started,
		Ended: started.Add(16 * time.Minute), Updated: started.Add(16 * time.Minute), Verdict: edge.VerdictPassed, Requests: 59412, Responses: 59400, Failed: 12,
		Rate: 61.9, Users: edge.RunUsers{Planned: 30000, Created: 30000, Completed: 29988, Failed: 12}, Response: q(31 - float64(i)), Service: q(30), TTFB: q(22), Lag: q(.4), Cold: 182,
		Phases: []edge.RunPhase{{Name: "warm up", Duration: 60, FromRate: 10, ToRate: 10, Arrivals: 600}, {Name: "ramp", Start: 60, Duration: 300, FromRate: 10, ToRate: 60, Arrivals: 10500}, {Name: "sustain", Start: 360, Duration: 600, FromRate: 60, ToRate: 60, Arrivals: 36000}},
		Codes:  map[string]int64{"200": 59000, "404": 388, "503": 12}, Errors: map[string]int64{"ETIMEDOUT": 9, "ECONNREFUSED": 3}, Cache: map[string]int64{"hit": 41000, "miss": 2100},
		Expectations: []edge.RunCheck{{Name: "statusCode 200", OK: 59000, Failed: 400}},
		Thresholds:   []edge.RunThreshold{{Expression: "p95", Limit: 100, Actual: 80.6, OK: true}, {Expression: "maxErrorRate", Limit: 1, Actual: .02, OK: true}},
	}
	for s := range 96 {
		rate := math.Min(60, 10+math.Max(0, float64(s*10-60)/6))
		r.Points = append(r.Points, edge.RunPoint{
			At: float64(s * 10), Width: 10, Arrivals: int64(rate * 5), Requests: int64(rate * 10), Errors: int64(s % 7 / 6), Active: int64(rate / 3),
			P50: 30 + rate/20, P95: 80 + rate/5 + float64(s%5), P99: 130 + rate/3 + float64(s%11)*3, ServiceP95: 76 + rate/6,
		})
	}
	for i, n := range []string{"POST /process", "GET /status/{{ id }}", "GET /api/products"} {
		r.Steps = append(r.Steps, edge.RunPart{Name: n, Requests: 20000 - int64(i*900), Failed: int64(i), Response: q(28 + float64(i*9)), Cold: 60})
	}
	for i, n := range []string{"FRA", "IAD", "SIN"} {
		r.Regions = append(r.Regions, edge.RunPart{Name: n, Requests: 20000, Response: q(20 + float64(i*40)), Cold: 60})
	}
	return r
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
	out := &query.RunDetail{About: c.about(), Run: c.loadRun(0), Base: &base, Services: []string{"edge-demo"}, Edge: c.stats(62, 74, .931)}
	if c.Bare {
		out.Run = edge.Run{ID: RunID, Name: "guide", Started: Now, Updated: Now, Verdict: edge.VerdictRunning}
		out.Base = nil
		return out
	}
	out.History, out.EdgeRegions, out.Traces = c.runs()[1:], c.Rows[:min(3, len(c.Rows))], c.traceList(8)
	out.EdgeLines = []query.Line{c.line("rate", 62, .05), c.line("p95", 74, .1), c.line("cold", .003, .1), c.line("cache", .95, .02)}
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
			Size: size, Engine: engine, Baseline: "js", Ratio: ratio, CI: [2]float64{ratio * .99, ratio * 1.01}, CPURatio: ratio * .98,
			CPUCI: [2]float64{ratio * .97, ratio * .99}, WallMS: 28 / ratio, CPUMS: 28.8 / ratio, FirstOpMS: 67 / ratio, ColdProcessMS: 24,
			RSS: 76e6, Hash: "3fb5124e", Note: "a note on " + engine,
		}
	}
	bench := edge.Bench{
		ID: TraceID, Name: "wasm-vs-js", Started: Now.Add(-48 * time.Hour), Rounds: 30, Generations: 3,
		Runtime:      edge.BenchRuntime{Name: "workerd", Version: "1.20261117.1", Engine: "V8 15.8.62.5"},
		AA:           edge.BenchControl{Ratio: 1.002, CI: [2]float64{.995, 1.008}, Valid: true, CPURatio: 1, CPUCI: [2]float64{.99, 1.01}, CPUValid: true},
		Results:      []edge.BenchRow{row("small", "js", 1), row("small", "wasm-simd", 7.15), row("medium", "js", 1), row("medium", "wasm-simd", 8.35)},
		Native:       []edge.BenchNative{{Size: "medium", Engine: "wasm-simd", Native: "c", Ratio: 1.72, CI: [2]float64{1.6, 1.87}}},
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
