package app

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The compatibility probes that do not pass yet, each with what is missing. The test fails when one of them passes, or
// when any other fails.
var notCovered = map[string]string{}

var failLine = regexp.MustCompile(`(?m)^FAIL (\S+?)(?: \[D\d+\])?: (.*)$`)

func TestCompatibilityProbes(t *testing.T) {
	shared := cmp.Or(os.Getenv("EDGESCOPE_SHARED"), filepath.Join("..", "..", "..", "..", "shared"))
	runner := filepath.Join(shared, "artillery-probes", "run-probes")
	if _, err := os.Stat(runner); err != nil {
		t.Skipf("the compatibility probes are not there: %v", err)
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skipf("the compatibility probes need node: %v", err)
	}
	if testing.Short() {
		t.Skip("the compatibility probes take about a minute")
	}
	t.Parallel()
	loadgen := installed(t)
	command := exec.CommandContext(t.Context(), runner)
	// The probes ask what a script means, not whether this machine keeps up while it runs other tests, nor whether the
	// run shows anything: their target knows few paths, and many are about users that fail.
	command.Env = append(os.Environ(), "LOADGEN="+loadgen, "EDGESCOPE_LAG_LIMIT=1h", "PROBES_PARALLEL=4",
		"EDGESCOPE_ALLOW=noUserCompleted,nothingSent,onlyErrors")
	out, _ := command.Output() // it fails as long as anything is not covered
	if !strings.Contains(string(out), " passed, ") {
		t.Fatalf("the probes did not run:\n%s", out)
	}
	failed := map[string]string{}
	for _, m := range failLine.FindAllStringSubmatch(string(out), -1) {
		failed[m[1]] = m[2]
	}
	for script, why := range failed {
		if _, ok := notCovered[script]; !ok {
			t.Errorf("%s: %s", script, why)
		}
	}
	for script, missing := range notCovered {
		if _, ok := failed[script]; !ok {
			t.Errorf("%s passes: take it from the list of what is not covered", script)
			continue
		}
		refusedFor(t, loadgen, filepath.Join(shared, "artillery-probes", script), missing)
	}
}

// refusedFor makes sure that a script fails for what is missing and nothing else.
func refusedFor(t *testing.T, loadgen, script, missing string) {
	t.Helper()
	out, _ := exec.CommandContext(t.Context(), loadgen, "check", script, "-t", "http://127.0.0.1:1").CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, filepath.Base(script)+":") && !strings.Contains(line, missing) {
			t.Errorf("%s: %q, want only %s to be refused", filepath.Base(script), line, missing)
		}
	}
	if !strings.Contains(string(out), missing) {
		t.Errorf("%s: %q, want it refused for %s", filepath.Base(script), out, missing)
	}
}

// installed is where loadgen is, as a program.
func installed(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("loadgen") // TestMain put it there
	if err != nil {
		t.Fatal(err)
	}
	return path
}
