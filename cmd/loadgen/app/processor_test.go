package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/internal/run"
)

// TestSuggestedExitCode: what a function asks for counts when nothing else decides.
func TestSuggestedExitCode(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_,
			_ = io.WriteString(w, "{}")
	}))
	defer target.Close()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("p.js", "exports.leave = () => { global.artillery.suggestedExitCode = 17 }; exports.f = () => {}")
	script := write("s.yml", "config: {processor: p.js}\nscenarios: [{afterScenario: leave, flow: [{get: /}]}]")
	f := func(want int, args ...string) {
		t.Helper()
		var errs bytes.Buffer
		p := run.Process{
			Args:      append([]string{"run", script, "-q", "-t", target.URL, "--lag-limit", "1h"}, args...),
			LookupEnv: func(string) (string, bool) { return "", false },
			Stdin:     strings.NewReader(""), Stdout: io.Discard, Stderr: &errs,
		}
		if code := run.ExitCode("loadgen", &errs, Main(t.Context(), p)); code != want {
			t.Errorf("%q: exit code %d, want %d: %s", args, code, want, &errs)
		}
	}
	f(17)
	f(1, "--overrides", `{"config": {"ensure": {"thresholds": [{"http.requests": 1}]}}}`)
	f(0, "--overrides", `{"scenarios": [{"flow": [{"function": "f"}]}]}`)
}
