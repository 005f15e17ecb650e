package waiting

import (
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/store"
)

// spareTime is how often spare rows are forgotten: a store at rest holds none.
const spareTime = 10 * time.Second

// spares are the engine's own rows between two pieces. Its pool forgets them at each collection of garbage, and to grow
// them anew took a quarter of all that a collector allocates under load.
type spares struct {
	mu   sync.Mutex
	rows [Kinds][]*logstorage.LogRows
}

// take returns empty rows of a kind. They belong to the caller until put.
func (s *spares) take(kind edge.Kind) *logstorage.LogRows {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.rows[kind]) - 1
	if last < 0 {
		return logstorage.GetLogRows(store.StreamFields(kind), nil, nil, nil, "")
	}
	rows := s.rows[kind][last]
	s.rows[kind] = s.rows[kind][:last]
	return rows
}

// put empties rows and keeps them for the next take.
func (s *spares) put(kind edge.Kind, rows *logstorage.LogRows) {
	rows.ResetKeepSettings()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[kind] = append(s.rows[kind], rows)
}

// forget leaves all spare rows to the garbage collector.
func (s *spares) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.rows[:])
}
