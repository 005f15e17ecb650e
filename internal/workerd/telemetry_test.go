package workerd_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/internal/workerd"
)

func TestColdStartIsTheFirstRequestOfAnIsolate(t *testing.T) {
	r := newReceiver(t)
	p := r.region("FRA")
	// Each request as its own parent in the trace, to find its span again.
	parents := []string{
		"00000000000000a1", "00000000000000a2", "00000000000000a3", "00000000000000a4",
		"00000000000000a5",
	}
	paths := []string{"/health", "/health", "/cold", "/cold?wasm=1", "/health"}
	want := []string{"1", "0", "1", "1", "0"}
	isolates := make(map[string]bool)
	for i, path := range paths {
		header := get(t, p.URL()+path, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-"+parents[i]+"-01").header
		if got := header.Get("x-cold-start"); got != want[i] {
			t.Errorf("request %d, %s: x-cold-start %s, want %s", i, path, got, want[i])
		}
		isolates[header.Get("x-isolate")] = true
		server, _ := r.trace(parents[i])
		if got := server.Attributes["faas.coldstart"]; (got == "true") != (want[i] == "1") {
			t.Errorf("request %d, %s: faas.coldstart %s, want it as the header says, %s", i, path, got, want[i])
		}
		if got := server.Attributes["faas.instance"]; got != header.Get("x-isolate") {
			t.Errorf("request %d, %s: faas.instance %s, want that of the header, %s", i, path, got,
				header.Get("x-isolate"))
		}
		if _, measured := server.Attributes["faas.init_duration"]; measured != strings.HasPrefix(path, "/cold") {
			t.Errorf("request %d, %s: faas.init_duration %q", i, path, server.Attributes["faas.init_duration"])
		}
	}
	if len(isolates) != 3 {
		t.Errorf("%d isolates answered, want 3: the main one and one for each request of /cold", len(isolates))
	}
}

func TestSpanOfARequest(t *testing.T) {
	r := newReceiver(t)
	p := r.region("FRA")
	const parent = "b7ad6b7169203331"
	a := get(t, p.URL()+"/process?engine=wasm-simd&secret=1", "traceparent",
		"00-0af7651916cd43dd8448eb211c80319c-"+parent+"-00",
		"user-agent", "edgescope-test")
	server, children := r.trace(parent)
	if server.TraceID != "0af7651916cd43dd8448eb211c80319c" || server.Name != "GET /process" {
		t.Errorf("server span %q in trace %s, want GET /process in the trace of the caller", server.Name,
			server.TraceID)
	}
	want := map[string]string{
		"faas.trigger": "http", "faas.coldstart": "true", "faas.instance": a.header.Get("x-isolate"),
		"faas.invocation_id": server.SpanID + "-FRA", "http.request.method": "GET", "http.route": "/process",
		"http.response.status_code": "200", "http.response.body.size": strconv.Itoa(len(a.body)),
		"url.scheme": "http", "url.path": "/process", "user_agent.original": "edgescope-test",
		"edge.engine": "wasm-simd",
	}
	if diff := cmp.Diff(want, server.Attributes); diff != "" {
		t.Errorf("attributes of the span (-want +got):\n%s", diff)
	}
	wantResource := map[string]string{
		"service.name": "edge-image", "service.version": "7", "cloud.provider": "cloudflare",
		"cloud.platform": "cloudflare.workers", "cloud.region": "FRA", "edge.colo": "FRA",
		"telemetry.sdk.name": "edgescope", "telemetry.sdk.language": "webjs",
	}
	if diff := cmp.Diff(wantResource, server.Resource); diff != "" {
		t.Errorf("attributes of the resource (-want +got):\n%s", diff)
	}
	kernel, ok := children["kernel"]
	if !ok || kernel.Kind != kindInternal || kernel.Attributes["edge.image.width"] != "800" {
		t.Errorf("children %v, want an internal span of the kernel", children)
	}
	if kernel.Start < server.Start || kernel.End > server.End || server.End < server.Start {
		t.Errorf("kernel %s to %s, server %s to %s: want one inside the other", kernel.Start, kernel.End, server.Start,
			server.End)
	}
}

func TestSpansOfTheCache(t *testing.T) {
	r := newReceiver(t)
	p := r.region("FRA")
	f := func(parent, wantFound string, wantPut bool) {
		t.Helper()
		get(t, p.URL()+"/api/products", "traceparent", "00-0af7651916cd43dd8448eb211c80319c-"+parent+"-01")
		_, children := r.trace(parent)
		match := children["cache_match"]
		if match.Kind != kindClient || match.Attributes["cache.response.cache_status"] != wantFound {
			t.Errorf("span of the cache %+v, want a client span that found a %s", match, wantFound)
		}
		if _, put := children["cache_put"]; put != wantPut {
			t.Errorf("after a %s, put is %t, want %t", wantFound, put, wantPut)
		}
	}
	f("00000000000000b1", "MISS", true)
	f("00000000000000b2", "HIT", false)
}

func TestTraceparent(t *testing.T) {
	r := newReceiver(t)
	p := r.region("FRA")
	const id, parent = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
	seen := 0
	f := func(header string, honoured bool) {
		t.Helper()
		get(t, p.URL()+"/health", "traceparent", header)
		seen++
		r.waitFor("span", func() bool { return len(r.spans) == seen })
		s := r.spans[seen-1]
		if honoured != (s.TraceID == id && s.ParentSpanID == parent) {
			t.Errorf("traceparent %q: span in trace %s under %q, want it honoured: %t", header, s.TraceID,
				s.ParentSpanID, honoured)
		}
		if len(s.TraceID) != 32 || len(s.SpanID) != 16 || s.SpanID == parent || strings.Trim(s.TraceID, "0") == "" {
			t.Errorf("traceparent %q: ids %q and %q", header, s.TraceID, s.SpanID)
		}
	}
	f("00-"+id+"-"+parent+"-01", true)
	f("00-"+id+"-"+parent+"-00", true)      // every request is exported, sampled or not
	f("cc-"+id+"-"+parent+"-01-what", true) // a later version may add fields
	f("", false)
	f("00-"+id+"-"+parent+"-01-what", false)
	f("ff-"+id+"-"+parent+"-01", false)
	f("00-"+strings.Repeat("0", 32)+"-"+parent+"-01", false)
	f("00-"+id+"-"+strings.Repeat("0", 16)+"-01", false)
	f("00-"+strings.ToUpper(id)+"-"+parent+"-01", false)
	f("00-"+id[1:]+"-"+parent+"-01", false)
	f("nonsense", false)
}

func TestDataPointOfARequest(t *testing.T) {
	r := newReceiver(t)
	p := r.region("IAD")
	seen := 0
	f := func(path string, want point) {
		t.Helper()
		a := get(t, p.URL()+path)
		want.Dataset = "edge_requests"
		want.Doubles = [2]float64{1, float64(len(a.body))}
		seen++
		r.waitFor("data point", func() bool { return len(r.points) == seen })
		if diff := cmp.Diff(want, r.points[seen-1]); diff != "" {
			t.Errorf("data point of %s (-want +got):\n%s", path, diff)
		}
	}
	f("/health", point{Index: "health", Blobs: [5]string{"IAD", "none", "cold", "none", "200"}})
	f("/process?engine=wasm", point{Index: "process", Blobs: [5]string{"IAD", "wasm", "warm", "none", "200"}})
	f("/api/products", point{Index: "products", Blobs: [5]string{"IAD", "none", "warm", "miss", "200"}})
	f("/status/forged", point{Index: "status", Blobs: [5]string{"IAD", "none", "warm", "none", "404"}})
	f("/cold", point{Index: "cold", Blobs: [5]string{"IAD", "none", "cold", "none", "200"}})
	f("/nothing", point{Index: "other", Blobs: [5]string{"IAD", "none", "warm", "none", "404"}})
}

// TestEveryRequestIsToldOnce sends a burst, in which spans of several requests share a post.
func TestEveryRequestIsToldOnce(t *testing.T) {
	const requests, users = 600, 12
	r := newReceiver(t)
	p := r.region("FRA")
	var wait sync.WaitGroup
	for range users {
		wait.Go(func() {
			for range requests / users {
				if a := get(t, p.URL()+"/api/products"); a.status != http.StatusOK {
					t.Errorf("status %d", a.status)
				}
			}
		})
	}
	wait.Wait()
	ids := make(map[string]int)
	count := func() (servers int) {
		clear(ids)
		for _, s := range r.spans {
			ids[s.SpanID]++
			if s.Kind == kindServer {
				servers++
			}
		}
		return servers
	}
	r.waitFor("span and data point of every request", func() bool {
		return count() >= requests &&
			len(r.points) >= requests
	})
	if servers := count(); servers != requests || len(r.points) != requests || len(ids) != len(r.spans) {
		t.Errorf("%d server spans, %d data points, %d ids on %d spans: want %d of the first two and an id each",
			servers, len(r.points), len(ids), len(r.spans), requests)
	}
}

// spanCounts are what GET /health tells of the exporter.
type spanCounts struct{ Sent, Retries, Lost, Dropped, Waiting int }

func TestLostPostsAreSentAgain(t *testing.T) {
	r := newReceiver(t)
	r.refuse = func(n int) int { return []int{503, 429, 200}[min(n, 2)] }
	p := r.region("FRA")
	get(t, p.URL()+"/api/products")
	r.waitFor("spans after two refusals", func() bool { return len(r.spans) > 0 })
	r.mu.Lock()
	if len(r.bodies) != 3 || r.bodies[0] != r.bodies[1] || r.bodies[1] != r.bodies[2] {
		t.Errorf("%d posts, want the same bytes three times: %q", len(r.bodies), r.bodies)
	}
	r.mu.Unlock()
	waitForCounts(t, p, func(c spanCounts) bool { return c.Retries == 2 && c.Lost == 0 && c.Sent >= 3 })
}

func TestRefusedPostsAreLostAndCounted(t *testing.T) {
	r := newReceiver(t)
	r.refuse = func(n int) int { return []int{400, 200}[min(n, 1)] }
	p := r.region("FRA")
	get(t, p.URL()+"/api/products") // three spans, in the first post
	waitForCounts(t, p, func(c spanCounts) bool { return c.Lost == 3 && c.Retries == 0 && c.Sent > 0 })
}

// waitForCounts asks until the isolate's export has come to what holds accepts.
func waitForCounts(t *testing.T, p *workerd.Process, holds func(spanCounts) bool) {
	t.Helper()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(deadline)
	var last json.RawMessage
	for {
		select {
		case <-ticker.C:
			a := get(t, p.URL()+"/health", "accept", "application/json")
			health := unmarshal[struct {
				Status string
				Spans  spanCounts
			}](t, a)
			if health.Status == "ok" && holds(health.Spans) {
				return
			}
			last = json.RawMessage(a.body)
		case <-timeout:
			t.Fatalf("health stays %s", last)
		}
	}
}

func TestTellsNobodyWhenNobodyIsNamed(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	get(t, p.URL()+"/api/products")
	health := unmarshal[struct{ Spans spanCounts }](t, get(t, p.URL()+"/health", "accept", "application/json"))
	if health.Spans != (spanCounts{}) {
		t.Errorf("without an address the exporter counts %+v, want nothing", health.Spans)
	}
}

// TestStopSendsWhatWasServed: workerd ends on SIGTERM only after the exports that requests left behind.
func TestStopSendsWhatWasServed(t *testing.T) {
	const requests = 5
	r := newReceiver(t)
	p := r.region("FRA")
	for range requests {
		get(t, p.URL()+"/health")
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.spans) != requests || len(r.points) != requests {
		t.Errorf("after Stop there are %d spans and %d data points of %d requests", len(r.spans), len(r.points),
			requests)
	}
}
