package coldmodel

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"edgescope/judge"
	"edgescope/query"
)

var noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

// hourly are so many hours of so many events.
func hourly(hours int, events float64) []float64 { return slices.Repeat([]float64{events}, hours) }

// TestBusyPlacesHaveNoQuietHour holds which places may have gaps.
func TestBusyPlacesHaveNoQuietHour(t *testing.T) {
	f := func(want bool, events ...float64) {
		t.Helper()
		p := presence{hourly: events}
		if got := p.busy(len(events)); got != want {
			t.Errorf("%v: busy %t, want %t", events, got, want)
		}
	}
	f(true, 5000, 5000, 5000, 5000)
	f(false, 5000, 5000, 10, 5000) // a night
	f(false, 5000, 5000, 0, 5000)
	f(true, 0, 0, 30, 5000, 5000, 20, 0) // what begins and ends within the range
	f(false, 10, 10, 10)
	f(true, 0, 0, 0) // nothing
	f(true, 0, 5000, 30, 0)
	f(false, 0, 300, 0)
	p := presence{hourly: []float64{10, 5000, 5000, 5000}}
	if !p.busy(3) {
		t.Error("an hour before what is read counts")
	}
}

// TestWhatIsReadIsBounded holds how far back windows are read, and which are left out.
func TestWhatIsReadIsBounded(t *testing.T) {
	f := func(places, days int, events float64, wantDays, wantLeft int) {
		t.Helper()
		r := &reading{to: noon, length: time.Duration(days) * query.Day}
		r.from = noon.Add(-r.length)
		all := map[place]*presence{}
		for i := range places {
			p := &presence{place: place{colo: fmt.Sprintf("P%03d", i)}, hourly: hourly(days*24, events)}
			all[p.place] = p
		}
		left := 0
		for _, c := range r.choose(all) {
			if c == isLeftOut {
				left++
			}
		}
		if got := int(noon.Sub(r.from) / query.Day); got != wantDays || left != wantLeft {
			t.Errorf("%d places with %v events an hour: %d days without %d, want %d without %d", places, events, got, left, wantDays,
				wantLeft)
		}
	}
	f(1, 14, 2, 14, 0)
	f(330, 14, 2, 14, 0)    // 220,000 windows
	f(330, 14, 10, 10, 0)   // a million and more in two weeks
	f(330, 7, 100, 1, 0)    // 790,000 a day
	f(330, 7, 300, 1, 192)  // 7,200 each
	f(330, 7, 5000, 7, 0)   // no gaps
	f(100, 7, 500, 1, 0)    // an hour has 360 windows
	f(50, 14, 400, 2, 0)    // 860,000 in two days
	f(12, 14, 360, 7, 0)    // 725,760 in a week
	f(10, 14, 100, 14, 0)   // 336,000
	f(1000, 7, 100, 1, 584) // of 2,400 each
}

// seen are windows with one event each, at so many windows after the start; a negative one was a cold start.
func seen(at ...int32) []entry {
	var out []entry
	for _, a := range at {
		kind := ofWarm
		if a < 0 {
			a, kind = -a, ofCold
		}
		out = append(out, entry{a, kind, 1}, entry{a, ofEvents, 1})
	}
	return out
}

// TestGapsEndAtVersions holds which gaps are put down to a version, and which say nothing of lifetimes because of it.
func TestGapsEndAtVersions(t *testing.T) {
	f := func(name string, deploys []time.Duration, entries []entry, want ...judge.Gap) {
		t.Helper()
		s := &service{reading: &reading{from: noon, to: noon.Add(query.Day)}, united: make([]uint64, 200)}
		for _, d := range deploys {
			s.deploys = append(s.deploys, noon.Add(d))
		}
		if got := s.gapsOf(&presence{seen: entries}); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	gap := func(seconds float64, certain, cold bool) judge.Gap {
		return judge.Gap{Seconds: seconds, Certain: certain, Cold: cold}
	}
	f("plain", nil, seen(0, 10, -100), gap(100, true, false), gap(900, true, true))
	f("no gap", nil, seen(5, 6, 7))
	f("two at once", nil, append(seen(0, 50), entry{50, ofEvents, 1}), gap(500, false, false))
	f("not told", nil, append(seen(0), entry{50, ofEvents, 1}), gap(500, false, false))
	f("starts without events", nil, append(seen(0, 80), entry{40, ofCold, 1}), gap(800, true, false))
	f("in a rollout", []time.Duration{900 * time.Second}, seen(0, -100, 200), gap(1000, true, false))
	f("after a rollout", []time.Duration{900 * time.Second}, seen(0, -200, 300), gap(2000, false, false), gap(1000, true, false))
	f("a version in the same window", []time.Duration{1005 * time.Second}, seen(0, -100, 101, 170), gap(690, true, false))
	f("two versions", []time.Duration{100 * time.Second, 2000 * time.Second}, seen(0, 100, 150, 250, 350),
		gap(1000, false, false), gap(500, true, false), gap(1000, true, false))
}

func TestRollouts(t *testing.T) {
	deploys := []time.Time{noon, noon.Add(time.Hour)}
	f := func(at time.Duration, want bool) {
		t.Helper()
		if got := rollingOut(deploys, noon.Add(at)); got != want {
			t.Errorf("%s after the first: %t, want %t", at, got, want)
		}
	}
	f(-20*time.Second, false)
	f(-5*time.Second, true) // the window holds it
	f(0, true)
	f(9*time.Minute+50*time.Second, true)
	f(10*time.Minute, false)
	f(59*time.Minute, false)
	f(time.Hour+time.Minute, true)
	if rollingOut(nil, noon) {
		t.Error("without versions there is a rollout")
	}
}

func TestThinnedGapsLieEvenly(t *testing.T) {
	var gaps []judge.Gap
	for i := range 1000 {
		gaps = append(gaps, judge.Gap{Seconds: float64(i), Certain: i%2 == 0})
	}
	got := thinned(gaps, 100)
	if len(got) != 100 || got[0].Seconds != 0 || got[99].Seconds != 990 || got[1].Seconds != 10 {
		t.Errorf("%d gaps from %v to %v", len(got), got[0], got[len(got)-1])
	}
	if all := thinned(gaps, 500); len(all) != 500 || slices.ContainsFunc(all, func(g judge.Gap) bool { return !g.Certain }) {
		t.Errorf("%d gaps of 500 certain ones", len(all))
	}
}

// TestKnownIsRaw holds that weights do not make a share surer.
func TestKnownIsRaw(t *testing.T) {
	for _, x := range []struct {
		totals
		want float64
	}{
		{totals{100, 100, 1, 99}, 100},
		{totals{100, 100, 1, 49}, 50},
		{totals{400, 100, 4, 396}, 100},
		{totals{}, 0},
		{totals{100, 100, 10, 100}, 100}, // of two sources: never more than there are
	} {
		if got := x.known(); got != x.want {
			t.Errorf("%+v: %v are known, want %v", x.totals, got, x.want)
		}
	}
}
