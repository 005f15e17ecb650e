package http1

import (
	"sync/atomic"
	"time"
)

// Longest is how many timeouts of its request an answer may take as a whole, from the begin of the request on.
const Longest = 60

// looks is how often in a timeout a body is looked after.
const looks = 4

// Patience is for how long the body of an answer is waited for: as long as bytes come, of which no two are further apart
// than the timeout of the request, and at most Longest timeouts in all. It costs no clock for each of them: who reads
// notes that bytes came, and looks after the body by Next when a timer goes off. Begin comes first; after that Moved and
// Next may be called by different goroutines.
type Patience struct {
	quiet time.Duration
	end   time.Time
	seen  time.Time // when the last byte was there, or a little later
	moved atomic.Bool
}

// Begin begins with a body whose head was there at now.
func (p *Patience) Begin(begun, now time.Time, timeout time.Duration) {
	p.quiet, p.seen = timeout, now
	p.end = begun.Add(Longest * timeout)
	if p.end.Before(begun) { // a timeout of centuries
		p.end = begun.Add(1<<63 - 1)
	}
	p.moved.Store(false)
}

// Moved notes that bytes came.
func (p *Patience) Moved() { p.moved.Store(true) }

// End is when the whole answer must be there.
func (p *Patience) End() time.Time { return p.end }

// Next returns when to look again; false when the wait is over. A body that stands still is given up at most a quarter
// of the timeout late.
func (p *Patience) Next(now time.Time) (again time.Time, waits bool) {
	if p.moved.Swap(false) {
		p.seen = now
	}
	quiet := p.seen.Add(p.quiet)
	if !now.Before(quiet) || !now.Before(p.end) {
		return time.Time{}, false
	}
	again = now.Add(max(p.quiet/looks, time.Millisecond))
	for _, limit := range []time.Time{quiet, p.end} {
		if limit.Before(again) {
			again = limit
		}
	}
	return again, true
}
