package load_test

import (
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/scenarios/plan"
)

func rate(d time.Duration, r float64) plan.Phase {
	return plan.Phase{Kind: plan.PhaseRate, Duration: d, Rate: r}
}

func ramp(d time.Duration, from, to float64) plan.Phase {
	return plan.Phase{Kind: plan.PhaseRamp, Duration: d, Rate: from, RampTo: to}
}

func count(d time.Duration, n int) plan.Phase {
	return plan.Phase{Kind: plan.PhaseCount, Duration: d, Count: n}
}

func pause(d time.Duration) plan.Phase {
	return plan.Phase{Kind: plan.PhasePause, Duration: d}
}

func sine(d time.Duration, mean, amplitude float64, period time.Duration) plan.Phase {
	return plan.Phase{Kind: plan.PhaseSine, Duration: d, Rate: mean, Amplitude: amplitude, Period: period}
}

const s = time.Second

// The counts were seen with real Artillery.
func TestScheduleCountsAsArtilleryDoes(t *testing.T) {
	f := func(want uint64, phases ...plan.Phase) {
		t.Helper()
		if got := load.NewSchedule(phases, 1).Total(); got != want {
			t.Errorf("%+v has %d arrivals, want %d", phases, got, want)
		}
	}
	f(600, ramp(10*s, 20, 100))
	f(26, ramp(5*s, 0, 10))
	f(26, ramp(5*s, 10, 0))
	f(7, ramp(4*s, 0.5, 2.5))
	f(5, ramp(s, 2, 8))
	f(14, ramp(3*s, 9, 0))
	f(8, ramp(3*s, 1, 4))
	f(7, ramp(2*s, 6, 1))
	f(10, ramp(s, 1, 5), ramp(s, 3, 10))
	f(1650, rate(5*s, 10), ramp(10*s, 20, 100), rate(10*s, 100))
	f(2, rate(4*s, 0.5))
	f(14, rate(2*s, 7))
	f(18001, rate(60*s, 300)) // gaps of 3,333 us
	f(0, rate(2*s, 0))
	f(3, rate(2*s, 0), count(s, 3))
	f(3, count(1500*time.Millisecond, 3))
	f(0, pause(5*s))
	f(0, count(s, 0))
	f(0)
	f(1_000_000, rate(s, 1e9)) // never less than a microsecond apart
}

// A sine has as many arrivals as the area under it has units: in whole periods those of its mean.
func TestScheduleCountsTheAreaUnderASine(t *testing.T) {
	f := func(want uint64, phases ...plan.Phase) {
		t.Helper()
		if got := load.NewSchedule(phases, 1).Total(); got != want {
			t.Errorf("%+v has %d arrivals, want %d", phases, got, want)
		}
	}
	f(600, sine(60*s, 10, 5, 20*s))
	f(600, sine(60*s, 10, 9.99, 20*s))
	f(600, sine(60*s, 10, 0, 20*s))
	f(65, sine(5*s, 10, 5, 20*s))     // a quarter of a period: 50 + 5*20/2pi = 65.9
	f(131, sine(10*s, 10, 5, 20*s))   // half of one: 100 + 2*5*20/2pi = 131.8
	f(165, sine(15*s, 10, 5, 20*s))   // three quarters: 150 + 5*20/2pi = 165.9
	f(1, sine(10*s, 0.1, 0.05, 20*s)) // 1 + 2*0.05*20/2pi = 1.3
	f(3_600_000, sine(time.Hour, 1000, 500, 7*time.Minute+30*s))
	f(610, count(s, 10), sine(60*s, 10, 5, 20*s))
}

// vegeta's own pacer finds the times of a shallow sine to a thousandth of a hit; ours are the same.
func TestSineIsVegetas(t *testing.T) {
	f := func(d time.Duration, mean, amplitude int, period time.Duration) {
		t.Helper()
		pacer := vegeta.SinePacer{
			Period: period, Mean: vegeta.Rate{Freq: mean, Per: s}, Amp: vegeta.Rate{Freq: amplitude, Per: s},
		}
		sched := load.NewSchedule([]plan.Phase{pause(s), sine(d, float64(mean), float64(amplitude), period)}, 1)
		slowest := time.Duration(float64(s) / float64(mean-amplitude))
		var due time.Duration
		for k := range sched.Total() {
			wait, _ := pacer.Pace(due, k)
			due += wait
			if at, _ := sched.At(k); (at - s - due).Abs() > slowest/100 {
				t.Fatalf("%d/s and %d more, %v long: arrival %d comes at %v, vegeta's at %v", mean, amplitude, period,
					k, at-s, due)
			}
		}
		for _, into := range []time.Duration{0, d / 7, d / 3, d - 1} {
			if got, want := sched.Rate(s+into), pacer.Rate(into); got != want {
				t.Errorf("the rate after %v is %v, vegeta's %v", into, got, want)
			}
		}
	}
	f(60*s, 10, 5, 20*s)
	f(20*s, 100, 50, 60*s)
	f(10*s, 1000, 500, 4*s)
	f(30*s, 20, 0, s)
}

// Where vegeta's pacer goes astray, in troughs that almost reach zero, ours keeps to the curve.
func TestDeepTroughsAreKept(t *testing.T) {
	f := func(mean, amplitude float64, period time.Duration, busiest uint64) {
		t.Helper()
		sched := load.NewSchedule([]plan.Phase{sine(60*s, mean, amplitude, period)}, 1)
		if want := uint64(60 * mean); sched.Total() != want {
			t.Errorf("mean %v: %d arrivals, want %d", mean, sched.Total(), want)
		}
		if got := sched.Busiest(s); got > busiest {
			t.Errorf("mean %v: %d arrivals in the busiest second, want at most %d", mean, got, busiest)
		}
		var last time.Duration
		for k := range sched.Total() {
			at, _ := sched.At(k)
			if at <= last || at > 60*s {
				t.Fatalf("mean %v: arrival %d comes at %v, the one before it at %v", mean, k, at, last)
			}
			last = at
		}
	}
	f(10, 9.9, 20*s, 20)
	f(1, 0.99, 60*s, 2)
	f(100, 99.9, 20*s, 200)
	f(5, 4.5, s/2, 7)
}

func times(phases ...plan.Phase) []time.Duration {
	sched := load.NewSchedule(phases, 1)
	var all []time.Duration
	for k := uint64(0); ; k++ {
		at, ok := sched.At(k)
		if !ok {
			return all
		}
		all = append(all, at)
	}
}

func TestScheduleSpacesArrivals(t *testing.T) {
	f := func(want []time.Duration, phases ...plan.Phase) {
		t.Helper()
		if diff := cmp.Diff(want, times(phases...)); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", phases, diff)
		}
	}
	const ms, us = time.Millisecond, time.Microsecond
	f([]time.Duration{333333 * us, 666666 * us, 999999 * us}, rate(s, 3))
	f([]time.Duration{500 * ms, s, 1500 * ms}, count(1500*ms, 3))
	f([]time.Duration{s / 3, 2 * s / 3, s}, count(s, 3))
	f([]time.Duration{2500 * ms, 3000 * ms, 4000 * ms}, pause(2*s), rate(s, 2), count(s, 1))
	// 1, 2.5 -> 3 and 4 arrivals in the three seconds, whole milliseconds apart
	f([]time.Duration{
		s, s + 333*ms, s + 666*ms, s + 999*ms,
		2*s + 250*ms, 2*s + 500*ms, 2*s + 750*ms, 3 * s,
	}, ramp(3*s, 1, 4))
}

func TestScheduleHoldsOverHugeCounts(t *testing.T) {
	day := 24 * time.Hour
	sched := load.NewSchedule([]plan.Phase{pause(day), count(365*day, 1_000_000_007)}, 1)
	last, _ := sched.At(sched.Total() - 1)
	if want := 366 * day; last != want {
		t.Errorf("the last of 1,000,000,007 arrivals in a year comes at %v, want %v", last, want)
	}
}

func TestPoissonIsSeededAndHasItsRate(t *testing.T) {
	phase := rate(100*s, 200)
	phase.Poisson = true
	draw := func(seed uint64) []time.Duration {
		sched := load.NewSchedule([]plan.Phase{pause(s), phase}, seed)
		all := make([]time.Duration, sched.Total())
		for k := range all {
			all[k], _ = sched.At(uint64(k))
		}
		return all
	}
	one, again, other := draw(7), draw(7), draw(8)
	if diff := cmp.Diff(one, again); diff != "" {
		t.Errorf("the same seed gives other arrivals:\n%s", diff)
	}
	if cmp.Equal(one, other) {
		t.Error("another seed gives the same arrivals")
	}
	// 20,000 expected with a standard deviation of 141; five of them
	if n := len(one); math.Abs(float64(n)-20_000) > 707 {
		t.Errorf("200/s over 100 s gave %d arrivals, want 20,000 +- 707", n)
	}
	var below int // P(gap < mean) = 1 - 1/e
	for k := 1; k < len(one); k++ {
		if one[k] < one[k-1] {
			t.Fatalf("arrival %d comes before the one before it", k)
		}
		if one[k]-one[k-1] < 5*time.Millisecond {
			below++
		}
	}
	if share := float64(below) / float64(len(one)); math.Abs(share-0.632) > 0.02 {
		t.Errorf("%.3f of the gaps are below their mean, want 0.632 of an exponential distribution", share)
	}
}

// A ramp of a Poisson process has the rates of its steps: 250 of 1,000 expected arrivals in its first half.
func TestPoissonRamps(t *testing.T) {
	phase := ramp(100*s, 0, 20)
	phase.Poisson = true
	sched := load.NewSchedule([]plan.Phase{phase}, 3)
	var early, all float64
	for k := range sched.Total() {
		all++
		if at, _ := sched.At(k); at < 50*s {
			early++
		}
	}
	// standard deviations of 32 and 16; five of them
	if math.Abs(all-1000) > 160 || math.Abs(early-250) > 80 {
		t.Errorf("%v arrivals, %v of them in the first half; want about 1,000 and 250", all, early)
	}
}

func TestSchedulePhasesAndBusiest(t *testing.T) {
	sched := load.NewSchedule([]plan.Phase{
		rate(5*s, 10), ramp(10*s, 20, 100), pause(s), rate(10*s, 100),
		sine(8*s, 10, 5, 4*s),
	}, 1)
	want := []load.PhaseAt{
		{Index: 0, Start: 0, End: 5 * s, Arrivals: 50, From: 10, To: 10},
		{Index: 1, Start: 5 * s, End: 15 * s, Arrivals: 600, From: 20, To: 100},
		{Index: 2, Start: 15 * s, End: 16 * s},
		{Index: 3, Start: 16 * s, End: 26 * s, Arrivals: 1000, From: 100, To: 100},
		{Index: 4, Start: 26 * s, End: 34 * s, Arrivals: 80, From: 5, To: 15},
	}
	if diff := cmp.Diff(want, sched.Phases()); diff != "" {
		t.Errorf("phases (-want +got):\n%s", diff)
	}
	if got := sched.Busiest(s); got != 100 {
		t.Errorf("the busiest second has %d arrivals, want 100", got)
	}
	if got := sched.Rate(20 * s); got != 100 {
		t.Errorf("rate at 20 s is %v, want 100", got)
	}
	if got := sched.Rate(27 * s); math.Abs(got-15) > 1e-9 {
		t.Errorf("rate at the peak of the sine is %v, want 15", got)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// The schedule is a vegeta.Pacer: vegeta's own attacker, with a fake clock and target, makes exactly its hits, none
// early.
func TestVegetaAttackerKeepsTheSchedule(t *testing.T) {
	f := func(phases ...plan.Phase) {
		t.Helper()
		synctest.Test(t, func(t *testing.T) {
			sched := load.NewSchedule(phases, 1)
			client := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: http.StatusNoContent, Body: http.NoBody, Request: r}, nil
			})}
			attacker := vegeta.NewAttacker(vegeta.Client(client))
			targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: http.MethodGet, URL: "http://target.test/"})
			start := time.Now()
			var hits uint64
			for res := range attacker.Attack(targeter, sched, 0, "differential") {
				if res.Code != http.StatusNoContent {
					t.Fatalf("hit %d has code %d: %s", res.Seq, res.Code, res.Error)
				}
				if at, _ := sched.At(res.Seq); res.Timestamp.Sub(start) < at {
					t.Fatalf("hit %d came at %v, want not before %v", res.Seq, res.Timestamp.Sub(start), at)
				}
				hits++
			}
			if hits != sched.Total() {
				t.Errorf("vegeta made %d hits, want %d", hits, sched.Total())
			}
		})
	}
	f(rate(10*s, 10))
	f(ramp(5*s, 0, 10), pause(s), count(2*s, 9))
	f(rate(4*s, 0.5), ramp(10*s, 20, 100))
	f(rate(s, 5), sine(10*s, 10, 9.9, 4*s), sine(3*s, 4, 2, 2*s))
}

func BenchmarkScheduleAt(b *testing.B) {
	for name, phases := range map[string][]plan.Phase{
		"even": {rate(60*s, 10), ramp(300*s, 100, 1000), rate(600*s, 1000)},
		"sine": {sine(600*s, 1000, 900, 60*s)},
	} {
		b.Run(name, func(b *testing.B) {
			sched := load.NewSchedule(phases, 1)
			b.ReportAllocs()
			var k uint64
			for b.Loop() {
				sched.At(k % sched.Total())
				k += 997
			}
		})
	}
}
