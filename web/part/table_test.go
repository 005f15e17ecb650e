package part

import (
	"strings"
	"testing"

	"edgescope/query"
)

func TestIntegersAreGrouped(t *testing.T) {
	f := func(n int64, want string) {
		t.Helper()
		if got := strings.ReplaceAll(Integer(n), "\u202f", "_"); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
	f(0, "0")
	f(999, "999")
	f(1000, "1_000")
	f(128411, "128_411")
	f(-1234567, "-1_234_567")
}

func TestSumsAreAbsentOnlyWithoutAnyNumber(t *testing.T) {
	none := query.None()
	if got := Add(none, 2, none, 3); got != 5 {
		t.Errorf("got %v, want 5", got)
	}
	if Add(none, none).OK() || Add().OK() {
		t.Error("a sum of nothing is a number")
	}
}
