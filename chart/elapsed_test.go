package chart_test

import (
	"strings"
	"testing"
	"time"

	"edgescope/chart"
)

func TestElapsedTimeIsInRoundSteps(t *testing.T) {
	f := func(length time.Duration, want string) {
		t.Helper()
		var got []string
		last := -1.0
		for _, tick := range chart.Elapsed(chart.Frame{From: began, Step: length, Buckets: 1}) {
			got = append(got, strings.ReplaceAll(tick.Text, "\u00a0", " "))
			if !(tick.At > last && tick.At < 1) {
				t.Errorf("%v: %s lies at %v behind %v", length, tick.Text, tick.At, last)
			}
			last = tick.At
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%v: %s, want %s", length, text, want)
		}
	}
	f(0, "")
	f(4*time.Second, "0 s, 1 s, 2 s, 3 s")
	f(35*time.Second, "0 s, 10 s, 20 s, 30 s")
	f(5*time.Minute, "0 min, 1 min, 2 min, 3 min, 4 min")
	f(90*time.Minute, "0 min, 15 min, 30 min, 45 min, 60 min, 75 min")
	f(5*time.Hour, "0 h, 1 h, 2 h, 3 h, 4 h")
}
