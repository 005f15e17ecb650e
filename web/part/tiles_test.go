package part

import (
	"testing"

	"edgescope/query"
)

func TestTilesTellWhatGotWorse(t *testing.T) {
	page := &Page{URL: parse(t, "/")}
	f := func(index int, now, before query.Num, change, class, note string) {
		t.Helper()
		spec := OverviewTiles[index]
		spec.note = nil
		stats := func(v query.Num) *query.Stats {
			return &query.Stats{Rate: v, P95: v, Cache: query.Cache{HitRatio: v}, Samples: 100}
		}
		got := spec.Tile(page, stats(now), stats(before), nil, nil)
		if got.Change != change || got.ChangeClass != class || got.Note != note {
			t.Errorf("tile %s, %v after %v: %q %q %q, want %q %q %q", got.ID, now, before, got.Change, got.ChangeClass,
				got.Note, change, class, note)
		}
	}
	f(0, 11400, 10951, "▲\u00a04\u00a0%", "flat", "was 11.0\u00a0k/s")
	f(2, 74, 65, "▲\u00a09\u00a0ms", "worse", "was 65\u00a0ms")
	f(2, 65, 74, "▼\u00a09\u00a0ms", "good", "was 74\u00a0ms")
	f(2, 65, 65, "±0", "flat", "was 65\u00a0ms")
	f(6, .931, .949, "▼\u00a01.80\u00a0pt", "worse", "was 94.9\u00a0%")
	f(2, query.None(), 65, "", "", "")
	f(2, 65, query.None(), "", "", "")
}

func TestAFewSamplesTileSaysSo(t *testing.T) {
	stats := &query.Stats{P95: 65, Samples: 7}
	if got := OverviewTiles[2].Tile(&Page{URL: parse(t, "/")}, stats, nil, nil, nil); got.Few != "n=7" {
		t.Errorf("got %q, want n=7", got.Few)
	}
}
