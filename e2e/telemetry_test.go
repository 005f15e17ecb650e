package e2e_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/e2e"
)

// recorder is an OTLP receiver and a Pyroscope server that remembers who sent what.
type recorder struct {
	mu       sync.Mutex
	spans    map[string][]string // by service, the names
	profiles map[string]int      // by application, the number of pushes
}

func (r *recorder) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	body := req.Body
	if req.Header.Get("Content-Encoding") == "gzip" {
		body, _ = gzip.NewReader(body)
	}
	data, _ := io.ReadAll(body)
	r.mu.Lock()
	defer r.mu.Unlock()
	if req.URL.Path == "/ingest" {
		name, _, _ := strings.Cut(req.URL.Query().Get("name"), "{")
		r.profiles[name]++
		return
	}
	in := ptraceotlp.NewExportRequest()
	if in.UnmarshalProto(data) != nil {
		return
	}
	for _, rs := range in.Traces().ResourceSpans().All() {
		service, _ := rs.Resource().Attributes().Get("service.name")
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				r.spans[service.Str()] = append(r.spans[service.Str()], s.Name())
			}
		}
	}
}

// TestProgramsTellOfThemselves holds that each program sends its own traces and profiles where it is told to.
func TestProgramsTellOfThemselves(t *testing.T) {
	rec := &recorder{spans: map[string][]string{}, profiles: map[string]int{}}
	server := httptest.NewServer(rec)
	defer server.Close()
	tell := []string{"--otlp-endpoint", server.URL, "--pyroscope-url", server.URL}

	collector, _ := startCollector(t, t.TempDir(), tell...)
	if status, answer := post(t, collector.URL("ingest")+"/v1/traces", "application/json", "", []byte(span(nowNano()))); status != http.StatusOK {
		t.Fatalf("send a span: %d %s", status, answer)
	}
	dashboard, err := e2e.StartProgram(t.Context(), e2e.Command{
		Path:      filepath.Join(bin, "dashboard"),
		Args:      append([]string{"--collector", collector.URL("query"), "--listen-addr", "127.0.0.1:0"}, tell...),
		Listeners: []string{"web"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, err := get(t.Context(), dashboard.URL("web")+"/regions"); err != nil || status != http.StatusOK {
		t.Errorf("page: %d %v", status, err)
	}
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	code, err := e2e.Run(t.Context(), e2e.Command{
		Path: filepath.Join(bin, "loadgen"), Args: append([]string{"quick", target.URL, "-c", "1", "-n", "2"}, tell...), Stdout: io.Discard,
	})
	if err != nil || code != 0 {
		t.Errorf("loadgen: exit code %d, %v", code, err)
	}
	if err := dashboard.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := collector.Stop(t.Context()); err != nil {
		t.Error(err)
	}

	rec.mu.Lock()
	defer rec.mu.Unlock()
	f := func(service, span string) {
		t.Helper()
		if !slices.Contains(rec.spans[service], span) {
			t.Errorf("%s: spans %q lack %q", service, rec.spans[service], span)
		}
		if rec.profiles[service] == 0 {
			t.Errorf("%s: no profiles; they came from %v", service, sorted(rec.profiles))
		}
	}
	f("edgescope-collector", "pipeline")
	f("edgescope-collector", "GET /api/edge/v1/")
	f("edgescope-dashboard", "GET /regions")
	f("edgescope-loadgen", "run the load")
}
