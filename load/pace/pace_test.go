package pace_test

import (
	"math"
	"testing"
	"time"

	"edgescope/load/pace"
)

// paces are one of each kind, and members at the edges of what a script may ask for.
func paces() map[string]pace.Pace {
	const s = time.Second
	steps := func(rate float64, length time.Duration) pace.Steps {
		return pace.Steps{From: rate, To: rate, Width: length, Length: length}
	}
	return map[string]pace.Pace{
		"even":            &pace.Even{N: 50, Span: 100 * time.Millisecond, Gaps: 1, Length: 5 * s},
		"even, rounded":   &pace.Even{N: 7, Span: s, Gaps: 7, Length: s},
		"all at once":     &pace.Even{N: 3, Gaps: 3},
		"none":            &pace.Even{Gaps: 1, Length: s},
		"stairs up":       pace.NewStairs(pace.Ramp(1, 40, 20*s)),
		"stairs down":     pace.NewStairs(pace.Ramp(40, 0, 20*s)),
		"stairs, many":    pace.NewStairs(pace.Ramp(0, 3, 300*s)),
		"stairs, cut":     pace.NewStairs(pace.Ramp(10, 20, 2500*time.Millisecond)),
		"stairs, fast":    pace.NewStairs(pace.Ramp(1000, 5000, 2*s)),
		"one stair":       pace.NewStairs(pace.Ramp(10, 20, s)),
		"wave":            pace.NewWave(20, 15, 3*s, 10*s),
		"wave, deep":      pace.NewWave(10, 9.99, 4*s, 9*s),
		"chance":          pace.NewChance(steps(300, 10*s), 1, 2),
		"chance, few":     pace.NewChance(steps(0.3, 10*s), 1, 2),
		"chance, blocks":  pace.NewChance(steps(5000, 3*s), 1, 2),
		"chance, ramp":    pace.NewChance(pace.Ramp(0, 50, 20*s), 1, 2),
		"chance, ramp -":  pace.NewChance(pace.Ramp(3000, 0, 4*s), 1, 2),
		"chance, nothing": pace.NewChance(pace.Ramp(0, 0, 4*s), 1, 2),
		"chance, moment":  pace.NewChance(steps(5, 0), 1, 2),
	}
}

// What comes before a time is what a walk over all arrivals counts.
func TestCountsAreThoseOfAWalk(t *testing.T) {
	for name, p := range paces() {
		var all []time.Duration
		for i := range p.Count() {
			at := p.At(i)
			if n := len(all); at < 0 || n > 0 && at < all[n-1] {
				t.Fatalf("%s: arrival %d comes at %v, behind %v", name, i, at, all[max(n-1, 0)])
			}
			all = append(all, at)
		}
		times := []time.Duration{-time.Second, 0, time.Hour}
		for ms := range 1000 {
			times = append(times, time.Duration(ms)*10*time.Millisecond)
		}
		for _, at := range all {
			times = append(times, at, at+1)
		}
		for _, at := range times {
			want := uint64(0)
			for _, a := range all {
				if a < at {
					want++
				}
			}
			if got := p.Before(at); got != want {
				t.Errorf("%s: %d arrivals before %v, want %d", name, got, at, want)
				break
			}
		}
	}
}

func TestRatesAndEnds(t *testing.T) {
	f := func(name string, at time.Duration, wantRate, wantFirst, wantLast float64) {
		t.Helper()
		p := paces()[name]
		first, last := p.Ends()
		if rate := p.Rate(at); math.Abs(rate-wantRate) > 1e-6 || math.Abs(first-wantFirst) > 1e-9 ||
			math.Abs(last-wantLast) > 1e-9 {
			t.Errorf("%s: %v at %v, from %v to %v; want %v, from %v to %v", name, rate, at, first, last, wantRate,
				wantFirst, wantLast)
		}
	}
	const s = time.Second
	f("even", s, 10, 10, 10)
	f("none", 0, 0, 0, 0)
	f("stairs up", 0, 1, 1, 40)
	f("stairs up", 19*s, 40, 1, 40)
	f("stairs up", time.Minute, 40, 1, 40)
	f("stairs, fast", 0, 1000, 1000, 5000)
	f("one stair", 0, 15, 15, 15)
	f("wave", 750*time.Millisecond, 35, 5, 35)
	f("chance", s, 300, 300, 300)
	f("chance, ramp", 19*s, 50, 0, 50)
	if got := pace.NewWave(2, 1, 3*s, 9*s).Period(); got != 3*s {
		t.Errorf("a period of %v, want 3s", got)
	}
}

// The gaps of a Poisson process are exponential and its counts have their mean as variance, over blocks too.
func TestChanceIsAPoissonProcess(t *testing.T) {
	const rate, length = 700.0, 60.0 // many blocks
	p := pace.NewChance(pace.Steps{From: rate, To: rate, Width: time.Minute, Length: time.Minute}, 5, 6)
	counts := make([]float64, 600) // in 100 ms: 70 expected
	below := 0.0
	for i := range p.Count() {
		at := p.At(i)
		counts[at/(100*time.Millisecond)]++
		if i > 0 && (at-p.At(i-1)).Seconds() < 1/rate {
			below++
		}
	}
	if share := below / float64(p.Count()-1); math.Abs(share-(1-1/math.E)) > 0.01 {
		t.Errorf("%.4f of the gaps are below their mean, want 0.632", share)
	}
	mean, variance := 0.0, 0.0
	for _, n := range counts {
		mean += n / float64(len(counts))
	}
	for _, n := range counts {
		variance += (n - mean) * (n - mean) / float64(len(counts)-1)
	}
	// Five standard deviations: of the mean sqrt(70/600), of the variance 70*sqrt(2/599).
	if math.Abs(mean-rate*length/600) > 1.8 || math.Abs(variance/mean-1) > 0.3 {
		t.Errorf("in 100 ms %.2f arrivals with a variance of %.2f, want 70 both", mean, variance)
	}
}

// The numbers of blocks follow Poisson's law whatever the mean.
func TestNumbersOfBlocksFollowPoisson(t *testing.T) {
	const n = 4000
	for _, mean := range []float64{0.5, 4, 12, 60, 900} {
		sum, squares := 0.0, 0.0
		for seed := range uint64(n) {
			k := float64(pace.NewChance(pace.Steps{From: mean, To: mean, Width: time.Second, Length: time.Second}, seed, 1).Count())
			sum += k
			squares += k * k
		}
		got := sum / n
		variance := squares/n - got*got
		if math.Abs(got-mean) > 5*math.Sqrt(mean/n) || math.Abs(variance/mean-1) > 0.15 {
			t.Errorf("mean %v: %.3f with a variance of %.3f", mean, got, variance)
		}
	}
}

// What lasts for a year is counted and found without being walked.
func TestLongStretchesAreCounted(t *testing.T) {
	const year = 366 * 24 * time.Hour
	f := func(p pace.Pace, want float64) {
		t.Helper()
		n := p.Count()
		if math.Abs(float64(n)/want-1) > 0.001 {
			t.Errorf("%T: %d arrivals, want about %.0f", p, n, want)
		}
		if last := p.At(n - 1); last > year || last < year-time.Minute {
			t.Errorf("%T: the last of them comes at %v", p, last)
		}
		middle := p.At(n / 2)
		if before := p.Before(middle); before > n/2 || n/2-before > 100 {
			t.Errorf("%T: %d before arrival %d", p, before, n/2)
		}
	}
	seconds := year.Seconds()
	f(pace.NewStairs(pace.Ramp(0, 1000, year)), 500*seconds)
	f(pace.NewWave(1000, 900, time.Hour, year), 1000*seconds)
	f(pace.NewChance(pace.Steps{From: 1000, To: 1000, Width: year, Length: year}, 1, 1), 1000*seconds)
	f(pace.NewChance(pace.Ramp(10, 1000, year), 1, 1), 505*seconds)
}

func FuzzCounts(f *testing.F) {
	f.Add(uint64(50), int64(1e8), uint64(1), int64(3e8))
	f.Add(uint64(1_000_000_007), int64(1<<60), uint64(1_000_000_007), int64(5e17))
	f.Fuzz(func(t *testing.T, n uint64, span int64, gaps uint64, at int64) {
		n, gaps = n%(1<<40), gaps%(1<<40)+1
		e := &pace.Even{N: n, Span: time.Duration(max(span, 0) % (1 << 40)), Gaps: gaps}
		if e.Span > 0 && n > gaps {
			e.N = gaps
		}
		when := time.Duration(at)
		before := e.Before(when)
		if before > e.N || before > 0 && e.At(before-1) >= when || before < e.N && e.At(before) < when {
			t.Errorf("%+v: %d before %v", e, before, when)
		}
	})
}
