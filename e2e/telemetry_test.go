package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"testing"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// TestProgramsTellOfThemselves holds that each program sends its own traces and profiles where it is told to.
func TestProgramsTellOfThemselves(t *testing.T) {
	rec := &runtest.Recorder{}
	server := httptest.NewServer(rec)
	defer server.Close()
	tell := []string{"--otlp-endpoint", server.URL, "--pyroscope-url", server.URL}

	collector, _ := startCollector(t, t.TempDir(), tell...)
	if status, answer := runtest.Post(t, collector.URL("ingest")+"/v1/traces", "application/json", "",
		[]byte(span(nowNano()))); status != http.StatusOK {
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
	if status, _, err := runtest.Get(t.Context(), dashboard.URL("web")+"/regions"); err != nil ||
		status != http.StatusOK {
		t.Errorf("page: %d %v", status, err)
	}
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer target.Close()
	code, err := e2e.Run(t.Context(), e2e.Command{
		Path: filepath.Join(bin, "loadgen"), Args: append([]string{"quick", target.URL, "-c", "1", "-n", "2"}, tell...),
		Stdout: io.Discard,
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

	spans, profiles := map[string][]string{}, map[string]int{}
	for _, s := range rec.Spans() {
		spans[s.Service] = append(spans[s.Service], s.Name)
	}
	for _, p := range rec.Profiles() {
		profiles[p.Application]++
	}
	f := func(service, span string) {
		t.Helper()
		if !slices.Contains(spans[service], span) {
			t.Errorf("%s: spans %q lack %q", service, spans[service], span)
		}
		if profiles[service] == 0 {
			t.Errorf("%s: no profiles; they came from %v", service, sorted(profiles))
		}
	}
	f("edgescope-collector", "pipeline")
	f("edgescope-collector", "GET /api/edge/v1/")
	f("edgescope-dashboard", "GET /regions")
	f("edgescope-loadgen", "run the load")
}
