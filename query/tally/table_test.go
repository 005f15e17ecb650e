package tally

import (
	"testing"
	"time"
)

// TestDrawnBuckets holds that what is drawn leaves the table that totals come from as it is.
func TestDrawnBuckets(t *testing.T) {
	whole := NewTable(Window{utc("10:00:00"), utc("11:00:00"), 5 * time.Minute})
	for i := range whole.Window.Buckets() {
		whole.At("FRA", false, i).Requests = 1
		whole.At("", true, i).Requests = 1
	}
	f := func(end string, want int) {
		t.Helper()
		drawn := whole.Before(utc(end))
		if n := drawn.Window.Buckets(); n != want || len(drawn.Groups["FRA"]) != want ||
			drawn.Total().Requests != float64(2*want) {
			t.Errorf("before %s: %d buckets with %v requests, want %d", end, n, drawn.Total().Requests, want)
		}
		if whole.Total().Requests != 24 {
			t.Errorf("before %s: the whole has %v requests, want 24", end, whole.Total().Requests)
		}
	}
	f("10:05:00", 1)
	f("10:35:00", 7)
	f("11:00:00", 12)
	f("11:30:00", 12)
}
