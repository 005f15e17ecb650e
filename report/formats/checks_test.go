package formats

import (
	"testing"

	"github.com/google/go-cmp/cmp"

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
		"fail: vusers.created < http.codes.200 (optional) (vusers.created is 4,\n  http.codes.200 is 4)\n"
	if diff := cmp.Diff(want, text); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
