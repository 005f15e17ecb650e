package chart_test

import (
	"math"
	"testing"

	"edgescope/chart"
)

func TestInterval(t *testing.T) {
	const open = `<svg class="bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true"><rect ` +
		`class="track" width="1000" height="10"/>`
	f := func(i chart.Interval, want string) {
		t.Helper()
		if got := i.SVG(); got != want {
			t.Errorf("%+v draws\n%s, want\n%s", i, got, want)
		}
	}
	f(chart.Interval{Value: 5, Low: 4, High: 6, End: 10, Class: "s0"},
		open+`<rect class="s0" width="500" height="10"/><rect class="whisker" y="4" height="2" x="400" width="200"/></svg>`)
	f(chart.Interval{Value: 1, Low: 1, High: 1, End: 10, Class: "s1"},
		open+`<rect class="s1" width="100" height="10"/></svg>`)
	f(chart.Interval{Value: 20, Low: -1, High: 99, End: 10, Class: "s1"},
		open+`<rect class="s1" width="1000" height="10"/><rect class="whisker" y="4" height="2" x="0" width="1000"/></svg>`)
	f(chart.Interval{Value: 0, End: 10}, "")
	f(chart.Interval{Value: math.NaN(), End: 10}, "")
	f(chart.Interval{Value: math.Inf(1), End: 10}, "")
	f(chart.Interval{Value: 1, End: 0}, "")
}
