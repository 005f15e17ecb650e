package judge

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// near tells whether two numbers agree to within d.
func near(got, want, d float64) bool {
	return math.Abs(got-want) <= d || math.IsNaN(got) && math.IsNaN(want) || got == want
}

func TestSharesAsNumbers(t *testing.T) {
	f := func(name string, got, want, d float64) {
		t.Helper()
		if !near(got, want, d) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	f("angle of 57 of 600", Share{57, 600}.Angle(), 0.6284, 5e-5)
	f("angle of all", Share{10, 10}.Angle()+Share{0, 10}.Angle(), math.Pi, 1e-12) // the two ends are symmetric
	f("noise", Share{57, 600}.Noise(), 1/600.5, 0)
	f("z of 57 of 600", Norm{Middle: 0.4510, Restless: 0.03 * 0.03}.Z(Share{57, 600}), 3.50, 5e-3)
	f("z of too few", Norm{}.Z(Share{49, 49}), math.NaN(), 0)
	f("one of three of 2 %", Share{1, 3}.Shrink(0.02), 0.0377, 5e-5)
	f("share of nothing", Share{}.Ratio(), math.NaN(), 0)
	for _, w := range []struct{ k, n, low, high float64 }{
		{1, 3, .0615, .7923},
		{300, 900, .3033, .3648},
		{0, 0, 0, 1},
		{0, 10, 0, .2775}, // 3.8416/13.8416
		{10, 10, .7225, 1},
	} {
		low, high := Share{w.k, w.n}.Wilson()
		f("low", low, w.low, 5e-5)
		f("high", high, w.high, 5e-5)
	}
}

func TestTail(t *testing.T) {
	f := func(k, n int, p, want float64) {
		t.Helper()
		if got := Tail(k, n, p); !near(got, want, 5e-5) {
			t.Errorf("P(X >= %d) of %d at %v: got %v, want %v", k, n, p, got, want)
		}
	}
	f(1, 10, .0144, .1350)
	f(2, 10, .0144, .0086)
	f(22, 1000, .0144, .0362)
	f(0, 10, .5, 1)
	f(11, 10, .5, 0)
	f(5, 10, 0, 0)
	f(10, 10, 1, 1)
	f(10, 10, .5, 1.0/1024)
	f(1, 1_000_000, 1e-6, 1-math.Exp(-1))
	f(500_000, 1_000_000, .5, 0.5004)
}

// TestTailsAddUp compares with a sum of the whole distribution.
func TestTailsAddUp(t *testing.T) {
	for _, p := range []float64{.01, .3, .5, .97} {
		below := 0.0
		for k := range 41 {
			if got := Tail(k, 40, p); !near(got, 1-below, 1e-12) {
				t.Errorf("P(X >= %d) at %v: got %v, want %v", k, p, got, 1-below)
			}
			choose := 1.0
			for i := range k {
				choose *= float64(40-i) / float64(i+1)
			}
			below += choose * math.Pow(p, float64(k)) * math.Pow(1-p, float64(40-k))
		}
	}
}

func TestErlang(t *testing.T) {
	f := func(c int, a, wantB, wantC float64) {
		t.Helper()
		if b, w := ErlangB(c, a), ErlangC(c, a); !near(b, wantB, 5e-5) || !near(w, wantC, 5e-5) {
			t.Errorf("%d instances, load %v: got %v and %v, want %v and %v", c, a, b, w, wantB, wantC)
		}
	}
	f(5, 3, .1101, .2362)
	f(10, 8, .1217, .4092)
	f(0, 2, 1, 1)
	f(3, 0, 0, 0)
	f(8, 2, .00086, .00114)
	f(2, 3, 9.0/17, 1)
	if b := ErlangB(10_000, 9_900); !(b > 0 && b < .01) { // factorials would be infinite
		t.Errorf("10,000 instances: %v", b)
	}
}

// TestKeptInstancesSufficeAsOftenAsErlangSays compares with a pool of kept instances: requests that come at random find
// all busy as often as ErlangB says, and those that come in bursts more often, so that it is a lower bound.
func TestKeptInstancesSufficeAsOftenAsErlangSays(t *testing.T) {
	overflow := func(c int, a float64, burst int) float64 {
		r := rand.New(rand.NewPCG(3, 1))
		free := make([]float64, c) // when each instance is
		at, over, n := 0.0, 0, 0
		for n < 300_000 {
			at += r.ExpFloat64() * float64(burst) / a
			for range burst {
				n++
				i := slices.IndexFunc(free, func(f float64) bool { return f <= at })
				if i < 0 {
					over++
					continue
				}
				free[i] = at + r.ExpFloat64()
			}
		}
		return float64(over) / float64(n)
	}
	for c, a := range map[int]float64{5: 3, 8: 2, 10: 8} {
		want := ErlangB(c, a)
		if got := overflow(c, a, 1); !near(got, want, .003) {
			t.Errorf("%d instances, load %v: %v find all busy, want %v", c, a, got, want)
		}
		if got := overflow(c, a, 3); got < want {
			t.Errorf("%d instances, load %v in bursts: %v find all busy, want more than %v", c, a, got, want)
		}
	}
}

func TestMonotone(t *testing.T) {
	f := func(ys, weights, want []float64) {
		t.Helper()
		if got := Monotone(ys, weights); !slices.Equal(got, want) {
			t.Errorf("%v by %v: got %v, want %v", ys, weights, got, want)
		}
	}
	f(nil, nil, []float64{})
	f([]float64{0, 0, 1, 1}, []float64{1, 1, 1, 1}, []float64{0, 0, 1, 1})
	f([]float64{1, 0}, []float64{1, 3}, []float64{.25, .25})
	f([]float64{0, 1, 0, 1}, []float64{1, 1, 1, 1}, []float64{0, .5, .5, 1})
	f([]float64{1, 1, 0, 0}, []float64{1, 1, 1, 1}, []float64{.5, .5, .5, .5})
}

func TestRisk(t *testing.T) {
	f := func(group, others Share, ratio float64) RiskRatio {
		t.Helper()
		r := Risk(group, others)
		if !near(r.Ratio, ratio, .005*ratio) {
			t.Errorf("%v against %v: got %v, want %v", group, others, r.Ratio, ratio)
		}
		return r
	}
	f(Share{240, 800}, Share{160, 9200}, 17.2)
	f(Share{260, 2000}, Share{140, 8000}, 7.43)
	f(Share{220, 260}, Share{180, 9740}, 45.8)
	if r := f(Share{250, 5000}, Share{150, 5000}, 1.67); !near(r.Low(Z(.05/123/2)), 1.17, .02) || r.High(1) <= r.Ratio {
		t.Errorf("lower bound %v, want 1.17", r.Low(Z(.05/123/2)))
	}
	f(Share{0, 10}, Share{1, 10}, math.NaN())
	f(Share{1, 10}, Share{0, 10}, math.NaN())
	f(Share{}, Share{1, 10}, math.NaN())
	for k, want := range map[float64]float64{100: 3.48, 500: 3.89} { // both sides
		if z := Z(.05 / k / 2); !near(z, want, .005) {
			t.Errorf("%v tests: z %v, want %v", k, z, want)
		}
	}
}

func TestDistribution(t *testing.T) {
	buckets := []Bucket{{0, 10, 50}, {10, 20, 30}, {20, math.Inf(1), 20}}
	for x, want := range map[float64]float64{-1: 1, 0: 1, 5: .75, 10: .5, 15: .35, 20: .2, 30: .1} {
		if got := Exceed(buckets, x); !near(got, want, 1e-12) {
			t.Errorf("above %v: got %v, want %v", x, got, want)
		}
	}
	if got := Exceed(nil, 1); !math.IsNaN(got) {
		t.Errorf("of nothing: got %v", got)
	}
	if low, high := QuantileRanks(400, .95); !near(low, 371.5, .05) || !near(high, 388.5, .05) {
		t.Errorf("ranks %v to %v, want 371.5 to 388.5", low, high)
	}
	if low, high := QuantileRanks(5, .95); low < 0 || high != 5 {
		t.Errorf("ranks of five: %v to %v", low, high)
	}
	if q := UpperQuantile(2000, .99); !near(q, .9944, 5e-5) {
		t.Errorf("upper quantile %v, want .9944", q)
	}
	if UpperQuantile(0, .99) != 1 || UpperQuantile(10, .99) != 1 {
		t.Error("few values: want the greatest")
	}
}

func TestNormsNeedAPast(t *testing.T) {
	past := slices.Repeat([]Share{{5, 100}}, 19)
	if _, ok := NormOf(append(past, Share{5, 19})); ok {
		t.Error("nineteen buckets that count make a norm")
	}
	n, ok := NormOf(append(past, Share{5, 20}))
	if !ok || !near(n.Share(), .05, .005) || n.Restless != 0 {
		t.Errorf("got %+v %v, want a norm of 5 %% that is calm", n, ok)
	}
}

func TestSince(t *testing.T) {
	calm, bad := Share{5, 100}, Share{15, 100}
	f := func(want int, buckets ...Share) {
		t.Helper()
		if got := Since(buckets); got != want {
			t.Errorf("%v: got %d, want %d", buckets, got, want)
		}
	}
	f(3, calm, calm, calm, bad, bad)
	f(3, calm, Share{}, calm, bad, bad, bad)
	f(1, bad, calm, calm, calm)
	f(0, calm, calm, calm)
	f(0, Share{}, Share{})
	f(0)
}
