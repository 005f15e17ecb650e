package otlp

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"edgescope/edge"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

const (
	// maxAhead is how far a sender's clock may be ahead of ours before we say that it is.
	maxAhead = 10 * time.Minute
	// maxSpread is how far the events of one trace may lie apart to be moved together: one that is years ahead is
	// broken by itself.
	maxSpread = 24 * time.Hour
	// sameClock is how far the newest events of two traces may lie apart to be of one clock: a sender waits about that
	// long.
	sameClock = time.Minute
	// maxSkews bounds the traces that are remembered, at about 100 bytes each.
	maxSkews = 4096
)

// warnFuture is the reason of a warning, as edge.Batch counts it.
const warnFuture = "time in the future"

// skews remembers by how much traces were moved whose sender's clock is ahead of ours, so that the spans of one trace
// keep their distances when they come in several bodies. The oldest are forgotten. It is safe for concurrent use.
type skews struct {
	mu    sync.Mutex
	known map[skewKey]int64
	order []skewKey
	next  int
	any   atomic.Bool
}

type skewKey struct {
	tenant edge.Tenant
	trace  edge.TraceID
}

// of returns by how much a trace is moved whose newest event is ahead of its arrival by that much, in nanoseconds, and
// whose sender's clock is ahead by clock, 0 when that is not known; 0 leaves it.
func (s *skews) of(key skewKey, ahead, clock int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.known[key]; ok && max(before-ahead, ahead-before) <= int64(maxAhead) {
		return before
	}
	if clock == 0 {
		clock = ahead
	}
	if clock <= int64(maxAhead) {
		return 0
	}
	if !key.trace.IsZero() {
		s.remember(key, clock)
	}
	return clock
}

func (s *skews) remember(key skewKey, by int64) {
	if s.known == nil {
		s.known = make(map[skewKey]int64)
		s.any.Store(true)
	}
	if _, ok := s.known[key]; !ok {
		if len(s.order) < maxSkews {
			s.order = append(s.order, key)
		} else {
			delete(s.known, s.order[s.next])
			s.order[s.next] = key
			s.next = (s.next + 1) % maxSkews
		}
	}
	s.known[key] = by
}

// endsAhead tells whether an event that has begun ends in the future, which no clock explains.
func (d *decoder) endsAhead(e *edge.Event) bool {
	return e.Time > d.now+int64(maxAhead) && e.Time-e.Duration <= d.now
}

// lineage is the events of one trace and resource.
type lineage struct {
	// newest is the time of the last event that begins in the future; by is how far all are moved.
	newest, by int64
	told       bool
}

// settleFuture looks at the events of a resource that lie in the future. Where a trace begins there, the clock of its
// sender is ahead: the whole trace is moved, together with others that are ahead as far, so that the newest event of
// them all is that of its arrival, and all keep their distances. An event that has begun but ends in the future ends at
// its arrival.
func (d *decoder) settleFuture(events []edge.Event) {
	newest := d.newest
	d.newest = 0
	if newest <= d.now || newest <= d.now+int64(maxAhead) && !d.skews.any.Load() {
		return
	}
	traces := d.lineages(events)
	for i := range events {
		e := &events[i]
		if t := traces[e.TraceID]; t != nil && t.by > 0 && e.Time > t.newest-int64(maxSpread) &&
			(e.Time > d.now || !e.TraceID.IsZero()) {
			d.move(e, t)
		}
		if d.endsAhead(e) {
			e.Time, e.Duration = d.now, d.now-(e.Time-e.Duration)
			d.noteAt(e.Index, warnFuture, "ends in the future: it ends with its arrival")
			d.boundDuration(e)
		}
	}
}

func (d *decoder) lineages(events []edge.Event) map[edge.TraceID]*lineage {
	traces := make(map[edge.TraceID]*lineage)
	for i := range events {
		e := &events[i]
		if e.Time-e.Duration <= d.now {
			continue
		}
		t := traces[e.TraceID]
		if t == nil {
			t = new(lineage)
			traces[e.TraceID] = t
		}
		t.newest = max(t.newest, e.Time)
	}
	var clock, newest int64
	for _, id := range slices.SortedFunc(maps.Keys(traces), func(a, b edge.TraceID) int {
		return cmp.Or(cmp.Compare(traces[b].newest, traces[a].newest), bytes.Compare(a[:], b[:]))
	}) {
		t := traces[id]
		if newest-t.newest > int64(sameClock) {
			clock = 0
		}
		if t.by = d.skews.of(skewKey{d.batch.Tenant, id}, t.newest-d.now, clock); clock == 0 {
			clock, newest = t.by, t.newest
		}
	}
	return traces
}

func (d *decoder) move(e *edge.Event, t *lineage) {
	e.Time -= t.by
	e.SpanEvents = d.moveList(e.SpanEvents, t.by)
	if t.told {
		d.batch.Warn(warnFuture)
		return
	}
	t.told = true
	d.noteAt(e.Index, warnFuture, fmt.Sprintf("the clock of its sender is ahead by %s: moved to its arrival, with "+
		"its trace",
		time.Duration(t.by).Round(time.Second)))
}

// moveList moves the times of a list of span events as addEvent writes it: [{"name":..,"time":..,"attrs":..}].
func (d *decoder) moveList(list string, by int64) string {
	if list == "" {
		return ""
	}
	r := new(jsonwire.Reader)
	r.Reset(unsafe.Slice(unsafe.StringData(list), len(list)), new(jsonwire.Arena))
	moved, copied := make([]byte, 0, len(list)), 0
	for events := r.Array(); events.Next(); {
		for o := r.Object(); ; {
			key, ok := o.Member()
			if !ok {
				break
			}
			if key != "time" {
				r.Skip()
				continue
			}
			from := r.Pos
			_, text := r.Scalar()
			at, _ := values.ParseInteger(text)
			if at > by { // else it has no time
				moved = strconv.AppendInt(append(moved, list[copied:from]...), at-by, 10)
				copied = r.Pos
			}
		}
	}
	at := len(d.Arena.Buf)
	d.Arena.Buf = append(append(d.Arena.Buf, moved...), list[copied:]...)
	return d.Arena.Since(at)
}
