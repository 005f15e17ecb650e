package report_test

import (
	"strings"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
)

func TestAbortWatch(t *testing.T) {
	// f runs n users in one moment and asks at two moments, 10 s apart.
	f := func(ensure string, n int, change func(*load.Result, *load.UserEnd), wantFirst, wantThen string) {
		t.Helper()
		s := reporttest.New(t, "config: {phases: [{duration: 5, arrivalCount: 200}], ensure: {"+ensure+"}}\nscenarios: "+
			"[{flow: [{get: {url: /cart}}]}]")
		for range n {
			s.Summary.Add(&load.UserStart{At: s.Start, Scenario: "0"})
			r := s.Request(s.Start, "0/GET /cart", "/cart", 200, 50)
			end := &load.UserEnd{At: s.Start, Scenario: "0"}
			if change != nil {
				change(r, end)
			}
			s.Summary.Add(r)
			s.Summary.Add(end)
		}
		var watch report.AbortWatch
		first, then := watch.Check(s.Summary, s.Start), watch.Check(s.Summary, s.Start.Add(10*time.Second))
		if !strings.HasPrefix(first, wantFirst) || !strings.HasPrefix(then, wantThen) ||
			(first == "") != (wantFirst == "") || (then == "") != (wantThen == "") {
			t.Errorf("%s after %d users: %q, then %q; want %q, %q", ensure, n, first, then, wantFirst, wantThen)
		}
	}
	status := func(r *load.Result, _ *load.UserEnd) { r.Code = 500 }
	failed := func(r *load.Result, e *load.UserEnd) { r.Code, r.Failure, e.Err = 0, "ECONNRESET", "ECONNRESET" }

	f("thresholds: [{http.codes.500: 10}]", 9, status, "", "")
	f("thresholds: [{http.codes.500: 10}]", 10, status, "http.codes.500 < 10 cannot hold any more: it is 10",
		"http.codes.500 < 10")
	f("thresholds: [{http.response_time.max: 50}]", 1, nil,
		"http.response_time.max < 50 cannot hold any more: it is 50", "http.response_time.max")
	f("thresholds: [{http.response_time.p95: 40}]", 99, nil, "", "")
	f("thresholds: [{http.response_time.p95: 40}]", 100, nil, "",
		"http.response_time.p95 < 40 has not held for 10s: it is 5")
	f("thresholds: [{http.response_time.p95: 60}]", 100, nil, "", "")
	f("maxErrorRate: 5", 10, failed, "", "")
	f("maxErrorRate: 5", 11, failed, "maxErrorRate < 5 cannot hold any more: 11 of 200 planned users failed",
		"maxErrorRate")
	f("conditions: [{expression: http.codes.500 < 10}]", 20, status, "", "")
	f("", 20, status, "", "")
}

func TestAbortedRunHasFailed(t *testing.T) {
	s := reporttest.Counted(t, "", 3, nil)
	v := s.Judge(report.Outcome{Aborted: "http.codes.500 < 10 cannot hold any more: it is 10"})
	if v.ExitCode != 1 || v.Reason != "aborted: http.codes.500 < 10 cannot hold any more: it is 10" {
		t.Errorf("exit %d, %s", v.ExitCode, v.Reason)
	}
	started := reporttest.New(t, "config: {phases: [{duration: 5, arrivalCount: 200}]}\nscenarios: [{flow: [{get: "+
		"{url: /}}]}]")
	started.Summary.Add(&load.UserStart{At: started.Start})
	if v := started.Summary.Judge(report.Outcome{Aborted: "x"}); !v.Health.Valid {
		t.Errorf("arrivals that were given up make the run invalid: %q", v.Health.Problems)
	}
}
