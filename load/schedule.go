package load

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load/pace"
	"edgescope/scenarios/plan"
)

// Schedule is the exact plan of all arrivals: phases one after another, each arrival with its own intended time from
// the start of the run. Its counts are those of one Artillery worker. It is a vegeta.Pacer, read-only and safe for
// concurrent use.
type Schedule struct {
	parts []part
	total uint64
	end   time.Duration
}

var _ vegeta.Pacer = (*Schedule)(nil)

// part is a stretch of arrivals; one without any has no pace.
type part struct {
	phase      int // index in the plan's phases
	start, end time.Duration
	first      uint64 // number of its first arrival
	pace       pace.Pace
}

// NewSchedule lays the phases out one after another. The seed fixes the arrivals of Poisson phases.
func NewSchedule(phases []plan.Phase, seed uint64) *Schedule {
	s := &Schedule{}
	for i := range phases {
		p := part{phase: i, start: s.end, end: s.end + phases[i].Duration, first: s.total, pace: paceOf(&phases[i], i, seed)}
		if s.end = p.end; p.pace != nil {
			s.total += p.pace.Count()
		}
		s.parts = append(s.parts, p)
	}
	return s
}

// paceOf is how a phase spreads its arrivals, nil if it has none.
func paceOf(p *plan.Phase, index int, seed uint64) pace.Pace {
	switch p.Kind {
	case plan.PhaseRate:
		if p.Rate <= 0 {
			return nil
		}
		if p.Poisson {
			steps := pace.Steps{From: p.Rate, To: p.Rate, Width: p.Duration, Length: p.Duration}
			return pace.NewChance(steps, seed, uint64(index))
		}
		gap := rateGap(p.Rate)
		return &pace.Even{N: uint64(p.Duration / gap), Span: gap, Gaps: 1, Length: p.Duration}
	case plan.PhaseCount:
		n := uint64(max(p.Count, 0))
		return &pace.Even{N: n, Span: p.Duration, Gaps: max(n, 1), Length: p.Duration}
	case plan.PhaseRamp:
		steps := pace.Ramp(p.Rate, p.RampTo, p.Duration)
		if p.Poisson {
			return pace.NewChance(steps, seed, uint64(index))
		}
		return pace.NewStairs(steps)
	case plan.PhaseSine:
		return pace.NewWave(p.Rate, p.Amplitude, p.Period, p.Duration)
	case plan.PhasePause:
	}
	return nil
}

// rateGap is Artillery's spacing: whole microseconds, rounded down, at least one.
func rateGap(rate float64) time.Duration {
	return time.Duration(max(math.Floor(1e6/rate), 1)) * time.Microsecond
}

// Total is how many arrivals there are.
func (s *Schedule) Total() uint64 { return s.total }

// Duration is the length of all phases.
func (s *Schedule) Duration() time.Duration { return s.end }

// At is the intended time of arrival k, from 0, since the start of the run; false when there are not so many.
func (s *Schedule) At(k uint64) (time.Duration, bool) {
	if k >= s.total {
		return 0, false
	}
	i := sort.Search(len(s.parts)-1, func(i int) bool { return s.parts[i+1].first > k })
	p := &s.parts[i]
	return min(p.start+p.pace.At(k-p.first), p.end), true
}

// before is how many arrivals come before a time.
func (s *Schedule) before(t time.Duration) uint64 {
	i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].end >= t })
	if i == len(s.parts) {
		return s.total
	}
	p := &s.parts[i]
	if p.pace == nil {
		return p.first
	}
	return p.first + p.pace.Before(t-p.start)
}

// Pace implements vegeta.Pacer: the wait until hit number hits, and stop after the last one.
func (s *Schedule) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	at, ok := s.At(hits)
	return max(at-elapsed, 0), !ok
}

// Rate implements vegeta.Pacer: arrivals per second at a time since the start, the mean of the phase's present step.
func (s *Schedule) Rate(elapsed time.Duration) float64 {
	i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].end > elapsed })
	if i == len(s.parts) || elapsed < 0 || s.parts[i].pace == nil {
		return 0
	}
	return s.parts[i].pace.Rate(elapsed - s.parts[i].start)
}

// PhaseAt is what a schedule makes of one phase.
type PhaseAt struct {
	Index      int
	Start, End time.Duration // since the start of the run
	Arrivals   uint64
	From, To   float64 // arrivals per second in its first and its last step; of a sine, the lowest and the highest
}

// Phases are all phases with their place in the run.
func (s *Schedule) Phases() []PhaseAt {
	phases := make([]PhaseAt, len(s.parts))
	for i := range s.parts {
		p := &s.parts[i]
		phases[i] = PhaseAt{Index: p.phase, Start: p.start, End: p.end}
		if p.pace != nil {
			phases[i].Arrivals = p.pace.Count()
			phases[i].From, phases[i].To = p.pace.Ends()
		}
	}
	return phases
}

// Busiest is the greatest number of arrivals that fall into any stretch of the given length, however many there are: it
// looks at stretches that begin or end where a phase does, and between them for the one with most. Where arrivals come
// by chance, or a ramp is rounded, another stretch may have a few more.
func (s *Schedule) Busiest(width time.Duration) uint64 {
	b := busiest{Schedule: s, width: width, period: s.end}
	edges := []time.Duration{0, max(s.end-width, 0)}
	for i := range s.parts {
		p := &s.parts[i]
		edges = append(edges, p.start, max(p.start-width, 0))
		if wave, ok := p.pace.(*pace.Wave); ok {
			b.period = min(b.period, wave.Period())
		}
	}
	slices.Sort(edges)
	edges = slices.Compact(edges)
	for i, edge := range edges {
		b.look(edge)
		if i+1 < len(edges) {
			b.between(edge, edges[i+1])
		}
	}
	return b.most
}

// busiest is a search for the stretch with most arrivals.
type busiest struct {
	*Schedule
	width, period time.Duration // period: of the shortest wave
	most          uint64
}

// look counts the stretch that begins with the first arrival from a time on.
func (b *busiest) look(t time.Duration) uint64 {
	first := b.before(t)
	at, ok := b.At(first)
	if !ok {
		return 0
	}
	n := b.before(at+b.width) - first
	b.most = max(b.most, n)
	return n
}

// between looks for the best stretch that begins between two times, between which the rates at its two ends go along one
// curve each. The first looks are spread by the golden ratio, so that they meet a wave in all of its phases.
func (b *busiest) between(low, high time.Duration) {
	const golden = 0.6180339887498949
	looks := min(max(32, 8*int64((high-low)/b.period)), 2048)
	best, most := low, uint64(0)
	see := func(t time.Duration) {
		t = min(max(t, low), high)
		if n := b.look(t); n > most {
			best, most = t, n
		}
	}
	for i := range looks {
		_, share := math.Modf(float64(i) * golden)
		see(low + time.Duration(share*float64(high-low)))
	}
	radius := max((high-low)/time.Duration(looks)*2, min(b.period, high-low)/2)
	for ; radius > time.Millisecond; radius /= 8 {
		for i, middle := int64(-16), best; i <= 16; i++ {
			see(middle + time.Duration(i*int64(radius)/16))
		}
	}
}

// Segment is the part of a run that one of several processes takes: arrivals Index, Index+Count, Index+2*Count and so
// on of the whole schedule. Since everything random follows from the seed and the number of the arrival, the union of
// all segments is exactly the whole run.
type Segment struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"` // of segments, at least 1
}

// ParseSegment reads "i/n" with i from 0 to n-1.
func ParseSegment(text string) (Segment, error) {
	index, count, ok := strings.Cut(text, "/")
	i, err := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if !ok || err != nil || err2 != nil || n < 1 || n > 10_000 || i < 0 || i >= n {
		return Segment{}, fmt.Errorf("%q: want i/n with i from 0 to n-1, such as 0/4 for the first of four", text)
	}
	return Segment{Index: i, Count: n}, nil
}

// String is "i/n".
func (s Segment) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Count) }

// Share is how many of the arrivals 0 to n-1 are of the segment; nil takes all.
func (s *Segment) Share(n uint64) uint64 {
	if s == nil {
		return n
	}
	count, index := uint64(s.Count), uint64(s.Index)
	return (n + count - 1 - index) / count
}
