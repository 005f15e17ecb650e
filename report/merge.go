package report

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/report/distribution"
	"edgescope/scenarios"
)

// maxStartSpread is by how much the segments of a run may have started apart.
const maxStartSpread = time.Second

// Merge makes one run of the reports of all its segments, in any order: counters are added, distributions too, and thresholds,
// expectations and health are judged on the sum, as if one process had run it all. A missing or doubled segment, or one of
// another run, is an error. Points over time are as long as the segments' blocks. The segments stay as they are.
func Merge(segments []*Report) (*Report, error) {
	segments = slices.Clone(segments)
	if err := complete(segments); err != nil {
		return nil, err
	}
	slices.SortFunc(segments, func(a, b *Report) int { return a.Edgescope.Segment.Index - b.Edgescope.Segment.Index })
	m := &merger{segments: segments, first: &segments[0].Edgescope}
	return m.merge()
}

// complete makes sure that every segment of one run is there once.
func complete(segments []*Report) error {
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
	segments []*Report
	first    *Edgescope
}

func (m *merger) merge() (*Report, error) {
	total, windows := m.tallies()
	r := &Report{Intermediate: windows.periods}
	r.Aggregate = newPeriod(windows.last, total)
	r.Aggregate.Period = fmt.Append(nil, windows.last)
	e := &r.Edgescope
	*e = Edgescope{
		Version: Version, Headline: headline, Seed: m.first.Seed, ScriptHash: m.first.ScriptHash, Environment: m.first.Environment,
		Segments: len(m.segments), Ensure: m.first.Ensure, Layout: distribution.Layout, Series: distribution.AllBuckets(total.histograms),
		Misses: m.misses(), Blocks: m.blocks(),
	}
	e.Run = m.run(&r.Aggregate)
	e.Run.Steps, e.Steps = m.parts(func(e *Edgescope) ([]edge.RunPart, map[string]distribution.Buckets) { return e.Run.Steps, e.Steps })
	e.Run.Regions, e.Regions = m.parts(func(e *Edgescope) ([]edge.RunPart, map[string]distribution.Buckets) { return e.Run.Regions, e.Regions })
	e.Run.Points = pointsOf(e.Blocks)
	e.Run.Response, e.Run.Service = quantiles(total.histograms[seriesResponse]), quantiles(total.histograms[seriesService])
	e.Run.TTFB, e.Run.Lag = quantiles(total.histograms[seriesTTFB]), quantiles(total.histograms[seriesLag])
	checks, err := m.checks()
	if err != nil {
		return nil, err
	}
	v := m.judge(r, checks, windows.worst)
	r.Edgescope.Health, r.Edgescope.Checks = v.Health, v.Checks
	conclude(&e.Run, &v, e.Run.Updated)
	return r, nil
}

// Conclude writes a comparison, and what it makes of the verdict, into a report.
func (r *Report) Conclude(c *Comparison) {
	e := &r.Edgescope
	v := Verdict{Word: e.Run.Verdict, ExitCode: e.Run.ExitCode, Reason: e.Run.Reason}.With(c)
	e.Comparison, e.Run.Verdict, e.Run.ExitCode, e.Run.Reason = c, v.Word, v.ExitCode, v.Reason
}

// mergedWindows are the windows of all segments, added by their time.
type mergedWindows struct {
	periods []Period
	last    int64
	worst   time.Duration
}

func (m *merger) tallies() (*tally, mergedWindows) {
	total := newTally()
	open := map[int64]*tally{}
	for _, s := range m.segments {
		total.merge(s.Aggregate.tally(s.Edgescope.Series))
		for i := range s.Intermediate {
			p := &s.Intermediate[i]
			start := p.start.UnixMilli()
			if open[start] == nil {
				open[start] = newTally()
			}
			open[start].merge(p.tally(s.Edgescope.Windows[i]))
		}
	}
	var w mergedWindows
	var lag lagWatch
	for _, start := range slices.Sorted(maps.Keys(open)) {
		w.periods = append(w.periods, newPeriod(start, open[start]))
		lag.window(open[start].histograms[seriesLag])
		w.last = start
	}
	w.worst = lag.worst
	return total, w
}

// tally is a period as it was before it was written.
func (p *Period) tally(series map[string]distribution.Buckets) *tally {
	t := newTally()
	maps.Copy(t.counters, p.Counters)
	for name, b := range series {
		t.histograms[name] = new(distribution.Histogram)
		t.histograms[name].Add(b)
	}
	t.counted = span{p.FirstCounterAt, p.LastCounterAt}
	t.recorded = span{p.FirstHistogramAt, p.LastHistogramAt}
	return t
}

// run is the summary without distributions and verdict.
func (m *merger) run(total *Period) edge.Run {
	f := &m.first.Run
	r := edge.Run{
		ID: NewRunID(), Name: f.Name, Script: f.Script, Target: f.Target, Commit: f.Commit, Started: f.Started, Updated: f.Updated,
		Phases: slices.Clone(f.Phases),
	}
	counts(&r, total)
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

func (m *merger) checks() ([]scenarios.Check, error) {
	checks := make([]scenarios.Check, 0, len(m.first.Ensure))
	for _, source := range m.first.Ensure {
		check, err := source.Compile()
		if err != nil {
			return nil, fmt.Errorf("condition %q: %w", source.Text, err)
		}
		checks = append(checks, check)
	}
	return checks, nil
}

// judge holds the merged run against its thresholds. What made a segment invalid or ended it early does so for the whole.
func (m *merger) judge(r *Report, checks []scenarios.Check, worst time.Duration) Verdict {
	o := Outcome{LagLimit: time.Duration(m.first.Health.LagLimit * 1e6), Target: m.first.Run.Target}
	var problems []string
	var earliest, latest time.Time
	for i, s := range m.segments {
		e := &s.Edgescope
		name := "segment " + e.Segment.String() + ": "
		for _, p := range e.Health.Problems {
			problems = append(problems, name+p)
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
		problems = append(problems, fmt.Sprintf("the segments started %v apart (limit %v): give them one --start-at", apart.Round(time.Millisecond), maxStartSpread))
	}
	v := Verdict{Checks: Checked(checks, &r.Aggregate)}
	v.Health = healthOf(&r.Aggregate, worst, uint64(r.Edgescope.Run.Users.Planned), o)
	for _, s := range m.segments {
		v.Health.worst(&s.Edgescope.Health)
	}
	v.Health.Problems = append(v.Health.Problems, problems...)
	v.Health.Valid = len(v.Health.Problems) == 0
	v.Word, v.ExitCode, v.Reason = v.decide(&r.Aggregate, o)
	return v
}
