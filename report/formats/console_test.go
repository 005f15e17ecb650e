package formats_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/load"
	"edgescope/report"
	"edgescope/report/formats"
	"edgescope/report/reporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

// TestConsoleOfARun holds what a run prints into a pipe: no escape sequences, and the verdict first and last at its end.
func TestConsoleOfARun(t *testing.T) {
	s := reporttest.ShopRun(t)
	v := s.Summary.Judge(report.Outcome{Warnings: []string{"this is a warning"}})
	var buf bytes.Buffer
	c := &formats.Console{Out: &buf}
	c.Event(s.Events[0])
	c.Event(&load.Line{Text: "a log line"})
	c.Tick(s.Summary, s.Ended())
	c.End(s.Summary, s.Summary.Report(report.RunInfo{}, s.Ended(), &v))
	reporttest.Golden(t, "console.golden.txt", buf.Bytes())
	if bytes.ContainsRune(buf.Bytes(), '\x1b') {
		t.Error("the console has escape sequences although it is no terminal")
	}
}

// TestAShortRunPrintsItsFiguresOnce: a period is printed when the run goes on after it, or has printed one before.
func TestAShortRunPrintsItsFiguresOnce(t *testing.T) {
	f := func(took time.Duration, periods int) {
		t.Helper()
		s := reporttest.New(t, reporttest.Shop)
		for at := time.Duration(0); at < took; at += time.Second {
			s.Add(s.Request(s.Start.Add(at), "buy/GET /cart", "/cart", 200, 8))
		}
		s.Summary.Close()
		v := s.Summary.Judge(report.Outcome{})
		ended := s.Start.Add(took)
		var buf bytes.Buffer
		c := &formats.Console{Out: &buf}
		c.Tick(s.Summary, ended.Add(-time.Millisecond))
		c.End(s.Summary, s.Summary.Report(report.RunInfo{}, ended, &v))
		if got := strings.Count(buf.String(), "Metrics for period"); got != periods {
			t.Errorf("a run of %v printed %d periods, want %d", took, got, periods)
		}
	}
	f(2*time.Second, 0)
	f(9*time.Second, 0)
	f(20*time.Second, 3) // they begin at whole ten seconds
}

// TestNamesStayWhole: names and checks are neither cut nor broken. A long name widens its column, or stands above its
// figures where a terminal is too narrow for that.
func TestNamesStayWhole(t *testing.T) {
	long := "a scenario with a long name/GET /a/path/that/does/not/end/before/the/line"
	f := func(columns int, want string) {
		t.Helper()
		s := reporttest.New(t, reporttest.Shop)
		s.Add(s.Request(s.Start, long, "/cart", 200, 8))
		s.Add(s.Request(s.Start, "short", "/cart", 200, 8))
		s.Summary.Close()
		v := s.Summary.Judge(report.Outcome{})
		got := formats.Text(s.Summary.Report(report.RunInfo{}, s.Start.Add(time.Second), &v), columns)
		if !strings.Contains(got, want) {
			t.Errorf("in %d columns:\n%s\nwant in it:\n%s", columns, got, want)
		}
	}
	figures := "      1       0    9.500    9.500    9.500\n"
	f(0, "\n"+long+"  "+figures+"short"+strings.Repeat(" ", len(long)-3)+figures)
	f(80, "\n"+long+"\n"+strings.Repeat(" ", 36)+figures+"short"+strings.Repeat(" ", 31)+figures)
}

func TestQuietConsoleKeepsLogLinesAndTheEnd(t *testing.T) {
	s := reporttest.ShopRun(t)
	v := s.Summary.Judge(report.Outcome{})
	var buf bytes.Buffer
	c := &formats.Console{Out: &buf, Quiet: true, Live: true}
	c.Event(s.Events[0])
	c.Tick(s.Summary, s.Ended())
	if buf.Len() != 0 {
		t.Errorf("a quiet console printed %q", buf.String())
	}
	c.Event(&load.Line{Text: "a log line"})
	if got := buf.String(); got != "a log line\n" {
		t.Errorf("a quiet console printed %q, want the log line", got)
	}
	c.End(s.Summary, s.Summary.Report(report.RunInfo{}, s.Ended(), &v))
	if !bytes.Contains(buf.Bytes(), []byte("\nFAILED: ")) {
		t.Errorf("a quiet console lacks the verdict:\n%s", buf.String())
	}
}

func TestLiveLineIsRedrawnInOnePlace(t *testing.T) {
	s := reporttest.New(t, reporttest.Shop)
	s.Add(&load.PhaseStart{At: s.Start, Phase: s.Plan.Phases[0]})
	at := s.Start.Add(time.Second)
	s.Add(&load.UserStart{At: at, Scenario: "buy"})
	s.Add(s.Request(at, "buy/GET /cart", "/cart", 502, 8))
	var buf bytes.Buffer
	c := &formats.Console{Out: &buf, Live: true, Width: 200}
	c.Tick(s.Summary, s.Start.Add(2*time.Second))
	want := "\r\x1b[K1 req/s  1 user  p95 9.500 ms  1 error  10s left  steady"
	if got := buf.String(); got != want {
		t.Errorf("live line %q, want %q", got, want)
	}
	buf.Reset()
	c.Tick(s.Summary, s.Start.Add(20*time.Second))
	if got := buf.String(); !strings.HasSuffix(got, "1 error  waiting for the last users") {
		t.Errorf("live line after the last arrival: %q", got)
	}
	buf.Reset()
	c.Event(&load.Line{Text: "hello"})
	if got := buf.String(); got != "\r\x1b[Khello\n" {
		t.Errorf("a log line over a live line is %q, want the line cleared first", got)
	}
	buf.Reset()
	c.Width = 20
	c.Tick(s.Summary, s.Start.Add(2*time.Second))
	if got := buf.String(); got != "\r\x1b[K1 req/s  1 user  p9" {
		t.Errorf("live line in 20 columns: %q", got)
	}
}

func TestConsoleShowsTheComparison(t *testing.T) {
	s := reporttest.Counted(t, "", 3, nil)
	v := s.Judge(report.Outcome{}).With(&report.Comparison{
		Verdict: report.Same, Notes: []string{"the seeds differ"},
		Changes: []report.Change{
			{Metric: "response_time p95", Base: 20, New: 21, Change: 0.05, Low: -0.01, High: 0.11, Verdict: report.Same},
			{Metric: "error rate", Base: 0.01, New: 0.03, Change: 0.02, Low: 0.01, High: 0.03, Verdict: report.Worse},
		},
	})
	var buf strings.Builder
	ended := time.Date(2026, 11, 20, 12, 0, 10, 0, time.UTC)
	(&formats.Console{Out: &buf}).End(s, s.Report(report.RunInfo{}, ended, &v))
	const want = `
against the baseline             before       now   change 95 % interval
response_time p95                  20.0      21.0   +5.0 % -1.0..+11.0 %
error rate                       1.00 %    3.00 %   +2.0 % +1.0..+3.0 % worse
note: the seeds differ

PASSED
`
	if !strings.HasPrefix(buf.String(), "PASSED\n\n") {
		t.Errorf("the end of the run begins with %q, want the verdict", buf.String()[:20])
	}
	if !strings.HasSuffix(buf.String(), want) {
		t.Errorf("the console ends with\n%s\nwant\n%s", buf.String()[max(len(buf.String())-len(want), 0):], want)
	}
}
