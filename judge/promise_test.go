package judge

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

const day = 24 * time.Hour

func TestThresholdsOfPeriods(t *testing.T) {
	for period, want := range map[time.Duration][4]float64{
		30 * day: {14.4, 6, 3, 1},
		28 * day: {13.44, 5.6, 2.8, .93},
		7 * day:  {3.36, 1.4, .7, .23},
	} {
		for i, r := range BurnRules {
			if got := r.Threshold(Promise{.999, period}); !near(got, want[i], .005) {
				t.Errorf("%s, rule %d: %v, want %v", period, i, got, want[i])
			}
		}
	}
	if got := BurnRules[0].Threshold(Promise{.9, 30 * day}); !near(got, 5, 1e-9) { // half of all, not 144 %
		t.Errorf("of a low target: %v, want 5", got)
	}
}

func TestBudget(t *testing.T) {
	p := Promise{.999, 30 * day}
	if left := p.Remaining(Share{250, 1_000_000}); !near(left, .75, 1e-9) {
		t.Errorf("%v left, want .75", left)
	}
	if left := p.Remaining(Share{}); left != 1 {
		t.Errorf("without events %v left, want all", left)
	}
	if burn := p.Burn(Share{}); !math.IsNaN(burn) {
		t.Errorf("without events it burns at %v", burn)
	}
	for _, c := range []struct {
		remaining, burn float64
		want            time.Duration
		ends            bool
	}{
		{1, 20, 36 * time.Hour, true},
		{.5, 1, 15 * day, true},
		{-.1, 1, 0, true},
		{1, 0, 0, false},
		{1, math.NaN(), 0, false},
		{1, 1e-9, 0, false},
	} {
		if got, ends := p.Lasts(c.remaining, c.burn); (got-c.want).Abs() > time.Millisecond || ends != c.ends {
			t.Errorf("%v at %v: got %s %v, want %s %v", c.remaining, c.burn, got, ends, c.want, c.ends)
		}
	}
}

// pages counts how often a page begins in thirty days of requests at a rate a second, of which a share is bad, each
// minute looked at; least is how many bad ones there must be.
func pages(r *rand.Rand, rate, share, least float64, minutes int) (begun, first int) {
	p, first := Promise{.999, 30 * day}, -1
	bad, all := make([]float64, minutes+1), make([]float64, minutes+1)
	told := false
	for m := range minutes {
		n := poisson(r, rate*60)
		bad[m+1], all[m+1] = bad[m]+poisson(r, n*share), all[m]+n
		since := func(d time.Duration) Share {
			from := max(0, m+1-int(d.Minutes()))
			return Share{bad[m+1] - bad[from], all[m+1] - all[from]}
		}
		tells := false
		for _, rule := range BurnRules[:2] {
			long := since(rule.Long)
			seen := long.K
			if least == 0 {
				seen = LeastBadEvents
			}
			tells = tells || rule.Tells(p, long, since(rule.Short), seen)
		}
		if tells && !told {
			if begun++; first < 0 {
				first = m
			}
		}
		told = tells
	}
	return begun, first
}

// poisson draws a number of events.
func poisson(r *rand.Rand, mean float64) float64 {
	if mean > 50 {
		return max(0, math.Round(mean+math.Sqrt(mean)*r.NormFloat64()))
	}
	n, p := 0.0, math.Exp(-mean)
	for left := r.Float64(); left > p; left *= r.Float64() {
		n++
	}
	return n
}

// TestAFewBadEventsWakeNobody holds that a service that keeps its promise exactly is not paged for, which it would be
// each day without the least number of bad events; and that one that does not is.
func TestAFewBadEventsWakeNobody(t *testing.T) {
	const month, runs = 30 * 24 * 60, 10
	gated, without := 0, 0
	for seed := range uint64(runs) {
		n, _ := pages(rand.New(rand.NewPCG(seed, 3)), .02, .001, LeastBadEvents, month)
		gated += n
		n, _ = pages(rand.New(rand.NewPCG(seed, 3)), .02, .001, 0, month)
		without += n
	}
	t.Logf("pages a month: %.2f, without a least number %.1f", float64(gated)/runs, float64(without)/runs)
	if gated > 2 || without < 10*runs {
		t.Errorf("%d pages in %d months, want at most 2; without a least number %d, want hundreds", gated, runs, without)
	}
	var delays []float64
	for seed := range uint64(50) {
		_, first := pages(rand.New(rand.NewPCG(seed, 4)), .1, .05, LeastBadEvents, 180)
		if delays = append(delays, float64(first)); first < 0 {
			t.Fatal("5 % errors are never told")
		}
	}
	if m := median(delays); m > 30 {
		t.Errorf("5 %% errors are told after %v minutes", m)
	}
}
