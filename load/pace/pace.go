// Package pace says how arrivals are spread over a stretch of time: evenly, in steps, along a wave, by chance. However
// many there are, they are counted and found by formula, or with a table of bounded size, and never walked.
package pace

import (
	"math"
	"math/bits"
	"time"
)

// Pace is a stretch of arrivals. It is read-only and safe for concurrent use. Times count from the start of the
// stretch.
type Pace interface {
	// Count is how many arrivals there are.
	Count() uint64
	// At is the time of arrival i, from 0; there must be so many. It never falls with i.
	At(i uint64) time.Duration
	// Before is how many arrivals come before a time.
	Before(t time.Duration) uint64
	// Rate is the arrivals per second around a time.
	Rate(t time.Duration) float64
	// Ends are the arrivals per second in the first and the last step; of a wave, the lowest and the highest.
	Ends() (first, last float64)
}

// Even are arrivals that are evenly spaced: arrival i comes at (i+1)*Span/Gaps.
type Even struct {
	N      uint64
	Span   time.Duration
	Gaps   uint64        // at least 1
	Length time.Duration // of the stretch
}

// Count implements [Pace].
func (e *Even) Count() uint64 { return e.N }

// At implements [Pace].
func (e *Even) At(i uint64) time.Duration {
	hi, lo := bits.Mul64(i+1, uint64(e.Span))
	offset, _ := bits.Div64(hi, lo, e.Gaps)
	return time.Duration(offset)
}

// Before implements [Pace]: (i+1)*Span < t*Gaps.
func (e *Even) Before(t time.Duration) uint64 {
	switch {
	case t <= 0:
		return 0
	case e.Span <= 0:
		return e.N
	}
	hi, lo := bits.Mul64(uint64(t), e.Gaps)
	lo, borrow := bits.Sub64(lo, 1, 0)
	hi -= borrow
	if hi >= uint64(e.Span) {
		return e.N
	}
	n, _ := bits.Div64(hi, lo, uint64(e.Span))
	return min(n, e.N)
}

// Rate implements [Pace].
func (e *Even) Rate(time.Duration) float64 { return float64(e.N) / max(e.Length, 1).Seconds() }

// Ends implements [Pace].
func (e *Even) Ends() (first, last float64) { return e.Rate(0), e.Rate(0) }

// Steps are equal stretches of time, the last of which may be cut, each with a constant rate; the rates lie on a line.
type Steps struct {
	From, To float64       // arrivals per second, of the first step and of the last
	Width    time.Duration // of a step
	Length   time.Duration // of all of them
}

// Ramp are the steps of Artillery's rampTo, one a second: the first at one rate and the last at the other. A ramp of at
// most one second has one step, at the middle rate.
func Ramp(from, to float64, length time.Duration) Steps {
	if length <= time.Second {
		return Steps{(from + to) / 2, (from + to) / 2, max(length, 1), length}
	}
	return Steps{from, to, time.Second, length}
}

func (s *Steps) n() uint64 { return uint64((s.Length + s.Width - 1) / s.Width) }

func (s *Steps) rate(step uint64) float64 {
	if n := s.n(); n > 1 {
		return s.From + (s.To-s.From)/float64(n-1)*float64(step)
	}
	return s.From
}

// stretch is where a step lies, and how long it is.
func (s *Steps) stretch(step uint64) (start, width time.Duration) {
	start = time.Duration(step) * s.Width
	return start, min(s.Width, s.Length-start)
}

// step is the one that a time falls into, the last one for what comes after it.
func (s *Steps) step(t time.Duration) uint64 {
	return min(uint64(max(t, 0)/s.Width), max(s.n(), 1)-1)
}

// table holds a count before every 64th step: enough to find a step by adding up a few, and small for a ramp that
// lasts a year.
type table []uint64

const every = 64

func newTable(steps uint64, count func(step uint64) uint64) (t table, total uint64) {
	t = make(table, 0, steps/every+1)
	for step := range steps {
		if step%every == 0 {
			t = append(t, total)
		}
		total += count(step)
	}
	return t, total
}

// find is the step with arrival i, and how many arrivals come before that step.
func (t table) find(i uint64, count func(step uint64) uint64) (step, first uint64) {
	low, high := 0, len(t)
	for high-low > 1 {
		if middle := (low + high) / 2; t[middle] <= i {
			low = middle
		} else {
			high = middle
		}
	}
	step, first = uint64(low)*every, t[low]
	for {
		n := count(step)
		if i < first+n {
			return step, first
		}
		first += n
		step++
	}
}

// before is how many arrivals come before a step.
func (t table) before(step uint64, count func(step uint64) uint64) uint64 {
	first := t[step/every]
	for s := step / every * every; s < step; s++ {
		first += count(s)
	}
	return first
}

// Stairs are the arrivals of Artillery's rampTo: evenly spaced within each step.
type Stairs struct {
	steps Steps
	table table
	total uint64
}

// NewStairs counts the arrivals of each step as Artillery does.
func NewStairs(s Steps) *Stairs {
	st := &Stairs{steps: s}
	st.table, st.total = newTable(s.n(), st.count)
	return st
}

func (s *Stairs) count(step uint64) uint64 {
	_, width := s.steps.stretch(step)
	return uint64(math.Floor(s.steps.rate(step)*width.Seconds() + 0.5))
}

// even are the arrivals of one step. Their spacing is whole milliseconds rounded down, as Artillery has it. Above
// 1,000/s that would be no spacing at all, so there it is whole microseconds.
func (s *Stairs) even(step uint64) (e Even, start time.Duration) {
	start, width := s.steps.stretch(step)
	e = Even{N: s.count(step), Gaps: 1, Length: width}
	if e.N == 0 {
		return e, start
	}
	if e.Span = width / time.Duration(e.N); e.Span >= time.Millisecond {
		e.Span = e.Span.Truncate(time.Millisecond)
	} else {
		e.Span = max(e.Span.Truncate(time.Microsecond), time.Nanosecond)
	}
	return e, start
}

// Count implements [Pace].
func (s *Stairs) Count() uint64 { return s.total }

// At implements [Pace].
func (s *Stairs) At(i uint64) time.Duration {
	step, first := s.table.find(i, s.count)
	e, start := s.even(step)
	return start + e.At(i-first)
}

// Before implements [Pace]. The last arrival of a step may come as the next one begins.
func (s *Stairs) Before(t time.Duration) uint64 {
	if t <= 0 || s.total == 0 {
		return 0
	}
	step := s.steps.step(t - 1)
	e, start := s.even(step)
	return s.table.before(step, s.count) + e.Before(t-start)
}

// Rate implements [Pace].
func (s *Stairs) Rate(t time.Duration) float64 {
	e, _ := s.even(s.steps.step(t))
	return e.Rate(0)
}

// Ends implements [Pace].
func (s *Stairs) Ends() (first, last float64) { return s.Rate(0), s.Rate(s.steps.Length) }
