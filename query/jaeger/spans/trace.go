// Package spans is spans and traces as Jaeger shows them: it reads spans from rows of a store, gathers them trace by trace within
// bounds, and writes them as version 1 and version 3 of Jaeger's API do, or as summaries.
package spans

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/store"
)

const (
	// MaxSpans bounds the spans of one trace in an answer.
	MaxSpans = 10_000
	// MaxAllSpans bounds the spans of all traces of an answer, also of summaries.
	MaxAllSpans = 200_000
	// holdStep is how many bytes are told to the gate at once.
	holdStep = 256 << 10
)

const (
	// NoService is what Jaeger calls spans without a service.
	NoService = "missing-service-name"
	// NotFound is what it says of a trace that is not there.
	NotFound = "trace not found"
)

// Trace is a trace with its spans, sorted by start.
type Trace struct {
	ID    string
	Spans []*Span
	// All is how many spans there are, those that were left out included.
	All      int
	Warnings []string
}

// Gathering collects the rows of traces. Of a trace with more than perTrace spans it keeps those that started first;
// with more than MaxAllSpans in all it leaves out the last traces.
type Gathering struct {
	perTrace int
	order    map[string]int
	list     []*Trace
	// kept and bytes are how many spans are kept and what they take; told is what of it the caller knows.
	kept        int
	bytes, told int64
}

// NewGathering collects traces of these ids, which come out in the same order.
func NewGathering(ids []string, perTrace int) *Gathering {
	g := &Gathering{perTrace: perTrace, order: make(map[string]int, len(ids)), list: make([]*Trace, len(ids))}
	for i, id := range ids {
		g.order[id] = i
		g.list[i] = &Trace{ID: id}
	}
	return g
}

// Add keeps a row. It returns how many bytes more are kept than it has told before, 0 while they are few.
func (g *Gathering) Add(r store.Row) (bytes int64, err error) {
	i, ok := g.order[r.Get(store.FieldTraceID)]
	if !ok || i >= len(g.list) {
		return 0, nil
	}
	s, err := readSpan(r)
	if err != nil {
		return 0, err
	}
	t := g.list[i]
	t.Spans = append(t.Spans, s)
	t.All++
	g.grow(1, s.bytes)
	if len(t.Spans) >= 2*g.perTrace {
		g.grow(t.cut(g.perTrace))
	}
	for g.kept > MaxAllSpans && len(g.list) > 1 {
		last := g.list[len(g.list)-1]
		g.list = g.list[:len(g.list)-1]
		g.grow(-len(last.Spans), -bytesOf(last.Spans))
	}
	if g.bytes < g.told+holdStep {
		return 0, nil
	}
	bytes, g.told = g.bytes-g.told, g.bytes
	return bytes, nil
}

func (g *Gathering) grow(spans int, bytes int64) {
	g.kept += spans
	g.bytes += bytes
}

func bytesOf(list []*Span) (bytes int64) {
	for _, s := range list {
		bytes += s.bytes
	}
	return bytes
}

// cut keeps the first spans of a trace, at most so many and each once, and returns by how many they and their bytes
// have changed. One that came twice counts once.
func (t *Trace) cut(most int) (spans int, bytes int64) {
	before, held := len(t.Spans), bytesOf(t.Spans)
	slices.SortFunc(t.Spans, func(a, b *Span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), strings.Compare(a.id, b.id), cmp.Compare(a.end, b.end))
	})
	t.Spans = slices.CompactFunc(t.Spans, func(a, b *Span) bool {
		return a.id != "" && a.id == b.id && a.start == b.start
	})
	t.All -= before - len(t.Spans)
	if len(t.Spans) > most {
		clear(t.Spans[most:])
		t.Spans = t.Spans[:most]
	}
	return len(t.Spans) - before, bytesOf(t.Spans) - held
}

// Done returns the traces that have spans.
func (g *Gathering) Done() []*Trace {
	out := make([]*Trace, 0, len(g.list))
	for _, t := range g.list {
		t.cut(g.perTrace)
		if len(t.Spans) == 0 {
			continue
		}
		if t.All > len(t.Spans) {
			t.Warnings = append(t.Warnings,
				fmt.Sprintf("the trace has %d spans: the %d that started first are shown", t.All, len(t.Spans)))
		}
		out = append(out, t)
	}
	if left := len(g.order) - len(g.list); left > 0 && len(out) > 0 {
		last := out[len(out)-1]
		last.Warnings = append(last.Warnings,
			fmt.Sprintf("%d more traces are left out: an answer has at most %d spans", left, MaxAllSpans))
	}
	return out
}

// Started returns when the first span of the traces started, zero without any.
func Started(list []*Trace) (first time.Time) {
	for _, t := range list {
		if start := time.Unix(0, t.Spans[0].start); first.IsZero() || start.Before(first) {
			first = start
		}
	}
	return first
}

// Missing returns the ids of parents that are not in their traces, at most so many.
func Missing(list []*Trace, most int) (missing []string) {
	for _, t := range list {
		ids := t.ids()
		for _, s := range t.Spans {
			if s.parent != "" && !ids[s.parent] && len(missing) < most {
				ids[s.parent] = true
				missing = append(missing, s.parent)
			}
		}
	}
	return missing
}

// ids are the ids of the trace's spans.
func (t *Trace) ids() map[string]bool {
	ids := make(map[string]bool, len(t.Spans))
	for _, s := range t.Spans {
		ids[s.id] = true
	}
	return ids
}
