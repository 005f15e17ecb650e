// Package compare judges a run against one or several baselines, by their distributions.
package compare

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/sums"
	"edgescope/report/text"
)

// DefaultMinEffect is the least relative change of a latency that counts.
const DefaultMinEffect = 0.05

const (
	// minLatencyChange is the least absolute change of a latency that counts, in milliseconds.
	minLatencyChange = 1
	// minErrorChange is the least change of the share of failed requests that counts.
	minErrorChange = 0.005
	// A run that is shorter or smaller than this says too little to be compared.
	minCompareLength  = 30 * time.Second
	minCompareSamples = 1000
	// minTail is how many values must lie above a quantile for it to be judged.
	minTail = 100
	// maxColdDifference is by how much the shares of new connections may differ.
	maxColdDifference = 0.2
)

// Runs judges a run against baselines. Latencies are compared by a block bootstrap (blocks of 5 s or more, since
// neighbouring seconds resemble each other; of several baselines runs are drawn first, then their blocks), failed
// requests by a two-proportion interval. A change counts when its 95 % interval lies beyond the minimum effect and
// beyond 1 ms, at a level that Holm's procedure divides among all figures. minEffect is relative; 0 means
// DefaultMinEffect. The same files always give the same comparison.
func Runs(baselines []*report.Report, run *report.Report, minEffect float64) *report.Comparison {
	if minEffect <= 0 {
		minEffect = DefaultMinEffect
	}
	c := &report.Comparison{Verdict: report.Same, MinEffect: minEffect}
	for _, b := range baselines {
		r := &b.Edgescope.Run
		c.Baselines = append(c.Baselines, report.Baseline{
			ID: r.ID, Name: r.Name, Commit: r.Commit, Target: r.Target,
			Started: r.Started,
		})
		c.Reasons = append(c.Reasons, differences(b, run)...)
		c.Notes = append(c.Notes, notes(b, run)...)
	}
	c.Reasons, c.Notes = unique(c.Reasons), unique(c.Notes)
	if len(c.Reasons) > 0 || len(baselines) == 0 {
		c.Verdict = report.NotComparable
		return c
	}
	judge(c, baselines, run)
	return c
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// change is a figure's change with the one-sided p values of one of at least the minimum effect.
type change struct {
	report.Change
	worse, better float64
}

func judge(c *report.Comparison, baselines []*report.Report, run *report.Report) {
	quantiles := []float64{0.5, 0.95}
	enough := func(q float64) bool {
		need := uint64(math.Ceil(minTail / (1 - q)))
		return !slices.ContainsFunc(append(slices.Clip(baselines), run),
			func(r *report.Report) bool { return samples(r, "") < need })
	}
	if enough(0.99) {
		quantiles = append(quantiles, 0.99)
	} else {
		c.Notes = append(c.Notes, "p99 is not judged: it needs 10,000 requests in each run")
	}
	changes := latencies("", quantiles, c.MinEffect, baselines, run)
	for _, step := range commonSteps(baselines, run) {
		changes = append(changes, latencies(step, []float64{0.95}, c.MinEffect, baselines, run)...)
	}
	changes = append(changes, failures(baselines, run))
	holm(changes, report.Worse, func(ch *change) float64 { return ch.worse })
	holm(changes, report.Better, func(ch *change) float64 { return ch.better })
	for i := range changes {
		c.Changes = append(c.Changes, changes[i].Change)
	}
	has := func(v string) bool {
		return slices.ContainsFunc(c.Changes, func(ch report.Change) bool { return ch.Verdict == v })
	}
	switch {
	case has(report.Worse):
		c.Verdict = report.Worse
	case has(report.Better):
		c.Verdict = report.Better
	}
}

// holm marks the changes that hold at a one-sided level of 2.5 % for all of them together (Holm 1979).
func holm(changes []change, verdict string, p func(*change) float64) {
	order := make([]*change, len(changes))
	for i := range changes {
		order[i] = &changes[i]
	}
	slices.SortStableFunc(order, func(a, b *change) int { return cmp.Compare(p(a), p(b)) })
	for i, ch := range order {
		if p(ch) > 0.025/float64(len(order)-i) {
			return
		}
		ch.Verdict = verdict
	}
}

// samples is how many response times a report has, of one step or of all.
func samples(r *report.Report, step string) (n uint64) {
	for i := range r.Edgescope.Blocks {
		n += r.Edgescope.Blocks[i].Counts(step).Total()
	}
	return n
}

// commonSteps are the steps that all runs have often enough, unless there is but one.
func commonSteps(baselines []*report.Report, run *report.Report) []string {
	var steps []string
	if len(run.Edgescope.Steps) < 2 {
		return nil
	}
	for _, step := range slices.Sorted(maps.Keys(run.Edgescope.Steps)) {
		rare := func(r *report.Report) bool { return samples(r, step) < minCompareSamples }
		if !rare(run) && !slices.ContainsFunc(baselines, rare) {
			steps = append(steps, step)
		}
	}
	return steps
}

// failures compares the shares of failed requests by the interval of Agresti and Caffo (2000), which holds for small
// counts.
func failures(baselines []*report.Report, run *report.Report) change {
	count := func(reports ...*report.Report) (failed, all float64) {
		for _, r := range reports {
			for _, b := range r.Edgescope.Blocks {
				failed += float64(b.Errors)
				all += float64(b.Requests)
			}
		}
		return failed, all
	}
	x1, n1 := count(baselines...)
	x2, n2 := count(run)
	c := change{Change: report.Change{
		Metric: report.ErrorRate, Base: x1 / max(n1, 1), New: x2 / max(n2, 1),
		Verdict: report.Same,
	}}
	p1, p2 := (x1+1)/(n1+2), (x2+1)/(n2+2)
	spread := math.Sqrt(p1*(1-p1)/(n1+2) + p2*(1-p2)/(n2+2))
	const z = 1.96
	c.Change.Change, c.Low, c.High = c.New-c.Base, p2-p1-z*spread, p2-p1+z*spread
	c.worse = tail((p2 - p1 - minErrorChange) / spread)
	c.better = tail((p1 - p2 - minErrorChange) / spread)
	return c
}

// tail is the chance of a standard normal value above z.
func tail(z float64) float64 { return math.Erfc(z/math.Sqrt2) / 2 }

// differences are the reasons why a run must not be compared with a baseline.
func differences(base, run *report.Report) []string {
	var reasons []string
	add := func(differs bool, format string, args ...any) {
		if differs {
			reasons = append(reasons, fmt.Sprintf(format, args...))
		}
	}
	b, r := &base.Edgescope, &run.Edgescope
	reasons = append(reasons, Plans(base, run)...)
	for _, e := range []*report.Edgescope{b, r} {
		which := map[bool]string{true: "baseline", false: "new run"}[e == b]
		add(e.Run.Verdict != edge.VerdictPassed && e.Run.Verdict != edge.VerdictFailed, "the %s is %s", which,
			e.Run.Verdict)
		add(e.Segment != nil, "the %s is segment %v only: merge the segments first", which, e.Segment)
	}
	for which, one := range map[string]*report.Report{"baseline": base, "new run": run} {
		nothing := one.Hollow()
		add(nothing != "" && one.Aggregate.Counters["vusers.created"] > 0, "the %s shows nothing of its target (%s)", which, nothing)
		length := lengthOf(one)
		add(length < minCompareLength, "the %s lasted %v, want at least %v", which, length, minCompareLength)
		n := samples(one, "")
		add(n < minCompareSamples, "the %s has %d complete answers, want at least %d", which, n, minCompareSamples)
	}
	cold, coldNew := coldShare(base), coldShare(run)
	add(math.Abs(cold-coldNew) > maxColdDifference, "%.0f %% of the requests went over new connections, %.0f %% before",
		100*coldNew, 100*cold)
	slices.Sort(reasons)
	return reasons
}

// Plans returns the reasons why a run that is about to start, planned, could not be compared with a baseline: another
// script, another load, or one that is made otherwise.
func Plans(base, planned *report.Report) []string {
	var reasons []string
	b, p := &base.Edgescope, &planned.Edgescope
	if b.ScriptHash != p.ScriptHash {
		reasons = append(reasons, fmt.Sprintf("the scripts differ (%s and %s)", text.Shorten(b.Run.Script, 40),
			text.Shorten(p.Run.Script, 40)))
	}
	if !slices.Equal(loadOf(b.Run.Phases), loadOf(p.Run.Phases)) {
		reasons = append(reasons, fmt.Sprintf("the loads differ: %s against %s", loadText(b.Run.Phases),
			loadText(p.Run.Phases)))
	}
	if b.Environment.Kind() != p.Environment.Kind() {
		reasons = append(reasons, fmt.Sprintf("the load was made otherwise: %s against %s", b.Environment,
			p.Environment))
	}
	return reasons
}

// loadOf is what of the phases decides how much is sent: their names do not.
func loadOf(phases []edge.RunPhase) []edge.RunPhase {
	out := slices.Clone(phases)
	for i := range out {
		out[i].Name = ""
	}
	return out
}

func loadText(phases []edge.RunPhase) string {
	var users int64
	var length float64
	for _, p := range phases {
		users += p.Arrivals
		length += p.Duration
	}
	return fmt.Sprintf("%s users in %d phases of %s s", text.Grouped(users), len(phases),
		text.Decimal(text.Round(length, 1)))
}

// lengthOf is the planned length of the run, or its real one if that is longer.
func lengthOf(r *report.Report) time.Duration {
	var planned float64
	for _, p := range r.Edgescope.Run.Phases {
		planned += p.Duration
	}
	real := time.Duration(r.Aggregate.LastMetricAt-r.Aggregate.FirstMetricAt) * time.Millisecond
	return max(time.Duration(planned*float64(time.Second)), real).Round(time.Second)
}

func coldShare(r *report.Report) float64 {
	cold, all := r.Edgescope.Series[sums.SeriesResponse+sums.Cold], r.Edgescope.Series[sums.SeriesResponse]
	return float64(cold.Counts.Total()) / max(float64(all.Counts.Total()), 1)
}

// notes tell what differs between two runs that are compared all the same.
func notes(base, run *report.Report) []string {
	b, r := &base.Edgescope, &run.Edgescope
	notes := environmentNotes(&b.Environment, &r.Environment)
	if b.Run.Target != r.Run.Target {
		notes = append(notes, fmt.Sprintf("the targets differ: %s and %s", b.Run.Target, r.Run.Target))
	}
	if b.Seed != r.Seed {
		notes = append(notes, "the seeds differ: users took other rows and scenarios")
	}
	if max(b.Segments, 1) != max(r.Segments, 1) {
		notes = append(notes, fmt.Sprintf("the load came from %d and %d processes", max(b.Segments, 1),
			max(r.Segments, 1)))
	}
	return notes
}

// environmentNotes tell what of two environments differs without making them another kind.
func environmentNotes(e, o *report.Environment) []string {
	const unknown = "unknown"
	var notes []string
	if e.Processor != o.Processor {
		notes = append(notes, fmt.Sprintf("the processors differ: %s and %s", cmp.Or(e.Processor, unknown),
			cmp.Or(o.Processor, unknown)))
	}
	if e.Loadgen != o.Loadgen {
		notes = append(notes, fmt.Sprintf("loadgen differs: version %s and %s", cmp.Or(e.Loadgen, unknown),
			cmp.Or(o.Loadgen, unknown)))
	}
	return notes
}
