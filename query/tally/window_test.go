package tally

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/query"
)

// utc is a time of a day.
func utc(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 0, 0).UTC()
}

func TestWindowIsAlignedOutwards(t *testing.T) {
	f := func(from, to string, buckets int, want string) {
		t.Helper()
		w := WindowOf(utc(from), utc(to), buckets)
		if got := fmt.Sprintf("%s %s %s", w.From.Format("15:04:05"), w.To.Format("15:04:05"), w.Step); got != want {
			t.Errorf("windowOf(%s, %s) = %s, want %s", from, to, got, want)
		}
	}
	f("10:00:00", "10:15:00", 120, "10:00:00 10:15:00 10s")
	f("10:00:03", "10:00:04", 120, "10:00:00 10:00:10 10s")
	f("10:00:01", "11:00:01", 120, "10:00:00 11:00:30 30s")
	f("09:17:30", "10:17:30", 120, "09:17:30 10:17:30 30s")
	f("09:17:30", "10:17:30", 30, "09:15:00 10:20:00 5m0s")
	f("04:17:31", "10:17:31", 120, "04:15:00 10:20:00 5m0s")
	f("00:00:00", "23:59:59", 120, "00:00:00 00:00:00 15m0s")
}

// TestTilesCoverExactly holds that the pieces follow each other without gap or overlap, and that each is whole windows.
func TestTilesCoverExactly(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 2000 {
		from := time.Unix(r.Int64N(5e8)*10, 0).UTC()
		w := Window{From: from, To: from.Add(time.Duration(1+r.Int64N(100_000)) * 10 * time.Second)}
		at := w.From
		for _, tile := range w.Tiles() {
			if !tile.From.Equal(at) || tile.From.Unix()%tile.Width.Seconds != 0 ||
				tile.To.Unix()%tile.Width.Seconds != 0 {
				t.Fatalf("%v..%v: tile %+v after %v", w.From, w.To, tile, at)
			}
			at = tile.To
		}
		if !at.Equal(w.To) || len(w.Tiles()) > 5 {
			t.Fatalf("%v..%v ends at %v with %d tiles", w.From, w.To, at, len(w.Tiles()))
		}
	}
}

func TestWidthDividesStep(t *testing.T) {
	f := func(step time.Duration, want int64) {
		t.Helper()
		if got := WidthOf(step).Seconds; got != want {
			t.Errorf("widthOf(%s) = %d s, want %d", step, got, want)
		}
	}
	f(10*time.Second, 10)
	f(time.Minute, 10)
	f(5*time.Minute, 300)
	f(30*time.Minute, 300)
	f(time.Hour, 3600)
	f(query.Day, 3600)
}
