// Package merge makes one run of the reports of all its segments.
package merge

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/report"
	"edgescope/report/distribution"
	"edgescope/report/sums"
	"edgescope/scenarios/condition"
	"edgescope/scenarios/plan"
)

// maxStartSpread is by how much the segments of a run may have started apart.
const maxStartSpread = time.Second

// Reports makes one run of the reports of all its segments, in any order: counters are added, distributions too, and
// thresholds, expectations and health are judged on the sum, as if one process had run it all. A missing or doubled
// segment, or one of another run, is an error. Points over time are as long as the segments' blocks. The segments stay
// as they are.
func Reports(segments []*report.Report) (*report.Report, error) {
	segments = slices.Clone(segments)
	if err := complete(segments); err != nil {
		return nil, err
	}
	slices.SortFunc(segments, func(a, b *report.Report) int {
		return a.Edgescope.Segment.Index - b.Edgescope.Segment.Index
	})
	m := &merger{segments: segments, first: &segments[0].Edgescope}
	return m.merge()
}

// complete makes sure that every segment of one run is there once.
func complete(segments []*report.Report) error {
	var errs []error
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(segments) == 0 {
		return errors.New("no segment is given")
	}
	first := &segments[0].Edgescope
	seen := map[int]int{}
	for i, s := range segments {
		e := &s.Edgescope
		if e.Segment == nil {
			fault("report %d is of a whole run, not of a segment", i+1)
			continue
		}
		seen[e.Segment.Index]++
		switch {
		case first.Segment != nil && e.Segment.Count != first.Segment.Count:
			fault("segment %v is of another division than %v", e.Segment, first.Segment)
		case e.ScriptHash != first.ScriptHash:
			fault("segment %v ran another script", e.Segment)
		case e.Seed != first.Seed:
			fault("segment %v has seed %d, not %d", e.Segment, e.Seed, first.Seed)
		case len(e.Windows) != len(s.Intermediate):
			fault("segment %v has %d windows for %d periods", e.Segment, len(e.Windows), len(s.Intermediate))
		}
	}
	if first.Segment != nil {
		for i := range first.Segment.Count {
			if n := seen[i]; n != 1 {
				fault("segment %d/%d is there %d times", i, first.Segment.Count, n)
			}
		}
	}
	return errors.Join(errs...)
}

type merger struct {
	segments []*report.Report
	first    *report.Edgescope
}

func (m *merger) merge() (*report.Report, error) {
	total, windows := m.tallies()
	r := report.New()
	r.Aggregate, r.Intermediate = sums.NewAggregate(windows.last, total), windows.periods
	e := &r.Edgescope
	e.Seed, e.ScriptHash, e.Environment, e.Ensure = m.first.Seed, m.first.ScriptHash, m.first.Environment, m.first.Ensure
	e.Segments, e.Series = len(m.segments), distribution.AllBuckets(total.Histograms)
	e.Failed, e.Blocks, e.Allow = m.failed(), m.blocks(), m.first.Allow
	var prices [][]sums.Price
	for _, s := range m.segments {
		e.Answers = e.Answers.Plus(s.Edgescope.Answers)
		prices = append(prices, s.Edgescope.Prices)
	}
	e.Prices = sums.AddPrices(prices...)
	e.Run = m.run(&r.Aggregate)
	total.SetQuantiles(&e.Run)
	e.Run.Steps, e.Steps = m.parts(func(e *report.Edgescope) ([]edge.RunPart, map[string]distribution.Buckets) {
		return e.Run.Steps, e.Steps
	})
	e.Run.Regions, e.Regions = m.parts(func(e *report.Edgescope) ([]edge.RunPart, map[string]distribution.Buckets) {
		return e.Run.Regions, e.Regions
	})
	e.Run.Points = pointsOf(e.Blocks)
	checks, err := m.checks()
	if err != nil {
		return nil, err
	}
	v := m.judge(r, checks, windows.lag)
	e.Health, e.Checks = v.Health, v.Checks
	v.Conclude(&e.Run, e.Run.Updated)
	return r, nil
}

// mergedWindows are the windows of all segments, added by their time.
type mergedWindows struct {
	periods []sums.Period
	last    int64 // start, Unix milliseconds
	lag     sums.WorstLag
}

func (m *merger) tallies() (*sums.Tally, mergedWindows) {
	total := sums.New()
	open := map[int64]*sums.Tally{}
	for _, s := range m.segments {
		total.Merge(s.Aggregate.Tally(s.Edgescope.Series))
		for i := range s.Intermediate {
			p := &s.Intermediate[i]
			start := p.Start.UnixMilli()
			if open[start] == nil {
				open[start] = sums.New()
			}
			open[start].Merge(p.Tally(s.Edgescope.Windows[i]))
		}
	}
	var w mergedWindows
	for _, start := range slices.Sorted(maps.Keys(open)) {
		w.periods = append(w.periods, sums.NewWindow(start, open[start]))
		w.lag.Window(open[start].Histograms[sums.SeriesLag])
		w.last = start
	}
	return total, w
}

// run is the summary without distributions and verdict.
func (m *merger) run(total *sums.Period) edge.Run {
	f := &m.first.Run
	r := edge.Run{
		ID: report.NewRunID(), Name: f.Name, Script: f.Script, Target: f.Target, Commit: f.Commit, Started: f.Started,
		Updated: f.Updated, Phases: slices.Clone(f.Phases),
	}
	total.SetCounts(&r)
	for i, s := range m.segments {
		one := &s.Edgescope.Run
		r.Users.Planned += one.Users.Planned
		if one.Started.Before(r.Started) {
			r.Started = one.Started
		}
		if one.Updated.After(r.Updated) {
			r.Updated = one.Updated
		}
		for j := range r.Phases {
			if i > 0 && j < len(one.Phases) {
				r.Phases[j].Arrivals += one.Phases[j].Arrivals
			}
		}
	}
	return r
}

func (m *merger) checks() ([]plan.Check, error) {
	checks := make([]plan.Check, 0, len(m.first.Ensure))
	for _, source := range m.first.Ensure {
		check, err := condition.Check(source)
		if err != nil {
			return nil, fmt.Errorf("condition %q: %w", source.Text, err)
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// judge holds the merged run against its thresholds. What made a segment invalid or ended it early does so for the
// whole.
func (m *merger) judge(r *report.Report, checks []plan.Check, lag sums.WorstLag) report.Verdict {
	o := report.Outcome{LagLimit: time.Duration(m.first.Health.LagLimit * 1e6), Target: m.first.Run.Target}
	var earliest, latest time.Time
	for i, s := range m.segments {
		e := &s.Edgescope
		name := "segment " + e.Segment.String() + ": "
		for _, p := range e.Health.Problems {
			o.Problems = append(o.Problems, name+p)
		}
		for _, w := range e.Health.Warnings {
			o.Warnings = append(o.Warnings, name+w)
		}
		noAnswer := e.Run.Requests > 0 && e.Run.Responses == 0
		if e.Run.Verdict == edge.VerdictInterrupted || e.Run.Verdict == edge.VerdictError && !noAnswer {
			o.Err = errors.Join(o.Err, errors.New(name+e.Run.Reason))
			o.Interrupted = o.Interrupted || e.Run.Verdict == edge.VerdictInterrupted
		}
		if reason, aborted := strings.CutPrefix(e.Run.Reason, "aborted: "); aborted {
			o.Aborted = name + reason
		}
		if i == 0 || e.Run.Started.Before(earliest) {
			earliest = e.Run.Started
		}
		if e.Run.Started.After(latest) {
			latest = e.Run.Started
		}
	}
	if apart := latest.Sub(earliest); apart > maxStartSpread {
		o.Problems = append(o.Problems, fmt.Sprintf("the segments started %v apart (limit %v): give them one --start-at",
			apart.Round(time.Millisecond), maxStartSpread))
	}
	v := report.Judge(report.Evidence{
		Total: &r.Aggregate, Checks: checks, Planned: uint64(r.Edgescope.Run.Users.Planned), WorstLag: lag,
		Answers: r.Edgescope.Answers, Allow: r.Edgescope.Allow,
	}, o)
	for _, s := range m.segments {
		takeWorst(&v.Health, &s.Edgescope.Health)
	}
	return v
}

// takeWorst takes over what another process used, where it used more; its warnings are told apart.
func takeWorst(h, o *report.Health) {
	h.CPUSaturated, h.Throttled = max(h.CPUSaturated, o.CPUSaturated), max(h.Throttled, o.Throttled)
	h.GCShare, h.GCPause = max(h.GCShare, o.GCShare), max(h.GCPause, o.GCPause)
}
