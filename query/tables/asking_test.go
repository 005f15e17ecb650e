package tables

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
			a := &Asking{Q: query.Question{Range: text}}
			a.cover(now.Add(-length), now)
			switch {
			case !a.Win.From.Equal(a.Cells.From) || !a.Win.To.Equal(a.Cells.To):
				t.Fatalf("%s to %s: lines cover %v..%v, cells %v..%v", text, now, a.Win.From, a.Win.To, a.Cells.From,
					a.Cells.To)
			case a.Win.From.After(now.Add(-length)) || !a.Win.From.Add(a.Cells.Step).After(now.Add(-length)):
				t.Fatalf("%s to %s begins at %v", text, now, a.Win.From)
			case a.Until.Before(now) || a.Until.Sub(now) >= a.Win.Step || a.Until.After(a.Win.To):
				t.Fatalf("%s to %s: lines end at %v of %v", text, now, a.Until, a.Win.To)
			case a.Cells.Step%a.Win.Step != 0 || a.Cells.Buckets() > tally.CellBuckets+1 ||
				a.Win.Buckets() > tally.LineBuckets*5/4:
				t.Fatalf("%s: %d cells of %s, %d buckets of %s", text, a.Cells.Buckets(), a.Cells.Step, a.Win.Buckets(),
					a.Win.Step)
			case len(a.Win.Whole().Tiles()) != 1:
				t.Fatalf("%s to %s: %d pieces", text, now, len(a.Win.Whole().Tiles()))
			}
		}
	}
}

// TestFixedEndsAreKept holds that a range with ends of its own is not widened to cells.
func TestFixedEndsAreKept(t *testing.T) {
	a := &Asking{}
	a.cover(utc("10:01:30"), utc("11:01:30"))
	want := tally.Window{From: utc("10:01:30"), To: utc("11:01:30"), Step: 30 * time.Second}
	if a.Win != want || !a.Until.Equal(want.To) {
		t.Errorf("lines cover %v until %v, want %v", a.Win, a.Until, want)
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
