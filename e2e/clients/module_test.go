package clients_test

import (
	"os"
	"path/filepath"
	"testing"

	"edgescope/e2e"
)

// TestModule: the module that the collector serves, in each runtime that has a process of its own. What the runtime does not
// say is absent: Node and Bun do not name their platform, and no environment is the client's country.
func TestModule(t *testing.T) {
	node := func(t *testing.T) (string, []string) { return node(t), nil }
	deno := func(t *testing.T) (string, []string) {
		return need(t, "@deno/*/deno"), []string{"run", "--quiet", "--no-prompt", "--no-remote", "--allow-net", "--allow-read", "--allow-env"}
	}
	bun := func(t *testing.T) (string, []string) { return need(t, "@oven/*/bin/bun"), []string{"run"} }
	f := func(name string, runtime func(*testing.T) (string, []string), network map[string]string, want invocation, env ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, args := runtime(t)
			c := startCollector(t)
			app := startModule(t, c, path, args, env...)
			visit(t, app.URL("http"), network, "/cart/1", "/cart/2", "/boom")
			stop(t, app)
			miss, hit, boom := want, want, want
			miss.Route, miss.Status, miss.Outcome, miss.Cold, miss.Cache = "/cart/:id", "200", "ok", "true", "miss"
			hit.Route, hit.Status, hit.Outcome, hit.Cold, hit.Cache = "/cart/:id", "200", "ok", "false", "hit"
			boom.Route, boom.Status, boom.Outcome, boom.Cold = "/boom inferred", "500 inferred", "exception", "false"
			c.expect(t, spans, "shop", miss, hit, boom)
		})
	}
	f("node", node, noNetwork, invocation{})
	f("node behind Cloudflare", node, cloudflare, invocation{Region: "ams", Colo: "FRA", Country: "DE"}, "FLY_REGION=ams")
	f("node on Vercel", node, vercel, invocation{Platform: "vercel", Region: "iad1", Colo: "fra1", Country: "DE"}, "VERCEL_REGION=iad1")
	f("deno", deno, noNetwork, invocation{Platform: "deno", Region: "europe-west4"}, "DENO_REGION=europe-west4")
	f("bun", bun, noNetwork, invocation{Region: "ams"}, "FLY_REGION=ams")
}

// startModule runs js/module.mjs with the module as c serves it.
func startModule(t *testing.T, c collector, runtime string, args []string, env ...string) *e2e.Program {
	t.Helper()
	module := filepath.Join(t.TempDir(), "edgescope.mjs")
	if err := os.WriteFile(module, c.module(t), 0o600); err != nil {
		t.Fatal(err)
	}
	return startApp(t, runtime, append(args, "js/module.mjs", module), append([]string{"EDGESCOPE_URL=" + c.URL("ingest"), "SERVICE=shop"}, env...))
}
