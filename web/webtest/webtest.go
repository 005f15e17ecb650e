// Package webtest is a collector that answers the dashboard's questions with made numbers: for tests, and to look at
// pages.
package webtest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

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

// Collector returns the questions of the API with made numbers, the same each time; its fields change what it says.
type Collector struct {
	mu     sync.Mutex // guards random
	random *rand.Rand

	// Rows are the figures of the regions.
	Rows []query.Row
	// Empty says that nothing was ever received.
	Empty bool
	// Fail returns in place of the collector when it returns true; nil never does.
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
	r.Standing, r.Silent = standing(p.code, p.ratio), query.None()
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
		Requests: query.Num(n), Samples: query.Num(math.Min(n, 1e6)), Rate: query.Num(rate),
		Errors: query.Num(n * .0004), ErrorRatio: .0004,
		P50: query.Num(p95 * .31), P95: query.Num(p95), P99: query.Num(p95 * 1.9), Cold: query.Num(n * .019),
		Warm: query.Num(n * .97), Known: .989,
		ColdRatio: .0192, ColdP95: query.Num(p95 + 320), WarmP95: query.Num(p95 - 14), ColdAdds: 14, InitP50: 180,
		InitP95: 412, InitP99: 640,
		InitTotal: query.Num(n * .019 * 210), CPUP99: 6.4,
	}
	s.Cache = query.Cache{
		Hit: query.Num(n * hit * .95), Stale: query.Num(n * hit * .04), Revalidated: query.Num(n * hit * .01),
		Miss:    query.Num(n * (1 - hit) * .9),
		Expired: query.Num(n * (1 - hit) * .1), Bypass: query.Num(n * .02), Dynamic: query.Num(n * .01),
		HitRatio: query.Num(hit),
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
		From: to.Add(-buckets * step * time.Second), To: to, Step: step, Source: "rollups", Overflow: 0,
		LastEvent: Now.Add(-3 * time.Second),
		Deploys: []query.Deploy{
			{Service: "image-resize", Version: "v141", At: to.Add(-19 * time.Hour)},
			{Service: "image-resize", Version: "v142", At: to.Add(-570 * time.Minute)},
		},
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
		answer = &query.APIError{
			Message: "there is no " + strings.TrimSuffix(kind, "s") + " " + id + " in the last 30 days",
		}
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
	case kind == query.PathDeploys && id != "":
		return c.deploy(id)
	case kind == query.PathLatency:
		return c.latency(id)
	case id != "":
		return nil
	}
	all := map[string]func() any{
		"who":                func() any { return &query.Who{} },
		query.PathOverview:   c.overview,
		query.PathFindings:   func() any { return &query.Findings{About: c.about(), Findings: findings()} },
		query.PathRegions:    c.regions,
		query.PathColdStarts: c.coldStarts,
		query.PathCache:      c.cache,
		query.PathWASM:       c.wasm,
		query.PathSLO:        c.slo,
		query.PathCost:       c.cost,
		query.PathBill:       c.bill,
		query.PathExplain:    c.explain,
		query.PathColdModel:  c.coldModel,
		query.PathLimits:     c.limits,
		query.PathForecast:   c.forecast,
		query.PathAlerts:     c.alerts,
		query.PathAdvice:     c.advice,
		query.PathRouting:    c.routing,
		query.PathPorting:    c.porting,
		query.PathDeploys:    c.deploys,
		query.PathVersions:   c.versions,
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
