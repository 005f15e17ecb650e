package report_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/report"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

func TestExitCodesAndTheirOrder(t *testing.T) {
	const threshold = ", ensure: {thresholds: [{http.codes.500: 1}]}"
	status500 := func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) { r.Code = 500 }
	expectation := func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) {
		r.Outcomes = []plan.Outcome{{Type: "statusCode"}}
	}
	both := func(r *load.Result, s *load.UserStart, e *load.UserEnd) { status500(r, s, e); expectation(r, s, e) }
	late := func(r *load.Result, s *load.UserStart, e *load.UserEnd) { both(r, s, e); s.Lag = reporttest.MS(30) }
	refused := func(name string) func(*load.Result, *load.UserStart, *load.UserEnd) {
		return func(r *load.Result, _ *load.UserStart, e *load.UserEnd) { r.Code, r.Failure, e.Err = 0, name, name }
	}
	after := &load.FlowError{Flow: "after", Err: errors.New("x")}
	f := func(s *report.Summary, err error, wantCode int, wantWord, wantReason string) {
		t.Helper()
		v := s.Judge(report.Outcome{Err: err, Interrupted: wantCode == 130})
		if v.ExitCode != wantCode || v.Word != wantWord || !strings.Contains(v.Reason, wantReason) ||
			(wantReason == "") != (v.Reason == "") {
			t.Errorf("verdict %d %s %q, want %d %s with %q", v.ExitCode, v.Word, v.Reason, wantCode, wantWord,
				wantReason)
		}
	}
	f(reporttest.Counted(t, threshold, 3, nil), nil, 0, "passed", "")
	f(reporttest.Counted(t, threshold, 3, status500), nil, 1, "failed", "thresholds failed: http.codes.500 < 1")
	f(reporttest.Counted(t, threshold, 3, expectation), nil, 21, "failed", "3 of 3 expectations failed")
	f(reporttest.Counted(t, threshold, 3, both), nil, 1, "failed", "thresholds failed")
	f(reporttest.Counted(t, threshold, 3, refused("ECONNREFUSED")), nil, 3, "error", "none of 3 requests got an answer")
	f(reporttest.Counted(t, threshold, 3, nil), after, 3, "error", "after flow failed")
	f(reporttest.Counted(t, threshold, 3, status500), after, 1, "failed", "thresholds failed")
	f(reporttest.Counted(t, threshold, 3, expectation), after, 21, "failed", "expectations failed")
	f(reporttest.Counted(t, threshold, 3, nil), &load.FlowError{Flow: "before", Err: errors.New("x")}, 3, "error",
		"before flow failed")
	f(reporttest.Counted(t, threshold, 200, late), nil, 4, "invalid", "lag p99 30.0 ms, limit 10 ms")
	f(reporttest.Counted(t, threshold, 99, late), nil, 1, "failed",
		"thresholds failed") // too few arrivals to blame the lag
	f(reporttest.Counted(t, threshold, 3, refused("EMFILE")), nil, 4, "invalid",
		"3 users met EMFILE, a limit of this machine: raise the limit of open files")
	f(reporttest.Counted(t, threshold, 3, nil), errors.New("no timer"), 3, "error", "could not go on: no timer")
	f(reporttest.Counted(t, threshold, 200, late), errors.New("interrupt signal received"), 130, "interrupted",
		"interrupt signal")
}

func TestOneBadWindowMakesARunInvalid(t *testing.T) {
	s := reporttest.New(t, "config: {phases: [{duration: 100, arrivalRate: 200}]}\nscenarios: [{name: buy, flow: "+
		"[{get: {url: /cart}}]}]")
	for k := range 20_000 {
		at := s.Start.Add(time.Duration(k+1) * 5 * time.Millisecond)
		lag := reporttest.MS(0.1)
		if k >= 10_000 && k < 10_050 { // 50 of 20,000: not in the p99 of the run, but in that of their window
			lag = reporttest.MS(50)
		}
		s.Summary.Add(&load.UserStart{At: at, Scenario: "buy", Lag: lag})
		s.Summary.Advance(at)
	}
	s.Summary.Close()
	v := s.Summary.Judge(report.Outcome{})
	if v.Health.Valid || v.Health.LagP99 > 10 || v.Health.WorstLagP99 < 49 {
		t.Errorf("health %+v, want a run made invalid by one window", v.Health)
	}
	if v := s.Summary.Judge(report.Outcome{LagLimit: time.Minute}); !v.Health.Valid {
		t.Errorf("with a limit of one minute: %v, want valid", v.Health.Problems)
	}
}

func TestATargetThatNeverAnswersIsExplained(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		s := reporttest.Counted(t, "", 3, func(r *load.Result, _ *load.UserStart, e *load.UserEnd) {
			r.Code, r.Failure,
				e.Err = 0, name, name
		})
		if v := s.Judge(report.Outcome{Target: "http://t"}); v.ExitCode != report.ExitError ||
			v.Reason != "none of 3 requests got an answer: "+want {
			t.Errorf("%d, %s; want %d, ... %s", v.ExitCode, v.Reason, report.ExitError, want)
		}
	}
	f("ECONNREFUSED", "ECONNREFUSED, nothing listens at http://t")
	f("CERT_HAS_EXPIRED", "CERT_HAS_EXPIRED, the certificate of http://t has expired (-k skips the check)")
	f("no name of ours", "no name of ours")
}

// Every limit of the generator itself ends a run with 4 and names itself, whatever its thresholds say.
func TestLimitsOfTheGeneratorAreAVerdictOfTheirOwn(t *testing.T) {
	failed := func(name string) func(*load.Result, *load.UserStart, *load.UserEnd) {
		return func(r *load.Result, _ *load.UserStart, e *load.UserEnd) { r.Code, r.Failure, e.Err = 0, name, name }
	}
	late := func(_ *load.Result, s *load.UserStart, _ *load.UserEnd) { s.Lag = 30 * time.Millisecond }
	f := func(change func(*load.Result, *load.UserStart, *load.UserEnd), o report.Outcome, want ...string) {
		t.Helper()
		v := reporttest.Counted(t, ", ensure: {thresholds: [{vusers.created: 1}]}", 200, change).Judge(o)
		for _, w := range want {
			if v.ExitCode != report.ExitInvalid || v.Word != "invalid" || !strings.Contains(v.Reason, w) {
				t.Errorf("%d %s: %s; want invalid with %s", v.ExitCode, v.Word, v.Reason, w)
			}
		}
	}
	f(late, report.Outcome{}, "lag p99 30.0 ms")
	f(late, report.Outcome{CPU: health.CPU{Saturated: 5 * time.Second}}, "lag p99 30.0 ms",
		"used up its processors for 5 s")
	f(late, report.Outcome{CPU: health.CPU{Throttled: 5 * time.Second}}, "lag p99 30.0 ms",
		"CPU limit throttled loadgen for 5 s")
	f(late, report.Outcome{GC: health.GC{Share: 0.5, Pause: 40 * time.Millisecond}}, "collector took 50 %",
		"collector stopped loadgen for 40.0 ms")
	f(failed("EMFILE"), report.Outcome{}, "200 users met EMFILE", "ulimit -n")
	f(failed("ENFILE"), report.Outcome{}, "200 users met ENFILE", "ulimit -n")
	f(failed("EADDRNOTAVAIL"), report.Outcome{}, "200 users met EADDRNOTAVAIL", "no local port was free")
	f(failed("ENOBUFS"), report.Outcome{}, "200 users met ENOBUFS", "out of buffers")
	f(nil, report.Outcome{Err: &load.StartError{}}, "missed by")
}

func TestDroppedArrivalsMakeARunInvalid(t *testing.T) {
	s := reporttest.New(t, "config: {phases: [{duration: 1, arrivalCount: 3, maxVusers: 1}]}\nscenarios: [{name: buy, "+
		"flow: [{get: {url: /cart}}]}]")
	s.Summary.Add(&load.UserStart{At: s.Start, Scenario: "buy"})
	s.Summary.Add(&load.Skip{At: s.Start})
	if v := s.Summary.Judge(report.Outcome{}); v.Health.Valid {
		t.Error("one of three arrivals is missing and the run is valid")
	}
	s.Summary.Add(&load.Skip{At: s.Start})
	if v := s.Summary.Judge(report.Outcome{}); !v.Health.Valid {
		t.Errorf("arrivals that maxVusers drops made the run invalid: %v", v.Health.Problems)
	}
}

func TestLookupKnowsCountersThatNeverCounted(t *testing.T) {
	p := reporttest.Counted(t, "", 4, nil).Aggregate()
	f := func(name string, want float64, wantOK bool) {
		t.Helper()
		if got, ok := p.Lookup(name); got != want || ok != wantOK {
			t.Errorf("%s = %v, %v; want %v, %v", name, got, ok, want, wantOK)
		}
	}
	f("http.requests", 4, true)
	f("vusers.failed", 0, true)
	f("http.response_time.p99", 5, true)
	f("http.response_time.median", 5, true)
	f("http.response_time.2xx.count", 4, true)
	f("plugins.metrics-by-endpoint.response_time./cart.max", 5, true)
	f("vusers.created_by_name.buy", 4, true)
	f("http.request_rate", 1.1, true)
	f("errors.ETIMEDOUT", 0, true)
	f("http.codes.503", 0, true)
	f("plugins.expect.failed", 0, true)
	f("plugins.expect.failed.statusCode", 0, true)
	f("http.response_time.4xx.p95", 0, false) // a distribution without values has no p95
	f("http.response_time.p98", 0, false)
	f("nope.metric", 0, false)
	f("errors.", 0, false)
	f("", 0, false)
}

func TestProblemsAreTheReasonOfAnInvalidRunAndWarningsOfOthers(t *testing.T) {
	late := reporttest.Counted(t, "", 120, func(_ *load.Result, s *load.UserStart,
		_ *load.UserEnd,
	) {
		s.Lag = reporttest.MS(30)
	})
	f := func(o report.Outcome, wantWarnings int) {
		t.Helper()
		o.Warnings = []string{"few ports"}
		v := late.Judge(o)
		r := late.Run(report.RunInfo{}, time.Now(), &v)
		if len(v.Health.Problems) != 1 || len(r.Warnings) != wantWarnings || r.Warnings[wantWarnings-1] != "few ports" {
			t.Errorf("%s: %q; warnings %q, want %d", r.Verdict, r.Reason, r.Warnings, wantWarnings)
		}
	}
	f(report.Outcome{}, 1)
	f(report.Outcome{Err: errors.New("interrupted by a signal"), Interrupted: true}, 2)
}

func TestVerdictInTheLightOfAComparison(t *testing.T) {
	worse := &report.Comparison{Verdict: report.Worse, Changes: []report.Change{{
		Metric: "response_time p95", Base: 20, New: 26, Change: 0.3, Low: 0.2, High: 0.4, Verdict: report.Worse,
	}}}
	other := &report.Comparison{Verdict: report.NotComparable, Reasons: []string{"the scripts differ"}}
	f := func(v report.Verdict, c *report.Comparison, wantCode int, wantWord, wantReason string) {
		t.Helper()
		if got := v.With(c); got.ExitCode != wantCode || got.Word != wantWord || got.Reason != wantReason ||
			got.Comparison != c {
			t.Errorf("exit %d, %s: %q; want %d, %s: %q", got.ExitCode, got.Word, got.Reason, wantCode, wantWord,
				wantReason)
		}
	}
	const sentence = "worse than the baseline: response_time p95 +30.0 % (20.0 ms to 26.0 ms, 95 % interval +20.0 % to " +
		"+40.0 %)"
	passed := report.Verdict{Word: "passed"}
	f(passed, &report.Comparison{Verdict: report.Same}, 0, "passed", "")
	f(passed, &report.Comparison{Verdict: report.Better}, 0, "passed", "")
	f(passed, worse, 1, "failed", sentence)
	f(passed, other, 2, "error", "not comparable with the baseline: the scripts differ")
	f(report.Verdict{Word: "failed", ExitCode: 1, Reason: "a"}, worse, 1, "failed", "a; "+sentence)
	f(report.Verdict{Word: "failed", ExitCode: 21, Reason: "a"}, worse, 1, "failed", sentence)
	f(report.Verdict{Word: "failed", ExitCode: 1, Reason: "a"}, other, 1, "failed", "a")
	f(report.Verdict{Word: "invalid", ExitCode: 4, Reason: "a"}, worse, 4, "invalid", "a")
	f(report.Verdict{Word: "interrupted", ExitCode: 130, Reason: "a"}, other, 130, "interrupted", "a")
}
