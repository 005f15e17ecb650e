package waiting

import (
	"bytes"
	"encoding/binary"
	"sync"
	"unsafe"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/edge"
)

// segment is a piece of memory that waiting rows lie in.
type segment struct {
	used  int
	bytes [256 << 10]byte
}

// longRow is the size in bytes from which the values of a row have memory of their own.
const longRow = len(segment{}.bytes) / 4

// waiting are rows of one kind and UTC day on their way to the engine, stream by stream, as bytes: they take about a
// fifth of what they take in the engine's own LogRows, so that many can wait.
type waiting struct {
	kind edge.Kind
	day  int64

	streams []stream
	index   map[string]int32 // of streams, by their names
	rows    []waitingRow
	// segments hold the values of the rows, but for long ones; the last segment is being filled.
	segments []*segment
	// size is what the engine will copy: names and values, in bytes.
	size int
}

// stream is the rows of one tenant and stream, as a linked list in the order in which they came. Only within a batch,
// rows of one shape are brought together: of a row that has the fields of the one before it, the engine copies just the
// values that differ.
type stream struct {
	tenant      edge.Tenant
	first, last int32
	// ends are the last rows of the shapes of a batch, as many as there is room for.
	batch uint32
	known int
	ends  [4]int32
}

// waitingRow is the values of a row in the order of its shape, each behind its length.
type waitingRow struct {
	time   int64
	shape  *shape
	values []byte
	// batch tells the rows of one call of WriteEvents from those of others; it counts from 1.
	batch uint32
	next  int32
}

const (
	lastRow = -1
	// streamBytes is about what a stream takes beside its name: itself, and its place in the index.
	streamBytes = 100
)

var (
	waitingPool = sync.Pool{New: func() any { return &waiting{index: make(map[string]int32)} }}
	segmentPool = sync.Pool{New: func() any { return new(segment) }}
)

func newWaiting(kind edge.Kind, day int64) *waiting {
	w := waitingPool.Get().(*waiting)
	w.kind, w.day = kind, day
	return w
}

// release gives the memory back. Nothing may point into it any more.
func (w *waiting) release() {
	for _, s := range w.segments {
		s.used = 0
		segmentPool.Put(s)
	}
	clear(w.segments)
	clear(w.rows)
	clear(w.index)
	w.segments, w.rows, w.streams, w.size = w.segments[:0], w.rows[:0], w.streams[:0], 0
	waitingPool.Put(w)
}

// add appends a row of the renderer to its stream and returns the memory that it takes, in bytes.
func (w *waiting) add(tenant edge.Tenant, batch uint32, r *renderer, row *rendered) int {
	n := int32(len(w.rows))
	values, name := r.values(row), r.stream(row)
	w.rows = append(w.rows, waitingRow{
		time: row.time, shape: row.shape, values: w.keep(values), batch: batch,
		next: lastRow,
	})
	w.size += len(values) + row.shape.bytes
	memory := len(values) + int(unsafe.Sizeof(waitingRow{})) + row.fresh
	i, ok := w.index[string(name)]
	if !ok {
		memory += len(name) + streamBytes
		i = int32(len(w.streams))
		w.index[string(name)] = i
		w.streams = append(w.streams, stream{tenant: tenant, first: n, last: lastRow})
	}
	w.link(&w.streams[i], n)
	return memory
}

// link puts a row behind the last one of its batch and shape, or at the end.
func (w *waiting) link(s *stream, n int32) {
	row := &w.rows[n]
	if s.batch != row.batch {
		s.batch, s.known = row.batch, 0
	}
	for i, end := range s.ends[:s.known] {
		if before := &w.rows[end]; before.shape == row.shape {
			row.next, before.next = before.next, n
			s.ends[i] = n
			if s.last == end {
				s.last = n
			}
			return
		}
	}
	if s.last != lastRow {
		w.rows[s.last].next = n
	}
	s.last = n
	if s.known < len(s.ends) {
		s.ends[s.known] = n
		s.known++
	}
}

// keep copies the values of a row.
func (w *waiting) keep(values []byte) []byte {
	if len(values) >= longRow {
		return bytes.Clone(values)
	}
	last := len(w.segments) - 1
	if last < 0 || len(w.segments[last].bytes)-w.segments[last].used < len(values) {
		w.segments = append(w.segments, segmentPool.Get().(*segment))
		last++
	}
	s := w.segments[last]
	from := s.used
	s.used += copy(s.bytes[from:], values)
	return s.bytes[from:s.used:s.used]
}

// give calls hand with the rows in pieces of about that size, each with whole streams, or of a stream whole batches:
// the rows of one batch and stream are in one piece, however many they are. A piece comes from the spares, belongs to
// hand and is valid until release.
func (w *waiting) give(size int, from *spares, hand func(*logstorage.LogRows)) {
	var fields []logstorage.Field
	rows, filled := from.take(w.kind), 0
	for i := range w.streams {
		s := &w.streams[i]
		tenant := TenantID(s.tenant, w.kind)
		batch := uint32(0) // none
		for n := s.first; n != lastRow; n = w.rows[n].next {
			row := &w.rows[n]
			if filled >= size && row.batch != batch {
				hand(rows)
				rows, filled = from.take(w.kind), 0
			}
			batch = row.batch
			fields = row.fields(fields[:0])
			rows.MustAdd(tenant, row.time, fields, -1) // -1: the stream is of the names in rows
			filled += len(row.values) + row.shape.bytes
		}
	}
	hand(rows)
}

// fields appends the fields of a row, whose values point into its memory.
func (r *waitingRow) fields(dst []logstorage.Field) []logstorage.Field {
	rest := r.values
	for _, name := range r.shape.sorted {
		n, head := binary.Uvarint(rest)
		value := rest[head : head+int(n)]
		dst = append(dst, logstorage.Field{Name: name, Value: unsafe.String(unsafe.SliceData(value), len(value))})
		rest = rest[head+int(n):]
	}
	return dst
}
