package monitor

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"edgescope/query/gate"
)

// FuzzGrid holds of any parameters that the points are bounded, that each is made of whole buckets, and that these are
// in the rows that are kept for the points made at a time.
func FuzzGrid(f *testing.F) {
	f.Add("1796029260000", "3600000", "60000", "600000")
	f.Add("", "", "", "")
	f.Add("0", "0", "1", "1")
	f.Add("9223372036854", "9223372036854", "9223372036854", "31622400000")
	f.Add("1796029260001", "7200000", "7001", "30001")
	f.Add("1796029261234", "864000000", "36000000", "36000000")
	f.Add("1796029261234", "864000000", "3000000", "36000000")
	f.Add("1796029261234", "86400000", "10000", "86400000")
	f.Fuzz(func(t *testing.T, end, lookback, step, ratePer string) {
		form := url.Values{"endTs": {end}, "lookback": {lookback}, "step": {step}, "ratePer": {ratePer}}
		g, err := readGrid(form, time.Unix(1796029260, 123456789))
		if err != nil {
			var refused *gate.RefusedError
			if !errors.As(err, &refused) || refused.Status != http.StatusBadRequest {
				t.Errorf("%v: %v", form, err)
			}
			return
		}
		if g.points > maxPoints || g.points < 0 || g.ratePer/g.bucket > maxBuckets || g.points > 0 && g.atOnce < 1 {
			t.Fatalf("%v: %+v", form, g)
		}
		for first := 0; first < g.points; first += max(g.atOnce, g.points/5) {
			g.check(t, first, min(first+g.atOnce, g.points))
		}
	})
}

func (g *grid) check(t *testing.T, first, last int) {
	t.Helper()
	w := g.window(first, last)
	size := g.window(0, g.atOnce).Buckets() + 1
	if n := w.Buckets(); n > size || w.From.Before(time.Unix(0, 0)) {
		t.Fatalf("%+v: %d buckets from %s on, rows have %d", g, n, w.From, size)
	}
	for _, point := range []int{first, (first + last) / 2, last - 1} {
		end, at := g.end(point), g.at(point)
		late, behind := at.Sub(end), end.Sub(w.From)
		if point >= last || late < 0 || late >= g.width || behind%g.bucket != 0 || behind < g.ratePer ||
			w.From.UnixNano()%int64(g.width) != 0 || g.ratePer%g.bucket != 0 || g.bucket%g.width != 0 {
			t.Fatalf("%+v: point %d at %s ends at %s, buckets begin at %s", g, point, at, end, w.From)
		}
	}
}
