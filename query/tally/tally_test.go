package tally

import (
	"testing"

	"edgescope/query"
)

func TestSmallDifferencesAreNone(t *testing.T) {
	f := func(difference, size, want query.Num) {
		t.Helper()
		if got := noticeable(difference, size); got != want && (got.OK() || want.OK()) {
			t.Errorf("%v of %v: %v, want %v", difference, size, got, want)
		}
	}
	f(0.001, 1, 0)
	f(-0.019, 1, 0)
	f(0.03, 1, 0.03)
	f(query.None(), 1, query.None())
}
