package formats

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/load"
	"edgescope/report"
	"edgescope/report/reporttest"
)

func TestChecksThatHoldComeFirst(t *testing.T) {
	ensure := ", ensure: {thresholds: [{http.codes.200: 1}, {http.codes.500: 1}], maxErrorRate: 0, " +
		"conditions: [{expression: http.codes.200 == 4}, {expression: vusers.created < http.codes.200, strict: false}]}"
	s := reporttest.Counted(t, ensure, 4, nil)
	text := checksText(s.Judge(report.Outcome{}).Checks)
	want := "\nChecks:\nok: http.codes.500 < 1\nok: maxErrorRate < 0\nok: http.codes.200 == 4\nfail: http.codes.200 < " +
		"1 (it is 4)\n" +
		"fail: vusers.created < http.codes.200 (optional) (vusers.created is 4, http.codes.200 is 4)\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A run that shows nothing says so in every form, by a case of its own.
func TestEveryFormTellsOfARunThatShowsNothing(t *testing.T) {
	failed := func(_ *load.Result, _ *load.UserStart, e *load.UserEnd) { e.Err = "no token" }
	const why = "no user completed: 3 of 3 failed, no token (3)"
	const name = "users completed and were answered"
	f := func(write func(io.Writer, *report.Report) error, change func(*report.Report), want ...string) {
		t.Helper()
		s := reporttest.Counted(t, "", 3, failed)
		v := s.Judge(report.Outcome{})
		r := reporttest.ThroughFile(t, s.Report(report.RunInfo{Name: "shop"}, time.Now(), &v))
		if change != nil {
			change(r)
		}
		var b strings.Builder
		if err := write(&b, r); err != nil {
			t.Fatal(err)
		}
		for _, w := range want {
			if !strings.Contains(b.String(), w) {
				t.Errorf("it lacks %s:\n%s", w, b.String())
			}
		}
	}
	f(JUnit, nil, `<testsuite name="users" tests="1" failures="1"`, `<failure type="users" message="`+why+`"`)
	f(Markdown, nil, "FAILED", why, "| failed | "+name+" | "+why+" |")
	f(HTML, nil, why, "<td>"+name+"</td><td>"+why+"</td>")
	f(Annotations, nil, "::error title=shop%3A "+name+"::"+why)
	f(func(w io.Writer, r *report.Report) error { _, err := io.WriteString(w, Text(r, 0)); return err }, nil,
		"FAILED: "+why)

	// It decides nothing of a part of a run, nor of an interrupted one.
	skipped := `<skipped message="` + why + `">`
	f(JUnit, func(r *report.Report) { r.Edgescope.Segment = &load.Segment{Count: 2} }, skipped)
	f(JUnit, func(r *report.Report) { r.Edgescope.Run.Verdict = edge.VerdictInterrupted }, skipped)
}
