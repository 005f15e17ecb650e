package report_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

func TestJSONReportIsArtillerys(t *testing.T) {
	s := reporttest.ShopRun(t)
	v := s.Summary.Judge(report.Outcome{})
	var buf bytes.Buffer
	info := report.RunInfo{ID: "0123456789abcdef0123456789abcdef", Name: "shop", Commit: "abc", Seed: 7}
	r := s.Summary.Report(info, s.Ended(), &v)
	r.Edgescope.ScriptHash = "(hash)" // belongs to package scenarios
	r.Edgescope.Environment = report.Environment{OS: "linux", Arch: "amd64", CPUs: 2, Processor: "(model)"}
	if err := r.WriteJSON(&buf); err != nil {
		t.Fatal(err)
	}
	reporttest.Golden(t, "report.golden.json", buf.Bytes())
}

func TestRunSummaryForACollector(t *testing.T) {
	s := reporttest.ShopRun(t)
	info := report.RunInfo{ID: "0123456789abcdef0123456789abcdef", Name: "shop"}
	v := s.Summary.Judge(report.Outcome{})
	text, err := json.MarshalIndent(s.Summary.Run(info, s.Ended(), &v), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	reporttest.Golden(t, "run.golden.json", append(text, '\n'))
	if r := s.Summary.Run(info, s.Ended(), nil); r.Verdict != "running" || !r.Ended.IsZero() {
		t.Errorf("without a verdict the run is %q, ended %v; want running and no end", r.Verdict, r.Ended)
	}
}

func TestPointsStayBelowTheirLimit(t *testing.T) {
	f := func(phase string, seconds int, wantWidth float64) {
		t.Helper()
		s := reporttest.New(t, "config: {phases: ["+phase+"]}\nscenarios: [{name: buy, flow: [{get: {url: /cart}}]}]")
		for i := range seconds {
			at := s.Start.Add(time.Duration(i) * time.Second)
			s.Summary.Advance(at)
			s.Summary.Add(s.Request(at, "a", "/cart", 200, 1))
		}
		s.Summary.Close()
		r := s.Summary.Run(report.RunInfo{}, s.Ended(), nil)
		var requests int64
		for _, p := range r.Points {
			requests += p.Requests
		}
		if len(r.Points) > 600 || requests != int64(seconds) || r.Points[0].Width != wantWidth {
			t.Errorf("%s: %d points of %v s with %d requests; want at most 600 of %v s with %d", phase, len(r.Points),
				r.Points[0].Width, requests, wantWidth, seconds)
		}
	}
	f("{duration: 60, arrivalRate: 1}", 62, 1)
	f("{duration: 960, arrivalRate: 1}", 970, 3)
	f("{duration: 60, arrivalRate: 1}", 2000, 1) // users that do not end
}

func TestErrorNamesAreBounded(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	for i := range 1000 {
		s.Summary.Add(&load.UserEnd{At: s.Start, Err: "made up " + time.Duration(i).String()})
	}
	s.Summary.Close()
	p := s.Summary.Aggregate()
	if n := len(p.Counters); n > 210 || p.Counters["errors.other"] != 800 {
		t.Errorf("%d counters, errors.other %d; want about 200 names and 800 others", n, p.Counters["errors.other"])
	}
}

// A window is closed once; what comes later still is counted, in the next one.
func TestLateEventsAreNotLost(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	s.Summary.Add(s.Request(s.Start, "a", "/cart", 200, 1))
	s.Summary.Advance(s.Start.Add(20 * time.Second))
	s.Summary.Add(s.Request(s.Start.Add(time.Second), "a", "/cart", 200, 1))
	s.Summary.Close()
	if n := s.Summary.Aggregate().Counters["http.requests"]; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
	if n := len(s.Summary.Periods()); n != 2 {
		t.Errorf("%d windows, want 2", n)
	}
}

// The hot path: one goroutine adds every result of a run.
func TestAddingAResultTakesNoMemory(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	r := s.Request(s.Start, "buy/GET /cart", "/cart", 200, 5)
	r.EdgeRegion, r.CacheStatus = "FRA", "hit"
	r.Outcomes = []plan.Outcome{{OK: true, Type: "statusCode"}}
	s.Summary.Add(r)
	if n := testing.AllocsPerRun(100, func() { s.Summary.Add(r) }); n != 0 {
		t.Errorf("%v allocations for a result of a kind that was seen before, want none", n)
	}
}

func BenchmarkSummaryAdd(b *testing.B) {
	s := reporttest.New(b, reporttest.Shop)
	r := s.Request(s.Start, "buy/GET /cart", "/cart", 200, 5)
	r.EdgeRegion, r.CacheStatus = "FRA", "hit"
	r.Outcomes = []plan.Outcome{{OK: true, Type: "statusCode"}}
	b.ReportAllocs()
	for b.Loop() {
		s.Summary.Add(r)
	}
}

// An error after which its user goes on is counted, and the user is not failed.
func TestMishapsAreErrors(t *testing.T) {
	s := reporttest.New(t, "config: {phases: [{duration: 5, arrivalCount: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]")
	at := s.Start
	s.Summary.Add(&load.UserStart{At: at, Scenario: "0"})
	s.Summary.Add(&load.Mishap{At: at, Err: "ECONNRESET"})
	s.Summary.Add(&load.Mishap{At: at, Err: "ECONNRESET"})
	s.Summary.Add(&load.UserEnd{At: at, Scenario: "0"})
	s.Summary.Close()
	total := s.Summary.Aggregate()
	if c := total.Counters; c["errors.ECONNRESET"] != 2 || c["vusers.failed"] != 0 || c["vusers.completed"] != 1 {
		t.Errorf("counters %v", c)
	}
}
