package graph

import (
	"cmp"
	"context"
	"encoding/json"
	"math/bits"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/store"
)

// row is a span as the store has it; its texts are borrowed.
type row struct{ trace, id, parent, service, links string }

func readSpan(of store.Row) (r row) {
	for i := range of {
		switch value := of[i].Value; of[i].Name {
		case store.FieldTraceID:
			r.trace = value
		case store.FieldSpanID:
			r.id = value
		case store.FieldParentID:
			r.parent = value
		case edge.KeyServiceName:
			r.service = value
		case store.FieldLinks:
			r.links = value
		}
	}
	return r
}

// above returns the id of the span below which this one is, "" without one.
func (r *row) above() string {
	if r.parent != "" || !strings.Contains(r.links, r.trace) {
		return r.parent
	}
	var links []struct {
		TraceID string `json:"trace_id"`
		SpanID  string `json:"span_id"`
	}
	if json.Unmarshal([]byte(r.links), &links) != nil {
		return "" // cut by a limit of the store
	}
	for _, l := range links {
		if l.TraceID == r.trace {
			return l.SpanID
		}
	}
	return ""
}

// span is what the graph needs of a span.
type span struct {
	self, parent uint64 // keys, 0 of none
	at           uint32 // of its end
	service      uint16
	counts       bool // it is in the range itself
}

// table is spans by their keys: an open hash table over a list, without a pointer.
type table struct {
	spans []span
	slots []uint32 // 1 + the index in spans, 0 where there is none
	ids   map[string]uint16
	names []string
}

const (
	spanBytes = 24
	// maxServices bounds the services of a graph.
	maxServices = 1 << 16
	// maxSame bounds how many spans of one id are looked at: two are usual with Zipkin, more are a mistake of a sender.
	maxSame = 8
	// nameBytes and callBytes are what a service and a pair of services take beside the name.
	nameBytes, callBytes = 64, 96
)

// slotsFor is how many slots a table of n spans has.
func slotsFor(n int) int { return 1 << bits.Len(uint(n+n/4)) }

// room is how many spans a table made for n takes: meanwhile more may have come.
func room(n int) int { return n + n/16 + 1024 }

// tableBytes is the size of a table for n spans.
func tableBytes(n int) int64 { return int64(spanBytes*room(n) + 4*slotsFor(room(n))) }

func newTable(n int) *table {
	return &table{
		spans: make([]span, 0, room(n)), slots: make([]uint32, slotsFor(room(n))), ids: map[string]uint16{},
	}
}

// service returns the number of a service by its name.
func (t *table) service(ctx context.Context, name string) (uint16, error) {
	if n, ok := t.ids[name]; ok {
		return n, nil
	}
	if len(t.names) >= maxServices {
		return 0, &gate.RefusedError{Status: 422, Reason: "the spans of the range are of more than 65,536 services: ask " +
			"for a shorter range"}
	}
	if err := gate.Hold(ctx, int64(len(name)+nameBytes)); err != nil {
		return 0, err
	}
	name = strings.Clone(name)
	n := uint16(len(t.names))
	t.ids[name] = n
	t.names = append(t.names, name)
	return n, nil
}

// add takes a span, unless it is there already or the table is full.
func (t *table) add(s span) {
	if len(t.spans) == cap(t.spans) {
		return
	}
	if s.self == 0 { // nobody's parent
		t.spans = append(t.spans, s)
		return
	}
	same := 0
	i := t.first(s.self)
	for ; t.slots[i] != 0; i = t.next(i) {
		other := &t.spans[t.slots[i]-1]
		if *other == s {
			return
		}
		if other.self == s.self {
			if same++; same == maxSame {
				t.spans = append(t.spans, s)
				return
			}
		}
	}
	t.spans = append(t.spans, s)
	t.slots[i] = uint32(len(t.spans))
}

func (t *table) first(key uint64) int { return int(key & uint64(len(t.slots)-1)) }

func (t *table) next(slot int) int { return (slot + 1) & (len(t.slots) - 1) }

// pair is two services, one of which calls the other.
type pair struct{ parent, child uint16 }

// calls counts the calls.
func (t *table) calls(ctx context.Context) ([]Call, error) {
	counts := map[pair]uint64{}
	for i := range t.spans {
		s := &t.spans[i]
		if !s.counts || s.parent == 0 {
			continue
		}
		parents, n := t.parents(s)
		for _, parent := range parents[:n] {
			p := pair{parent, s.service}
			if counts[p] == 0 {
				if err := gate.Hold(ctx, callBytes); err != nil {
					return nil, err
				}
			}
			counts[p]++
		}
	}
	list := make([]Call, 0, len(counts))
	for p, n := range counts {
		list = append(list, Call{t.names[p.parent], t.names[p.child], n})
	}
	if len(list) > maxCalls {
		slices.SortFunc(list, func(a, b Call) int { return cmp.Or(cmp.Compare(b.Count, a.Count), order(a, b)) })
		list = list[:maxCalls:maxCalls]
	}
	slices.SortFunc(list, order)
	return list, nil
}

func order(a, b Call) int {
	return cmp.Or(cmp.Compare(a.Parent, b.Parent), cmp.Compare(a.Child, b.Child))
}

// parents returns the services, n of them, of the spans that have the id of a span's parent, but for its own service.
func (t *table) parents(s *span) (found [maxSame]uint16, n int) {
	for i := t.first(s.parent); t.slots[i] != 0; i = t.next(i) {
		p := &t.spans[t.slots[i]-1]
		if p.self == s.parent && p.service != s.service && !slices.Contains(found[:n], p.service) {
			found[n] = p.service
			n++
		}
	}
	return found, n
}
