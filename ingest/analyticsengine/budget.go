package analyticsengine

import (
	"sync/atomic"
	"time"

	"edgescope/edge"
)

const (
	// eventBytes is what an event costs in memory beside its text, about: a point of three bytes, {}, becomes one too.
	eventBytes = 1 << 10
	// mostPoints bounds the points of one request.
	mostPoints = 100_000
	// leastInFlight keeps a receiver with small bodies from refusing two of them at a time.
	leastInFlight = 32 << 20
)

// budget bounds the memory of all requests that are being worked on.
type budget struct {
	limit int64
	used  atomic.Int64
}

// share is what one request has taken of the budget. It belongs to one goroutine.
type share struct {
	room  *budget
	taken int64
}

// take reserves bytes. It fails with *edge.UnavailableError when others have taken them.
func (s *share) take(bytes int64) error {
	if s.room.used.Add(bytes) > s.room.limit {
		s.room.used.Add(-bytes)
		return &edge.UnavailableError{Busy: true, Reason: "too many bytes are being received", RetryAfter: time.Second}
	}
	s.taken += bytes
	return nil
}

// release gives everything back.
func (s *share) release() {
	s.room.used.Add(-s.taken)
	s.taken = 0
}
