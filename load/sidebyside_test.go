package load_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/scenarios"
)

// TestCountersAgreeWithArtillery runs the same scripts with the real Artillery and here, against one server, and compares
// what Artillery counts. Only what both mean alike is in the scripts: docs/artillery.md lists where they differ.
func TestCountersAgreeWithArtillery(t *testing.T) {
	artillery, err := exec.LookPath("artillery")
	if err != nil {
		t.Skipf("the real Artillery is not installed (npm install -g artillery): %v", err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/redir":
			http.Redirect(w, r, "/ok", http.StatusFound)
		case "/missing":
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, "{}")
		default:
			_, _ = io.WriteString(w, `{"id": 7, "list": [1, 2]}`)
		}
	}))
	defer server.Close()
	f := func(name, script string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			want := artilleryCounters(t, artillery, server.URL, script)
			got := ourCounters(t, server.URL, script)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-artillery +ours):\n%s", script, diff)
			}
		})
	}
	const phase = `config: {phases: [{duration: 1, arrivalCount: 4}]}` + "\n"
	f("requests", phase+"scenarios: [{flow: [{get: {url: /ok}}, {get: {url: /missing}}, {get: {url: /redir}}]}]")
	f("captures", phase+"scenarios: [{flow: [{get: {url: /ok, capture: {json: $.nope, as: x}}}, {get: {url: /never}}]}]")
	f("loops", phase+"scenarios: [{flow: [{loop: [{get: {url: '/ok/{{ $loopCount }}'}}], count: 3}, {loop: [{get: {url: /ok}}], over: [a, b]}]}]")
	f("ramp", "config: {phases: [{duration: 4, arrivalRate: 1, rampTo: 4}]}\nscenarios: [{flow: [{get: {url: /ok}}]}]")
}

// compared are the counters that the test looks at.
func compared(counters map[string]int64) map[string]int64 {
	kept := map[string]int64{}
	for _, name := range []string{
		"vusers.created", "vusers.completed", "vusers.failed", "http.requests", "http.responses", "http.codes.200", "http.codes.302", "http.codes.404",
		"errors.Failed capture or match",
	} {
		kept[name] = counters[name]
	}
	return kept
}

func artilleryCounters(t *testing.T, artillery, target, script string) map[string]int64 {
	t.Helper()
	dir := t.TempDir()
	file, report := filepath.Join(dir, "s.yml"), filepath.Join(dir, "report.json")
	if err := os.WriteFile(file, []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), artillery, "run", "-q", "-t", target, "-o", report, file)
	command.Env = append(os.Environ(), "ARTILLERY_DISABLE_TELEMETRY=true")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	src, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Aggregate struct{ Counters map[string]int64 }
	}
	if err := json.Unmarshal(src, &read); err != nil {
		t.Fatal(err)
	}
	return compared(read.Aggregate.Counters)
}

// ourCounters counts the events of a run under Artillery's names.
func ourCounters(t *testing.T, target, script string) map[string]int64 {
	t.Helper()
	p, err := scenarios.Load(scenarios.Options{
		Files: []string{"s.yml"}, Target: target, ReadFile: func(string) ([]byte, error) { return []byte(script), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	runner, err := load.New(p, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	counters := map[string]int64{}
	err = runner.Run(t.Context(), func(e load.Event) {
		for _, name := range countersOf(e) {
			counters[name]++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return compared(counters)
}

func countersOf(e load.Event) []string {
	switch e := e.(type) {
	case *load.UserStart:
		return []string{"vusers.created"}
	case *load.UserEnd:
		if e.Err != "" {
			return []string{"vusers.failed", "errors." + e.Err}
		}
		return []string{"vusers.completed"}
	case *load.Result:
		if !e.Answered() {
			return []string{"http.requests"}
		}
		return []string{"http.requests", "http.responses", "http.codes." + strconv.Itoa(int(e.Code))}
	default:
		return nil
	}
}

// TestTheComparisonCountsTheServersRequests keeps the half of the comparison that needs no Artillery honest.
func TestTheComparisonCountsTheServersRequests(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/redir" {
			http.Redirect(w, r, "/ok", http.StatusFound)
		}
	}))
	defer server.Close()
	got := ourCounters(t, server.URL, `
config: {phases: [{duration: 100ms, arrivalCount: 2}]}
scenarios: [{flow: [{get: /redir}, {get: {url: /ok, capture: {json: $.x, as: x}}}]}]`)
	want := map[string]int64{
		"vusers.created": 2, "vusers.completed": 0, "vusers.failed": 2, "http.requests": 6, "http.responses": 6, "http.codes.200": 4, "http.codes.302": 2,
		"http.codes.404": 0, "errors.Failed capture or match": 2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
