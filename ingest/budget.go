package ingest

import (
	"sync/atomic"

	"github.com/VictoriaMetrics/metrics"
)

// Budget bounds the bytes of the requests in work, so that overload is refused before a body is read. It is safe for
// concurrent use.
type Budget struct {
	limit   int64
	used    atomic.Int64
	refused *metrics.Counter
}

// NewBudget makes a budget of that many bytes and shows in set how much of it is used.
func NewBudget(limit int64, set *metrics.Set) *Budget {
	b := &Budget{limit: limit, refused: set.GetOrCreateCounter(`edgescope_ingest_refused_requests_total{reason="budget"}`)}
	set.GetOrCreateGauge("edgescope_ingest_budget_bytes", func() float64 { return float64(limit) })
	set.GetOrCreateGauge("edgescope_ingest_budget_used_bytes", func() float64 { return float64(b.used.Load()) })
	return b
}

// Take reserves n bytes. It answers false, and reserves nothing, when they don't fit; one request always fits into an unused
// budget, however large it is.
func (b *Budget) Take(n int64) bool {
	if used := b.used.Add(n); used > b.limit && used > n {
		b.used.Add(-n)
		b.refused.Inc()
		return false
	}
	return true
}

// Give returns what Take reserved.
func (b *Budget) Give(n int64) { b.used.Add(-n) }
