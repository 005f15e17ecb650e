// Package sums holds what is added up of a run: counters and distributions of a stretch of time, steps and regions,
// blocks, and the figures that a report shows of them.
package sums

import (
	"time"

	"edgescope/report/distribution"
)

// Tally holds the counters and distributions of a stretch of a run, under the names of the report. It is for one
// goroutine.
type Tally struct {
	Counters   map[string]int64
	Histograms map[string]*distribution.Histogram
	Counted    Span // first and last counter
	Recorded   Span // first and last value of a distribution
}

// Span is a stretch of time in Unix milliseconds; the zero value is empty.
type Span struct{ First, Last int64 }

// Add makes the span hold a moment.
func (s *Span) Add(ms int64) {
	if s.First == 0 || ms < s.First {
		s.First = ms
	}
	s.Last = max(s.Last, ms)
}

// seconds are those of a rate: at least one.
func (s *Span) seconds() float64 { return max(float64(s.Last-s.First)/1000, 1) }

func (s *Span) merge(o Span) {
	if o.First != 0 {
		s.Add(o.First)
		s.Add(o.Last)
	}
}

// New makes an empty tally.
func New() *Tally {
	return &Tally{Counters: map[string]int64{}, Histograms: map[string]*distribution.Histogram{}}
}

// Count adds n to a counter, at so many Unix milliseconds.
func (t *Tally) Count(name string, n int64, ms int64) {
	t.Counters[name] += n
	t.Counted.Add(ms)
}

// Record adds a length of time to a distribution, at so many Unix milliseconds.
func (t *Tally) Record(name string, d time.Duration, ms int64) {
	t.Histogram(name).Record(d)
	t.Recorded.Add(ms)
}

// Histogram finds or makes a distribution.
func (t *Tally) Histogram(name string) *distribution.Histogram {
	h := t.Histograms[name]
	if h == nil {
		h = new(distribution.Histogram)
		t.Histograms[name] = h
	}
	return h
}

// Merge adds o, which stays as it is.
func (t *Tally) Merge(o *Tally) {
	for name, n := range o.Counters {
		t.Counters[name] += n
	}
	for name, h := range o.Histograms {
		t.Histogram(name).Merge(h)
	}
	t.Counted.merge(o.Counted)
	t.Recorded.merge(o.Recorded)
}

// seen is the stretch between the first and the last thing of any kind.
func (t *Tally) seen() Span {
	s := t.Counted
	s.merge(t.Recorded)
	return s
}

// RequestRate is requests per second between the first and the last thing seen, of at least one second.
func (t *Tally) RequestRate() float64 {
	s := t.seen()
	return float64(t.Counters[Requests]+t.Counters[SocketRequests]) / s.seconds()
}

// perSecond is a counter by the same time.
func (t *Tally) perSecond(name string) float64 {
	s := t.seen()
	return float64(t.Counters[name]) / s.seconds()
}

// MinArrivals is how many arrivals a lag must be taken of to judge a run by it: a handful never does.
const MinArrivals = 100

// WorstLag is the greatest p99 of the lag of arrivals in any window of a run that has at least MinArrivals.
type WorstLag struct{ P99 time.Duration }

// Window looks at the lags of a window; nil has none.
func (w *WorstLag) Window(lags *distribution.Histogram) {
	if lags != nil && lags.Count() >= MinArrivals {
		w.P99 = max(w.P99, lags.Quantile(0.99))
	}
}
