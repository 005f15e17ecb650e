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

// maxRendered is how many bytes a renderer holds before it stops, and may exceed by one row.
const maxRendered = 256 << 10

// renderer turns events into rows for the engine, several at a time. It belongs to one goroutine.
type renderer struct {
	store.RowRenderer
	shapes shapes
	rows   []rendered
	bytes  []byte // of the rows
}

// rendered is the row of an event: its shape, and where in the bytes of the renderer its values are, in the order of
// the shape, each behind its length, and behind them the name of its tenant and stream.
type rendered struct {
	kind             edge.Kind
	time             int64
	shape            *shape
	from, stream, to int
	// fresh is the memory in bytes that the shape takes, if it was not known before.
	fresh int
}

func (r *renderer) values(row *rendered) []byte { return r.bytes[row.from:row.stream] }

func (r *renderer) stream(row *rendered) []byte { return r.bytes[row.stream:row.to] }

// fill renders the first of some events in the place of what is there, as many as have room, and returns how many.
func (r *renderer) fill(tenant edge.Tenant, events []edge.Event) (n int) {
	r.rows, r.bytes = r.rows[:0], r.bytes[:0]
	for n < len(events) && len(r.bytes) < maxRendered {
		r.render(tenant, &events[n])
		n++
	}
	return n
}

// render appends the row of an event.
func (r *renderer) render(tenant edge.Tenant, e *edge.Event) {
	row, streamFields := r.Render(e)
	shape, fresh := r.shapes.of(row)
	to := rendered{kind: e.Kind, time: e.Time, shape: shape, from: len(r.bytes)}
	if fresh {
		to.fresh = shape.memory()
	}
	b := r.bytes
	for _, i := range shape.order {
		b = appendText(b, row[i].Value)
	}
	to.stream = len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(tenant))
	for i := range row[:streamFields] {
		b = appendText(appendText(b, row[i].Name), row[i].Value)
	}
	to.to = len(b)
	r.bytes, r.rows = b, append(r.rows, to)
}

func appendText(dst []byte, text string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(text))), text...)
}

// TenantID is the engine's name of a tenant, in the storage of a kind.
func TenantID(tenant edge.Tenant, kind edge.Kind) logstorage.TenantID {
	return logstorage.TenantID{AccountID: uint32(tenant), ProjectID: uint32(kind)}
}
