package distribution_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edgescope/report/distribution"
)

func blockOf(ms ...float64) distribution.Counts {
	var h distribution.Histogram
	for _, one := range ms {
		h.Record(time.Duration(one * 1e6))
	}
	return h.Buckets().Counts
}

// Drawn as they are, a sample has the quantiles of all values together.
func TestSampleAsItIs(t *testing.T) {
	f := func(want []float64, runs ...[]distribution.Counts) {
		t.Helper()
		got := distribution.NewSample(runs...).Quantiles([]float64{0.25, 0.5, 1}, nil)
		same := func(a, b float64) bool { return a-b < 0.004*b && b-a < 0.004*b }
		if !slices.EqualFunc(got, want, same) {
			t.Errorf("%v, want %v within 0.4 %%", got, want)
		}
	}
	f([]float64{1, 2, 4}, []distribution.Counts{blockOf(1, 2), blockOf(3, 4)})
	f([]float64{1, 2, 4}, []distribution.Counts{blockOf(4, 3), nil, blockOf(2, 1)}) // nothing happened in a block
	f([]float64{1, 2, 4}, []distribution.Counts{blockOf(1, 2)}, []distribution.Counts{blockOf(3, 4)})
	f([]float64{7, 7, 7}, []distribution.Counts{blockOf(7)})
}

// Drawn anew, whole runs and blocks come or do not come: never single values.
func TestSampleDrawsBlocks(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	s := distribution.NewSample([]distribution.Counts{blockOf(1, 1, 1), blockOf(9, 9, 9)})
	seen := map[[2]float64]int{}
	for range 400 {
		q := s.Quantiles([]float64{0.001, 1}, random)
		seen[[2]float64{float64(int(q[0] + 0.5)), float64(int(q[1] + 0.5))}]++
	}
	// Two draws of two blocks: both the first, both the second, or one of each in half of the cases.
	for _, one := range [][2]float64{{1, 1}, {9, 9}, {1, 9}} {
		if seen[one] < 60 {
			t.Errorf("from %v to %v ms: %d of 400", one[0], one[1], seen[one])
		}
	}
	if len(seen) != 3 {
		t.Errorf("%v, want nothing else", seen)
	}
}

func TestSampleIsRepeatable(t *testing.T) {
	s := distribution.NewSample([]distribution.Counts{blockOf(1, 2, 3), blockOf(4, 5), blockOf(6)})
	draw := func(seed uint64) []float64 { return s.Quantiles([]float64{0.5, 0.95}, rand.New(rand.NewPCG(seed, 0))) }
	if a, b := draw(7), draw(7); !slices.Equal(a, b) {
		t.Errorf("the same seed gave %v and %v", a, b)
	}
}
