package load_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"edgescope/load"
	"edgescope/scenarios/plan"
)

// walked is the greatest number of arrivals in any stretch, by looking at each.
func walked(s *load.Schedule, width time.Duration) uint64 {
	var most, first uint64
	for k := range s.Total() {
		at, _ := s.At(k)
		for ; first < k; first++ {
			if oldest, _ := s.At(first); at-oldest < width {
				break
			}
		}
		most = max(most, k-first+1)
	}
	return most
}

func poissonOf(p plan.Phase) plan.Phase { p.Poisson = true; return p }

// The search finds what a walk over all arrivals finds, within three in a hundred: the steps of a ramp are rounded.
func TestBusiestStretchIsFound(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	phase := func() plan.Phase {
		length := time.Duration(1+random.IntN(40)) * s / 2
		a, b := float64(random.IntN(200)), float64(random.IntN(200))
		switch random.IntN(6) {
		case 0:
			return pause(length)
		case 1:
			return count(length, random.IntN(2000))
		case 2, 3:
			return ramp(length, a, b)
		case 4:
			return sine(length, a+1, a, time.Duration(1+random.IntN(20))*s)
		default:
			return rate(length, a)
		}
	}
	for range 60 {
		var phases []plan.Phase
		for range 1 + random.IntN(5) {
			phases = append(phases, phase())
		}
		sched := load.NewSchedule(phases, 1)
		for _, width := range []time.Duration{300 * time.Millisecond, s, 7 * s, time.Minute} {
			got, want := sched.Busiest(width), walked(sched, width)
			if got > want || float64(got) < 0.97*float64(want)-1 {
				t.Errorf("%+v: %d arrivals in the busiest %v, want %d", phases, got, width, want)
			}
		}
	}
	one := load.NewSchedule([]plan.Phase{poissonOf(rate(30*s, 100))}, 1)
	if got, want := one.Busiest(s), walked(one, s); got > want || float64(got) < 0.9*float64(want) {
		t.Errorf("by chance %d arrivals in the busiest second, want about %d", got, want)
	}
}

// A month of any load is laid out, counted and searched with little work: by formula, never arrival by arrival. A walk
// over the billions of arrivals would take minutes.
func TestAMonthIsCountedAtOnce(t *testing.T) {
	const month = 30 * 24 * time.Hour
	f := func(want, wantBusiest uint64, phases ...plan.Phase) {
		t.Helper()
		sched := load.NewSchedule(phases, 1)
		if got := sched.Total(); float64(got) < 0.9999*float64(want) || float64(got) > 1.0001*float64(want) {
			t.Errorf("%d arrivals, want %d", got, want)
		}
		got := sched.Busiest(time.Minute)
		if float64(got) < 0.99*float64(wantBusiest) || float64(got) > 1.03*float64(wantBusiest) {
			t.Errorf("%d arrivals in the busiest minute, want %d", got, wantBusiest)
		}
	}
	f(2_592_000_000, 60_000, rate(month, 1000))
	f(2_592_000_000, 60_000, poissonOf(rate(month, 1000)))
	f(1_296_000_000, 60_000, ramp(month, 0, 1000))
	f(2_592_000_000, 60_000, count(month, 2_592_000_000))
	f(2_592_000_000, 114_000, sine(month, 1000, 900, time.Hour))
	f(2*2_592_000_000, 114_000, sine(month, 1000, 900, time.Hour), pause(s), rate(month, 1000))
	f(1_296_000_000, 60_000, ramp(month/2, 0, 1000), ramp(month/2, 1000, 0))
}
