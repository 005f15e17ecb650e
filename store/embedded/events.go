package embedded

import (
	"context"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
	"edgescope/store"
)

// Limits of VictoriaLogs on a row: beyond them it drops the row with a warning (lib/logstorage, LogRows.MustAdd). Check
// refuses such events.
const (
	maxFields    = 2000
	maxNameBytes = 128
	maxRowBytes  = 2 << 20
	// maxFuture is how far ahead of the clock an event may be.
	maxFuture = 24 * time.Hour
)

const nanosPerDay = int64(24 * time.Hour)

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

// WriteEvents implements store.Writer. Rows go to the engine within linger, with those of other batches; those of one batch, kind,
// UTC day and stream at once, however many they are: after kill -9 it has all of them or none.
func (s *Store) WriteEvents(ctx context.Context, tenant edge.Tenant, events []edge.Event) error {
	begin := s.canWrite
	if len(events) > 0 && events[0].Record != nil {
		begin = s.mayWrite // acknowledged: the reserve is for these
	}
	if err := begin(ctx); err != nil {
		return err
	}
	defer s.leave()
	s.pending.add(tenant, events)
	return nil
}

// canWrite begins a call that writes; leave ends it.
func (s *Store) canWrite(ctx context.Context) error {
	if err := s.Writable(); err != nil {
		return err
	}
	return s.mayWrite(ctx)
}

// mayWrite is canWrite for what is written also while the store is read-only.
func (s *Store) mayWrite(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.enter()
}

// Writable answers nil, or store.ErrReadOnly with figures while the disk is nearly full.
func (s *Store) Writable() error {
	if s.guard.readOnly.Load() {
		return fmt.Errorf("%w: %d MiB free, %d MiB are kept", store.ErrReadOnly, s.guard.free.Load()>>20, s.opts.MinFreeDisk>>20)
	}
	return nil
}

func tenantID(tenant edge.Tenant, kind edge.Kind) logstorage.TenantID {
	return logstorage.TenantID{AccountID: uint32(tenant), ProjectID: uint32(kind)}
}

// Check implements store.Writer.
func (s *Store) Check(e *edge.Event) error {
	if int(e.Kind) >= kinds {
		return fmt.Errorf("kind %d of event is unknown", e.Kind)
	}
	now := time.Now()
	at := time.Unix(0, e.Time)
	switch {
	case now.Sub(at) > s.opts.RetentionEvents:
		return fmt.Errorf("time %s is older than the retention of %s", at.UTC().Format(time.RFC3339), s.opts.RetentionEvents)
	case at.Sub(now) > maxFuture:
		return fmt.Errorf("time %s is more than %s ahead of the clock", at.UTC().Format(time.RFC3339), maxFuture)
	case e.Time/nanosPerDay < s.guard.firstDay.Load():
		return fmt.Errorf("time %s is before the days that the disk has room for", at.UTC().Format(time.RFC3339))
	}
	if clearlyFits(e) {
		return nil
	}
	r := renderers.Get().(*renderer)
	defer renderers.Put(r)
	r.render(0, e)
	row := waitingRow{shape: r.shape, values: r.values}
	return checkRow(row.fields(nil))
}

// clearlyFits tells whether the row is so small that it need not be rendered to know that the engine takes it. Most are.
func clearlyFits(e *edge.Event) bool {
	const (
		maxOwnFields = 80               // fields that are no attributes, with room
		ownBytes     = 64 << 10         // their names and short values, with room
		prefix       = len("resource.") // the longest prefix of an attribute
	)
	if len(e.Attrs)+len(e.Resource) > maxFields-maxOwnFields {
		return false
	}
	size := ownBytes + len(e.Name) + len(e.Body) + len(e.SpanEvents) + len(e.Links) + len(e.StatusMessage) + len(e.TraceState)
	for _, attrs := range [...][]edge.Attr{e.Attrs, e.Resource} {
		for i := range attrs {
			a := &attrs[i]
			if len(a.Key) > maxNameBytes-prefix {
				return false
			}
			size += len(a.Key) + len(a.Value) + 16
		}
	}
	return size+factBytes(&e.Facts)+len(e.ScopeName)+len(e.ScopeVersion)+len(e.Dataset) < maxRowBytes
}

// factBytes is the size of those facts that come from outside and may be long.
func factBytes(f *edge.Facts) int {
	return len(f.Service) + len(f.Version) + len(f.Namespace) + len(f.Environment) + len(f.Provider) + len(f.Platform) +
		len(f.Region) + len(f.Colo) + len(f.Country) + len(f.FaasName) + len(f.FaasVersion) + len(f.Instance) +
		len(f.InvocationID) + len(f.Trigger) + len(f.Route) + len(f.Operation) + len(f.Method) + len(f.Outcome) +
		len(f.ErrorType) + len(f.CacheStatus) + len(f.CacheSource)
}

// checkRow answers why the engine would drop a row.
func checkRow(fields []logstorage.Field) error {
	if len(fields) > maxFields {
		return fmt.Errorf("%d attributes and other fields: at most %d are kept", len(fields), maxFields)
	}
	for i := range fields {
		if n := len(fields[i].Name); n > maxNameBytes {
			return fmt.Errorf("attribute name %.40q... has %d bytes: at most %d are kept", fields[i].Name, n, maxNameBytes)
		}
	}
	if n := logstorage.EstimatedJSONRowLen(fields); n > maxRowBytes {
		return fmt.Errorf("event has %d bytes: at most %d are kept", n, maxRowBytes)
	}
	return nil
}
