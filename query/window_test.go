package query

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestRangesThatEndNowAreOnePiece holds that rows, cells and lines of such a range cover the same time, that rows come from one
// piece of one width, and that no more than a thirtieth (at a step that is one of ours) is added before what was asked.
func TestRangesThatEndNowAreOnePiece(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, text := range []string{"1m", "15m", "30m", "1h", "2h", "6h", "24h", "2d", "7d", "30d"} {
		length, _ := parseLength(text)
		for range 200 {
			now := time.Unix(r.Int64N(2e9), r.Int64N(1e9)).UTC()
			a := &asking{q: Question{Range: text}}
			a.cover(now.Add(-length), now)
			switch {
			case !a.win.from.Equal(a.cells.from) || !a.win.to.Equal(a.cells.to):
				t.Fatalf("%s to %s: lines cover %v..%v, cells %v..%v", text, now, a.win.from, a.win.to, a.cells.from, a.cells.to)
			case a.win.from.After(now.Add(-length)) || !a.win.from.Add(a.cells.step).After(now.Add(-length)):
				t.Fatalf("%s to %s begins at %v", text, now, a.win.from)
			case a.until.Before(now) || a.until.Sub(now) >= a.win.step || a.until.After(a.win.to):
				t.Fatalf("%s to %s: lines end at %v of %v", text, now, a.until, a.win.to)
			case a.cells.step%a.win.step != 0 || a.cells.buckets() > cellBuckets+1 || a.win.buckets() > lineBuckets*5/4:
				t.Fatalf("%s: %d cells of %s, %d buckets of %s", text, a.cells.buckets(), a.cells.step, a.win.buckets(), a.win.step)
			case len(a.win.whole().tiles()) != 1:
				t.Fatalf("%s to %s: %d pieces", text, now, len(a.win.whole().tiles()))
			}
		}
	}
}

// TestFixedEndsAreKept holds that a range with ends of its own is not widened to cells.
func TestFixedEndsAreKept(t *testing.T) {
	a := &asking{}
	a.cover(utc("10:01:30"), utc("11:01:30"))
	want := window{utc("10:01:30"), utc("11:01:30"), 30 * time.Second}
	if a.win != want || !a.until.Equal(want.to) {
		t.Errorf("lines cover %v until %v, want %v", a.win, a.until, want)
	}
}

// TestDrawnBuckets holds that what is drawn leaves the table that totals come from as it is.
func TestDrawnBuckets(t *testing.T) {
	whole := newTable(window{utc("10:00:00"), utc("11:00:00"), 5 * time.Minute})
	for i := range whole.win.buckets() {
		whole.at("FRA", false, i).requests = 1
		whole.at("", true, i).requests = 1
	}
	f := func(end string, want int) {
		t.Helper()
		drawn := whole.before(utc(end))
		if n := drawn.win.buckets(); n != want || len(drawn.groups["FRA"]) != want || drawn.total().requests != float64(2*want) {
			t.Errorf("before %s: %d buckets with %v requests, want %d", end, n, drawn.total().requests, want)
		}
		if whole.total().requests != 24 {
			t.Errorf("before %s: the whole has %v requests, want 24", end, whole.total().requests)
		}
	}
	f("10:05:00", 1)
	f("10:35:00", 7)
	f("11:00:00", 12)
	f("11:30:00", 12)
}
