package normalize_test

import (
	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// attrs makes attributes of "key", "value", ...
func attrs(pairs ...string) []edge.Attr {
	var all []edge.Attr
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, edge.Attr{Key: pairs[i], Value: pairs[i+1]})
	}
	return all
}

// ids are the ids of a span and of its parent, ms its start and its end in milliseconds.
type (
	ids struct{ own, parent byte }
	ms  struct{ from, to int64 }
)

// span makes a span of trace 1.
func span(id ids, kind edge.SpanKind, at ms, pairs ...string) edge.Event {
	return edge.Event{
		Kind: edge.KindSpan, TraceID: edge.TraceID{1}, SpanID: spanID(id.own), ParentID: spanID(id.parent),
		SpanKind: kind,
		Time:     at.to * 1e6, Duration: (at.to - at.from) * 1e6, HasDuration: true, Attrs: attrs(pairs...),
	}
}

func spanID(n byte) edge.SpanID { return edge.SpanID{n} }

func named(e edge.Event, name string) edge.Event {
	e.Name = name
	return e
}

func normalized(events ...edge.Event) []edge.Event {
	normalize.New(normalize.Options{}).Normalize(events)
	return events
}
