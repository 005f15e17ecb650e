package web

import (
	"strings"
	"testing"

	"edgescope/web/part"
)

// TestNoCellIsAFormula: neither a cell nor a column's name, which may be what somebody sent.
func TestNoCellIsAFormula(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		table := part.Table{
			Columns: []part.Column{{Key: text}, {Key: "n", Numeric: true}},
			Rows:    []part.TableRow{{Cells: []part.Cell{{Raw: text}, {Raw: "-5"}}}},
		}
		got := string(commaSeparated(&table))
		if guarded := strings.Count(got, "'"+text) == 2; guarded != want || !strings.Contains(got, ",-5") {
			t.Errorf("%q becomes %q, want an apostrophe before both: %v", text, got, want)
		}
	}
	for _, text := range []string{
		"=1+2", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x", `=cmd|' /C calc'!A0`,
	} {
		f(text, true)
	}
	for _, text := range []string{"/cart/:id", "FRA", "a=b", "1-2", "'x", "é"} {
		f(text, false)
	}
}
