package chart_test

import (
	"math"
	"strconv"
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

// TestAnIntervalStaysWithinThePlot holds that the axis has room for an interval, however wide, and that an endless one
// is not drawn.
func TestAnIntervalStaysWithinThePlot(t *testing.T) {
	l := chart.Lines{
		Frame:  chart.Frame{From: time.Unix(0, 0), Step: time.Second, Buckets: 4},
		Series: []chart.Series{{Name: "a", Class: "s0", Values: []float64{.1, .2, .3, .4}}}, Height: 100, Zero: true, Unit: chart.Ratio,
		Between: &chart.Between{Low: []float64{-2, .1, .1, .1}, High: []float64{.2, 9, .9, math.Inf(1)}},
	}
	svg := l.SVG()
	_, after, _ := strings.Cut(svg, `<path class="between" d="`)
	path, _, _ := strings.Cut(after, `"`)
	pairs := strings.FieldsFunc(path, func(r rune) bool { return strings.ContainsRune("MLz", r) })
	if len(pairs) != 6 {
		t.Fatalf("the shade has %d corners: %q", len(pairs), path)
	}
	for _, pair := range pairs {
		_, height, _ := strings.Cut(pair, " ")
		if y, err := strconv.ParseFloat(height, 64); err != nil || y < 0 || y > 100 {
			t.Errorf("a corner at %q is outside of the plot, 0 to 100", pair)
		}
	}
}

// TestRoundValuesOfAnAxisAreWrittenAlike holds that no label has digits that only floating point left.
func TestRoundValuesOfAnAxisAreWrittenAlike(t *testing.T) {
	l := chart.Lines{
		Frame:  chart.Frame{From: time.Unix(0, 0), Step: time.Minute, Buckets: 240},
		Series: []chart.Series{{Name: "a", Class: "s0", Values: []float64{0, 1}}}, Zero: true, Unit: chart.Ratio,
	}
	l.Ticks = chart.Elapsed(l.Frame)
	svg := l.SVG()
	for _, want := range []string{">20\u00a0%<", ">40\u00a0%<", ">60\u00a0%<", ">80\u00a0%<", ">3.5\u00a0h<"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the axis lacks %q: %s", want, svg)
		}
	}
}
