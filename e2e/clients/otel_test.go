package clients_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/e2e"
)

// server is an HTTP server that an SDK tells of; its routes are those of js/shop.cjs.
type server struct {
	path     string // node if empty
	args     []string
	protocol string   // OTEL_EXPORTER_OTLP_PROTOCOL
	messages []string // of the log records of /cart/1, /cart/2 and /boom, sorted
	env      []string
}

// servers are those of OpenTelemetry's own SDKs, over every transport that they have.
func servers() map[string]server {
	const gzip = "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"
	goServer := func(transport, protocol string, env ...string) server {
		return server{
			filepath.Join(bin, "otelgo"),
			[]string{transport},
			protocol,
			[]string{"served /boom", "served /cart/:id", "served /cart/:id"},
			env,
		}
	}
	jsServer := func(protocol string, env ...string) server {
		return server{"", []string{"js/node.cjs"}, protocol, []string{
			"the shop is closed", `{"path":"/cart/1","status":200}`, `{"path":"/cart/2","status":200}`,
		}, env}
	}
	return map[string]server{
		"go http":       goServer("http", "http/protobuf"),
		"go http gzip":  goServer("http", "http/protobuf", gzip),
		"go grpc gzip":  goServer("grpc", "grpc", gzip),
		"js json":       jsServer("http/json"),
		"js json gzip":  jsServer("http/json", gzip),
		"js proto":      jsServer("http/protobuf"),
		"js proto gzip": jsServer("http/protobuf", gzip),
		"js grpc":       jsServer("grpc"),
		"js grpc gzip":  jsServer("grpc", gzip),
	}
}

// start runs the server, so that it exports to endpoint when it is told to end and not before: what arrives has been
// flushed.
func (s server) start(t *testing.T, endpoint string, env ...string) *e2e.Program {
	t.Helper()
	path := s.path
	if path == "" {
		path = node(t)
	}
	return startApp(t, path, s.args, append(append([]string{
		"OTEL_SERVICE_NAME=shop", "OTEL_RESOURCE_ATTRIBUTES=service.version=3,cloud.provider=fly,cloud.platform=fly," +
			"cloud.region=ams",
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp",
		"OTEL_NODE_RESOURCE_DETECTORS=env",
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
	t.Parallel()
	for name, s := range servers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := startCollector(t)
			app := s.start(t, s.door(c))
			visit(t, app.URL("http"), noNetwork, "/cart/1", "/cart/2?a=b", "/boom")
			stop(t, app)
			c.expect(t, spans, "shop",
				invocation{
					Platform: "fly", Region: "ams", Route: "/cart/:id", Status: "200", Outcome: "ok",
					Cold: "true", Cache: "miss",
				},
				invocation{
					Platform: "fly", Region: "ams", Route: "/cart/:id", Status: "200", Outcome: "ok",
					Cold: "false", Cache: "hit",
				},
				invocation{
					Platform: "fly", Region: "ams", Route: "/boom", Status: "500", Outcome: "exception",
					Cold: "false",
				})
			s.expectLogs(t, c)
			s.expectOddNumbers(t, c)
			c.expectValue(t, `faas_coldstarts_total{service_name="shop",cloud_region="ams"}`, 1)
		})
	}
}

// expectLogs waits for the log records of the server and finds each in the trace of its request.
func (s server) expectLogs(t *testing.T, c collector) {
	t.Helper()
	var messages []string
	for _, row := range c.waitFor(t, logs, `"service.name":="shop"`, 3) {
		messages = append(messages, row["_msg"])
		severity := "9"
		if row["_msg"] == "the shop is closed" {
			severity = "17"
		}
		expectFields(t, row, "cloud.region", "ams", "service.version", "3", "cloud.platform", "fly", "severity_number",
			severity)
		c.waitFor(t, spans, fmt.Sprintf("trace_id:=%q span_id:=%q", row["trace_id"], row["span_id"]), 1)
	}
	slices.Sort(messages)
	if diff := cmp.Diff(s.messages, messages); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

// expectOddNumbers finds the numbers for which the SDK for JavaScript writes JSON that OTLP does not know (null for
// NaN, 1e+300 as an integer): they cost nothing but NaN, which is not in the JSON.
func (s server) expectOddNumbers(t *testing.T, c collector) {
	t.Helper()
	if s.path != "" {
		return
	}
	nan := "NaN"
	if s.protocol == "http/json" {
		nan = ""
	}
	for _, row := range c.waitFor(t, spans, `"service.name":="shop" "edge.invocation":="true"`, 3) {
		expectFields(t, row, "odd.nan", nan, "odd.big", "1e+300", "odd.int", "9223372036854776000")
	}
}

// TestFaaSMetrics: what a function counts of itself with OpenTelemetry's SDK for JavaScript can be asked in MetricsQL,
// whichever way the SDK adds up.
func TestFaaSMetrics(t *testing.T) {
	t.Parallel()
	for name, temporality := range map[string]string{
		"js json": "delta", "js proto gzip": "cumulative",
		"js grpc": "lowmemory",
	} {
		t.Run(temporality, func(t *testing.T) {
			t.Parallel()
			s := servers()[name]
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
			// of the bounds 0.1, 1, 10
			c.expectValue(t, `histogram_quantile(1, increase(faas_init_duration_seconds_bucket`+shop+`[5m]))`, 1)
			c.expectValue(t, `sum(increase(http_server_request_duration_seconds_count`+shop+`[5m]))`, 3)
		})
	}
}
