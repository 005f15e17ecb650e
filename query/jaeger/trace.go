package jaeger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"edgescope/store"
)

const (
	// maxSpans bounds the spans of one trace in an answer, maxAllSpans those of all its traces, also in summaries.
	maxSpans    = 10_000
	maxAllSpans = 200_000
	// holdStep is how many bytes are told to the gate at once.
	holdStep = 256 << 10
)

// trace is a trace with its spans, sorted by start.
type trace struct {
	id    string
	spans []*span
	// all is how many spans there are, those that were left out included.
	all      int
	warnings []string
}

// gathering collects the rows of traces. Of a trace with more than perTrace spans it keeps those that started first;
// with more than maxAllSpans in all it leaves out the last traces.
type gathering struct {
	perTrace int
	order    map[string]int
	list     []*trace
	kept     int
	bytes    int64
}

// newGathering collects traces of these ids, which come out in the same order.
func newGathering(ids []string, perTrace int) *gathering {
	g := &gathering{perTrace: perTrace, order: make(map[string]int, len(ids)), list: make([]*trace, len(ids))}
	for i, id := range ids {
		g.order[id] = i
		g.list[i] = &trace{id: id}
	}
	return g
}

// add keeps a row. It returns how many bytes are kept since it last said so, 0 while they are few.
func (g *gathering) add(r store.Row) (bytes int64, err error) {
	i, ok := g.order[r.Get(store.FieldTraceID)]
	if !ok || i >= len(g.list) {
		return 0, nil
	}
	s, err := readSpan(r)
	if err != nil {
		return 0, err
	}
	t := g.list[i]
	t.spans = append(t.spans, s)
	t.all++
	g.kept++
	if len(t.spans) >= 2*g.perTrace {
		g.kept -= t.cut(g.perTrace)
	}
	for g.kept > maxAllSpans && len(g.list) > 1 {
		last := len(g.list) - 1
		g.kept -= len(g.list[last].spans)
		g.list = g.list[:last]
	}
	if g.bytes += int64(textSize(r) + 64*len(r) + 256); g.bytes < holdStep {
		return 0, nil
	}
	bytes, g.bytes = g.bytes, 0
	return bytes, nil
}

// cut keeps the first spans of a trace, at most so many and each once, and returns how many it has left out. One that came twice counts
// once.
func (t *trace) cut(most int) int {
	before := len(t.spans)
	slices.SortFunc(t.spans, func(a, b *span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), strings.Compare(a.id, b.id), cmp.Compare(a.end, b.end))
	})
	t.spans = slices.CompactFunc(t.spans, func(a, b *span) bool {
		return a.id != "" && a.id == b.id && a.start == b.start
	})
	t.all -= before - len(t.spans)
	if len(t.spans) > most {
		clear(t.spans[most:])
		t.spans = t.spans[:most]
	}
	return before - len(t.spans)
}

// done returns the traces that have spans.
func (g *gathering) done() []*trace {
	out := make([]*trace, 0, len(g.list))
	for _, t := range g.list {
		t.cut(g.perTrace)
		if len(t.spans) == 0 {
			continue
		}
		if t.all > len(t.spans) {
			t.warnings = append(t.warnings,
				fmt.Sprintf("the trace has %d spans: the %d that started first are shown", t.all, len(t.spans)))
		}
		out = append(out, t)
	}
	if left := len(g.order) - len(g.list); left > 0 && len(out) > 0 {
		last := out[len(out)-1]
		last.warnings = append(last.warnings,
			fmt.Sprintf("%d more traces are left out: an answer has at most %d spans", left, maxAllSpans))
	}
	return out
}

// ids are the ids of the trace's spans.
func (t *trace) ids() map[string]bool {
	ids := make(map[string]bool, len(t.spans))
	for _, s := range t.spans {
		ids[s.id] = true
	}
	return ids
}
