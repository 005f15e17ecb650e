package sums_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/report/distribution"
	"edgescope/report/sums"
)

const start = 1_800_000_000_000 // Unix milliseconds

func ms(n float64) time.Duration { return time.Duration(n * float64(time.Millisecond)) }

// example is a tally of two seconds: 40 requests of which 10 failed.
func example() *sums.Tally {
	t := sums.New()
	t.Count("http.requests", 40, start)
	t.Count("http.responses", 30, start+2000)
	t.Count("errors.ETIMEDOUT", 10, start+1000)
	for i := range 30 {
		t.Record(sums.SeriesResponse, ms(float64(i)+0.25), start+500)
		t.Record("http.response_time", ms(float64(i)+0.25), start+500)
	}
	return t
}

func TestPeriodOfATally(t *testing.T) {
	p := sums.NewWindow(start, example())
	if p.Rates["http.request_rate"] != 20 {
		t.Errorf("%v requests per second, want 40 in 2 s", p.Rates)
	}
	if string(p.Period) != `"1800000000000"` || !p.Start.Equal(time.UnixMilli(start)) {
		t.Errorf("period %s, %v: want text, as Artillery has it", p.Period, p.Start)
	}
	if p.FirstMetricAt != start || p.LastMetricAt != start+2000 || p.FirstHistogramAt != start+500 ||
		p.LastHistogramAt != start+500 {
		t.Errorf("metrics from %d to %d, histograms from %d to %d", p.FirstMetricAt, p.LastMetricAt, p.FirstHistogramAt,
			p.LastHistogramAt)
	}
	// Our own series keep microseconds, Artillery's have one decimal.
	if own, theirs := p.Summaries[sums.SeriesResponse], p.Summaries["http.response_time"]; own.Min != 0.25 ||
		theirs.Min != 0.3 || own.Count != 30 {
		t.Errorf("min %v of ours, %v of Artillery's; want 0.25 and 0.3", own.Min, theirs.Min)
	}
	if whole := sums.NewAggregate(start, example()); string(whole.Period) != "1800000000000" || !whole.Start.IsZero() {
		t.Errorf("the aggregate has the period %s, want a number", whole.Period)
	}
	if empty := sums.NewAggregate(0, sums.New()); len(empty.Rates) != 0 || empty.FirstMetricAt != 0 {
		t.Errorf("without a request: rates %v, first metric %d", empty.Rates, empty.FirstMetricAt)
	}
}

// TestPeriodSurvivesItsFile: what merge makes of a file adds up to what it was.
func TestPeriodSurvivesItsFile(t *testing.T) {
	tally := example()
	p := sums.NewWindow(start, tally)
	text, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	var read sums.Period
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if err := read.ReadStart(); err != nil {
		t.Fatal(err)
	}
	again := sums.NewWindow(start, read.Tally(distribution.AllBuckets(tally.Histograms)))
	if diff := cmp.Diff(p, again); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
	twice := sums.New()
	twice.Merge(tally)
	twice.Merge(read.Tally(distribution.AllBuckets(tally.Histograms)))
	if twice.Counters["http.requests"] != 80 || twice.Histograms[sums.SeriesResponse].Count() != 60 ||
		twice.RequestRate() != 40 {
		t.Errorf("twice: %v, %d values, %v/s", twice.Counters, twice.Histograms[sums.SeriesResponse].Count(),
			twice.RequestRate())
	}
	if tally.Counters["http.requests"] != 40 || tally.Histograms[sums.SeriesResponse].Count() != 30 {
		t.Error("what was added has changed")
	}
}

func TestPeriodWithoutAStart(t *testing.T) {
	for _, text := range []string{`3`, `"soon"`, `null`, ``} {
		p := sums.Period{Period: json.RawMessage(text)}
		if err := p.ReadStart(); err == nil {
			t.Errorf("%s is taken as %v", text, p.Start)
		}
	}
}

func TestEveryFigureOfATableIsOne(t *testing.T) {
	d := sums.Distribution{Min: 1, Mean: 2, P50: 3, P75: 4, P90: 5, P95: 6, P99: 7, P999: 8, Max: 9, Count: 10}
	seen := map[float64]string{}
	for _, name := range sums.Figures() {
		v, ok := d.Figure(name)
		if other := seen[v]; !ok || v == 0 || other != "" {
			t.Errorf("%s is %v, %v, the same as %q", name, v, ok, other)
		}
		seen[v] = name
	}
	if median, ok := d.Figure("median"); !ok || median != 3 {
		t.Errorf("the median is %v, %v", median, ok)
	}
	if _, ok := d.Figure("p98"); ok {
		t.Error("there is a p98")
	}
}

func TestNearestName(t *testing.T) {
	p := sums.NewAggregate(start, example())
	f := func(name, want string) {
		t.Helper()
		if got := p.Nearest(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("http.request", "http.requests")
	f("http.respnse_time.p99", "http.response_time.p99")
	f("http.request_rat", "http.request_rate")
	f("http.response_time.medan", "http.response_time.median")
	f("something.else", "")
	f("", "")
}

func TestWhatOnlyGrows(t *testing.T) {
	p := sums.NewAggregate(start, example())
	for name, want := range map[string]bool{
		"http.requests": true, "http.response_time.max": true, "http.response_time.count": true,
		"http.request_rate": false, "http.response_time.p95": false, "http.response_time.min": false,
	} {
		if got := p.OnlyGrows(name); got != want {
			t.Errorf("%s only grows: %v, want %v", name, got, want)
		}
	}
}

func TestHitRatios(t *testing.T) {
	f := func(counters map[string]int64, want map[string]float64) {
		t.Helper()
		tally := sums.New()
		for name, n := range counters {
			tally.Count(name, n, start)
		}
		p := sums.NewAggregate(start, tally)
		if diff := cmp.Diff(want, p.Rates); diff != "" {
			t.Errorf("%v (-want +got):\n%s", counters, diff)
		}
	}
	none := map[string]float64{}
	f(nil, none)
	f(map[string]int64{"edgescope.cache.bypass": 3, "edgescope.cache.dynamic": 4}, none) // could not come from the cache
	f(map[string]int64{
		"edgescope.cache.hit": 1, "edgescope.cache.stale": 1, "edgescope.cache.revalidated": 1,
		"edgescope.cache.miss": 2, "edgescope.cache.expired": 1, "edgescope.cache.bypass": 9,
	}, map[string]float64{sums.HitRatio: 0.5})
	f(map[string]int64{"edgescope.cache.hit": 1, "edgescope.cache.miss": 2}, map[string]float64{sums.HitRatio: 0.3333})
	f(map[string]int64{"edgescope.cache-by-endpoint./a.b.hit": 1, "edgescope.cache-by-endpoint./a.b.miss": 1},
		map[string]float64{sums.HitRatio + "./a.b": 0.5}) // a name may hold dots
	f(map[string]int64{"edgescope.cache-by-endpoint.hit": 1}, none)
}

func TestPartsAddUp(t *testing.T) {
	live := sums.Parts{}
	for i := range 10 {
		p := live.Of([]string{"b", "a"}[i%2])
		p.Requests++
		p.Response.Record(ms(float64(10 + i)))
		p.CountCache("hit", 1)
	}
	live.Of("a").Failed, live.Of("a").Cold = 2, 1
	merged := sums.Parts{}
	for range 2 {
		for _, one := range live.Run() {
			merged.Of(one.Name).Add(&one, live.Buckets()[one.Name])
		}
	}
	run := merged.Run()
	if len(run) != 2 || run[0].Name != "a" || run[1].Name != "b" {
		t.Fatalf("%v, want a and b in order", run)
	}
	a := run[0]
	if a.Requests != 10 || a.Failed != 4 || a.Cold != 2 || a.Cache["hit"] != 10 || a.Response.Count != 10 ||
		a.Response.Max != 19 {
		t.Errorf("%+v; want everything twice", a)
	}
	if before := live.Run()[0]; before.Cache["hit"] != 5 {
		t.Errorf("what was added has changed: %+v", before)
	}
}

func TestRunOfAPeriod(t *testing.T) {
	tally := example()
	for name, n := range map[string]int64{
		"http.codes.200": 28, "http.codes.500": 2, "edgescope.cache.hit": 7, "edgescope.cold_starts": 3, "vusers.created": 5,
		"vusers.completed": 4,
		"vusers.failed":    1, "vusers.skipped": 2, "plugins.expect.ok.statusCode": 9, "plugins.expect.failed.statusCode": 1,
		"plugins.expect.failed.contentType": 2,
	} {
		tally.Count(name, n, start)
	}
	p := sums.NewAggregate(start, tally)
	var got edge.Run
	p.SetCounts(&got)
	want := edge.Run{
		Requests: 40, Responses: 30, Failed: 10, Rate: 20, Cold: 3,
		Codes: map[string]int64{"200": 28, "500": 2}, Errors: map[string]int64{"ETIMEDOUT": 10},
		Cache:        map[string]int64{"hit": 7},
		Users:        edge.RunUsers{Created: 5, Completed: 4, Failed: 1, Skipped: 2},
		Expectations: []edge.RunCheck{{Name: "contentType", Failed: 2}, {Name: "statusCode", OK: 9, Failed: 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tally.SetQuantiles(&got)
	if got.Response.Count != 30 || got.Response.Max != 29.25 || got.Lag.Count != 0 {
		t.Errorf("response %+v, lag %+v", got.Response, got.Lag)
	}
}

func TestWorstWindow(t *testing.T) {
	window := func(n int, lag float64) *distribution.Histogram {
		h := new(distribution.Histogram)
		for range n {
			h.Record(ms(lag))
		}
		return h
	}
	var w sums.WorstLag
	w.Window(nil)
	w.Window(window(sums.MinArrivals-1, 80)) // too few to say anything
	w.Window(window(sums.MinArrivals, 30))
	w.Window(window(500, 20))
	if w.P99 != ms(30) {
		t.Errorf("worst %v, want 30ms", w.P99)
	}
}

func TestFailedExpectationsKeepTheFirst(t *testing.T) {
	f := sums.FailedExpectations{}
	f.Add("buy/GET /", "statusCode", 1, "200", "500")
	f.Add("buy/GET /", "statusCode", 2, "200", "503")
	f.Add("buy/GET /a", "statusCode", 3, "200", "404")
	f.Add("buy/GET /", "contentType", 3, "json", "html")
	var b strings.Builder
	for _, one := range f.List() {
		fmt.Fprintf(&b, "%d %s %s got %s\n", one.Times, one.Step, one.Kind, one.Got)
	}
	const want = "3 buy/GET / contentType got html\n3 buy/GET / statusCode got 500\n3 buy/GET /a statusCode got 404\n"
	if got := b.String(); got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
}
