package sheet_test

import (
	"testing"

	"edgescope/internal/sheet"
)

func TestNoCellIsAFormula(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := sheet.Cell(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
	f("", "")
	f("FRA", "FRA")
	f("a=b", "a=b")
	f("=cmd()", "'=cmd()")
	f("+1", "'+1")
	f("-1+1", "'-1+1")
	f("@sum(a)", "'@sum(a)")
	f("\tx", "'\tx")
	f("\r=x", "'\r=x")
	f("\n=x", "'\n=x")
	f("＝cmd()", "'＝cmd()")
	f("＋1", "'＋1")
	f("－1", "'－1")
	f("＠a", "'＠a")
	f("\xff=", "\xff=") // no text at all, and no formula
}
