package body

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/edge"
)

// fairShare is how many times what is left of the budget a tenant may hold. A tenant that is alone gets three quarters
// of the budget, each of two gets three sevenths, and a part is always left for one that comes later. It is the rule by
// which the ports of a switch share its memory (Choudhury and Hahne, "Dynamic Queue Length Thresholds", 1998): nobody
// has to know how many tenants there are, and what one does not use serves the others.
const fairShare = 3

// retryAfter is when a request that found no room is to come again: bodies are worked on for less.
const retryAfter = time.Second

// Budget bounds the memory of all requests in work, in bytes: what has come of their bodies, what they decompress to
// and what they are decoded to. It is safe for concurrent use.
type Budget struct {
	limit int64

	mu   sync.Mutex
	used int64
	held map[edge.Tenant]int64 // tenants that hold nothing have no entry

	peak, refused atomic.Int64
}

// NewBudget makes a budget of that many bytes, at least 1.
func NewBudget(limit int64) *Budget {
	return &Budget{limit: max(limit, 1), held: make(map[edge.Tenant]int64)}
}

// Largest returns how many bytes one request can have when it is alone.
func (b *Budget) Largest() int64 { return b.limit / (fairShare + 1) * fairShare }

// Used returns how many bytes are taken.
func (b *Budget) Used() int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.used
}

// Peak returns the most bytes that were ever taken at a time.
func (b *Budget) Peak() int64 { return b.peak.Load() }

// Refused returns how often there was no room for a request.
func (b *Budget) Refused() int64 { return b.refused.Load() }

// fits tells whether the tenant may have n more bytes now. b.mu is held.
func (b *Budget) fits(tenant edge.Tenant, n int64) bool {
	return b.held[tenant]+n <= fairShare*(b.limit-b.used-n)
}

func (b *Budget) take(tenant edge.Tenant, n int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.fits(tenant, n) {
		return false
	}
	b.used += n
	b.held[tenant] += n
	if b.used > b.peak.Load() {
		b.peak.Store(b.used)
	}
	return true
}

func (b *Budget) give(tenant edge.Tenant, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.used -= n
	if b.held[tenant] -= n; b.held[tenant] == 0 {
		delete(b.held, tenant)
	}
}

// Share is what one request has of the budget. It belongs to one goroutine.
type Share struct {
	budget *Budget
	tenant edge.Tenant
	held   int64
}

// Share begins a share of nothing. Release ends it.
func (b *Budget) Share(tenant edge.Tenant) Share { return Share{budget: b, tenant: tenant} }

// Take adds n bytes. It fails with *TooLargeError when the request would need more than any request can have, and with
// *edge.UnavailableError when others have the rest; then nothing was added.
func (s *Share) Take(n int64) error {
	if err := s.possible(n); err != nil {
		return err
	}
	if n <= 0 {
		return nil
	}
	if !s.budget.take(s.tenant, n) {
		return s.busy()
	}
	s.held += n
	return nil
}

// Fits fails as Take does and takes nothing: a request that says how long it is can be refused before it is read, but
// one that does not send what it promised holds nothing.
func (s *Share) Fits(n int64) error {
	if err := s.possible(n); err != nil {
		return err
	}
	s.budget.mu.Lock()
	fits := s.budget.fits(s.tenant, max(n, 0))
	s.budget.mu.Unlock()
	if !fits {
		return s.busy()
	}
	return nil
}

func (s *Share) possible(n int64) error {
	if s.held+n <= s.budget.Largest() {
		return nil
	}
	return &TooLargeError{Reason: fmt.Sprintf(
		"the request needs more than %d bytes of memory, decompressed and decoded: send less at a time",
		s.budget.Largest())}
}

func (s *Share) busy() error {
	s.budget.refused.Add(1)
	return &edge.UnavailableError{Busy: true, Reason: "too many bytes are being received", RetryAfter: retryAfter}
}

// Held returns how many bytes the request has.
func (s *Share) Held() int64 { return s.held }

// give gives n bytes back.
func (s *Share) give(n int64) {
	if n > 0 {
		s.budget.give(s.tenant, n)
		s.held -= n
	}
}

// Release gives everything back.
func (s *Share) Release() { s.give(s.held) }
