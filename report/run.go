package report

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"edgescope/edge"
	"edgescope/load/network"
	"edgescope/report/text"
)

// RunInfo is what identifies a run.
type RunInfo struct {
	// ID is 32 hex digits, the trace id of the run's own span; Name groups runs of one kind.
	ID, Name, Commit string
	Seed             uint64
	// Version is of loadgen; Protocol and Network say how requests got to their targets.
	Version  string
	Protocol network.Protocol
	Network  network.Options
}

// NewRunID makes the id of a new run: 32 hex digits.
func NewRunID() string {
	return fmt.Sprintf("%016x%016x", rand.Uint64()|1,
		rand.Uint64())
} // a trace id of zeros is none

// Run is the run as a collector is told of it: while it lasts when v is nil, else its end.
func (s *Summary) Run(info RunInfo, now time.Time, v *Verdict) edge.Run {
	total := s.Aggregate()
	r := edge.Run{
		ID: info.ID, Name: info.Name, Commit: info.Commit, Script: s.options.Plan.Script, Target: s.options.Plan.Target,
		Started: s.options.Started.UTC(), Updated: now.UTC(), Verdict: edge.VerdictRunning,
	}
	total.SetCounts(&r)
	r.Users.Planned = int64(s.options.Segment.Share(s.options.Schedule.Total()))
	r.Phases = s.runPhases()
	s.distributions(&r)
	if v != nil {
		v.Conclude(&r, now)
	}
	return r
}

// Conclude gives a run that ended now its verdict.
func (v *Verdict) Conclude(r *edge.Run, now time.Time) {
	r.Ended, r.Verdict, r.Reason, r.ExitCode = now.UTC(), v.Word, v.Reason, v.ExitCode
	if v.Word != edge.VerdictInvalid { // whose reason is the problems
		r.Warnings = append(r.Warnings, v.Health.Problems...)
	}
	r.Warnings = append(r.Warnings, v.Health.Warnings...)
	for _, c := range v.Checks {
		r.Thresholds = append(r.Thresholds, c.RunThreshold)
	}
}

func (s *Summary) distributions(r *edge.Run) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sum().SetQuantiles(r)
	r.Steps, r.Regions = s.steps.Run(), s.regions.Run()
	r.Points = append([]edge.RunPoint{}, s.points.done...)
	if r.Verdict == edge.VerdictRunning && len(r.Points) < maxPoints &&
		s.points.now.Requests+s.points.now.Arrivals > 0 {
		r.Points = append(r.Points, s.points.present(s.active))
	}
}

func (s *Summary) runPhases() []edge.RunPhase {
	var phases []edge.RunPhase
	var first uint64
	for _, p := range s.options.Schedule.Phases() {
		arrivals := s.options.Segment.Share(first+p.Arrivals) - s.options.Segment.Share(first)
		first += p.Arrivals
		name := cmp.Or(s.options.Plan.Phases[p.Index].Name, fmt.Sprintf("phase %d", p.Index))
		phases = append(phases, edge.RunPhase{
			Name: name, Start: p.Start.Seconds(), Duration: (p.End - p.Start).Seconds(),
			FromRate: text.Round(p.From, 3), ToRate: text.Round(p.To, 3), Arrivals: int64(arrivals),
		})
	}
	return phases
}
