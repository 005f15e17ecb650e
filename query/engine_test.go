package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/edge"
	"edgescope/query"
)

// TestPercentilesFromRollupsAreWithinTwoPercent sends a warm and a cold mode through the real rollups and both ways to ask.
func TestPercentilesFromRollupsAreWithinTwoPercent(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	var all, cold, warm []float64
	events := make([]edge.Event, 20_000)
	for i := range events {
		f := edge.Facts{Service: "shop", Region: "FRA", Route: "/a", ColdStart: edge.False}
		ms := 20 * math.Exp(r.NormFloat64()*0.4)
		if r.Float64() < 0.04 {
			f.ColdStart = edge.True
			ms = 400 * math.Exp(r.NormFloat64()*0.3)
			cold = append(cold, ms)
		} else {
			warm = append(warm, ms)
		}
		all = append(all, ms)
		when := w.now.Add(-time.Duration(1+i) * time.Hour / 20_001)
		events[i] = w.invocation(when, time.Duration(ms*1e6), f)
	}
	w.write(tenant, events...)
	exact := func(values []float64, phi float64) float64 {
		slices.Sort(values)
		return values[int(phi*float64(len(values)))]
	}
	for _, source := range []string{"rollups", "events"} {
		ask := "range=1h"
		if source == "events" {
			ask += "&region=FRA&route=/a"
		}
		o, err := w.engine.Overview(t.Context(), tenant, w.ask(ask))
		if err != nil {
			t.Fatal(err)
		}
		f := func(name string, got query.Num, want float64) {
			t.Helper()
			if off := math.Abs(float64(got)/want - 1); !(off <= 0.02) {
				t.Errorf("%s: %s is %.2f ms, exact %.2f: %.1f %% off", o.Source, name, float64(got), want, 100*off)
			}
		}
		if o.Source != source {
			t.Errorf("source %s, want %s", o.Source, source)
		}
		f("p50", o.Total.P50, exact(all, 0.50))
		f("p95", o.Total.P95, exact(all, 0.95))
		f("p99", o.Total.P99, exact(all, 0.99))
		f("cold p95", o.Total.ColdP95, exact(cold, 0.95))
		f("warm p95", o.Total.WarmP95, exact(warm, 0.95))
		f("region p95", o.Regions[0].P95, exact(all, 0.95))
	}
}

func TestTenantsSeeTheirOwnOnly(t *testing.T) {
	w := newWorld(t)
	for i, n := range []int{3, 5} {
		for range n {
			w.write(tenant+edge.Tenant(i), w.invocation(w.now.Add(-time.Minute), time.Millisecond, edge.Facts{Service: "shop", Region: "FRA"}))
		}
	}
	for i, want := range []query.Num{3, 5, 0} {
		who := tenant + edge.Tenant(i)
		o, err := w.engine.Overview(t.Context(), who, w.ask(""))
		if err != nil {
			t.Fatal(err)
		}
		if o.Requests != want || o.Empty != (want == 0) {
			t.Errorf("tenant %d: %v requests, empty %t, want %v", who, o.Requests, o.Empty, want)
		}
		list, err := w.engine.Traces(t.Context(), who, w.ask(""))
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Traces) != int(want) || list.Found != int64(want) {
			t.Errorf("tenant %d: %d traces, %d found, want %v", who, len(list.Traces), list.Found, want)
		}
	}
}

func TestPagingShowsEveryTraceOnce(t *testing.T) {
	w := newWorld(t)
	var events []edge.Event
	for i := range 120 {
		end := w.now.Add(-time.Duration(i/7) * 29 * time.Second).Add(-time.Second) // seven of each moment
		events = append(events, w.invocation(end, time.Duration(1+i*37%50)*time.Millisecond, edge.Facts{Service: "shop"}))
	}
	w.write(tenant, events...)
	for _, sort := range []string{"", "-duration", "duration"} {
		for _, limit := range []int{1, 5, 7, 50, 119, 120, 121} {
			got := w.pages(t, fmt.Sprintf("sort=%s&limit=%d", sort, limit))
			seen := map[string]bool{}
			for i := range got {
				seen[got[i].SpanID] = true
			}
			if len(got) != 120 || len(seen) != 120 {
				t.Errorf("sort=%s limit %d: %d traces, %d different, want 120", sort, limit, len(got), len(seen))
			}
			sorted := slices.IsSortedFunc(got, func(a, b query.Trace) int {
				switch sort {
				case "duration":
					return int(a.Duration - b.Duration)
				case "-duration":
					return int(b.Duration - a.Duration)
				}
				end := func(t query.Trace) time.Time { return t.Start.Add(time.Duration(t.Duration * 1e6)) }
				return end(b).Compare(end(a))
			})
			if !sorted {
				t.Errorf("sort=%s limit %d is not sorted", sort, limit)
			}
		}
	}
}

func (w *world) pages(t *testing.T, text string) []query.Trace {
	t.Helper()
	var all []query.Trace
	q := w.ask(text)
	for range 200 {
		page, err := w.engine.Traces(t.Context(), tenant, q)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, page.Traces...)
		if page.Next == "" {
			return all
		}
		q.After = page.Next
	}
	t.Fatal("the pages have no end")
	return nil
}

func TestTracesAreFilteredAndCounted(t *testing.T) {
	w := newWorld(t)
	add := func(n int, d time.Duration, f edge.Facts) {
		for i := range n {
			f.Service = "shop"
			w.write(tenant, w.invocation(w.now.Add(-time.Duration(1+i)*time.Minute), d, f))
		}
	}
	add(6, 10*time.Millisecond, edge.Facts{Region: "FRA", Route: "/a", Status: 200, CacheStatus: edge.CacheHit, ColdStart: edge.False})
	add(3, 300*time.Millisecond, edge.Facts{Region: "IAD", Route: `/"b`, Status: 503, Outcome: edge.OutcomeError, ColdStart: edge.True})
	f := func(text string, want int64) *query.Traces {
		t.Helper()
		got, err := w.engine.Traces(t.Context(), tenant, w.ask(text))
		if err != nil {
			t.Fatal(err)
		}
		if got.Found != want || len(got.Traces) != int(want) {
			t.Errorf("%s: found %d, listed %d, want %d", text, got.Found, len(got.Traces), want)
		}
		return got
	}
	all := f("", 9)
	f("min=100ms", 3)
	f("max=100ms", 6)
	f("min=10ms&max=10ms", 6)
	f("status=5xx", 3)
	f("cold=true", 3)
	f("cache=-hit", 3)
	f(`route=/%22b`, 3)
	f(`route=-/%22b`, 6)
	f(`q=route:%22/\%22b%22`, 3)
	f(`route=%22+or+*`, 0)
	f("q=region:I*", 3)
	f("q=fet", 9)
	f("range=2m30s", 4)
	want := []query.Facet{
		{Key: "region", Values: []query.FacetValue{{Value: "FRA", Count: 6}, {Value: "IAD", Count: 3}}},
		{Key: "route", Values: []query.FacetValue{{Value: "/a", Count: 6}, {Value: `/"b`, Count: 3}}},
		{Key: "status", Values: []query.FacetValue{{Value: "200", Count: 6}, {Value: "503", Count: 3}}},
		{Key: "cold", Values: []query.FacetValue{{Value: "false", Count: 6}, {Value: "true", Count: 3}}},
		{Key: "cache", Values: []query.FacetValue{{Value: "hit", Count: 6}, {Value: "unknown", Count: 3}}},
		{Key: "version", Values: []query.FacetValue{{Value: "unknown", Count: 9}}},
	}
	if diff := cmp.Diff(want, all.Facets); diff != "" {
		t.Errorf("facets: %s", diff)
	}
	var n query.Num
	for _, b := range all.Histogram.Buckets {
		n += b.Count
	}
	if n != 9 {
		t.Errorf("the histogram counts %v, want 9", n)
	}
	if !all.LastEvent.Equal(w.now.Add(-time.Minute)) {
		t.Errorf("the newest invocation is of %s, want %s", all.LastEvent, w.now.Add(-time.Minute))
	}
}

// TestTraceIsFoundHoweverOld writes a trace a year of clock hours apart from now would be too old: two days is.
func TestTraceIsFoundHoweverOld(t *testing.T) {
	for _, age := range []time.Duration{time.Second, 90 * time.Minute, 50 * time.Hour} {
		w := newWorld(t)
		client := w.invocation(w.now.Add(-age), 100*time.Millisecond, edge.Facts{Service: "edgescope-loadgen"})
		client.Facts.Invocation, client.SpanKind, client.Name = false, edge.SpanClient, "GET"
		client.Attrs = []edge.Attr{{Key: edge.RunIDAttr, Value: strings.Repeat("ab", 16)}}
		server := w.invocation(w.now.Add(-age-20*time.Millisecond), 60*time.Millisecond, edge.Facts{Service: "shop", Region: "FRA", ColdStart: edge.True})
		server.TraceID, server.ParentID = client.TraceID, client.SpanID
		server.SpanEvents = fmt.Sprintf(`[{"name":"exception","time":%d,"attrs":{"exception.message":"no","n":3}}]`, server.Time-int64(10*time.Millisecond))
		orphan := w.invocation(w.now.Add(-age-30*time.Millisecond), 10*time.Millisecond, edge.Facts{Service: "shop"})
		orphan.TraceID, orphan.ParentID, orphan.Facts.Invocation = client.TraceID, edge.SpanID{9}, false
		w.write(tenant, server, orphan, client)

		id := fmt.Sprintf("%x", client.TraceID)
		got, err := w.engine.Trace(t.Context(), tenant, strings.ToUpper(id), query.Question{})
		if err != nil {
			t.Fatal(err)
		}
		if got.Run != strings.Repeat("ab", 16) || got.Missing != 1 || got.Duration != 100 || len(got.Spans) != 3 {
			t.Fatalf("%s old: run %q, %d missing, %v ms, %d spans", age, got.Run, got.Missing, got.Duration, len(got.Spans))
		}
		s := got.Spans[1]
		if s.Service != "shop" || s.Depth != 1 || s.Offset != 20 || s.Duration != 60 || s.Cold != "true" || s.Region != "FRA" {
			t.Errorf("%s old: the edge's span is %+v", age, s)
		}
		wantEvents := []query.SpanEvent{{
			Name: "exception", At: time.Unix(0, server.Time).Add(-10 * time.Millisecond).UTC(), Offset: 70,
			Attrs: map[string]string{"exception.message": "no", "n": "3"},
		}}
		if diff := cmp.Diff(wantEvents, s.Events); diff != "" {
			t.Errorf("events: %s", diff)
		}
		if _, err := w.engine.Trace(t.Context(), tenant+1, id, query.Question{}); !errors.Is(err, query.ErrNotFound) {
			t.Errorf("another tenant's trace: %v, want ErrNotFound", err)
		}
		if err := w.store.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// run writes a summary of a load run, as loadgen sends it.
func (w *world) run(r edge.Run) {
	body, err := json.Marshal(r)
	if err != nil {
		w.t.Fatal(err)
	}
	e := w.invocation(r.Updated, time.Second, edge.Facts{Service: edge.RunService})
	e.Facts.Invocation, e.Name = false, edge.RunSpan
	e.Attrs = []edge.Attr{
		{Key: edge.RunAttr, Value: string(body)},
		{Key: edge.RunIDAttr, Value: r.ID},
		{Key: edge.RunNameAttr, Value: r.Name},
		{Key: edge.RunVerdictAttr, Value: r.Verdict},
	}
	w.write(tenant, e)
}

func TestRuns(t *testing.T) {
	w := newWorld(t)
	id := func(n int) string { return fmt.Sprintf("%032x", n) }
	at := func(m int) time.Time { return w.now.Add(-time.Duration(m) * time.Minute) }
	w.run(edge.Run{ID: id(1), Name: "guide", Started: at(200), Ended: at(190), Updated: at(190), Verdict: edge.VerdictPassed, Response: edge.RunQuantiles{P95: 100}})
	w.run(edge.Run{ID: id(2), Name: "guide", Started: at(150), Ended: at(140), Updated: at(140), Verdict: edge.VerdictFailed, Response: edge.RunQuantiles{P95: 300}})
	w.run(edge.Run{ID: id(3), Name: "other", Started: at(100), Ended: at(90), Updated: at(90), Verdict: edge.VerdictPassed})
	w.run(edge.Run{ID: id(4), Name: "guide", Started: at(20), Updated: at(15), Verdict: edge.VerdictRunning, Requests: 1})
	w.run(edge.Run{
		ID: id(4), Name: "guide", Started: at(20), Ended: at(10), Updated: at(10), Verdict: edge.VerdictPassed, Requests: 2,
		Response: edge.RunQuantiles{P95: 150}, Points: []edge.RunPoint{{At: 0, Width: 10, Requests: 2}},
	})

	// Two requests of the run reach service shop, which also serves somebody else; service idle is not reached.
	for i := range 2 {
		client := w.invocation(at(15).Add(time.Duration(i)*time.Second), 30*time.Millisecond, edge.Facts{Service: edge.RunService})
		client.Facts.Invocation, client.SpanKind = false, edge.SpanClient
		client.Attrs = []edge.Attr{{Key: edge.RunIDAttr, Value: id(4)}}
		server := w.invocation(at(15).Add(time.Duration(i)*time.Second), 20*time.Millisecond, edge.Facts{Service: "shop", Region: "FRA", ColdStart: edge.True})
		server.TraceID, server.ParentID = client.TraceID, client.SpanID
		w.write(tenant, client, server)
	}
	w.write(tenant, w.invocation(at(14), 20*time.Millisecond, edge.Facts{Service: "shop", Region: "IAD"}))
	w.write(tenant, w.invocation(at(14), 20*time.Millisecond, edge.Facts{Service: "idle", Region: "IAD"}))
	w.write(tenant, w.invocation(at(30), 20*time.Millisecond, edge.Facts{Service: "shop", Region: "IAD"}))

	list, err := w.engine.Runs(t.Context(), tenant, w.ask(""))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list.Runs {
		got = append(got, fmt.Sprintf("%s %s base %.4s %.2f", r.ID[28:], r.Verdict, r.Base[max(0, len(r.Base)-4):], float64(r.P95Change)))
	}
	want := []string{"0004 passed base 0001 0.50", "0003 passed base  NaN", "0002 failed base 0001 2.00", "0001 passed base  NaN"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs: %s", diff)
	}

	d, err := w.engine.Run(t.Context(), tenant, id(4), w.ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if d.Run.Requests != 2 || len(d.Run.Points) != 1 || d.Base == nil || d.Base.ID != id(1) || len(d.History) != 2 {
		t.Errorf("run: %+v", d)
	}
	if diff := cmp.Diff([]string{"shop"}, d.Services); diff != "" {
		t.Errorf("services: %s", diff)
	}
	if d.Edge.Requests != 3 || d.Edge.Cold != 2 || len(d.EdgeRegions) != 2 || len(d.EdgeLines) != 4 || len(d.Traces) != 2 {
		t.Errorf("edge: %v requests, %v cold, %d regions, %d lines, %d traces; want 3, 2, 2, 4, 2",
			d.Edge.Requests, d.Edge.Cold, len(d.EdgeRegions), len(d.EdgeLines), len(d.Traces))
	}
	if d, err = w.engine.Run(t.Context(), tenant, id(4), w.ask("base="+id(2))); err != nil || d.Base.ID != id(2) {
		t.Errorf("base: %v, %v", d, err)
	}
	var p *query.ParamError
	if _, err = w.engine.Run(t.Context(), tenant, id(4), w.ask("base=nobody")); !errors.As(err, &p) || p.Key != "base" {
		t.Errorf("unknown base: %v", err)
	}
	if _, err = w.engine.Run(t.Context(), tenant, id(9), w.ask("")); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("unknown run: %v, want ErrNotFound", err)
	}
}

func TestOverflowIsCountedAndTold(t *testing.T) {
	w := newWorld(t)
	series := func(labels ...edge.Attr) *edge.Series {
		all := append([]edge.Attr{{Key: edge.LabelCollector, Value: "c"}, {Key: edge.LabelSignal, Value: edge.SignalSpan}, {Key: edge.LabelService, Value: "shop"}}, labels...)
		slices.SortFunc(all, func(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) })
		return &edge.Series{Labels: all}
	}
	var samples []edge.Sample
	for _, width := range edge.Widths {
		start := w.now.Add(-20*time.Minute).Unix() / width.Seconds * width.Seconds * 1000
		name := edge.Attr{Key: edge.LabelName, Value: edge.Metric(edge.FamilyColo, edge.MetricRequests, width)}
		samples = append(samples,
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelRegion, Value: "FRA"}, edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 40},
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelOverflow, Value: "true"}, edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 2},
			// A part of a window that was opened again, and another collector's window: both add up.
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelRegion, Value: "FRA"}, edge.Attr{Key: edge.LabelOutcome, Value: "ok"}, edge.Attr{Key: edge.LabelPart, Value: "1"}), Time: start, Value: 5},
		)
		name.Value = edge.Metric(edge.FamilyService, edge.MetricRequests, width)
		samples = append(samples, edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 47})
	}
	if err := w.store.WriteSamples(t.Context(), tenant, samples); err != nil {
		t.Fatal(err)
	}
	w.store.Flush()
	o, err := w.engine.Overview(t.Context(), tenant, w.ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if o.Requests != 47 || o.Overflow != 2 || o.RegionCount != 1 || o.Regions[0].Requests != 45 || len(o.Notes) != 1 {
		t.Errorf("%v requests, overflow %v, regions %d %v, notes %q; want 47, 2, 1, 45, one note",
			o.Requests, o.Overflow, o.RegionCount, o.Regions, o.Notes)
	}
}

func TestNormIsOfTheWeekBefore(t *testing.T) {
	w := newWorld(t)
	for i := range 200 {
		w.write(tenant, w.invocation(w.now.Add(-25*time.Hour-time.Duration(i)*time.Second), time.Duration(50+i%10)*time.Millisecond, edge.Facts{Service: "shop", Region: "FRA", Route: "/a"}))
	}
	for range 120 {
		w.write(tenant, w.invocation(w.now.Add(-time.Minute), 115*time.Millisecond, edge.Facts{Service: "shop", Region: "FRA", Route: "/a"}))
	}
	r, err := w.engine.Regions(t.Context(), tenant, w.ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Regions[0]; math.Abs(float64(row.Norm)-59) > 4 || math.Abs(float64(row.Ratio)-2) > 0.2 {
		t.Errorf("norm %v, ratio %v, want about 59 ms and 2", row.Norm, row.Ratio)
	}
}

// TestClientAndHandlerAgreeWithTheEngine asks every question both ways.
func TestClientAndHandlerAgreeWithTheEngine(t *testing.T) {
	w := newWorld(t)
	w.fill(60)
	w.run(edge.Run{ID: strings.Repeat("a", 32), Name: "guide", Started: w.now.Add(-time.Minute), Ended: w.now, Updated: w.now, Verdict: edge.VerdictPassed})
	_, c := w.serve()
	q, ctx := w.ask("range=1h&sort=-requests"), t.Context()
	list, err := c.Traces(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	trace, run := list.Traces[0].ID, strings.Repeat("a", 32)
	check(t, q, c.Overview, w.engine.Overview)
	check(t, q, c.Regions, w.engine.Regions)
	check(t, q, c.ColdStarts, w.engine.ColdStarts)
	check(t, q, c.Cache, w.engine.Cache)
	check(t, q, c.Routes, w.engine.Routes)
	check(t, q, c.Versions, w.engine.Versions)
	check(t, q, c.Traces, w.engine.Traces)
	check(t, q, c.Runs, w.engine.Runs)
	check(t, q, c.Datasets, w.engine.Datasets)
	checkOne(t, q, trace, c.Trace, w.engine.Trace)
	checkOne(t, q, run, c.Run, w.engine.Run)
	for _, code := range []string{"P001", "", ".", "a/b", "ü?#%", "unknown"} {
		checkOne(t, q, code, c.Region, w.engine.Region)
	}
}

type (
	asked[A any]    func(context.Context, query.Question) (*A, error)
	answered[A any] func(context.Context, edge.Tenant, query.Question) (*A, error)
)

func check[A any](t *testing.T, q query.Question, client asked[A], engine answered[A]) {
	t.Helper()
	got, err := client(t.Context(), q)
	if err != nil {
		t.Errorf("%T: client: %v", got, err)
		return
	}
	want, err := engine(t.Context(), tenant, q)
	if err != nil {
		t.Errorf("%T: engine: %v", want, err)
		return
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(sameNum), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T: engine - client +: %s", want, diff)
	}
}

// sameNum allows for sums of floating point numbers in another order.
func sameNum(a, b query.Num) bool {
	if !a.OK() || !b.OK() {
		return a.OK() == b.OK()
	}
	return math.Abs(float64(a-b)) <= 1e-9*math.Max(math.Abs(float64(a)), 1)
}

func checkOne[A any](t *testing.T, q query.Question, id string, client func(context.Context, string, query.Question) (*A, error),
	engine func(context.Context, edge.Tenant, string, query.Question) (*A, error),
) {
	t.Helper()
	check(t, q, func(ctx context.Context, q query.Question) (*A, error) { return client(ctx, id, q) },
		func(ctx context.Context, tenant edge.Tenant, q query.Question) (*A, error) {
			return engine(ctx, tenant, id, q)
		})
}

func TestClientKeepsTheServersError(t *testing.T) {
	w := newWorld(t)
	_, c := w.serve()
	q := w.ask("")
	q.Text = "region:FRA colour:x"
	_, err := c.Overview(t.Context(), q)
	var e *query.APIError
	if !errors.As(err, &e) || e.Status != 400 || e.Key != "q" || e.Column != 12 || !strings.Contains(e.Message, "colour") {
		t.Errorf("got %#v", err)
	}
	if _, err = c.Trace(t.Context(), strings.Repeat("0", 32), w.ask("")); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("unknown trace: %v, want ErrNotFound", err)
	}
}

func TestClientOfSomethingElse(t *testing.T) {
	f := func(status int, body, want string) {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer s.Close()
		c, err := query.NewClient(s.URL+"/", s.Client())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Overview(t.Context(), query.Question{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d %q: %v, want %q", status, body, err, want)
		}
	}
	f(502, "<html>\nbad gateway", "502 Bad Gateway: <html>")
	f(200, "<html>", "read the collector's answer to overview")
	f(200, `{"requests":"x"}`, "read the collector's answer to overview")
	for _, address := range []string{"", "127.0.0.1:4320", "ftp://x", "http://", "http://[::1"} {
		if _, err := query.NewClient(address, nil); err == nil {
			t.Errorf("NewClient(%q) takes it", address)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := query.NewClient("http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Overview(ctx, query.Question{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHandlerMethods(t *testing.T) {
	w := newWorld(t)
	h := query.NewHandler(w.engine, query.HandlerOptions{Now: func() time.Time { return w.now }})
	f := func(method, path string, want int) *httptest.ResponseRecorder {
		t.Helper()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
		if rec.Code != want {
			t.Errorf("%s %s: %d, want %d: %s", method, path, rec.Code, want, rec.Body)
		}
		if got := rec.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("%s %s: content type %q", method, path, got)
		}
		return rec
	}
	f("GET", "/api/edge/v1/overview", 200)
	f("HEAD", "/api/edge/v1/overview", 200)
	if allow := f("POST", "/api/edge/v1/overview", 405).Header().Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow: %q", allow)
	}
	f("GET", "/api/edge/v1/overview?range=%zz", 400)
	f("GET", "/api/edge/v1/", 404)
	f("GET", "/api/edge/v1/traces/", 404)
	f("GET", "/elsewhere", 404)
	f("GET", "/api/edge/v1/trace?id="+strings.Repeat("0", 32), 404)
	f("GET", "/api/edge/v1/run?id=x", 400)
	f("GET", "/api/edge/v1/traces?id=x", 400)
	closed := query.NewHandler(w.engine, query.HandlerOptions{
		Tenant: func(*http.Request) (edge.Tenant, error) { return 0, errors.New("send a token") },
	})
	rec := httptest.NewRecorder()
	closed.ServeHTTP(rec, httptest.NewRequest("GET", "/api/edge/v1/overview", nil))
	if rec.Code != 401 || !strings.Contains(rec.Body.String(), "send a token") {
		t.Errorf("without a tenant: %d %s", rec.Code, rec.Body)
	}
}
