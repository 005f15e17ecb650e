package compare

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/text"
)

// resamples is how many times a run is drawn anew: enough for the ends of a 95 % interval and for Holm's levels of
// about 20 figures.
const resamples = 2000

// latencies compares rising quantiles of the response times of a step, or of all for "".
func latencies(step string, qs []float64, minEffect float64, baselines []*report.Report, run *report.Report) []change {
	random := rand.New(rand.NewPCG(1, uint64(len(step)))) //nolint:gosec // the same files give the same answer
	old, now := distribution.NewSample(blocksOf(step, baselines)...), distribution.NewSample(blocksOf(step,
		[]*report.Report{run})...)
	changes := make([]change, len(qs))
	base, present := old.Quantiles(qs, nil), now.Quantiles(qs, nil)
	drawn := make([][]float64, len(qs))
	for range resamples {
		b, p := old.Quantiles(qs, random), now.Quantiles(qs, random)
		for i := range qs {
			drawn[i] = append(drawn[i], p[i]/b[i]-1)
			changes[i].worse += countSmall(minEffect, p[i]/b[i]-1, p[i]-b[i])
			changes[i].better += countSmall(minEffect, 1-p[i]/b[i], b[i]-p[i])
		}
	}
	for i, q := range qs {
		ch := &changes[i]
		ch.Metric, ch.Step, ch.Verdict = fmt.Sprintf("response_time p%g", q*100), step, report.Same
		ch.Base, ch.New, ch.Change.Change = text.Round(base[i], 3), text.Round(present[i], 3), present[i]/base[i]-1
		slices.Sort(drawn[i])
		ch.Low, ch.High = drawn[i][resamples/40], drawn[i][resamples-1-resamples/40]
		ch.worse = (ch.worse + 1) / (resamples + 1)
		ch.better = (ch.better + 1) / (resamples + 1)
	}
	return changes
}

// countSmall is 1 for a change that is too small to count.
func countSmall(minEffect, relative, absolute float64) float64 {
	if relative > minEffect && absolute > minLatencyChange {
		return 0
	}
	return 1
}

// blocksOf are the response times of a step in the blocks of each run.
func blocksOf(step string, reports []*report.Report) [][]distribution.Counts {
	runs := make([][]distribution.Counts, len(reports))
	for i, r := range reports {
		for j := range r.Edgescope.Blocks {
			runs[i] = append(runs[i], r.Edgescope.Blocks[j].Counts(step))
		}
	}
	return runs
}
