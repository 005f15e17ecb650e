package clients_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"edgescope/e2e"
)

// startDeno runs a server on Deno, which tells c of itself.
func startDeno(t *testing.T, c collector, script string) *e2e.Program {
	t.Helper()
	return startApp(t, need(t, "@deno/*/deno"), []string{
		"run", "--quiet", "--no-prompt", "--allow-all", "--no-remote",
		script,
	}, []string{
		"OTEL_DENO=true", "OTEL_SERVICE_NAME=shop", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL("ingest"),
		"OTEL_RESOURCE_ATTRIBUTES=deno.region=europe-west4", "DENO_NO_UPDATE_CHECK=1",
	})
}

// TestDeno: what Deno exports by itself, and the app adds to it.
func TestDeno(t *testing.T) {
	t.Parallel()
	c := startCollector(t)
	app := startDeno(t, c, "js/deno.mjs")
	visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/boom")
	stop(t, app)
	c.expect(t, spans, "shop",
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/cart/:id", Status: "200", Outcome: "ok",
			Cold: "true", Cache: "miss",
		},
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/cart/:id", Status: "200", Outcome: "ok",
			Cold: "false", Cache: "hit",
		},
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/boom inferred", Status: "500", Outcome: "error",
			Cold: "false",
		})
	row := c.waitFor(t, logs, `"service.name":="shop" _msg:"served /cart/:id"`, 2)[0]
	expectFields(t, row, "cloud.platform", "deno", "cloud.region", "europe-west4")
	c.expectValue(t, `sum(increase(http_server_request_duration_seconds_count{service_name="shop"}[5m]))`, 3)
}

// TestHonoOnDeno: the framework's span knows the route and what the app says, the runtime's span around it is the
// invocation. Hono answers for the error, so both spans have the status.
func TestHonoOnDeno(t *testing.T) {
	t.Parallel()
	need(t, "@hono/otel")
	c := startCollector(t)
	app := startDeno(t, c, "js/deno-hono.mjs")
	visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/boom")
	stop(t, app)
	c.waitFor(t, spans, `"service.name":="shop" kind:="server"`, 6)
	c.expect(t, spans, "shop",
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/cart/:id", Status: "200", Outcome: "ok",
			Cold: "true", Cache: "miss",
		},
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/cart/:id", Status: "200", Outcome: "ok",
			Cold: "false", Cache: "hit",
		},
		invocation{
			Platform: "deno", Region: "europe-west4", Route: "/boom", Status: "500", Outcome: "error",
			Cold: "false",
		})
}

// TestVercel: an app as Next.js runs on Vercel. The platform does not tell of cold starts, so nobody does.
func TestVercel(t *testing.T) {
	t.Parallel()
	node := node(t)
	origin := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer origin.Close()
	c := startCollector(t)
	app := startApp(t, node, []string{"js/vercel.cjs"}, []string{
		"VERCEL=1", "VERCEL_ENV=production", "VERCEL_REGION=iad1", "VERCEL_URL=shop-abc.vercel.app",
		"VERCEL_DEPLOYMENT_ID=dpl_1",
		"NEXT_RUNTIME=nodejs", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL("ingest"), "ORIGIN_URL=" + origin.URL,
	})
	visit(t, app.URL("http"), vercel, "/cart/1", "/cart/2", "/boom")
	stop(t, app)
	c.expect(t, spans, "shop-vercel",
		invocation{
			Platform: "vercel", Region: "iad1", Colo: "iad1", Country: "DE", Route: "/cart/:id", Status: "200",
			Outcome: "ok", Cache: "miss",
		},
		invocation{
			Platform: "vercel", Region: "iad1", Colo: "iad1", Country: "DE", Route: "/cart/:id", Status: "200",
			Outcome: "ok", Cache: "hit",
		},
		invocation{
			Platform: "vercel", Region: "iad1", Colo: "iad1", Country: "DE", Route: "/cart/[id]", Status: "500",
			Outcome: "exception",
		})
}

// TestLambda: a function behind an HTTP API on AWS. The instrumentation knows cold starts; of the request it tells
// nothing but the address, so the route is inferred from the path.
func TestLambda(t *testing.T) {
	t.Parallel()
	node := node(t)
	c := startCollector(t)
	app := startApp(t, node, []string{"js/lambda.cjs"}, []string{
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.URL("ingest"), "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf",
		"OTEL_METRICS_EXPORTER=none", "OTEL_LOGS_EXPORTER=none",
		"AWS_LAMBDA_FUNCTION_NAME=shop", "AWS_LAMBDA_FUNCTION_VERSION=7", "AWS_REGION=eu-west-1",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=128",
		"AWS_EXECUTION_ENV=AWS_Lambda_nodejs20.x", "AWS_LAMBDA_LOG_STREAM_NAME=2026/11/21/[7]0123456789abcdef",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
	})
	visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/boom")
	stop(t, app)
	c.expect(t, spans, "shop",
		invocation{
			Platform: "aws_lambda", Region: "eu-west-1", Route: "/cart/:id inferred", Status: "200 inferred",
			Outcome: "ok", Cold: "true",
		},
		invocation{
			Platform: "aws_lambda", Region: "eu-west-1", Route: "/cart/:id inferred", Status: "200 inferred",
			Outcome: "ok", Cold: "false",
		},
		invocation{
			Platform: "aws_lambda", Region: "eu-west-1", Route: "/boom inferred", Status: "500 inferred",
			Outcome: "exception", Cold: "false",
		})
}
