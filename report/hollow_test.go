package report_test

import (
	"errors"
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

// event changes one user of reporttest.Counted: its request, its start, its end.
type event = func(*load.Result, *load.UserStart, *load.UserEnd)

func failsWith(name string) event {
	return func(_ *load.Result, _ *load.UserStart, e *load.UserEnd) { e.Err = name }
}

func answers(code uint16, outcomes ...plan.Outcome) event {
	return func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) { r.Code, r.Outcomes = code, outcomes }
}

// firstIs lets the first user do what f says and the others what g says.
func firstIs(f, g event) event {
	first := true
	return func(r *load.Result, s *load.UserStart, e *load.UserEnd) {
		if first {
			f(r, s, e)
		} else {
			g(r, s, e)
		}
		first = false
	}
}

func good(*load.Result, *load.UserStart, *load.UserEnd) {}

func TestARunThatShowsNothingFails(t *testing.T) {
	broken := func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) { r.Failure = "ECONNRESET" }
	unanswered := func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) { r.Code, r.Failure = 0, "ETIMEDOUT" }
	onTheWay := func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) { r.Code, r.Final = 302, false }
	f := func(ensure string, change event, o report.Outcome, wantCode int, want string) {
		t.Helper()
		s := reporttest.Counted(t, ensure, 4, change)
		v := s.Judge(o)
		if v.ExitCode != wantCode || v.Reason != want {
			t.Errorf("exit %d: %q, want %d: %q", v.ExitCode, v.Reason, wantCode, want)
		}
	}
	none := report.Outcome{}
	f("", failsWith("no token"), none, 1, "no user completed: 4 of 4 failed, no token (4)")
	f("", answers(404), none, 1, "every answer was an error: 404 (4)")
	f("", firstIs(answers(404), answers(503)), none, 1, "every answer was an error: 503 (3), 404 (1)")
	f("", firstIs(onTheWay, answers(401)), none, 1, "every answer was an error: 401 (3)")
	f("", broken, none, 1, "every answer was an error: without a name")
	f("", firstIs(unanswered, answers(500)), none, 1, "every answer was an error: 500 (3)")

	// One that is good is enough, and an error that was asked for is good.
	f("", firstIs(good, failsWith("x")), none, 0, "")
	f("", firstIs(good, answers(500)), none, 0, "")
	f("", answers(404, plan.Outcome{OK: true, Type: "statusCode"}), none, 0, "")
	f("", answers(404, plan.Outcome{OK: true, Type: "contentType"}), none, 1, "every answer was an error: 404 (4)")
	f("", answers(301), none, 0, "")

	// The script allows what it names, and only that.
	f(", ensure: {allow: noUserCompleted}", failsWith("x"), none, 0, "")
	f(", ensure: {allow: [onlyErrors, noUserCompleted]}", answers(500), none, 0, "")
	f(", ensure: {allow: onlyErrors}", failsWith("x"), none, 1, "no user completed: 4 of 4 failed, x (4)")
	f(", ensure: {maxErrorRate: 100}", failsWith("x"), none, 1, "no user completed: 4 of 4 failed, x (4)")

	// Beside other reasons: the cause stands before the thresholds, and expectations keep their exit code.
	f(", ensure: {thresholds: [{vusers.created: 1}]}", failsWith("x"), none, 1,
		"no user completed: 4 of 4 failed, x (4); thresholds failed: vusers.created < 1")
	f(", ensure: {thresholds: [{vusers.created: 1}]}", answers(500), none, 1, "thresholds failed: vusers.created < 1")
	f("", answers(500, plan.Outcome{Type: "statusCode"}), none, 21, "4 of 4 expectations failed")
	f("", failsWith("x"), report.Outcome{Err: errors.New("a signal"), Interrupted: true}, 130, "a signal")
	f("", failsWith("x"), report.Outcome{Aborted: "y"}, 1, "aborted: y")
	f("", failsWith("x"), report.Outcome{Err: &load.FlowError{Flow: "after", Err: errors.New("y")}}, 1,
		"no user completed: 4 of 4 failed, x (4)")
}

func TestARunThatSendsNothingFails(t *testing.T) {
	f := func(flow, want string) {
		t.Helper()
		s := reporttest.New(t, "config: {phases: [{duration: 1, arrivalCount: 1}]}\nscenarios: [{flow: ["+flow+"]}]")
		s.Summary.Add(&load.UserStart{At: s.Start, Scenario: "0"})
		s.Summary.Add(&load.UserEnd{At: s.Start, Scenario: "0"})
		s.Summary.Close()
		if v := s.Summary.Judge(report.Outcome{}); v.Reason != want || (v.ExitCode == 0) != (want == "") {
			t.Errorf("%s: exit %d: %q, want %q", flow, v.ExitCode, v.Reason, want)
		}
	}
	f("{get: {url: /, ifTrue: 1 > 2}}", "nothing was sent: 1 user walked the flow without a request")
	f("{log: hello}", "") // and check has warned of it
	idle := reporttest.New(t, "config: {phases: [{pause: 1}]}\nscenarios: [{flow: [{get: {url: /}}]}]")
	idle.Summary.Close()
	if v := idle.Summary.Judge(report.Outcome{}); v.Reason != "nothing was sent: no user arrived" {
		t.Errorf("without arrivals: %q", v.Reason)
	}
}

func TestManyErrorsAreListedInShort(t *testing.T) {
	n := 0
	s := reporttest.Counted(t, "", 5, func(_ *load.Result, _ *load.UserStart, e *load.UserEnd) {
		e.Err = strings.Repeat("x", n+1)
		n++
	})
	const want = "no user completed: 5 of 5 failed, x (1), xx (1), xxx (1), 2 more kinds"
	if v := s.Judge(report.Outcome{}); v.Reason != want {
		t.Errorf("%q, want %q", v.Reason, want)
	}
}
