// Package signpost tells who comes to the wrong port which is the right one.
package signpost

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
)

// Port is one of the ports of the programs.
type Port int

// The ports.
const (
	Ingest Port = iota
	GRPC
	Query
	Web
	ports
)

// about says what a port is for, the flag that sets its address, and where it is unless that flag says so.
var about = [ports]struct{ takes, flag, usual string }{
	Ingest: {"OTLP over HTTP, data points and tail events", "collector --otlp-http-addr", "4318"},
	GRPC:   {"OTLP over gRPC", "collector --otlp-grpc-addr", "4317"},
	Query:  {"questions", "collector --query-addr", "4320"},
	Web:    {"the pages of the dashboard", "dashboard --listen-addr", "4321"},
}

// Signs know where the ports of a program are. It is safe for concurrent use.
type Signs struct {
	mu sync.Mutex
	at [ports]string
}

// Opened notes the address of a port, or of one that is about to be opened; the number 0 is no number yet.
func (s *Signs) Opened(p Port, addr string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, number, err := net.SplitHostPort(addr); err == nil && number != "0" {
		s.at[p] = number
	}
}

// to describes where a port is: by its number, since under which name it is reached only the sender knows.
func (s *Signs) to(p Port) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at[p] == "" {
		return fmt.Sprintf("port %s by default (%s)", about[p].usual, about[p].flag)
	}
	return fmt.Sprintf("port %s (%s)", s.at[p], about[p].flag)
}

// Here says what a port is for and where the others are, to who looks at its root.
func (s *Signs) Here(here Port) string {
	var out strings.Builder
	fmt.Fprintf(&out, "edgescope: this port takes %s.\n\n", about[here].takes)
	out.WriteString(map[Port]string{
		Ingest: "POST /v1/traces, /v1/logs, /v1/metrics  OTLP, protobuf or JSON\nPOST /v1/datapoints/{dataset}       " +
			"    data points\nPOST /                                  any of them, by what it is\n",
		GRPC: "opentelemetry.proto.collector.{trace,logs,metrics}.v1, grpc.health.v1\n",
		Query: "GET /api/edge/v1/...       the dashboard's questions\nGET /api/v1/query          MetricsQL, as " +
			"Prometheus\nGET /select/logsql/query   LogsQL\nGET /select/jaeger/api/    Jaeger's API, at /api/ too\n" +
			"POST /client/v4/accounts/{account}/analytics_engine/sql   Analytics Engine SQL\n" +
			"GET /healthz, /readyz, /metrics\n",
	}[here])
	out.WriteString("\n")
	for p := range ports {
		if p != here {
			fmt.Fprintf(&out, "For %s: %s.\n", about[p].takes, s.to(p))
		}
	}
	return out.String()
}

// Elsewhere returns where a request belongs that is not for this port, as a sentence; "" when it may be for this port,
// or when it is not known.
func (s *Signs) Elsewhere(here Port, r *http.Request) string {
	path := strings.TrimRight(r.URL.Path, "/")
	if other := foreign(path, r.Method); other != "" {
		return fmt.Sprintf("%s is not taken here: send OTLP, to %s or over gRPC to %s; an OpenTelemetry Collector in "+
			"between translates", other, s.to(Ingest), s.to(GRPC))
	}
	if here == Ingest && signal(path) && !below(path, ownPaths[Query]) {
		if r.Method == http.MethodPost {
			return ""
		}
		return fmt.Sprintf("this is where it is sent; to look at it, ask at %s or open the dashboard, %s", s.to(Query),
			s.to(Web))
	}
	there, known := owner(path, r)
	if !known || there == here || below(path, ownPaths[here]) {
		return ""
	}
	return fmt.Sprintf("this port takes %s; for %s go to %s", about[here].takes, about[there].takes, s.to(there))
}

// owner returns the port to which a path belongs.
func owner(path string, r *http.Request) (Port, bool) {
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		return GRPC, true
	}
	for _, p := range []Port{Query, GRPC, Ingest, Web} {
		if below(path, ownPaths[p]) {
			return p, true
		}
	}
	return Ingest, signal(path) || path == "" && r.Method == http.MethodPost
}

// ownPaths are those of each port; the query port and the dashboard share some.
var ownPaths = [ports][]string{
	Query: {
		"/api/edge/v1", "/api/v1", "/prometheus", "/select", "/vmui", "/client/v4", "/metrics", "/healthz", "/health",
		"/readyz", "/ready", "/admin",
		"/debug/pprof", "/federate", "/graph", "/api/services", "/api/operations", "/api/traces", "/api/dependencies",
		"/api/metrics", "/api/v3", "/api/archive", "/api/transform",
	},
	GRPC:   {"/opentelemetry.proto.collector", "/grpc.health.v1.Health"},
	Ingest: {"/v1/datapoints", "/edgescope.mjs", "/v1development/profiles"},
	Web: {
		"/regions", "/cold-starts", "/cache", "/wasm", "/traces", "/runs", "/live", "/sign-in", "/sign-out",
		"/overview", "/assets", "/theme",
		"/favicon.svg", "/metrics", "/healthz", "/readyz",
	},
}

// below tells whether a path is one of them, or below it, or a table of it.
func below(path string, all []string) bool {
	for _, one := range all {
		if rest, ok := strings.CutPrefix(path, one); ok && (rest == "" || strings.ContainsRune("/.", rune(rest[0]))) {
			return true
		}
	}
	return false
}

// signal tells whether a path is one to which OTLP is sent, behind a prefix, doubled or in the singular of old versions
// too.
func signal(path string) bool {
	for _, name := range []string{"/v1/traces", "/v1/logs", "/v1/metrics", "/v1/trace", "/v1/log", "/v1/metric"} {
		if strings.HasSuffix(path, name) {
			return true
		}
	}
	return false
}

// foreignPaths are those of other protocols for telemetry.
var foreignPaths = []struct {
	name  string
	paths []string
}{
	{"Zipkin", []string{"/api/v2/spans", "/api/v1/spans"}},
	{"Jaeger's Thrift", []string{"/api/traces"}},
	{"Jaeger's gRPC", []string{"/jaeger.api_v2.CollectorService"}},
	{"Prometheus' remote write", []string{
		"/api/v1/write", "/prometheus/api/v1/write", "/api/prom/push", "/api/v1/push",
		"/api/v1/receive",
	}},
	{"VictoriaMetrics' import", []string{"/api/v1/import", "/insert"}},
	{"Loki's protocol", []string{"/loki/api/v1/push"}},
	{"Elasticsearch's bulk protocol", []string{"/_bulk"}},
	{"Datadog's protocol", []string{
		"/v0.3/traces", "/v0.4/traces", "/v0.5/traces", "/v0.7/traces", "/api/v0.2/traces",
		"/api/v2/series", "/api/v2/logs",
	}},
	{"Splunk's HEC", []string{"/services/collector"}},
	{"InfluxDB's line protocol", []string{"/write", "/api/v2/write"}},
	{"SkyWalking's protocol", []string{"/v3/segments", "/skywalking.v3.TraceSegmentReportService"}},
}

// foreign returns the name of the protocol whose path it is, if something is sent to it.
func foreign(path, method string) string {
	if method != http.MethodPost && method != http.MethodPut {
		return ""
	}
	for _, f := range foreignPaths {
		if below(path, f.paths) {
			return f.name
		}
	}
	return ""
}
