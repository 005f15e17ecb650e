package wasmbench

import (
	"math"
	"math/rand/v2"
	"testing"

	"edgescope/edge"
)

// simulate makes the logarithms of paired ratios as busy machines give them: a truth, a bias for each generation of
// processes, and heavy-tailed noise for each round.
func simulate(rng *rand.Rand, generations, rounds int, truth, bias float64) [][]float64 {
	out := make([][]float64, generations)
	for g := range out {
		shift := truth + bias*rng.NormFloat64()
		for range rounds / generations {
			noise := 0.01 * rng.NormFloat64()
			if rng.Float64() < 0.2 {
				noise *= 10
			}
			out[g] = append(out[g], shift+noise)
		}
	}
	return out
}

// TestIntervalsHoldTheTruth runs many simulated comparisons, among them A/A ones (the ratio is 1): at most 5 % of the
// intervals may miss.
func TestIntervalsHoldTheTruth(t *testing.T) {
	const runs = 150
	f := func(generations, rounds int, truth, bias float64) {
		t.Helper()
		rng := rand.New(rand.NewPCG(42, uint64(generations*rounds)))
		missed := 0
		for range runs {
			e := NewEstimate(simulate(rng, generations, rounds, math.Log(truth), bias), 7)
			if !e.Contains(truth) {
				missed++
			}
		}
		// The limit is three standard deviations of the count above 5 %.
		if limit := runs/20 + 8; missed > limit {
			t.Errorf("%d generations, %d rounds, ratio %v, bias %v: %d of %d intervals miss it, want at most %d",
				generations, rounds, truth, bias, missed, runs, limit)
		}
	}
	f(1, 10, 1, 0)
	f(3, 30, 1, 0.01)
	f(5, 20, 7, 0.02)
}

// TestOneGenerationDoesNotCoverTheBiasOfProcesses is why generations exist, and why the table says so when there is
// one.
func TestOneGenerationDoesNotCoverTheBiasOfProcesses(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	missed := 0
	for range 100 {
		if e := NewEstimate(simulate(rng, 1, 30, 0, 0.02), 7); !e.Contains(1) {
			missed++
		}
	}
	if missed < 20 {
		t.Errorf("%d of 100 intervals miss 1 although processes differ by 2 %%: want many", missed)
	}
}

// TestADifferenceShows: an interval that holds everything would pass the test above.
func TestADifferenceShows(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		e := NewEstimate(simulate(rng, 3, 30, math.Log(1.2), 0.005), 7)
		if e.Contains(1) || e.Ratio < 1.1 || e.Ratio > 1.3 {
			t.Fatalf("a ratio of 1.2 gives %+v", e)
		}
	}
}

func TestOrderStatistics(t *testing.T) {
	f := func(n, low, high int) {
		t.Helper()
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(i + 1)
		}
		if l, h := orderStatistics(values); l != float64(low) || h != float64(high) {
			t.Errorf("of %d: the %vth and the %vth, want the %dth and the %dth", n, l, h, low, high)
		}
	}
	// Tables of the sign test at 95 %.
	f(1, 1, 1)
	f(5, 1, 5)
	f(6, 1, 6)
	f(9, 2, 8)
	f(10, 2, 9)
	f(20, 6, 15)
	f(30, 10, 21)
	f(100, 40, 61)
}

func TestEqualSeedsGiveEqualIntervals(t *testing.T) {
	values := simulate(rand.New(rand.NewPCG(5, 6)), 3, 30, 0, 0.01)
	if a, b := NewEstimate(values, 1), NewEstimate(values, 1); a != b {
		t.Errorf("%+v, then %+v", a, b)
	}
}

func TestEstimateOfFewRounds(t *testing.T) {
	f := func(want float64, generations ...[]float64) {
		t.Helper()
		e := NewEstimate(generations, 1)
		if math.Abs(e.Ratio-want) > 1e-12 || !e.Contains(e.Ratio) || math.IsNaN(e.CI[0]+e.CI[1]) {
			t.Errorf("%v: %+v, want the ratio %v inside its interval", generations, e, want)
		}
	}
	f(1, []float64{0})
	f(math.E, []float64{1, 1})
	f(math.Exp(0.5), []float64{0, 1})
	f(1, []float64{-1, 1, 0})
	f(1, []float64{-1}, []float64{1})
}

func TestQuantiles(t *testing.T) {
	got := newQuantiles([]float64{5, 1, 4, 2, 3, 6, 7, 8, 9, 10})
	if want := (edge.BenchQuantiles{Count: 10, Min: 1, P50: 5, P90: 9, Max: 10}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := newQuantiles(nil); got != (edge.BenchQuantiles{}) {
		t.Errorf("of nothing: %+v", got)
	}
}

func TestStable(t *testing.T) {
	f := func(want bool, took ...float64) {
		t.Helper()
		if got := isStable(took); got != want {
			t.Errorf("%v is stable: %v, want %v", took, got, want)
		}
	}
	f(false)
	f(false, 1, 1)
	f(true, 1, 1, 1)
	f(true, 9, 100, 101, 102)
	f(false, 100, 101, 103)
}

func TestSharesAddUp(t *testing.T) {
	for _, parts := range []int{1, 2, 3, 7} {
		sum := 0
		for i := range parts {
			n := share(10, parts, i)
			if n < 10/parts || n > 10/parts+1 {
				t.Errorf("part %d of %d has %d of 10", i, parts, n)
			}
			sum += n
		}
		if sum != 10 {
			t.Errorf("%d parts have %d of 10", parts, sum)
		}
	}
}
