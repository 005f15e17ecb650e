package e2e_test

import (
	"fmt"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/edge"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestWholeLoop runs every shipped script against three regions of the real edge function and holds that all who saw
// the requests agree: loadgen, the collector's rollups, its stored events and data points, and the dashboard's tables.
func TestWholeLoop(t *testing.T) {
	needWorkerd(t)
	data := filepath.Join(t.TempDir(), "data")
	p := start(t, data)
	began := time.Now()
	reports := []report{
		runScript(t, p, "guide.yml", "guide", "-e", "demo"),
		runScript(t, p, "cache-hit.yml", "cache-hit"),
		runScript(t, p, "cold-start.yml", "cold-start"),
		runScript(t, p, "wasm-vs-js.yml", "wasm-vs-js"),
	}
	loop := &loop{p: p, reports: reports, began: began}
	loop.settle(t)

	t.Run("requests, invocations and data points are one number", loop.counts)
	t.Run("cold starts are the isolates started", loop.coldStarts)
	t.Run("cache outcomes are what loadgen saw", loop.cache)
	t.Run("latency by region follows the distance", loop.distance)
	t.Run("a sampled trace has the client above the edge", loop.trace)
	t.Run("tables show the figures of the API", loop.tables)
	t.Run("a run shows both sides", loop.runs)
	t.Run("pages in a browser", loop.browser)
	t.Run("a restart loses nothing", func(t *testing.T) { loop.restart(t, data) })
}

type loop struct {
	p       *e2e.Product
	reports []report
	began   time.Time
}

// api is the address of a question over the time of the test.
func (l *loop) api(question string, more ...string) string {
	return apiURL(l.p.Collector.URL("query"), l.began, question, more...)
}

func apiURL(base string, began time.Time, question string, more ...string) string {
	v := url.Values{}
	v.Set("from", began.Add(-time.Minute).UTC().Format(time.RFC3339))
	v.Set("to", time.Now().Add(time.Minute).UTC().Format(time.RFC3339))
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return base + query.APIPrefix + question + "?" + v.Encode()
}

func (l *loop) requests() int64 { return sum(l.reports, "http.requests") }

// settle waits until the last spans and data points have been exported, added up and can be asked for.
func (l *loop) settle(t *testing.T) {
	t.Helper()
	var spans query.Num
	var points int64
	runtest.Eventually(t, func() string {
		return fmt.Sprintf("loadgen sent %d requests, the collector counts %v invocations and %d data points",
			l.requests(), spans, points)
	}, func() bool {
		spans, points = runtest.Ask[query.Overview](t, l.api("overview")).Requests, l.points(t)
		return int64(spans) >= l.requests() && points >= l.requests()
	})
}

// points is the number of data points stored, of all datasets.
func (l *loop) points(t *testing.T) (n int64) {
	t.Helper()
	for _, d := range runtest.Ask[query.Datasets](t, l.api("datasets")).Datasets {
		n += d.Points
	}
	return n
}

func (l *loop) counts(t *testing.T) {
	want := l.requests()
	o := runtest.Ask[query.Overview](t, l.api("overview"))
	if int64(o.Requests) != want || int64(o.Total.Samples) != want || o.Estimated {
		t.Errorf("rollups: got %v requests from %v events, want %d", o.Requests, o.Total.Samples, want)
	}
	if f := runtest.Ask[query.Traces](t, l.api("traces", "service", "edge-image")).Found; f != want {
		t.Errorf("stored invocations: got %d, want %d", f, want)
	}
	if points := l.points(t); points != want {
		t.Errorf("data points: got %d, want %d", points, want)
	}
	if sum(l.reports, "http.responses") != want || sum(l.reports, "errors.") != 0 {
		t.Errorf("loadgen: %d responses, %d errors to %d requests", sum(l.reports, "http.responses"),
			sum(l.reports, "errors."), want)
	}
}

func (l *loop) coldStarts(t *testing.T) {
	// One isolate for each region, and a new one for each request to /cold.
	want := int64(len(e2e.Regions())) + sum(l.reports, "plugins.metrics-by-endpoint./cold?wasm")
	want += sum(l.reports, "plugins.metrics-by-endpoint./cold ")
	c := runtest.Ask[query.ColdStarts](t, l.api("cold-starts"))
	if int64(c.Total.Cold) != want || c.Total.Known != 1 {
		t.Errorf("got %v cold starts, %v known; want %d of all", c.Total.Cold, c.Total.Known, want)
	}
	var byRegion query.Num
	for _, r := range c.Regions {
		byRegion += r.Cold
	}
	if byRegion != c.Total.Cold {
		t.Errorf("regions add up to %v cold starts, the total is %v", byRegion, c.Total.Cold)
	}
}

func (l *loop) cache(t *testing.T) {
	c := runtest.Ask[query.CacheAnswer](t, l.api("cache")).Total.Cache
	for status, got := range map[string]query.Num{
		edge.CacheHit: c.Hit, edge.CacheMiss: c.Miss,
		edge.CacheStale: c.Stale,
	} {
		want := sum(l.reports, "edgescope.cache."+status)
		if int64(got) != want || want == 0 {
			t.Errorf("%s: the collector counts %v, loadgen %d", status, got, want)
		}
	}
	want := float64(c.Hit+c.Stale) / float64(c.Hit+c.Stale+c.Miss)
	if got := float64(c.HitRatio); got < want-1e-9 || got > want+1e-9 {
		t.Errorf("hit ratio: got %v, want %v", got, want)
	}
}

func (l *loop) distance(t *testing.T) {
	runs := runtest.Ask[query.Runs](t, l.api("runs")).Runs
	if len(runs) != len(l.reports) {
		t.Fatalf("got %d runs, want %d", len(runs), len(l.reports))
	}
	for _, run := range runs {
		detail := runtest.Ask[query.RunDetail](t, l.api("runs/"+run.ID))
		p50 := map[string]float64{}
		for _, r := range detail.Run.Regions {
			p50[r.Name] = r.Response.P50
		}
		nearest := 0.0
		for _, r := range e2e.Regions() {
			if p50[r.Name] <= nearest {
				t.Errorf("run %s: client p50 by region %v is not in the order of the distances", run.Name, p50)
			}
			nearest = p50[r.Name]
			if least := 2 * r.Distance.Seconds() * 1000; p50[r.Name] < least {
				t.Errorf("run %s, %s: client p50 %v ms is less than the distance of %v ms", run.Name, r.Name,
					p50[r.Name], least)
			}
		}
	}
}

func (l *loop) trace(t *testing.T) {
	runs := runtest.Ask[query.Runs](t, l.api("runs")).Runs
	detail := runtest.Ask[query.RunDetail](t, l.api("runs/"+runs[0].ID))
	if len(detail.Traces) == 0 {
		t.Fatalf("run %s has no sampled traces", runs[0].Name)
	}
	tr := runtest.Ask[query.TraceDetail](t, l.api("traces/"+detail.Traces[0].ID))
	if len(tr.Spans) < 2 || tr.Missing != 0 {
		t.Fatalf("got %d spans, %d missing parents", len(tr.Spans), tr.Missing)
	}
	client, server := tr.Spans[0], tr.Spans[1]
	if client.Kind != "client" || client.Service != edge.RunService || client.Depth != 0 {
		t.Errorf("the first span is %s of %s at depth %d, want loadgen's client span", client.Kind, client.Service,
			client.Depth)
	}
	if server.Kind != "server" || server.Service != "edge-image" || server.ParentID != client.ID || server.Depth != 1 {
		t.Errorf("the second span is %s of %s under %s, want the edge's server span under %s", server.Kind,
			server.Service, server.ParentID, client.ID)
	}
	if client.Duration <= server.Duration {
		t.Errorf("the client waited %v ms for work of %v ms at a distance", client.Duration, server.Duration)
	}
	if tr.Run != runs[0].ID {
		t.Errorf("the trace belongs to run %q, want %q", tr.Run, runs[0].ID)
	}
}

// tables compares what the dashboard shows with what the API answers for the same, past range.
func (l *loop) tables(t *testing.T) {
	v, _ := url.Parse(l.api("regions"))
	answer := runtest.Ask[query.Regions](t, v.String())
	rows := table(t, l.p.Dashboard.URL("web")+"/regions.csv?"+v.RawQuery)
	if len(rows) != len(answer.Regions) || len(rows) != len(e2e.Regions()) {
		t.Fatalf("the page has %d regions, the API %d, there are %d", len(rows), len(answer.Regions),
			len(e2e.Regions()))
	}
	for i, r := range answer.Regions {
		for column, want := range map[string]query.Num{"requests": r.Requests, "p95_ms": r.P95, "cold": r.Cold} {
			got, err := strconv.ParseFloat(rows[i][column], 64)
			if err != nil || rows[i]["region"] != r.Name || got < float64(want)*0.999 || got > float64(want)*1.001 {
				t.Errorf("row %d, %s: the page shows %q for %q, the API answers %v for %q (columns %v)",
					i, column, rows[i][column], rows[i]["region"], want, r.Name, sorted(rows[i]))
			}
		}
	}
}

func (l *loop) runs(t *testing.T) {
	for i, run := range runtest.Ask[query.Runs](t, l.api("runs")).Runs {
		r := l.reports[len(l.reports)-1-i] // newest first
		detail := runtest.Ask[query.RunDetail](t, l.api("runs/"+run.ID))
		want := r.Aggregate.Counters["http.requests"]
		if run.Requests != want || detail.Run.Requests != want || run.Verdict != edge.VerdictPassed {
			t.Errorf("run %s: %s with %d requests; the report has %d", run.Name, run.Verdict, run.Requests, want)
		}
		if len(detail.Services) != 1 || detail.Services[0] != "edge-image" {
			t.Errorf("run %s: services %v", run.Name, detail.Services)
		}
		// The edge's view is that of whole windows of time, so it holds at least the run's own requests.
		if int64(detail.Edge.Requests) < want {
			t.Errorf("run %s: the edge saw %v of %d requests", run.Name, detail.Edge.Requests, want)
		}
	}
}

func (l *loop) restart(t *testing.T, data string) {
	if err := l.p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, _ := startCollector(t, data)
	o := runtest.Ask[query.Overview](t, apiURL(c.URL("query"), l.began, "overview"))
	if int64(o.Requests) != l.requests() {
		t.Errorf("after the restart: got %v requests, want %d", o.Requests, l.requests())
	}
	if f := runtest.Ask[query.Traces](t, apiURL(c.URL("query"), l.began, "traces", "service",
		"edge-image")).Found; f != l.requests() {
		t.Errorf("after the restart: got %d stored invocations, want %d", f, l.requests())
	}
}
