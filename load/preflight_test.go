package load_test

import (
	"errors"
	"strings"
	"testing"

	"edgescope/load"
)

func TestPreflightWarnsWithFigureAndRemedy(t *testing.T) {
	machine := load.Machine{Ports: 28_232, Files: 1024}
	f := func(config string, o load.Options, refused bool, want ...string) {
		t.Helper()
		runner, err := load.New(plan(t, "config: {"+config+"}\nscenarios: [{flow: [{get: {url: /}}]}]"), o)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := runner.Preflight(machine)
		var ports *load.PortsError
		if errors.As(err, &ports) != refused {
			t.Errorf("%s: %v, want refused: %v", config, err, refused)
		}
		text := strings.Join(warnings, "\n")
		if err != nil {
			text += err.Error()
		}
		if len(want) == 0 && text != "" {
			t.Errorf("%s: %q, want no warning", config, text)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q lacks %q", config, text, w)
			}
		}
	}
	f("phases: [{duration: 60, arrivalRate: 100}]", load.Options{}, false)
	f("phases: [{duration: 600, arrivalRate: 1000}]", load.Options{}, true, "60000 connections", "28232 local ports", "config.http.pool")
	f("phases: [{duration: 600, arrivalRate: 1000}], http: {pool: 200}", load.Options{}, false)
	f("phases: [{duration: 600, arrivalRate: 1000}]", load.Options{MaxConnections: 50}, false)
	f("phases: [{duration: 25, arrivalRate: 1000}]", load.Options{}, false, "25000 in the busiest minute", "471/s can be kept up", "1064 open files", "ulimit -n 1064")
	f("phases: [{duration: 10, arrivalRate: 1000, maxVusers: 100}]", load.Options{}, false)
	f("phases: [{duration: 60, arrivalRate: 100}], http: {pool: 1000}", load.Options{}, false, "1064 open files")
	f("phases: [{duration: 600, arrivalRate: 800}], regions: {a: 'http://a.test', b: 'http://b.test'}", load.Options{}, false, "24000 in the busiest minute")
}

// TestPreflightCountsTheConnectionsOfParallelSteps: a user of a parallel block has several at a time.
func TestPreflightCountsTheConnectionsOfParallelSteps(t *testing.T) {
	script := `
config: {phases: [{duration: 60, arrivalRate: 100}]}
scenarios:
  - flow:
      - loop: [{parallel: [{get: /a}, {parallel: [{get: /b}, {get: /c}]}, {get: /d}], limit: 2}]
        count: 2`
	runner, err := load.New(plan(t, script), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := runner.Preflight(load.Machine{Ports: 28_232})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "24000 in the busiest minute") {
		t.Errorf("warnings %q, error %v; want 6000 users of 4 connections each", warnings, err)
	}
}
