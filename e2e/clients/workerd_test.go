package clients_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/evanw/esbuild/pkg/api"

	"edgescope/internal/workerd"
	"edgescope/query"
)

// startWorkerd runs a configuration of the folder js with what else it embeds, by name.
func startWorkerd(t *testing.T, c collector, config string, files map[string][]byte) *workerd.Process {
	t.Helper()
	dir := t.TempDir()
	files[config] = readFile(t, filepath.Join("js", config))
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return startWorkerdAt(t, c, filepath.Join(dir, config))
}

// startWorkerdAt runs the configuration of that path for the length of the test, where workerd is installed.
func startWorkerdAt(t *testing.T, c collector, path string) *workerd.Process {
	t.Helper()
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	home, err := filepath.Abs(filepath.Join(wasmBench, "edge"))
	if err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(home, path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	p, err := workerd.Start(ctx, workerd.Options{
		Dir: wasmBench, Config: relative, OTLPURL: c.URL("ingest"), AEAddr: c.Addr("ingest"),
		Output: logOf(t, "workerd"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// bundle puts a script and what it imports from node_modules into one module.
func bundle(t *testing.T, entry string) []byte {
	t.Helper()
	return bundled(t, api.BuildOptions{
		EntryPoints: []string{entry}, Format: api.FormatESModule, Conditions: []string{"workerd", "worker", "import"},
		External: []string{"cloudflare:*", "node:*"},
	})
}

// bundled builds one script with all that it imports.
func bundled(t *testing.T, o api.BuildOptions) []byte {
	t.Helper()
	o.Bundle, o.Target, o.LogLevel = true, api.ESNext, api.LogLevelSilent
	result := api.Build(o)
	if len(result.Errors) > 0 {
		t.Fatalf("bundle %v: %v", o.EntryPoints, result.Errors)
	}
	return result.OutputFiles[0].Contents
}

// visitWorker runs a Worker on otel-cf-workers, which has the Cache API, and asks it for its paths.
func visitWorker(t *testing.T, c collector, script string, paths ...string) {
	t.Helper()
	need(t, "@microlabs/otel-cf-workers")
	p := startWorkerd(t, c, "worker.capnp", map[string][]byte{
		"worker.mjs": bundle(t, script), "cache.mjs": readFile(t, filepath.Join(wasmBench, "edge", "cache.mjs")),
	})
	visit(t, p.URL(), cloudflare, paths...)
}

// TestWorkersSDK: a Worker on otel-cf-workers. It knows cold starts, and the cache status from its use of the Cache
// API; of a thrown error it tells no status. (It does not bundle with @opentelemetry/semantic-conventions 1.45, which
// has lost a name; so package.json pins an older one.)
func TestWorkersSDK(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	visitWorker(t, c, "js/worker.mjs", "/cart/1", "/cart/1", "/boom")
	c.expect(t, spans, "shop-worker",
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/cart/:id",
			Status: "200", Outcome: "ok", Cold: "true", Cache: "miss",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE",
			Route: "/cart/:id inferred", Status: "200", Outcome: "ok", Cold: "false", Cache: "hit",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/boom inferred",
			Status: "500 inferred", Outcome: "exception", Cold: "false", Cache: "miss",
		})
}

// TestHonoInAWorker: otel-cf-workers' span is the invocation, Hono's span in it knows the route.
func TestHonoInAWorker(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	visitWorker(t, c, "js/worker-hono.mjs", "/cart/1", "/cart/2", "/boom")
	c.expect(t, spans, "shop",
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/cart/:id",
			Status: "200", Outcome: "ok", Cold: "true", Cache: "miss",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/cart/:id",
			Status: "200", Outcome: "ok", Cold: "false", Cache: "hit",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/boom",
			Status: "500", Outcome: "error", Cold: "false",
		})
}

// TestTailWorkers: what workerd tells of an unchanged Worker, after each invocation and from its start. Tails tell of
// no cold start and no cache.
func TestTailWorkers(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	path, err := filepath.Abs(filepath.Join(wasmBench, "edge", "tail.capnp"))
	if err != nil {
		t.Fatal(err)
	}
	p := startWorkerdAt(t, c, path)
	visit(t, p.URL(), cloudflare, "/img/1", "/boom")
	want := []invocation{
		{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/boom inferred",
			Status: "500 inferred", Outcome: "exception",
		},
		{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/img/:id inferred",
			Status: "200", Outcome: "ok",
		},
	}
	for _, source := range []string{"tail", "tail-stream"} {
		c.expectEvents(t, spans, fmt.Sprintf(`"edge.source":=%q`, source), want)
	}
	c.expectTraces(t, "", slices.Concat(want, want)) // of no service: workerd does not name the script
	c.expectTotals(t, "", slices.Concat(want, want))
}

// TestModuleInWorkerd: the module in a Worker, as the collector serves it, and data points by workerd's own binding.
func TestModuleInWorkerd(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	p := startWorkerd(t, c, "module.capnp", map[string][]byte{
		"module-worker.mjs": readFile(t, "js/module-worker.mjs"), "shop.cjs": readFile(t, "js/shop.cjs"),
		"edgescope.mjs": c.module(t),
	})
	visit(t, p.URL(), cloudflare, "/cart/1", "/cart/2", "/boom", "/points")
	c.expect(t, spans, "shop",
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/cart/:id",
			Status: "200", Outcome: "ok", Cold: "true", Cache: "miss",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/cart/:id",
			Status: "200", Outcome: "ok", Cold: "false", Cache: "hit",
		},
		invocation{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Country: "DE", Route: "/boom inferred",
			Status: "500 inferred", Outcome: "exception", Cold: "false",
		})

	c.expectEvents(t, dataPoints, `dataset:="edge_requests"`, []invocation{
		{
			Platform: "cloudflare.workers", Region: "FRA", Colo: "FRA", Route: "/cart/:id", Status: "200", Outcome: "ok",
			Cold: "true", Cache: "hit",
		},
	})
	datasets := unmarshal[query.Datasets](t, c.ask(t, "/api/edge/v1/datasets", "")).Datasets
	if len(datasets) != 1 || datasets[0].Name != "edge_requests" || datasets[0].Points != 2 {
		t.Errorf("datasets are %+v, want edge_requests with 2 points", datasets)
	}
	row := c.waitFor(t, dataPoints, `dataset:="edge_requests" index1:="north"`, 1)[0]
	expectFields(t, row, "blob1", "a", "blob2", "", "blob3", "c", "double1", "19.5", "double2", "NaN", "cloud.region",
		"", "edge.invocation", "")
}

// module returns edgescope.mjs as the collector serves it.
func (c collector) module(t *testing.T) []byte {
	t.Helper()
	res, err := http.Get(c.URL("ingest") + "/edgescope.mjs")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET /edgescope.mjs: %d, %v", res.StatusCode, err)
	}
	return data
}
