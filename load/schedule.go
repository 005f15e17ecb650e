package load

import (
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"sort"
	"strconv"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

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

// part is a stretch of arrivals that are evenly spaced (the i-th, from 0, comes (i+1)*span/gaps after start), drawn
// beforehand, for a Poisson process, or on a curve.
type part struct {
	phase      int // index in the plan's phases
	start, end time.Duration
	first      uint64 // number of its first arrival
	count      uint64
	span       time.Duration
	gaps       uint64
	drawn      []time.Duration // times from the start of the run
	sine       *sine
}

// NewSchedule lays the phases out one after another. The seed fixes the arrivals of Poisson phases, which take 8 bytes
// of memory each.
func NewSchedule(phases []plan.Phase, seed uint64) *Schedule {
	s := &Schedule{}
	for i := range phases {
		p := &phases[i]
		if p.Poisson && p.Kind != plan.PhaseCount && p.Kind != plan.PhaseSine {
			s.addPoisson(i, p, rand.New(rand.NewPCG(seed, uint64(i))))
			continue
		}
		s.addEven(i, p)
	}
	return s
}

func (s *Schedule) addEven(phase int, p *plan.Phase) {
	switch p.Kind {
	case plan.PhaseRate:
		if p.Rate > 0 {
			gap := rateGap(p.Rate)
			s.add(part{phase: phase, end: p.Duration, count: uint64(p.Duration / gap), span: gap, gaps: 1})
			return
		}
	case plan.PhaseCount:
		n := uint64(max(p.Count, 0))
		s.add(part{phase: phase, end: p.Duration, count: n, span: p.Duration, gaps: max(n, 1)})
		return
	case plan.PhaseRamp:
		for _, st := range staircase(p) {
			n := uint64(math.Floor(st.rate*st.width.Seconds() + 0.5))
			s.add(part{phase: phase, end: st.width, count: n, span: stairGap(n, st.width), gaps: 1})
		}
		return
	case plan.PhaseSine:
		curve := newSine(p)
		s.add(part{phase: phase, end: p.Duration, count: curve.count(p.Duration), sine: curve})
		return
	case plan.PhasePause:
	}
	s.add(part{phase: phase, end: p.Duration})
}

// sine is vegeta's sine curve. Its arrivals are where the integral of the rate, which vegeta documents at SinePacer,
// reaches 1, 2, 3 and so on. vegeta's own Pace looks for these times with five guesses; when the amplitude is near the
// mean they miss by whole hits, or go astray (a mean of 10, an amplitude of 9.9 and a period of 20 s end in a flood).
// So they are solved for here, to the nanosecond.
type sine struct {
	curve                   vegeta.SinePacer
	mean, amplitude, period float64 // in arrivals per second, and seconds
}

func newSine(p *plan.Phase) *sine {
	const million = 1e6 // vegeta counts whole hits per length of time: a millionth of one per second is fine enough
	rate := func(perSecond float64) vegeta.Rate {
		return vegeta.Rate{Freq: int(math.Round(perSecond * million)), Per: million * time.Second}
	}
	return &sine{
		curve: vegeta.SinePacer{Period: p.Period, Mean: rate(p.Rate), Amp: rate(p.Amplitude)},
		mean:  p.Rate, amplitude: p.Amplitude, period: p.Period.Seconds(),
	}
}

// hits is how many arrivals there are in the first t seconds, as a fraction.
func (c *sine) hits(t float64) float64 {
	return c.mean*t + c.swing()*(1-math.Cos(2*math.Pi*t/c.period))
}

// swing is by how many hits, and twice that, the curve is ahead of the mean at most.
func (c *sine) swing() float64 { return c.amplitude * c.period / (2 * math.Pi) }

// count is how many arrivals there are in a length of time. One that comes at its very end is among them.
func (c *sine) count(length time.Duration) uint64 {
	return uint64(c.hits(length.Seconds()) + 1e-6)
}

// at is the time of arrival i, from 0: Newton's method, between bounds that close in on it. The curve is never behind
// the mean, and ahead of it by at most twice its swing.
func (c *sine) at(i uint64) time.Duration {
	want := float64(i + 1)
	low, high := max(want-2*c.swing(), 0)/c.mean, want/c.mean
	t := (low + high) / 2
	for range 64 { // bisection alone would need less
		sin, cos := math.Sincos(2 * math.Pi * t / c.period)
		missing := want - c.mean*t - c.swing()*(1-cos)
		step := missing / (c.mean + c.amplitude*sin)
		if math.Abs(step) < 0.5e-9 {
			break
		}
		if missing > 0 {
			low = t
		} else {
			high = t
		}
		if t += step; t <= low || t >= high {
			t = (low + high) / 2
		}
	}
	return time.Duration(math.Round(t * 1e9))
}

// add puts a part, whose end is still its length, behind those there are.
func (s *Schedule) add(p part) {
	p.start, p.end, p.first = s.end, s.end+p.end, s.total
	s.end = p.end
	s.total += p.count
	s.parts = append(s.parts, p)
}

// rateGap is Artillery's spacing: whole microseconds, rounded down, at least one.
func rateGap(rate float64) time.Duration {
	return time.Duration(max(math.Floor(1e6/rate), 1)) * time.Microsecond
}

// stairGap is the spacing of n arrivals in one step of a ramp: whole milliseconds rounded down, as Artillery has it.
// Above 1,000/s that would be no spacing at all, so there it is whole microseconds.
func stairGap(n uint64, width time.Duration) time.Duration {
	if n == 0 {
		return 0
	}
	gap := width / time.Duration(n)
	if gap >= time.Millisecond {
		return gap.Truncate(time.Millisecond)
	}
	return max(gap.Truncate(time.Microsecond), time.Nanosecond)
}

type stair struct {
	rate  float64
	width time.Duration
}

// staircase are the steps of a ramp: one per second, the first at Rate and the last at RampTo; a ramp of at most one
// second has one step at the middle rate. Artillery takes whole seconds only; a fraction at the end is a narrower last
// step.
func staircase(p *plan.Phase) []stair {
	n := int((p.Duration + time.Second - 1) / time.Second)
	if n <= 1 {
		return []stair{{rate: (p.Rate + p.RampTo) / 2, width: p.Duration}}
	}
	stairs := make([]stair, n)
	for i := range stairs {
		width := min(time.Second, p.Duration-time.Duration(i)*time.Second)
		stairs[i] = stair{rate: p.Rate + (p.RampTo-p.Rate)/float64(n-1)*float64(i), width: width}
	}
	return stairs
}

// addPoisson draws exponential gaps of mean 1/rate. The process has no memory, so each step of a ramp begins afresh.
func (s *Schedule) addPoisson(phase int, p *plan.Phase, random *rand.Rand) {
	stairs := []stair{{rate: p.Rate, width: p.Duration}}
	switch p.Kind {
	case plan.PhaseRamp:
		stairs = staircase(p)
	case plan.PhasePause:
		stairs[0].rate = 0
	case plan.PhaseRate, plan.PhaseCount, plan.PhaseSine:
	}
	for _, st := range stairs {
		var drawn []time.Duration
		if st.rate > 0 {
			for t := random.ExpFloat64() / st.rate; t < st.width.Seconds(); t += random.ExpFloat64() / st.rate {
				drawn = append(drawn, s.end+time.Duration(t*float64(time.Second)))
			}
		}
		s.add(part{phase: phase, end: st.width, count: uint64(len(drawn)), drawn: drawn})
	}
}

// Total is how many arrivals there are.
func (s *Schedule) Total() uint64 { return s.total }

// Duration is the length of all phases.
func (s *Schedule) Duration() time.Duration { return s.end }

// At is the intended time of arrival k, from 0, since the start of the run; false when there are not so many.
func (s *Schedule) At(k uint64) (time.Duration, bool) {
	p := s.partOf(k)
	if p == nil {
		return 0, false
	}
	i := k - p.first
	switch {
	case p.drawn != nil:
		return p.drawn[i], true
	case p.sine != nil:
		return min(p.start+p.sine.at(i), p.end), true
	}
	hi, lo := bits.Mul64(i+1, uint64(p.span))
	offset, _ := bits.Div64(hi, lo, p.gaps)
	return p.start + time.Duration(offset), true
}

func (s *Schedule) partOf(k uint64) *part {
	if k >= s.total {
		return nil
	}
	i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].first+s.parts[i].count > k })
	return &s.parts[i]
}

// Pace implements vegeta.Pacer: the wait until hit number hits, and stop after the last one.
func (s *Schedule) Pace(elapsed time.Duration, hits uint64) (time.Duration, bool) {
	at, ok := s.At(hits)
	return max(at-elapsed, 0), !ok
}

// Rate implements vegeta.Pacer: arrivals per second at a time since the start, the mean of the phase's present step.
func (s *Schedule) Rate(elapsed time.Duration) float64 {
	i := sort.Search(len(s.parts), func(i int) bool { return s.parts[i].end > elapsed })
	if i == len(s.parts) || elapsed < 0 {
		return 0
	}
	p := &s.parts[i]
	if p.sine != nil {
		return p.sine.curve.Rate(elapsed - p.start)
	}
	return p.rate()
}

// rate is the mean of a part, in arrivals per second; 0 for one without length.
func (p *part) rate() float64 {
	return float64(p.count) / max(p.end-p.start, 1).Seconds()
}

// bounds are the rates between which the arrivals of a part are.
func (p *part) bounds() (low, high float64) {
	if p.sine != nil {
		return p.sine.mean - p.sine.amplitude, p.sine.mean + p.sine.amplitude
	}
	return p.rate(), p.rate()
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
	var phases []PhaseAt
	for i := range s.parts {
		p := &s.parts[i]
		from, to := p.bounds()
		if n := len(phases); n == 0 || phases[n-1].Index != p.phase {
			phases = append(phases, PhaseAt{Index: p.phase, Start: p.start, From: from})
		}
		last := &phases[len(phases)-1]
		last.End, last.To = p.end, to
		last.Arrivals += p.count
	}
	return phases
}

// Busiest is the greatest number of arrivals that fall into any stretch of the given length.
func (s *Schedule) Busiest(width time.Duration) uint64 {
	var most, first uint64
	for k := range s.total {
		at, _ := s.At(k)
		for ; first < k; first++ {
			if oldest, _ := s.At(first); at-oldest < width {
				break
			}
		}
		most = max(most, k-first+1)
	}
	return most
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
