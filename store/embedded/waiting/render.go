package waiting

import (
	"encoding/binary"
	"sync"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/store"
)

// renderers are shared by all calls: a RowRenderer reuses its memory.
var renderers = sync.Pool{New: func() any { return new(renderer) }}

// renderer turns events into rows for the engine, one at a time.
type renderer struct {
	store.RowRenderer
	shapes shapes

	// The row of the last event: its shape, its values in the order of the shape, each behind its length, and the name of its
	// tenant and stream. fresh is the memory in bytes that a shape takes which was not known before.
	shape  *shape
	values []byte
	stream []byte
	fresh  int
}

func (r *renderer) render(tenant edge.Tenant, e *edge.Event) {
	row, streamFields := r.Render(e)
	shape, fresh := r.shapes.of(row)
	r.shape, r.fresh = shape, 0
	if fresh {
		r.fresh = shape.memory()
	}
	r.values = r.values[:0]
	for _, i := range shape.order {
		r.values = appendText(r.values, row[i].Value)
	}
	r.stream = binary.LittleEndian.AppendUint32(r.stream[:0], uint32(tenant))
	for i := range row[:streamFields] {
		r.stream = appendText(appendText(r.stream, row[i].Name), row[i].Value)
	}
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// TenantID is the engine's name of a tenant, in the storage of a kind.
func TenantID(tenant edge.Tenant, kind edge.Kind) logstorage.TenantID {
	return logstorage.TenantID{AccountID: uint32(tenant), ProjectID: uint32(kind)}
}
