package engine

import (
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/query"
	"edgescope/query/tally"
)

// TestRangesThatEndNowAreOnePiece holds that rows, cells and lines of such a range cover the same time, that rows come
// from one piece of one width, and that no more than a thirtieth (at a step that is one of ours) is added before what
// was asked.
func TestRangesThatEndNowAreOnePiece(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, text := range []string{"1m", "15m", "30m", "1h", "2h", "6h", "24h", "48h", "168h", "720h"} {
		length, err := time.ParseDuration(text)
		if err != nil {
			t.Fatal(err)
		}
		for range 200 {
			now := time.Unix(r.Int64N(2e9), r.Int64N(1e9)).UTC()
			a := &asking{q: query.Question{Range: text}}
			a.cover(now.Add(-length), now)
			switch {
			case !a.win.From.Equal(a.cells.From) || !a.win.To.Equal(a.cells.To):
				t.Fatalf("%s to %s: lines cover %v..%v, cells %v..%v", text, now, a.win.From, a.win.To, a.cells.From,
					a.cells.To)
			case a.win.From.After(now.Add(-length)) || !a.win.From.Add(a.cells.Step).After(now.Add(-length)):
				t.Fatalf("%s to %s begins at %v", text, now, a.win.From)
			case a.until.Before(now) || a.until.Sub(now) >= a.win.Step || a.until.After(a.win.To):
				t.Fatalf("%s to %s: lines end at %v of %v", text, now, a.until, a.win.To)
			case a.cells.Step%a.win.Step != 0 || a.cells.Buckets() > tally.CellBuckets+1 ||
				a.win.Buckets() > tally.LineBuckets*5/4:
				t.Fatalf("%s: %d cells of %s, %d buckets of %s", text, a.cells.Buckets(), a.cells.Step, a.win.Buckets(),
					a.win.Step)
			case len(a.win.Whole().Tiles()) != 1:
				t.Fatalf("%s to %s: %d pieces", text, now, len(a.win.Whole().Tiles()))
			}
		}
	}
}

// TestFixedEndsAreKept holds that a range with ends of its own is not widened to cells.
func TestFixedEndsAreKept(t *testing.T) {
	a := &asking{}
	a.cover(utc("10:01:30"), utc("11:01:30"))
	want := tally.Window{From: utc("10:01:30"), To: utc("11:01:30"), Step: 30 * time.Second}
	if a.win != want || !a.until.Equal(want.To) {
		t.Errorf("lines cover %v until %v, want %v", a.win, a.until, want)
	}
}

// utc is a time of a day.
func utc(text string) time.Time {
	t, err := time.Parse("15:04:05", text)
	if err != nil {
		panic(err)
	}
	return t.AddDate(2026, 0, 0).UTC()
}
