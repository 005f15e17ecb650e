package signpost_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"edgescope/internal/signpost"
)

func TestWrongPortsTellTheRightOne(t *testing.T) {
	var signs signpost.Signs
	signs.Opened(signpost.Ingest, "127.0.0.1:14318")
	signs.Opened(signpost.GRPC, "[::1]:14317")
	signs.Opened(signpost.Query, "127.0.0.1:0") // not open yet
	f := func(here signpost.Port, method, path, want string, headers ...string) {
		t.Helper()
		r := httptest.NewRequest(method, path, nil)
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		if got := signs.Elsewhere(here, r); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("port %d, %s %s: got %q, want %q", here, method, path, got, want)
		}
	}
	const ingest, grpc, query, web = signpost.Ingest, signpost.GRPC, signpost.Query, signpost.Web
	// OTLP at other ports, in all the spellings of misconfigured exporters.
	for _, path := range []string{
		"/v1/traces", "/v1/traces/", "/v1/traces/v1/traces", "/v1/trace", "/otlp/v1/metrics",
		"/v1/logs", "/v1/datapoints/orders", "/",
	} {
		f(query, "POST", path, "port 14318 (collector --otlp-http-addr)")
		f(web, "POST", path, "port 14318")
		f(grpc, "POST", path, "port 14318")
		f(ingest, "POST", path, "")
	}
	f(ingest, "GET", "/v1/traces", "port 4320 by default (collector --query-addr)")
	f(ingest, "GET", "/v1/traces", "port 4321 by default (dashboard --listen-addr)")
	f(query, "GET", "/v1/traces", "port 14318")
	// gRPC at the ports of HTTP.
	const export = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
	f(ingest, "POST", export, "port 14317 (collector --otlp-grpc-addr)", "Content-Type", "application/grpc+proto")
	f(query, "POST", export, "port 14317")
	f(web, "POST", "/grpc.health.v1.Health/Check", "port 14317")
	f(grpc, "POST", export, "", "Content-Type", "application/grpc")
	f(grpc, "POST", "/some.Service/Method", "", "Content-Type", "application/grpc")
	// Questions at other ports.
	for _, path := range []string{
		"/api/edge/v1/traces", "/api/v1/query?query=up", "/select/logsql/query", "/vmui/", "/prometheus/api/v1/labels",
		"/admin/snapshot", "/metrics", "/healthz", "/select/jaeger/api/services", "/api/traces/5b8efff798038103",
		"/api/traces?service=shop", "/api/dependencies", "/api/v3/services", "/api/metrics/calls",
		"/client/v4/accounts/x/analytics_engine/sql", "/federate",
	} {
		f(ingest, "GET", path, "port 4320")
		f(query, "GET", path, "")
	}
	f(ingest, "POST", "/api/v1/query", "port 4320")
	f(web, "GET", "/api/edge/v1/traces", "port 4320")
	f(web, "GET", "/metrics", "")
	f(web, "GET", "/readyz", "")
	// Pages at other ports.
	for _, path := range []string{
		"/regions", "/regions/FRA", "/cache.csv", "/traces/5b8efff798038103d269b633813fc60c",
		"/runs", "/sign-in",
	} {
		f(ingest, "GET", path, "port 4321")
		f(query, "GET", path, "port 4321")
		f(web, "GET", path, "")
	}
	// Other protocols, everywhere.
	for _, here := range []signpost.Port{ingest, query, web} {
		f(here, "POST", "/api/v2/spans", "Zipkin is not taken")
		f(here, "POST", "/api/traces?format=jaeger.thrift", "Jaeger's Thrift")
		f(here, "POST", "/api/v1/write", "remote write")
		f(here, "POST", "/loki/api/v1/push", "Loki")
		f(here, "PUT", "/v0.4/traces", "Datadog")
		f(here, "POST", "/services/collector/event", "Splunk")
	}
	f(grpc, "POST", "/jaeger.api_v2.CollectorService/PostSpans", "Jaeger's gRPC", "Content-Type", "application/grpc")
	// What nobody knows is not guessed.
	for _, path := range []string{"/", "/nonsense", "/v1", "/v1/tracesx", "/regionsx", "/apix"} {
		f(query, "GET", path, "")
		f(ingest, "POST", path, "")
	}
	for here, want := range map[signpost.Port]string{ingest: "/v1/traces", query: "Analytics Engine SQL", grpc: "grpc.health.v1"} {
		if got := signs.Here(here); !strings.Contains(got, want) {
			t.Errorf("port %d says %q of itself, want %q", here, got, want)
		}
	}
	if got := signs.Here(query); !strings.Contains(got, "port 14318") || !strings.Contains(got, "port 14317") ||
		strings.Contains(got, "4320") {
		t.Errorf("the query port says %q of the others", got)
	}
}
