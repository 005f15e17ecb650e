package chart_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/chart"
)

// TestAnIntervalIsShadedWhereItIsKnown holds that an unknown end leaves a gap in the shade.
func TestAnIntervalIsShadedWhereItIsKnown(t *testing.T) {
	nan := math.NaN()
	l := chart.Lines{
		Frame:  chart.Frame{From: time.Unix(0, 0), Step: time.Second, Buckets: 5},
		Series: []chart.Series{{Name: "a", Class: "s0", Values: []float64{1, 2, 3, 4, 5}}}, Height: 100, Zero: true,
		Between: &chart.Between{Low: []float64{0, 1, nan, 3, 4}, High: []float64{2, 3, 4, 5, 6}},
	}
	_, after, ok := strings.Cut(l.SVG(), `<path class="between" d="`)
	path, _, _ := strings.Cut(after, `"`)
	if !ok || strings.Count(path, "M") != 2 || strings.Count(path, "z") != 2 || strings.Count(path, "L") != 6 || strings.Contains(path, "NaN") {
		t.Errorf("the shade is %q", path)
	}
	l.Between = nil
	if strings.Contains(l.SVG(), "between") {
		t.Error("there is a shade without an interval")
	}
}
