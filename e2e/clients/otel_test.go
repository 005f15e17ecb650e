package clients_test

import (
	"path/filepath"
	"testing"

	"edgescope/e2e"
)

// server is an HTTP server that an SDK tells of; its routes are those of js/shop.cjs.
type server struct {
	path     string
	args     []string
	protocol string // OTEL_EXPORTER_OTLP_PROTOCOL
	env      []string
}

// servers are those of OpenTelemetry's own SDKs, over every transport that they have.
func servers(t *testing.T) map[string]server {
	t.Helper()
	otelgo := filepath.Join(bin, "otelgo")
	all := map[string]server{
		"go http":      {path: otelgo, args: []string{"http"}, protocol: "http/protobuf"},
		"go http gzip": {path: otelgo, args: []string{"http"}, protocol: "http/protobuf", env: []string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}},
		"go grpc gzip": {path: otelgo, args: []string{"grpc"}, protocol: "grpc", env: []string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}},
	}
	node := node(t)
	for name, protocol := range map[string]string{"js json": "http/json", "js proto": "http/protobuf", "js grpc": "grpc"} {
		all[name] = server{path: node, args: []string{"js/node.cjs"}, protocol: protocol}
		all[name+" gzip"] = server{path: node, args: []string{"js/node.cjs"}, protocol: protocol, env: []string{"OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}}
	}
	return all
}

// start runs the server, so that it exports to endpoint when it is told to end and not before: what arrives has been flushed.
func (s server) start(t *testing.T, endpoint string, env ...string) *e2e.Program {
	t.Helper()
	return startApp(t, s.path, s.args, append(append([]string{
		"OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=service.version=3,cloud.provider=fly,cloud.platform=fly,cloud.region=ams",
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp", "OTEL_NODE_RESOURCE_DETECTORS=env",
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint, "OTEL_EXPORTER_OTLP_PROTOCOL=" + s.protocol,
		"OTEL_BSP_SCHEDULE_DELAY=600000", "OTEL_BLRP_SCHEDULE_DELAY=600000", "OTEL_METRIC_EXPORT_INTERVAL=600000",
	}, s.env...), env...))
}

// door is where the server's transport goes to.
func (s server) door(c collector) string {
	if s.protocol == "grpc" {
		return c.URL("otlp-grpc")
	}
	return c.URL("ingest")
}

// TestOTelServers: what an app on OpenTelemetry's SDK for JavaScript or Go tells is the same over every transport.
func TestOTelServers(t *testing.T) {
	for name, s := range servers(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCollector(t)
			app := s.start(t, s.door(c))
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2?a=b", "/boom")
			stop(t, app)
			c.expect(t, spans, "shop",
				invocation{Platform: "fly", Region: "ams", Route: "/cart/:id", Status: "200", Outcome: "ok", Cold: "true", Cache: "miss"},
				invocation{Platform: "fly", Region: "ams", Route: "/cart/:id", Status: "200", Outcome: "ok", Cold: "false", Cache: "hit"},
				invocation{Platform: "fly", Region: "ams", Route: "/boom", Status: "500", Outcome: "exception", Cold: "false"})
			for _, row := range c.waitFor(t, logs, `"service.name":="shop"`, 3) {
				expectFields(t, row, "cloud.region", "ams", "service.version", "3", "cloud.platform", "fly")
			}
			c.expectValue(t, `faas_coldstarts_total{service_name="shop",cloud_region="ams"}`, 1)
		})
	}
}

// TestFaaSMetrics: what a function counts of itself with OpenTelemetry's SDK for JavaScript can be asked in MetricsQL, whichever
// way the SDK adds up.
func TestFaaSMetrics(t *testing.T) {
	for name, temporality := range map[string]string{"js json": "delta", "js proto gzip": "cumulative", "js grpc": "lowmemory"} {
		t.Run(temporality, func(t *testing.T) {
			t.Parallel()
			s := servers(t)[name]
			c := startCollector(t)
			app := s.start(t, s.door(c), "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE="+temporality)
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2", "/boom")
			stop(t, app)
			const shop = `{service_name="shop",cloud_region="ams",cloud_platform="fly"}`
			c.expectValue(t, `increase(faas_coldstarts_total`+shop+`[5m])`, 1)
			c.expectValue(t, `increase(faas_invocations_total`+shop+`[5m])`, 3)
			c.expectValue(t, `increase(faas_errors_total`+shop+`[5m])`, 1)
			c.expectValue(t, `increase(faas_init_duration_seconds_count`+shop+`[5m])`, 1)
			c.expectValue(t, `increase(faas_init_duration_seconds_sum`+shop+`[5m])`, 0.25)
			c.expectValue(t, `histogram_quantile(1, increase(faas_init_duration_seconds_bucket`+shop+`[5m]))`, 1) // of the bounds 0.1, 1, 10
			c.expectValue(t, `sum(increase(http_server_request_duration_seconds_count`+shop+`[5m]))`, 3)
		})
	}
}
