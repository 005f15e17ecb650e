package workers_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/edgemodule"
	"edgescope/internal/workerd"
)

const wasmBench = "../../wasm-bench"

// notifying tells of every batch that a sink has taken.
type notifying struct {
	*sink
	taken chan struct{}
}

func (n notifying) Events(ctx context.Context, b *edge.Batch) error {
	err := n.sink.Events(ctx, b)
	n.taken <- struct{}{}
	return err
}

// TestTailWorkerInWorkerd runs the tail worker of wasm-bench beside a Worker on workerd, attached in both ways, with
// the ingest port behind it.
func TestTailWorkerInWorkerd(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	to := notifying{newSink(), make(chan struct{}, 100)}
	rc := open(t, to)
	server := httptest.NewServer(edgemodule.Handler(rc.serve(usualBodies)))
	defer server.Close()
	p, err := workerd.Start(t.Context(), workerd.Options{Dir: wasmBench, Config: "tail.capnp", OTLPURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var stop sync.Once
	end := func() {
		stop.Do(func() {
			if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	defer end()
	defer http.DefaultClient.CloseIdleConnections()

	for _, path := range []string{"/img/1", "/boom", "/missing", "/origin"} {
		ask(t, p.URL()+path)
	}
	for range 8 { // each request is told of in both ways
		select {
		case <-to.taken:
		case <-time.After(20 * time.Second):
			t.Fatalf("not all came: %v", to.kept("span"))
		}
	}
	for _, source := range []string{edge.SourceTail, edge.SourceTailStream} {
		checkWorkerd(t, to.sink, source)
	}
	end()
}

// ask sends a request as Cloudflare's network would.
func ask(t *testing.T, url string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("cf-ray", "8f1e2d3c4b5a6978-FRA")
	request.Header.Set("cf-blob", `{"colo":"FRA","country":"DE"}`)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
}

func checkWorkerd(t *testing.T, to *sink, source string) {
	t.Helper()
	spans, logs := map[string]row{}, map[string]int{}
	for _, r := range to.kept("span") {
		if r["edge.source"] == source {
			spans[r["name"]] = r
		}
	}
	for _, r := range to.kept("log") {
		if r["edge.source"] == source {
			logs[r["severity_text"]+" "+r["_msg"]]++
			r.want(t, "edge.colo", "FRA")
		}
	}
	f := func(name, status, outcome, inferred string) {
		t.Helper()
		spans[name].want(t, "http.response.status_code", status, "edge.outcome", outcome, "edge.status.inferred",
			inferred,
			"edge.invocation", "true", "cloud.platform", "cloudflare.workers", "cloud.region", "FRA",
			"geo.country.iso_code", "DE",
			"faas.invocation_id", "8f1e2d3c4b5a6978-FRA", "faas.trigger", "http", "http.request.method", "GET")
	}
	f("GET /img/:id", "200", "ok", "")
	f("GET /missing", "404", "ok", "")
	f("GET /boom", "500", "exception", "true")
	f("GET /origin", "200", "ok", "")
	spans["GET /boom"].want(t, "exception.type", "TypeError", "exception.message", "bad width")
	for _, line := range []string{
		"INFO start /img/1", "INFO start /boom", "INFO start /missing",
		"INFO start /origin",
	} {
		if logs[line] != 1 {
			t.Errorf("%s: %d lines %q, want 1: %v", source, logs[line], line, logs)
		}
	}
	if logs[`WARN {"w":640,"ok":true}`] != 3 {
		t.Errorf("%s: lines %v, want a warning of each request but /boom", source, logs)
	}
	if source == edge.SourceTailStream {
		spans["fetch"].want(t, "kind", "client", "trace_id", spans["GET /origin"]["trace_id"],
			"http.response.status_code", "200",
			"edge.invocation", "", "cloud.region", "FRA")
	}
}
