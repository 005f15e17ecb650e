package clients_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/evanw/esbuild/pkg/api"

	"edgescope/e2e"
)

// TestModule: the module that the collector serves, in each runtime that has a process of its own. What the runtime
// does not say is absent: Node and Bun do not name their platform, and no environment is the client's country.
func TestModule(t *testing.T) {
	t.Parallel()
	f := func(name string, run runtime, network map[string]string, want invocation, env ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCollector(t)
			app := startModule(t, c, run, c.URL("ingest"), env...)
			visit(t, app.URL("http"), network, "/cart/1", "/cart/2", "/boom")
			stop(t, app)
			miss, hit, boom := want, want, want
			miss.Route, miss.Status, miss.Outcome, miss.Cold, miss.Cache = "/cart/:id", "200", "ok", "true", "miss"
			hit.Route, hit.Status, hit.Outcome, hit.Cold, hit.Cache = "/cart/:id", "200", "ok", "false", "hit"
			boom.Route, boom.Status, boom.Outcome, boom.Cold = "/boom inferred", "500 inferred", "exception", "false"
			c.expect(t, spans, "shop", miss, hit, boom)
		})
	}
	f("node", nodeRuntime, noNetwork, invocation{})
	f("node behind Cloudflare", nodeRuntime, cloudflare, invocation{Region: "ams", Colo: "FRA", Country: "DE"},
		"FLY_REGION=ams")
	f("node on Vercel", nodeRuntime, vercel, invocation{
		Platform: "vercel", Region: "iad1", Colo: "fra1",
		Country: "DE",
	}, "VERCEL_REGION=iad1")
	f("edge runtime of Vercel", edgeRuntime, vercel, invocation{
		Platform: "vercel", Region: "iad1", Colo: "fra1",
		Country: "DE",
	}, "VERCEL_REGION=iad1")
	f("deno", denoRuntime, noNetwork, invocation{Platform: "deno", Region: "europe-west4"}, "DENO_REGION=europe-west4")
	f("bun", bunRuntime, noNetwork, invocation{Region: "ams"}, "FLY_REGION=ams")
}

// startModule runs an app with the module as c serves it, which sends to url.
func startModule(t *testing.T, c collector, run runtime, url string, env ...string) *e2e.Program {
	t.Helper()
	module := filepath.Join(t.TempDir(), "edgescope.mjs")
	if err := os.WriteFile(module, c.module(t), 0o600); err != nil {
		t.Fatal(err)
	}
	path, args := run(t, module)
	return startApp(t, path, args, append([]string{"EDGESCOPE_URL=" + url, "SERVICE=shop"}, env...))
}

// A runtime returns the program and its arguments that run an app with the module.
type runtime func(t *testing.T, module string) (path string, args []string)

func nodeRuntime(t *testing.T, module string) (path string, args []string) {
	t.Helper()
	return node(t), []string{"js/module.mjs", module}
}

func denoRuntime(t *testing.T, module string) (path string, args []string) {
	t.Helper()
	return need(t, "@deno/*/deno"), []string{
		"run", "--quiet", "--no-prompt", "--no-remote", "--allow-net",
		"--allow-read", "--allow-env", "js/module.mjs", module,
	}
}

func bunRuntime(t *testing.T, module string) (path string, args []string) {
	t.Helper()
	return need(t, "@oven/*/bin/bun"), []string{"run", "js/module.mjs", module}
}

// edgeRuntime runs js/edge-function.mjs with the module in Vercel's edge runtime.
func edgeRuntime(t *testing.T, module string) (path string, args []string) {
	t.Helper()
	need(t, "edge-runtime")
	script := filepath.Join(filepath.Dir(module), "function.js")
	code := bundled(t, api.BuildOptions{
		EntryPoints: []string{"js/edge-function.mjs"}, Format: api.FormatIIFE,
		Alias: map[string]string{"edgescope.mjs": module},
	})
	if err := os.WriteFile(script, code, 0o600); err != nil {
		t.Fatal(err)
	}
	return node(t), []string{"js/edge-runtime.cjs", script}
}
