package app_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/cmd/collector/collectortest"
)

// TestPagesDoNotReachACollector without sign-in: not by another name of this machine, and not from another origin.
func TestPagesDoNotReachACollector(t *testing.T) {
	c := collectortest.Start(t, t.TempDir(), "--cors-origin", "https://shop.example", "--allowed-hosts",
		"telemetry.example.com")
	f := func(want int, method, listener, path string, headers ...string) http.Header {
		t.Helper()
		code, h, body := knock(t, collectortest.Request{Method: method, URL: c.URL(listener) + path, Headers: headers})
		if code != want {
			t.Errorf("%s %s of %s with %v: %d %.200s, want %d", method, path, listener, headers, code, body, want)
		}
		return h
	}
	const host, evil = "Host", "evil.example:4320"
	page := []string{"Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}
	shop := []string{"Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors"}
	for _, path := range []string{
		"/api/edge/v1/overview", "/api/v1/labels", "/select/logsql/query?query=*", "/metrics",
		"/healthz", "/", "/vmui/", "/admin/snapshot",
	} {
		f(200, "GET", "query", path)
		f(200, "GET", "query", path, host, "telemetry.example.com")
		f(200, "GET", "query", path, host, "localhost:4320")
		f(421, "GET", "query", path, host, evil)
		f(403, "GET", "query", path, page...)
		f(403, "GET", "query", path, shop...) // it may send, not ask
	}
	for _, path := range []string{"/admin/snapshot", "/api/v1/query", "/select/logsql/query"} {
		f(421, "POST", "query", path, host, evil)
		for _, from := range [][]string{page, shop} {
			for name := range f(403, "POST", "query", path, from...) {
				if strings.HasPrefix(name, "Access-Control-") {
					t.Errorf("POST %s has the header %s", path, name)
				}
			}
		}
		f(403, "OPTIONS", "query", path, shop...)
	}
	for _, path := range []string{"/", "/v1/traces", "/v1/logs", "/v1/datapoints/orders", "/anything"} {
		f(421, "POST", "ingest", path, host, evil)
		f(403, "POST", "ingest", path, page...)
		f(403, "OPTIONS", "ingest", path, page...)
		if h := f(204, "OPTIONS", "ingest", path, shop...); h.Get("Access-Control-Allow-Origin") != "https://shop.example" {
			t.Errorf("a preflight of an allowed page: %v", h)
		}
	}
	if h := f(200, "POST", "ingest", "/v1/traces", append(shop, "Content-Type",
		"application/json")...); h.Get("Access-Control-Allow-Origin") == "" {
		t.Errorf("an allowed page can't read the answer: %v", h)
	}
	if h := f(405, "OPTIONS", "ingest", "/admin/snapshot", shop...); h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("an allowed page may reach /admin: %v", h)
	}
	f(200, "GET", "ingest", "/edgescope.mjs", page...) // a module, for everybody
	f(200, "POST", "ingest", "/v1/traces", host, "collector", "Content-Type", "application/json")
	f(200, "POST", "ingest", "/v1/traces", host, "host.docker.internal:4318", "Content-Type", "application/json")
	f(421, "POST", "otlp-grpc", "/v1/traces", host, evil)
	if err := export(t.Context(), ptraceotlp.NewGRPCClient(dialAs(t, c, evil)),
		1); status.Code(err) != codes.PermissionDenied ||
		!strings.Contains(err.Error(), "--allowed-hosts") {
		t.Errorf("gRPC by another name: %v", err)
	}
	for _, authority := range []string{"localhost:4317", "telemetry.example.com", "collector:4317"} {
		if err := export(t.Context(), ptraceotlp.NewGRPCClient(dialAs(t, c, authority)), 1); err != nil {
			t.Errorf("gRPC as %s: %v", authority, err)
		}
	}
}

func dialAs(t *testing.T, c *collectortest.Collector, authority string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(c.Addr("otlp-grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithAuthority(authority))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// knock sends a request without following where it leads; the header Host is the name that is asked.
func knock(t *testing.T, r collectortest.Request) (int, http.Header, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), r.Method, r.URL, strings.NewReader(r.Body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(r.Headers); i += 2 {
		if r.Headers[i] == "Host" {
			req.Host = r.Headers[i+1]
		} else {
			req.Header.Add(r.Headers[i], r.Headers[i+1])
		}
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatalf("%s %s: %v", r.Method, r.URL, err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(body)
}

// TestWrongDoorsTellTheRightOne with the ports that the collector has.
func TestWrongDoorsTellTheRightOne(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	port := func(listener string) string {
		return "port " + c.Addr(listener)[strings.LastIndexByte(c.Addr(listener), ':')+1:] + " ("
	}
	f := func(method, listener, path string, wantStatus int, want string, headers ...string) {
		t.Helper()
		code, _, body := knock(t, collectortest.Request{Method: method, URL: c.URL(listener) + path, Headers: headers})
		if code != wantStatus || !strings.Contains(body, want) {
			t.Errorf("%s %s of %s: %d %s; want %d %s", method, path, listener, code, body, wantStatus, want)
		}
	}
	for _, contentType := range []string{"application/json", "application/x-protobuf"} {
		f("POST", "query", "/v1/traces", 404, port("ingest"), "Content-Type", contentType)
		f("POST", "query", "/v1/traces/v1/traces", 404, port("ingest"), "Content-Type", contentType)
		f("POST", "query", "/", 404, port("ingest"), "Content-Type", contentType)
		f("POST", "otlp-grpc", "/v1/traces", 415, port("ingest"), "Content-Type", contentType)
	}
	for _, listener := range []string{"ingest", "query", "otlp-grpc"} {
		for _, other := range []string{"ingest", "query", "otlp-grpc"} {
			if other != listener {
				f("GET", listener, "/", 200, port(other))
			}
		}
		f("HEAD", listener, "/", 200, "")
	}
	f("GET", "ingest", "/v1/traces", 405, port("query"))
	f("GET", "ingest", "/api/v1/query", 405, port("query"))
	f("POST", "ingest", "/api/v1/query", 404, port("query"))
	f("POST", "ingest", "/admin/snapshot", 404, port("query"))
	f("GET", "query", "/regions", 404, "4321 by default")
	f("POST", "query", "/api/v1/write", 404, "remote write is not taken")
	conn, err := grpc.NewClient(c.Addr("query"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := export(t.Context(), ptraceotlp.NewGRPCClient(conn), 1); status.Code(err) != codes.Unimplemented ||
		!strings.Contains(err.Error(), port("otlp-grpc")) {
		t.Errorf("gRPC at the query port: %v", err)
	}
}

// TestHealthOverGRPC is open to everybody, as /healthz is.
func TestHealthOverGRPC(t *testing.T) {
	g := startGuarded(t)
	res, err := grpc_health_v1.NewHealthClient(dialAs(t, g.Collector, "telemetry.example.com")).Check(t.Context(),
		&grpc_health_v1.HealthCheckRequest{})
	if err != nil || res.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVING {
		t.Errorf("got %v, %v", res, err)
	}
}

// twoTokens are refused on every port, whoever they are of.
func (g *guarded) twoTokens(t *testing.T) {
	for _, second := range []string{collectortest.NewsToken, collectortest.ShopToken, "wrong", ""} {
		headers := append(collectortest.Bearer(collectortest.ShopToken), collectortest.Bearer(second)...)
		for listener, paths := range map[string][]string{
			"query": questions, "ingest": {"/", "/v1/traces", "/v1/datapoints/orders"}, "otlp-grpc": {"/v1/traces"},
		} {
			for _, path := range append(paths, "/healthz") {
				if code, _, body := knock(t, collectortest.Request{
					Method: http.MethodPost, URL: g.URL(listener) + path,
					Headers: headers,
				}); code != http.StatusBadRequest {
					t.Errorf("POST %s of %s with two tokens: %d %.200s, want 400", path, listener, code, body)
				}
			}
		}
		err := export(t.Context(), g.dial(t, nil), 1, "authorization", "Bearer "+collectortest.ShopToken,
			"authorization", "Bearer "+second)
		if status.Code(err) != codes.InvalidArgument {
			t.Errorf("gRPC with two tokens: %v", err)
		}
	}
}

// names: behind sign-in, a collector may be asked by any name, and pages of other origins may not ask all the same.
func (g *guarded) names(t *testing.T) {
	f := func(want int, listener, path string, headers ...string) {
		t.Helper()
		if code, _, body := knock(t, collectortest.Request{
			Method: http.MethodGet, URL: g.URL(listener) + path,
			Headers: append(collectortest.Bearer(collectortest.ReadToken), headers...),
		}); code != want {
			t.Errorf("%s of %s with %v: %d %.200s, want %d", path, listener, headers, code, body, want)
		}
	}
	f(200, "query", "/api/v1/labels", "Host", "telemetry.example.com")
	f(403, "query", "/api/v1/labels", "Host", "telemetry.example.com", "Origin", "https://evil.example",
		"Sec-Fetch-Site", "cross-site")
	if err := export(t.Context(), ptraceotlp.NewGRPCClient(dialAs(t, g.Collector, "telemetry.example.com")), 0,
		"authorization", fmt.Sprint("Bearer ", collectortest.ShopToken)); err != nil {
		t.Errorf("gRPC by a real name: %v", err)
	}
}
