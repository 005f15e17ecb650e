package app

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/load/network"
	"edgescope/report"
	"edgescope/scenarios"
)

// cmdCompared: compared BASE SAME SLOW writes the reports of three simulated minutes of 40 requests per second, the
// last one 1.5 times as slow as the others.
func cmdCompared(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: compared BASE SAME SLOW")
	}
	for i, factor := range []float64{1, 1, 1.5} {
		out, err := os.Create(ts.MkAbs(args[i]))
		ts.Check(err)
		r, err := simulated(uint64(i), factor)
		ts.Check(err)
		ts.Check(r.WriteJSON(out))
		ts.Check(out.Close())
	}
}

// simulated is the report of a run that never happened: the events of a minute, added up as those of any run.
func simulated(seed uint64, factor float64) (*report.Report, error) {
	plan, err := scenarios.Load(scenarios.Options{
		Files: []string{"simulated.yml"}, Target: "http://simulated.test",
		ReadFile: func(string) ([]byte, error) {
			return []byte("config: {phases: [{duration: 60, arrivalRate: 40}]}\nscenarios: [{flow: [{get: {url: /}}]}]"), nil
		},
	})
	if err != nil {
		return nil, err
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	schedule := load.NewSchedule(plan.Phases, 1)
	s := report.NewSummary(report.Options{Plan: plan, Schedule: schedule, Started: start})
	random := rand.New(rand.NewPCG(seed, 5)) //nolint:gosec // a test that can be repeated
	for k := range schedule.Total() {
		at, _ := schedule.At(k)
		ttfb := time.Duration(factor * (10 + 10*random.Float64()) * 1e6)
		s.Advance(start.Add(at))
		s.Add(&load.UserStart{At: start.Add(at), Scenario: "0"})
		s.Add(&load.Result{
			Result: vegeta.Result{Attack: "0/GET /", Code: 200, Timestamp: start.Add(at), Latency: ttfb},
			Final:  true, Timing: network.Timing{TTFB: ttfb},
		})
		s.Add(&load.UserEnd{At: start.Add(at + ttfb), Scenario: "0", Length: ttfb})
	}
	s.Close()
	v := s.Judge(report.Outcome{})
	return s.Report(report.RunInfo{ID: report.NewRunID(), Name: "simulated"}, start.Add(time.Minute), &v), nil
}

func TestSimulatedRunPasses(t *testing.T) {
	r, err := simulated(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := r.Edgescope.Run; got.Verdict != "passed" || got.Requests != 2400 {
		t.Errorf("%s with %d requests, want passed with 2400", got.Verdict, got.Requests)
	}
}
