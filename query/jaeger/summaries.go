package jaeger

import (
	"cmp"
	"context"
	"io"
	"maps"
	"slices"
	"strconv"

	"edgescope/edge"
	"edgescope/store"
)

// summaryFields are what a summary is made of.
var summaryFields = []string{
	store.FieldTime, edge.KeyDuration, store.FieldTraceID, store.FieldSpanID, store.FieldParentID, edge.KeyServiceName,
	store.FieldName, store.FieldStatusCode,
}

// summaries searches for traces and tells of each what a list of them shows.
func (f *finder) summaries(ctx context.Context, q *question) (any, error) {
	s, err := readSearch3(q)
	if err != nil {
		return nil, err
	}
	found, err := f.search(ctx, q, s, summaryFields)
	return summaries(found), err
}

// summaries are written as version 3 has them: times are decimal texts, as proto3's JSON writes 64 bits.
type summaries []*trace

// WriteTo implements io.WriterTo.
func (list summaries) WriteTo(w io.Writer) (int64, error) {
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

func (o *output) summary(t *trace) {
	ids := t.ids()
	services := map[string]counts{}
	var orphans, failed, end int64
	root, hasRoot := t.spans[0], false
	for _, s := range t.spans {
		c := services[s.service]
		c.all++
		if s.failed() {
			c.failed++
			failed++
		}
		services[s.service] = c
		end = max(end, s.end)
		switch {
		case s.parent == "" && !hasRoot: // spans are sorted by start
			root, hasRoot = s, true
		case s.parent != "" && !ids[s.parent]:
			orphans++
		}
	}
	o.open('{')
	o.text("traceId", t.id)
	o.text("rootServiceName", root.service)
	o.text("rootOperationName", root.name)
	o.text("minStartTimeUnixNano", strconv.FormatInt(t.spans[0].start, 10))
	o.text("maxEndTimeUnixNano", strconv.FormatInt(end, 10))
	o.int("spanCount", int64(cmp.Or(t.all, len(t.spans))))
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
