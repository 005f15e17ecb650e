package query

import (
	"context"
	"fmt"

	"edgescope/edge"
)

// Trace answers one trace by its id, 32 hex digits. The range of the question does not matter: it looks at the newest time
// first, then further back, as far as events are kept. Without any span it fails with ErrNotFound.
func (e *Engine) Trace(ctx context.Context, tenant edge.Tenant, id string, _ Question) (*TraceDetail, error) {
	id, err := ParseID(id)
	if err != nil {
		return nil, err
	}
	now := e.o.Now()
	s := search{rows: e.read.rows, tenant: tenant, now: now, retention: e.o.Retention}
	spans, err := s.spansOf(ctx, id)
	if err != nil {
		return nil, err
	}
	out := waterfall(spans)
	out.ID = id
	out.From, out.To = out.Start, now.UTC()
	out.Source = "events"
	if len(spans) >= maxSpans {
		out.Note(fmt.Sprintf("the trace has more spans than the %d shown", maxSpans))
	}
	return out, nil
}
