package tally

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQuantileIsWithinTwoPercentOfBimodal(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, coldShare := range []float64{0.005, 0.03, 0.10} {
		var h Distribution
		values := make([]float64, 200_000)
		for i := range values {
			values[i] = 0.020 * math.Exp(r.NormFloat64()*0.4)
			if r.Float64() < coldShare {
				values[i] = 0.400 * math.Exp(r.NormFloat64()*0.3)
			}
			h.Add(int(math.Ceil(math.Log10(values[i])*perDecade))-1, 1)
		}
		slices.Sort(values)
		for _, phi := range []float64{0.5, 0.9, 0.95, 0.99} {
			exact := 1000 * values[int(phi*float64(len(values)))]
			if got := float64(h.Quantile(phi)); math.Abs(got/exact-1) > 0.02 {
				t.Errorf("cold %.1f %%: quantile(%g) = %.2f ms, exact %.2f", 100*coldShare, phi, got, exact)
			}
		}
	}
}

func TestDurationsOfZeroStayZero(t *testing.T) {
	var h Distribution
	h.Add(lowestBucket, 3) // a clock of whole milliseconds says 0 of most
	h.Add(-3*perDecade, 1)
	if p50, p99 := h.Quantile(0.5), h.Quantile(0.99); p50 != 0 || p99 < 1 {
		t.Errorf("p50 %v ms, p99 %v ms, want 0 and more than 1", p50, p99)
	}
}

func TestRangesHaveTheirBuckets(t *testing.T) {
	f := func(text string, want int, ok bool) {
		t.Helper()
		if got, gotOK := ParseRange(text); got != want || gotOK != ok {
			t.Errorf("parseRange(%q) = %d %t, want %d %t", text, got, gotOK, want, ok)
		}
	}
	f("1.000e-02...1.136e-02", -36, true)
	f("1.136e-02...1.292e-02", -35, true)
	f("1.000e+00...1.136e+00", 0, true)
	f("0...1.000e-09", lowestBucket, true)
	f("1.000e+06...+Inf", 6*perDecade, true)
	f("1.000e+18...+Inf", highestBucket, true)
	f("1.000e+07...1.136e+07", 7*perDecade, true)
	f("1.0", 0, false)
	f("x...y", 0, false)
	f("-1...0", 0, false)
}

func TestAnEdgeIsExact(t *testing.T) {
	var d Distribution
	if d.Edge(.95).OK() {
		t.Error("nothing has an edge")
	}
	for b := range 100 { // one in each bucket from 1 ms on
		d.Add(b-3*18, 1)
	}
	edge := float64(d.Edge(.95))
	if want := 1000 * math.Pow(10, (95-3*18)/18.); math.Abs(edge-want) > 1e-9*want {
		t.Errorf("edge %g ms, want %g", edge, want)
	}
	if n := d.Above(edge); math.Abs(n-5) > 1e-9 {
		t.Errorf("%g are above it, want 5", n)
	}
	var twice Distribution
	twice.MergeTimes(&d, 2)
	if n := twice.Above(edge); math.Abs(n-10) > 1e-9 || twice.Edge(.95) != d.Edge(.95) {
		t.Errorf("%g of twice as many are above it, want 10", n)
	}
}
