package edgemodule_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/analyticsengine"
	ingestbody "edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/internal/workerd"
	"edgescope/store"
)

// rows is a sink that passes on what a store would keep of each event.
type rows chan map[string]string

func (s rows) Events(_ context.Context, b *edge.Batch) error {
	normalize.New(normalize.Options{}).Normalize(b.Events)
	var renderer store.RowRenderer
	for i := range b.Events {
		row := map[string]string{"$kind": b.Events[i].Kind.String()}
		fields, _ := renderer.Render(&b.Events[i])
		for _, f := range fields {
			row[strings.Clone(f.Name)] = strings.Clone(f.Value)
		}
		s <- row
	}
	return nil
}

// ingestPort serves the doors that the module knocks at, for those who have the token.
func ingestPort(t *testing.T, to rows) *httptest.Server {
	t.Helper()
	points, err := analyticsengine.New(analyticsengine.Options{Sink: to})
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	receiver, err := otlp.New(otlp.Options{Sink: to, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	bodies := ingestbody.NewReader(ingestbody.Options{Budget: ingestbody.NewBudget(64 << 20), MaxBody: 16 << 20})
	d, err := door.New(door.Options{OTLP: receiver, Points: points, Bodies: bodies, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	port := d.HTTP(door.Port{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Authorization"); got != "Bearer secret" {
			t.Errorf("%s %s with authorization %q, want the token", r.Method, r.URL, got)
		}
		port.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server
}

// TestModuleInWorkerd runs the served module in a Worker and compares what a store would keep of its requests.
func TestModuleInWorkerd(t *testing.T) {
	const wasmBench = "../../wasm-bench"
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	to := make(rows, 10)
	server := ingestPort(t, to)
	p, err := workerd.Start(t.Context(), workerd.Options{
		Dir: wasmBench, Config: "../../ingest/edgemodule/testdata/config.capnp", OTLPURL: server.URL,
		AEAddr: server.Listener.Addr().String(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})

	f := func(path string, want ...map[string]string) {
		t.Helper()
		ask(t, p.URL()+path)
		for _, fields := range want {
			got := next(t, to)
			for k, v := range fields {
				if got[k] != v {
					t.Errorf("%s: %s = %q, want %q", path, k, got[k], v)
				}
			}
		}
	}
	place := func(more ...string) map[string]string {
		m := map[string]string{
			"cloud.region": "FRA", "edge.colo": "FRA", "edge.cache.status": "revalidated",
			"http.response.status_code": "203",
			"http.route":                "/:way/img", "edge.route.inferred": "", "edge.invocation": "true", "edge.outcome": "ok",
			"edge.coldstart.source": "attribute",
		}
		for i := 0; i < len(more); i += 2 {
			m[more[i]] = more[i+1]
		}
		return m
	}
	f("/spans/img",
		map[string]string{
			"$kind": "span", "name": "resize", "image.width": "640", "edge.invocation": "",
			"cloud.region": "FRA", "service.name": "shop",
		},
		place("$kind", "span", "name", "GET /:way/img", "kind", "server", "service.name", "shop", "service.version",
			"7", "faas.coldstart", "true",
			"cloud.platform", "cloudflare.workers", "geo.country.iso_code", "DE", "faas.invocation_id",
			"8f1e2d3c4b5a6978-FRA", "edge.client.rtt", "17000000", "faas.trigger", "http",
			"http.request.method", "GET", "url.path", "/spans/img", "edge.source", "otlp"))
	f("/points/img", place("$kind", "datapoint", "dataset", "edge", "edge.operation", "GET /:way/img", "faas.coldstart",
		"false", "edge.count", "1"))
	f("/binding/img", place("$kind", "datapoint", "dataset", "edge_requests", "edge.operation", "GET /:way/img",
		"faas.coldstart", "false",
		"cloud.platform", "cloudflare.workers", "edge.source", "workerd"))
}

// ask sends a request as Cloudflare's network would.
func ask(t *testing.T, url string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("cf-ray", "8f1e2d3c4b5a6978-FRA")
	r.Header.Set("cf-blob", `{"colo":"FRA","country":"DE","clientTcpRtt":17}`)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNonAuthoritativeInfo {
		t.Errorf("%s: %d, want the handler's answer", url, resp.StatusCode)
	}
}

func next(t *testing.T, from rows) map[string]string {
	t.Helper()
	select {
	case row := <-from:
		return row
	case <-time.After(20 * time.Second):
		t.Fatal("nothing came in 20 s")
		return nil
	}
}
