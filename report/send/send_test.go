package send_test

import (
	"compress/gzip"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/report/send"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// recorder is an OTLP/HTTP receiver that keeps what it gets.
type recorder struct {
	*httptest.Server
	mu    sync.Mutex
	spans []map[string]string
}

func record(t *testing.T) *recorder {
	r := &recorder{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path != "/v1/traces" {
			t.Errorf("spans went to %s, want /v1/traces", req.URL.Path)
		}
		if got := req.Header.Get("X-Key"); got != "secret" {
			t.Errorf("the header X-Key is %q", got)
		}
		body := io.Reader(req.Body)
		if req.Header.Get("Content-Encoding") == "gzip" {
			body, _ = gzip.NewReader(req.Body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		r.keep(t, text)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *recorder) keep(t *testing.T, text []byte) {
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalProto(text); err != nil {
		t.Error(err)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range request.Traces().ResourceSpans().All() {
		service, _ := resource.Resource().Attributes().Get("service.name")
		for _, scope := range resource.ScopeSpans().All() {
			for _, span := range scope.Spans().All() {
				kept := map[string]string{
					"name": span.Name(), "trace": span.TraceID().String(), "parent": span.ParentSpanID().String(),
					"service": service.Str(),
					"length":  (time.Duration(span.EndTimestamp()) - time.Duration(span.StartTimestamp())).String(),
				}
				for key, value := range span.Attributes().All() {
					kept[key] = value.AsString()
				}
				r.spans = append(r.spans, kept)
			}
		}
	}
}

func TestCollectorGetsTheRunUnderItsOwnTraceID(t *testing.T) {
	r := record(t)
	c, err := send.Open(t.Context(), options(t, r.URL+"/"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	run := &edge.Run{
		ID: "0123456789abcdef0123456789abcdef", Name: "shop", Started: start,
		Updated: start.Add(10 * time.Second), Verdict: edge.VerdictRunning, Requests: 7,
	}
	run.Warnings = []string{strings.Repeat("long ", 20_000)}
	if err := c.SendRun(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	_, client := c.Tracer().Start(t.Context(), "GET /", trace.WithSpanKind(trace.SpanKindClient))
	client.End()
	if lost, err := c.Close(t.Context()); lost != 0 || err != nil {
		t.Errorf("Close: %d spans lost, %v; want none", lost, err)
	}
	if len(r.spans) != 2 {
		t.Fatalf("%d spans arrived, want 2", len(r.spans))
	}
	got := r.spans[0]
	var back edge.Run
	if err := json.Unmarshal([]byte(got[edge.RunAttr]), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(run, &back); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
	delete(got, edge.RunAttr)
	want := map[string]string{
		"name": edge.RunSpan, "trace": run.ID, "parent": "", "service": edge.RunService, "length": "10s",
		edge.RunIDAttr: run.ID, edge.RunNameAttr: "shop", edge.RunVerdictAttr: "running",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("span of the run (-want +got):\n%s", diff)
	}
	if r.spans[1]["trace"] == run.ID {
		t.Error("a client span is in the run's trace, want one of its own")
	}
}

func TestLostSpansAreCounted(t *testing.T) {
	down := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter,
		_ *http.Request,
	) {
		w.WriteHeader(http.StatusForbidden)
	}))
	defer down.Close()
	var log strings.Builder
	c, err := send.Open(t.Context(), options(t, down.URL), slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, span := c.Tracer().Start(t.Context(), "GET /")
		span.End()
	}
	if lost, err := c.Close(t.Context()); lost != 3 || err != nil {
		t.Errorf("Close: %d spans lost, %v; want 3 and no error", lost, err)
	}
	if n := strings.Count(log.String(), "were not accepted"); n != 1 {
		t.Errorf("%d log lines, want one:\n%s", n, log.String())
	}
}

func options(t *testing.T, endpoint string) send.Options {
	t.Helper()
	traces, err := send.TracesURL(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	return send.Options{URL: traces, Headers: map[string]string{"X-Key": "secret"}, Version: "1"}
}

func TestTracesURL(t *testing.T) {
	f := func(endpoint, want string) {
		t.Helper()
		if got, err := send.TracesURL(endpoint); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", endpoint, got, err, want)
		}
	}
	f("http://o.test:4318", "http://o.test:4318/v1/traces")
	f("http://o.test:4318/", "http://o.test:4318/v1/traces")
	f("https://o.test/otlp/v1/traces", "https://o.test/otlp/v1/traces")
	for _, endpoint := range []string{"", "localhost:4318", "ftp://x", "http://"} {
		if _, err := send.TracesURL(endpoint); err == nil || !strings.Contains(err.Error(), "such as http://") {
			t.Errorf("%q: %v, want an error that says what would be right", endpoint, err)
		}
	}
}
