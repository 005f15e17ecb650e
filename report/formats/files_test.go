package formats_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/reporttest"
	"edgescope/scenarios/plan"
)

// The whole of a CSV: who reads it has rows and columns by these names.
func TestCSVOfAShortRun(t *testing.T) {
	s := reporttest.Counted(t, ", ensure: {thresholds: [{http.codes.500: 1}]}", 2,
		func(r *load.Result, _ *load.UserStart, _ *load.UserEnd) {
			r.EdgeRegion, r.CacheStatus = "+FRA", "hit"
			r.Outcomes = []plan.Outcome{{OK: true, Type: "statusCode"}}
		})
	v := s.Judge(report.Outcome{})
	r := s.Report(report.RunInfo{ID: "0123456789abcdef0123456789abcdef", Name: "=name", Commit: "-5"},
		reporttest.New(t, reporttest.Shop).Ended(), &v)
	var buf bytes.Buffer
	if err := formats.CSV(&buf, r); err != nil {
		t.Fatal(err)
	}
	reporttest.Golden(t, "report.golden.csv", buf.Bytes())
}

// GitHub shows ten annotations of a kind: what comes behind them would push the first ones away.
func TestAnnotationsAreBounded(t *testing.T) {
	r := reporttest.ShopReport(t)
	failed := r.Edgescope.Checks[len(r.Edgescope.Checks)-1]
	for i := range 30 {
		failed.Expression = fmt.Sprintf("http.codes.%d < 1", 400+i)
		r.Edgescope.Checks = append(r.Edgescope.Checks, failed)
		r.Edgescope.Run.Warnings = append(r.Edgescope.Run.Warnings, fmt.Sprintf("warning %d", i))
	}
	var buf bytes.Buffer
	if err := formats.Annotations(&buf, r); err != nil {
		t.Fatal(err)
	}
	for _, level := range []string{"::error title=", "::warning title="} {
		if n := strings.Count(buf.String(), level); n != 10 {
			t.Errorf("%d of %s, want 10", n, level)
		}
	}
	if strings.Contains(buf.String(), "::notice") {
		t.Error("a run that failed has the notice of one that passed")
	}
}

// What is judged is the same in all formats: a case, a row and an annotation for each thing that failed.
func TestFormatsAgreeOnWhatFailed(t *testing.T) {
	f := func(what string, change func(*report.Report), wantFailed ...string) {
		t.Helper()
		r := reporttest.ShopReport(t)
		r.Edgescope.Checks, r.Edgescope.Run.Expectations, r.Edgescope.Run.Warnings = nil, nil, nil
		r.Edgescope.Health.Warnings = nil
		change(r)
		var junit, annotations bytes.Buffer
		if err := errors.Join(formats.JUnit(&junit, r), formats.Annotations(&annotations, r)); err != nil {
			t.Fatal(err)
		}
		bad := strings.Count(junit.String(), "<failure ") + strings.Count(junit.String(), "<error ")
		if bad != len(wantFailed) || strings.Count(annotations.String(), "::error ") != len(wantFailed) {
			t.Errorf("%s: %d cases failed, %d errors; want %d", what, bad,
				strings.Count(annotations.String(), "::error "), len(wantFailed))
		}
		for _, want := range wantFailed {
			if !strings.Contains(junit.String(), `name="`+want+`"`) || !strings.Contains(annotations.String(), want) {
				t.Errorf("%s: %q is missing in\n%s\n%s", what, want, junit.String(), annotations.String())
			}
		}
	}
	check := func(expression string, optional bool) report.CheckResult {
		var c report.CheckResult
		c.Expression, c.Optional = expression, optional
		return c
	}
	f("nothing", func(r *report.Report) { r.Edgescope.Run.Verdict = "passed" })
	f("a threshold", func(r *report.Report) { r.Edgescope.Checks = []report.CheckResult{check("a.b", false)} }, "a.b")
	f("an optional one", func(r *report.Report) { r.Edgescope.Checks = []report.CheckResult{check("a.b", true)} })
	f("not valid", func(r *report.Report) { r.Edgescope.Health.Valid = false }, "loadgen kept its schedule")
	f("interrupted", func(r *report.Report) { r.Edgescope.Run.Verdict = "interrupted" }, "the run was completed")
	f("worse", func(r *report.Report) {
		r.Edgescope.Comparison = &report.Comparison{Verdict: report.Worse, Changes: []report.Change{
			{Metric: "response_time p50", Verdict: report.Same}, {Metric: "response_time p95", Verdict: report.Worse},
		}}
	}, "response_time p95 is not worse")
	f("not comparable", func(r *report.Report) {
		r.Edgescope.Comparison = &report.Comparison{
			Verdict: report.NotComparable,
			Reasons: []string{"the scripts differ"},
		}
	}, "the run can be compared")
}

func TestMarkdownShowsTheComparison(t *testing.T) {
	f := func(c *report.Comparison, want string) {
		t.Helper()
		r := reporttest.ShopReport(t)
		r.Conclude(c)
		var buf bytes.Buffer
		if err := formats.Markdown(&buf, r); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(buf.String(), want) {
			t.Errorf("%s is missing in\n%s", want, buf.String())
		}
	}
	changes := []report.Change{{
		Metric: "response_time p95", Step: "a|b", Base: 20, New: 26, Change: 0.3, Low: 0.2,
		High: 0.4, Verdict: report.Worse,
	}}
	f(&report.Comparison{Verdict: report.Worse, Changes: changes, Notes: []string{"the seeds differ"}},
		"### Against the baseline: worse\n\n| Figure | Before | Now | Change | 95 % interval |  |\n| --- | --- | --- | "+
			"--- | --- | --- |\n"+
			"| response\\_time p95 of a\\|b | 20.0 ms | 26.0 ms | +30.0 % | +20.0 % to +40.0 % | worse |\n\n> the seeds "+
			"differ\n")
	f(&report.Comparison{Verdict: report.Same, MinEffect: 0.05},
		"### Against the baseline: same\n\nno difference to the baseline was shown")
	f(&report.Comparison{Verdict: report.NotComparable, Reasons: []string{"a <b>"}},
		"not comparable with the baseline: a &lt;b>")
}

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errors.New("the disk is full") }

// A file that cannot be written is an error of its format, whatever is buffered.
func TestErrorsOfWritingAreTold(t *testing.T) {
	r := reporttest.ShopReport(t)
	for _, file := range formats.Files() {
		if err := file.Write(broken{}, r); err == nil || !strings.Contains(err.Error(), "the disk is full") {
			t.Errorf("%s: %v", file.Name, err)
		}
	}
	if err := formats.Annotations(broken{}, r); err == nil {
		t.Error("annotations are written to a full disk")
	}
	w := formats.NewVegetaWriter(broken{})
	w.Event(&load.Skip{})
	w.Event(reporttest.ShopRun(t).Events[2])
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("vegeta results: %v", err)
	}
}

func TestOnlyATerminalIsRedrawn(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, w := range map[string]io.Writer{"a buffer": &bytes.Buffer{}, "a file": file, os.DevNull: null} {
		if is, width := formats.Terminal(w); is || width != 0 {
			t.Errorf("%s is a terminal of %d columns", name, width)
		}
	}
}

// A phase without a name, expectations while they come, and what -q leaves out of them.
func TestConsoleOfEvents(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	failed := s.Request(s.Start, "buy/GET /cart", "/cart", 500, 5)
	failed.Outcomes = []plan.Outcome{{Type: "statusCode", Want: "200", Got: "500"}}
	f := func(quiet bool, want string, events ...load.Event) {
		t.Helper()
		var buf bytes.Buffer
		c := &formats.Console{Out: &buf, Quiet: quiet, Expect: "prettyError"}
		for _, e := range events {
			c.Event(e)
		}
		if buf.String() != want {
			t.Errorf("quiet %v: %q, want %q", quiet, buf.String(), want)
		}
	}
	phase := &load.PhaseStart{At: s.Start, Phase: plan.Phase{Index: 2, Duration: 1500 * 1e6}}
	f(false, "Phase started: unnamed (index: 2, duration: 1.5s) 12:00:05(+0000)\n\n", phase)
	f(true, "", phase, failed)
	f(false, "* GET https://shop.test/cart\n  not ok statusCode 200, got 500\n", failed)
	f(true, "hello\n", &load.Line{Text: "hello"})
	f(false, "", &load.Skip{}, &load.UserStart{}, &load.UserEnd{})
}
