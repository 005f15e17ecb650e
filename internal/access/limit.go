package access

import (
	"errors"
	"math"
	"sync"
	"time"

	"edgescope/edge"
)

// Limit is how much a tenant may send. The zero Limit is none.
type Limit struct {
	// EventsPerSecond counts spans, logs and data points that were kept, BytesPerSecond what was received over the
	// network, both on average; 0 is no bound.
	EventsPerSecond float64 `yaml:"events_per_second"`
	BytesPerSecond  float64 `yaml:"bytes_per_second"`
	// Burst is for how long a tenant that was silent may send at once what it may send in that time; 0 is 10 s.
	Burst time.Duration `yaml:"burst"`
}

func (l *Limit) validate() error {
	for _, rate := range []float64{l.EventsPerSecond, l.BytesPerSecond} {
		if !(rate >= 0 && rate <= 1e15) { // not so for NaN too
			return errors.New("rates must be numbers of 0 or more")
		}
	}
	if l.Burst < 0 || l.Burst > 24*time.Hour {
		return errors.New("burst must be a length of time of at most 24h")
	}
	return nil
}

const defaultBurst = 10 * time.Second

// limiter holds a tenant to its Limit. What a request costs is known after it was read, so a request is taken while the
// tenant owes nothing, and what it costs beyond the burst is waited for before the next one: the average holds exactly.
// A nil limiter allows everything. It is safe for concurrent use.
type limiter struct {
	limit Limit

	mu            sync.Mutex
	last          time.Time
	bytes, events float64 // what may be sent now; negative is owed
}

func newLimiter(l Limit, now time.Time) *limiter {
	if l.EventsPerSecond == 0 && l.BytesPerSecond == 0 {
		return nil
	}
	if l.Burst == 0 {
		l.Burst = defaultBurst
	}
	s := l.Burst.Seconds()
	return &limiter{limit: l, last: now, bytes: l.BytesPerSecond * s, events: l.EventsPerSecond * s}
}

// same tells whether both hold to one limit.
func (l *limiter) same(other *limiter) bool {
	return l != nil && other != nil && l.limit == other.limit
}

// refill adds what has accrued since the last look, up to the burst.
func (l *limiter) refill(now time.Time) {
	passed := now.Sub(l.last).Seconds()
	if passed <= 0 {
		return
	}
	l.last = now
	burst := l.limit.Burst.Seconds()
	l.bytes = min(l.bytes+passed*l.limit.BytesPerSecond, burst*l.limit.BytesPerSecond)
	l.events = min(l.events+passed*l.limit.EventsPerSecond, burst*l.limit.EventsPerSecond)
}

// room returns nil, or an error that says when the tenant has paid what it owes.
func (l *limiter) room(now time.Time) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refill(now)
	wait := max(owed(l.bytes, l.limit.BytesPerSecond), owed(l.events, l.limit.EventsPerSecond))
	if wait == 0 {
		return nil
	}
	// Whole seconds: HTTP's Retry-After has no others.
	after := time.Duration(math.Ceil(wait)) * time.Second
	return &edge.UnavailableError{
		Busy: true, Reason: "the tenant has sent more than its rate allows",
		RetryAfter: after,
	}
}

// owed returns in how many seconds nothing is owed any more. Without a rate there is no bound.
func owed(balance, rate float64) float64 {
	if rate == 0 || balance >= 0 {
		return 0
	}
	return -balance / rate
}

func (l *limiter) spend(now time.Time, bytes, events float64) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refill(now)
	if l.limit.BytesPerSecond > 0 {
		l.bytes -= bytes
	}
	if l.limit.EventsPerSecond > 0 {
		l.events -= events
	}
}
