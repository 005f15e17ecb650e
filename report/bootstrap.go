package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// resamples is how many times a run is drawn anew: enough for the ends of a 95 % interval and for Holm's levels of about 20
// figures.
const resamples = 2000

// resampled draws the response times of several runs anew, block by block. It holds the counts of every block over the
// buckets that any of them has.
type resampled struct {
	values []float64 // ms, of the buckets
	runs   [][][]cellCount
	sum    []uint64
}

type cellCount struct {
	cell int
	n    uint64
}

func newResampled(step string, reports ...*Report) *resampled {
	r := &resampled{}
	cells := cellsOf(step, reports)
	for i, index := range sortedKeys(cells) {
		cells[index] = i
		r.values = append(r.values, float64(bucketMiddle(index))/1e6)
	}
	for _, report := range reports {
		r.runs = append(r.runs, blocksOf(step, report, cells))
	}
	r.sum = make([]uint64, len(r.values))
	return r
}

func blocksOf(step string, report *Report, cells map[int]int) (blocks [][]cellCount) {
	for i := range report.Edgescope.Blocks {
		var block []cellCount
		for _, c := range report.Edgescope.Blocks[i].counts(step) {
			block = append(block, cellCount{cells[c.Index], c.N})
		}
		if len(block) > 0 {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

func cellsOf(step string, reports []*Report) map[int]int {
	cells := map[int]int{}
	for _, report := range reports {
		for i := range report.Edgescope.Blocks {
			for _, c := range report.Edgescope.Blocks[i].counts(step) {
				cells[c.Index] = 0
			}
		}
	}
	return cells
}

// quantilesOf are quantiles of the runs as they are (random nil) or of runs and blocks drawn with replacement.
func (r *resampled) quantilesOf(qs []float64, random *rand.Rand) []float64 {
	clear(r.sum)
	for i := range r.runs {
		blocks := r.runs[i]
		if random != nil {
			blocks = r.runs[random.IntN(len(r.runs))]
		}
		for j := range blocks {
			block := blocks[j]
			if random != nil {
				block = blocks[random.IntN(len(blocks))]
			}
			for _, c := range block {
				r.sum[c.cell] += c.n
			}
		}
	}
	return r.read(qs)
}

// read takes rising quantiles from the sum.
func (r *resampled) read(qs []float64) []float64 {
	var all uint64
	for _, n := range r.sum {
		all += n
	}
	out := make([]float64, 0, len(qs))
	var seen uint64
	for i, n := range r.sum {
		seen += n
		for len(out) < len(qs) && seen >= uint64(math.Ceil(qs[len(out)]*float64(all))) {
			out = append(out, r.values[i])
		}
	}
	return out
}

// latencies compares rising quantiles of the response times of a step, or of all for "".
func (c *Comparison) latencies(step string, qs []float64, baselines []*Report, run *Report) []Change {
	random := rand.New(rand.NewPCG(1, uint64(len(step)))) //nolint:gosec // the same files give the same answer
	old, now := newResampled(step, baselines...), newResampled(step, run)
	changes := make([]Change, len(qs))
	base, present := old.quantilesOf(qs, nil), now.quantilesOf(qs, nil)
	drawn := make([][]float64, len(qs))
	for range resamples {
		b, p := old.quantilesOf(qs, random), now.quantilesOf(qs, random)
		for i := range qs {
			drawn[i] = append(drawn[i], p[i]/b[i]-1)
			changes[i].worse += c.misses(p[i]/b[i]-1, p[i]-b[i])
			changes[i].better += c.misses(1-p[i]/b[i], b[i]-p[i])
		}
	}
	for i, q := range qs {
		ch := &changes[i]
		ch.Metric, ch.Step, ch.Verdict = fmt.Sprintf("response_time p%g", q*100), step, Same
		ch.Base, ch.New, ch.Change = round(base[i], 3), round(present[i], 3), present[i]/base[i]-1
		slices.Sort(drawn[i])
		ch.Low, ch.High = drawn[i][resamples/40], drawn[i][resamples-1-resamples/40]
		ch.worse = (ch.worse + 1) / (resamples + 1)
		ch.better = (ch.better + 1) / (resamples + 1)
	}
	return changes
}

// misses is 1 for a change that is too small to count.
func (c *Comparison) misses(relative, absolute float64) float64 {
	if relative > c.MinEffect && absolute > minLatencyChange {
		return 0
	}
	return 1
}
