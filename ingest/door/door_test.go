package door_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type sink struct{ batches atomic.Int64 }

func (s *sink) Events(context.Context, *edge.Batch) error {
	s.batches.Add(1)
	return nil
}

func elsewhere(r *http.Request) string {
	if strings.HasPrefix(r.URL.Path, "/other") || strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		return "go to port 1234"
	}
	return ""
}

// port has signs that say "elsewhere" for everything below /other.
var port = door.Port{Here: func() string { return "this is here" }, Elsewhere: elsewhere}

func open(t *testing.T, to *sink, change ...func(*door.Options)) *door.Door {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	receiver, err := otlp.New(otlp.Options{Sink: to, Limits: otlptest.Limits, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	o := door.Options{
		OTLP: receiver, Elsewhere: elsewhere, Logger: logger,
		Bodies: body.NewReader(body.Options{Budget: body.NewBudget(64 << 20), MaxBody: 16 << 20}),
	}
	for _, f := range change {
		f(&o)
	}
	d, err := door.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// serve hosts a port as the programs do, HTTP/1.1 and HTTP/2 without TLS, and returns its address.
func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func dial(t *testing.T, addr string) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

const span = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",` +
	`"spanId":"eee19b7ec3c1b174","name":"x"}]}]}]}`

func TestTheIngestPort(t *testing.T) {
	to := new(sink)
	h := open(t, to).HTTP(port)
	f := func(method, path, body string, wantStatus int, want string) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != wantStatus || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s %s %.20s: got %d %s, want %d %q", method, path, body, w.Code, w.Body, wantStatus, want)
		}
	}
	f("GET", "/", "", 200, "this is here")
	f("HEAD", "/", "", 200, "")
	f("GET", "/v1/traces", "", 405, "method must be POST")
	f("GET", "/other", "", 405, "go to port 1234")
	f("DELETE", "/", "", 405, "method must be POST")
	f("POST", "/other", "q=1", 404, "go to port 1234")
	f("POST", "/other", "", 404, "go to port 1234")
	f("POST", "/unknown", "q=1", 400, "no OTLP")
	if to.batches.Load() != 0 {
		t.Error("something of this was taken")
	}
	// What is taken anywhere is taken there too: the body tells what it is.
	f("POST", "/other", span, 200, "kept with changes")
	f("POST", "/other/v1/traces", span, 200, "kept with changes")
	f("POST", "/v1/trace", span, 200, "kept with changes")
	if got := to.batches.Load(); got != 3 {
		t.Errorf("%d batches were taken, want 3", got)
	}
}

func TestGRPCAtTheIngestPortIsSentToItsOwn(t *testing.T) {
	client := grpc_health_v1.NewHealthClient(dial(t, serve(t, open(t, new(sink)).HTTP(port))))
	_, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if st := status.Convert(err); st.Code() != codes.Unimplemented || st.Message() != "go to port 1234" {
		t.Errorf("got %v", err)
	}
}

// TestTheIngestPortSpeaksHTTP2 without TLS, by prior knowledge.
func TestTheIngestPortSpeaksHTTP2(t *testing.T) {
	to := new(sink)
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	defer transport.CloseIdleConnections()
	res, err := (&http.Client{Transport: transport}).Post("http://"+serve(t, open(t, to).HTTP(port))+"/v1/traces",
		"application/json", strings.NewReader(span))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.ProtoMajor != 2 || res.StatusCode != http.StatusOK || to.batches.Load() != 1 {
		t.Errorf("HTTP/%d, status %d, %d batches", res.ProtoMajor, res.StatusCode, to.batches.Load())
	}
}

func TestPlainHTTPAtTheGRPCPort(t *testing.T) {
	health := door.NewHealth(door.HealthOptions{Serving: func() bool { return true }})
	url := "http://" + serve(t, open(t, new(sink)).GRPC(port, health))
	f := func(method, path, contentType string, wantStatus int, want string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", contentType)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != wantStatus || !strings.Contains(string(body), want) {
			t.Errorf("%s %s: %d %q, %v; want %d %q", method, path, res.StatusCode, body, err, wantStatus, want)
		}
	}
	defer http.DefaultClient.CloseIdleConnections()
	f("GET", "/", "", 200, "this is here")
	f("POST", "/other/v1/traces", "application/json", 415, "go to port 1234")
	f("POST", "/other/v1/traces", "application/x-protobuf", 415, "go to port 1234")
	f("POST", "/unknown", "application/json", 415, "this port speaks gRPC")
}

// TestPagesMaySendByList: a preflight and a request of an allowed origin, and none of another.
func TestPagesMaySendByList(t *testing.T) {
	f := func(origins []string, method, path, origin, wantOrigin string, wantStatus int) {
		t.Helper()
		h := door.AllowOrigins(origins, http.HandlerFunc(func(w http.ResponseWriter,
			_ *http.Request,
		) {
			w.WriteHeader(http.StatusAccepted)
		}))
		r := httptest.NewRequest(method, path, nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Headers", "content-type,x-key")
		r.Header.Set("Access-Control-Request-Private-Network", "true")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header()
		if got.Get("Access-Control-Allow-Origin") != wantOrigin || w.Code != wantStatus {
			t.Errorf("%v %s %s of %s: %d %v", origins, method, path, origin, w.Code, got)
		}
		preflight := method == http.MethodOptions && wantOrigin != ""
		if preflight != (got.Get("Access-Control-Allow-Headers") == "content-type,x-key" &&
			got.Get("Access-Control-Allow-Methods") == "POST") {
			t.Errorf("%v %s of %s: %v", origins, method, origin, got)
		}
	}
	shop := []string{"https://shop.example"}
	f(shop, "OPTIONS", "/v1/traces", "https://shop.example", "https://shop.example", 204)
	f(shop, "POST", "/v1/traces", "https://shop.example", "https://shop.example", 202)
	f(shop, "OPTIONS", "/v1/traces", "https://other.example", "", 204)
	f(shop, "POST", "/v1/traces", "https://other.example", "", 202)
	f(shop, "POST", "/admin/snapshot", "https://shop.example", "", 202)
	f([]string{"*"}, "OPTIONS", "/admin", "https://shop.example", "", 202)
	f([]string{"*"}, "POST", "/v1/traces", "null", "null", 202)
	f(nil, "OPTIONS", "/v1/traces", "https://shop.example", "", 202)
}

func TestHealth(t *testing.T) {
	var ready atomic.Bool
	ready.Store(true)
	health := door.NewHealth(door.HealthOptions{Serving: ready.Load, Services: door.Services()})
	client := grpc_health_v1.NewHealthClient(dial(t, serve(t, open(t, new(sink)).GRPC(port, health))))
	check := func(service string, want any) {
		t.Helper()
		var got any
		res, err := client.Check(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: service})
		got = res.GetStatus()
		if err != nil {
			got = status.Code(err)
		}
		if got != want {
			t.Errorf("check %q: got %v, want %v", service, got, want)
		}
	}
	check("", grpc_health_v1.HealthCheckResponse_SERVING)
	check("opentelemetry.proto.collector.trace.v1.TraceService", grpc_health_v1.HealthCheckResponse_SERVING)
	check("nobody", codes.NotFound)
	check(strings.Repeat("x", 2000), codes.ResourceExhausted)

	watch, err := client.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		t.Fatal(err)
	}
	next := func(want grpc_health_v1.HealthCheckResponse_ServingStatus) {
		t.Helper()
		if got, err := watch.Recv(); err != nil || got.GetStatus() != want {
			t.Errorf("watch: got %v, %v; want %v", got, err, want)
		}
	}
	next(grpc_health_v1.HealthCheckResponse_SERVING)
	ready.Store(false)
	check("", grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	next(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	ready.Store(true)
	next(grpc_health_v1.HealthCheckResponse_SERVING)
	unknown, err := client.Watch(t.Context(), &grpc_health_v1.HealthCheckRequest{Service: "nobody"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := unknown.Recv(); err != nil || got.GetStatus() != grpc_health_v1.HealthCheckResponse_SERVICE_UNKNOWN {
		t.Errorf("watch of nobody: %v, %v", got, err)
	}
	health.Close()
	health.Close()
	next(grpc_health_v1.HealthCheckResponse_NOT_SERVING)
	if _, err := watch.Recv(); status.Code(err) != codes.Unavailable {
		t.Errorf("after the end: %v", err)
	}
}

// TestHealthTakesOnlyQuestions: what is no HealthCheckRequest is refused with a status, whatever it is.
func TestHealthTakesOnlyQuestions(t *testing.T) {
	health := door.NewHealth(door.HealthOptions{Serving: func() bool { return true }})
	f := func(path, body, want string) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.ProtoMajor = 2
		r.Header.Set("Content-Type", "application/grpc")
		w := httptest.NewRecorder()
		health.ServeHTTP(w, r)
		if got := w.Header().Get(http.TrailerPrefix + "Grpc-Status"); got != want {
			t.Errorf("%s %q: status %s, want %s", path, body, got, want)
		}
	}
	const check = "/grpc.health.v1.Health/Check"
	f(check, "\x00\x00\x00\x00\x00", "0")
	f(check, "\x00\x00\x00\x00\x02\x10\x01", "0") // a field that we do not know
	f(check, "", "3")
	f(check, "\x00\x00", "3")
	f(check, "\x01\x00\x00\x00\x00", "12")
	f(check, "\x00\x00\x00\x00\x02\x0a\x05", "3")
	f("/grpc.health.v1.Health/List", "\x00\x00\x00\x00\x00", "12")
}

func FuzzHealth(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x00\x03\x0a\x01x"))
	f.Fuzz(func(t *testing.T, body []byte) {
		health := door.NewHealth(door.HealthOptions{Serving: func() bool { return true }})
		r := httptest.NewRequest(http.MethodPost, "/grpc.health.v1.Health/Check", strings.NewReader(string(body)))
		w := httptest.NewRecorder()
		health.ServeHTTP(w, r)
		if w.Header().Get(http.TrailerPrefix+"Grpc-Status") == "" {
			t.Error("there is no status")
		}
	})
}
