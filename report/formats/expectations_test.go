package formats

import (
	"fmt"
	"strings"
	"testing"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/report/sums"
	"edgescope/scenarios/plan"
)

func TestExpectationFormats(t *testing.T) {
	good := plan.Outcome{OK: true, Type: "statusCode", Want: "200", Got: "200"}
	bad := plan.Outcome{Type: "contentType", Want: "json", Got: "text/plain"}
	f := func(format, want string, outcomes ...plan.Outcome) {
		t.Helper()
		r := &load.Result{Result: vegeta.Result{Method: "GET", URL: "http://t/a", Code: 200}, Outcomes: outcomes}
		if got := expectationLines(format, r); got != want {
			t.Errorf("%q: %q, want %q", format, got, want)
		}
	}
	f("", "", good, bad)
	f("silent", "", good, bad)
	f("pretty", "* GET http://t/a\n  ok statusCode 200\n  not ok contentType json, got text/plain\n", good, bad)
	f("prettyError", "", good)
	f("prettyError", "* GET http://t/a\n  not ok contentType json, got text/plain\n", bad)
	f("json", `{"code":200,"results":[{"OK":true,"Type":"statusCode","Want":"200","Got":"200"}],"url":"http://t/a"}`+"\n",
		good)
	f("pretty", "")
}

func TestFailedExpectationsAreListedByHowOften(t *testing.T) {
	m := sums.FailedExpectations{}
	for i := range 30 {
		for range i + 1 {
			m.Add(fmt.Sprintf("s/GET /%d", i), "statusCode", 1, "200", "500")
		}
	}
	lines := strings.Split(strings.TrimSpace(failedText(m.List())), "\n")
	if len(lines) != 42 || lines[1]+lines[2] != "  s/GET /29: statusCode, 30 times      first: want 200, got 500" ||
		lines[41] != "  and 10 more kinds" {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
}
