package wasmbench

import (
	"math"
	"math/rand/v2"
	"slices"
)

// confidence is that of every interval here.
const (
	tail      = 0.025 // outside either end of an interval of 95 %
	resamples = 2000  // of a bootstrap: its ends then move by about a twentieth of the interval's width
)

// Estimate is a ratio with its 95 % interval; greater than 1 means that the engine is faster than its baseline.
type Estimate struct {
	Ratio float64
	CI    [2]float64
}

// Contains tells whether the interval holds the value, its ends included.
func (e Estimate) Contains(v float64) bool { return e.CI[0] <= v && v <= e.CI[1] }

// NewEstimate makes an estimate of the natural logarithms of paired ratios, one list per generation of processes;
// together they are at least one. The ratio is the exponential of their median. The interval is the hull of up to
// three:
//
//   - a bootstrap of the median, which draws generations and then rounds within them: it excludes the truth in 5 to 7 %
//     of simulated runs of 10 rounds, too often;
//   - order statistics (the 2nd and 9th of 10, the 10th and 21st of 30), which exclude it in 2 to 4 %;
//   - with two generations or more, Student's t of their medians: a process has a bias of its own, of about 1 %, that
//     more rounds in it don't lessen.
//
// Equal seeds give equal intervals.
func NewEstimate(generations [][]float64, seed uint64) Estimate {
	all := slices.Sorted(slices.Values(slices.Concat(generations...)))
	low, high := bootstrap(generations, rand.New(rand.NewPCG(seed, uint64(len(all)))))
	widen := func(l, h float64) { low, high = min(low, l), max(high, h) }
	widen(orderStatistics(all))
	if len(generations) > 1 {
		widen(betweenGenerations(generations))
	}
	return Estimate{Ratio: math.Exp(medianOf(all)), CI: [2]float64{math.Exp(low), math.Exp(high)}}
}

// medianOf is the median of sorted values.
func medianOf(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// median sorts a copy.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	return medianOf(slices.Sorted(slices.Values(values)))
}

// quantile is the value below which a share p of the values lies (the nearest rank); 0 of none.
func quantile(values []float64, p float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(0, int(math.Ceil(p*float64(len(sorted))))-1)]
}

// bootstrap is the percentile interval of the median.
func bootstrap(generations [][]float64, rng *rand.Rand) (low, high float64) {
	medians := make([]float64, resamples)
	var drawn []float64
	for i := range medians {
		drawn = drawn[:0]
		for range generations {
			from := generations[rng.IntN(len(generations))]
			for range from {
				drawn = append(drawn, from[rng.IntN(len(from))])
			}
		}
		slices.Sort(drawn)
		medians[i] = medianOf(drawn)
	}
	slices.Sort(medians)
	last := float64(len(medians) - 1)
	return medians[int(tail*last)], medians[int(math.Ceil((1-tail)*last))]
}

// orderStatistics is the narrowest symmetric interval between two of the sorted values that holds the median of their
// distribution, whatever that is, in 95 % of cases; with fewer than six values it is their range.
func orderStatistics(sorted []float64) (low, high float64) {
	n := len(sorted)
	// below is the probability that at most k of n fair coins show heads.
	k, probability := 0, math.Pow(0.5, float64(n))
	below := probability
	for {
		probability *= float64(n-k) / float64(k+1)
		below += probability
		if below > tail || k+1 >= n/2 {
			break
		}
		k++
	}
	return sorted[k], sorted[n-1-k]
}

// student has the 97.5 % points of Student's t for 1 to 9 degrees of freedom; more than that use the last, which is
// wider than theirs.
var student = [...]float64{12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262}

// betweenGenerations is the interval of the mean of the generations' medians.
func betweenGenerations(generations [][]float64) (low, high float64) {
	n := float64(len(generations))
	medians := make([]float64, len(generations))
	var mean, squares float64
	for i, g := range generations {
		medians[i] = median(g)
		mean += medians[i] / n
	}
	for _, m := range medians {
		squares += (m - mean) * (m - mean)
	}
	half := student[min(len(generations)-1, len(student))-1] * math.Sqrt(squares/(n-1)/n)
	return mean - half, mean + half
}
