package spans

import (
	"cmp"
	"io"
	"maps"
	"slices"
	"strconv"

	"edgescope/edge"
	"edgescope/store"
)

// SummaryFields are the fields of rows that summaries are made of.
var SummaryFields = []string{
	store.FieldTime, edge.KeyDuration, store.FieldTraceID, store.FieldSpanID, store.FieldParentID, edge.KeyServiceName,
	store.FieldName, store.FieldStatusCode,
}

// Summaries tell of each trace what a list of them shows, as version 3 has it: times are decimal texts, as proto3's JSON writes 64 bits.
type Summaries []*Trace

// WriteTo implements io.WriterTo.
func (list Summaries) WriteTo(w io.Writer) (int64, error) {
	o := newOutput(w)
	o.open('{')
	o.key("summaries")
	o.open('[')
	for _, t := range list {
		o.next()
		o.summary(t)
	}
	o.shut(']')
	o.shut('}')
	return o.close()
}

// counts are the spans of a service in a trace.
type counts struct{ all, failed int64 }

// root is the first span without a parent, else the first whose parent is not in the trace.
func (t *Trace) root(ids map[string]bool) *Span {
	var orphan *Span
	for _, s := range t.Spans { // by start
		if s.parent == "" {
			return s
		}
		if orphan == nil && !ids[s.parent] {
			orphan = s
		}
	}
	return cmp.Or(orphan, t.Spans[0])
}

func (o *output) summary(t *Trace) {
	ids := t.ids()
	services := map[string]counts{}
	var orphans, failed, end int64
	for _, s := range t.Spans {
		c := services[s.service]
		c.all++
		if s.failed() {
			c.failed++
			failed++
		}
		services[s.service] = c
		end = max(end, s.end)
		if s.parent != "" && !ids[s.parent] {
			orphans++
		}
	}
	root := t.root(ids)
	o.open('{')
	o.text("traceId", t.ID)
	o.text("rootServiceName", root.service)
	o.text("rootOperationName", root.name)
	o.text("minStartTimeUnixNano", strconv.FormatInt(t.Spans[0].start, 10))
	o.text("maxEndTimeUnixNano", strconv.FormatInt(end, 10))
	o.int("spanCount", int64(t.All))
	o.int("errorSpanCount", failed)
	o.int("orphanSpanCount", orphans)
	o.key("services")
	o.open('[')
	for _, name := range slices.Sorted(maps.Keys(services)) {
		o.next()
		o.open('{')
		o.text("name", name)
		o.int("spanCount", services[name].all)
		o.int("errorSpanCount", services[name].failed)
		o.shut('}')
	}
	o.shut(']')
	o.shut('}')
}
