package otlp

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// Reasons of warnings, as edge.Batch counts them.
const (
	warnManyEvents = "too many span events"
	warnManyLinks  = "too many links"
	warnLink       = "link without valid ids"
	warnNoSpanTime = "span without times"
	warnNoStart    = "span without a start"
	warnNoEnd      = "span without an end"
	warnEndFirst   = "end before start"
	warnLong       = "span longer than 30 days"
)

// exception is what a span event "exception" says; handled tells that it did not leave the span (exception.escaped is
// false).
type exception struct {
	found, handled         bool
	kind, message, escaped values.Value
}

// startSpan returns the event to fill.
func (d *decoder) startSpan() *edge.Event {
	d.own.Reset()
	d.links, d.events = d.links[:0], d.events[:0]
	d.exception = exception{}
	d.start, d.end = 0, 0
	d.batch.Events = append(d.batch.Events, edge.Event{
		Kind: edge.KindSpan, Index: d.count(),
		SpanKind: edge.SpanInternal,
	})
	return &d.batch.Events[len(d.batch.Events)-1]
}

// endSpan completes the event that startSpan returned, or rejects it.
func (d *decoder) endSpan(e *edge.Event) {
	switch {
	case e.TraceID.IsZero():
		d.rejectLast("no valid trace id: want 16 bytes, not all zero")
		return
	case e.SpanID.IsZero():
		d.rejectLast("no valid span id: want 8 bytes, not all zero")
		return
	}
	d.setTime(e)
	if e.Status != edge.StatusError {
		e.StatusMessage = ""
	}
	d.liftException()
	e.Attrs = d.keep(&d.own)
	e.SpanEvents, e.Links = d.keepList(d.events), d.keepList(d.links)
	d.texts += int64(len(e.Name) + len(e.StatusMessage) + len(e.TraceState) + len(e.SpanEvents) + len(e.Links))
}

// full tells whether a list of events or links has all that the store keeps.
func (d *decoder) full(list []byte) bool { return d.Limits.List > 0 && len(list) > d.Limits.List }

// addEvent appends a span event whose attributes are in d.nested, as {"name","time","attrs"}.
func (d *decoder) addEvent(name string, at uint64) {
	if name == "exception" && (!d.exception.found || d.exception.handled) {
		d.addException()
	}
	if d.full(d.events) {
		d.batch.Warn(warnManyEvents)
		return
	}
	d.events = openEntry(d.events)
	d.events = append(d.events, `{"name":`...)
	d.events = jsonwire.AppendString(d.events, name)
	d.events = append(d.events, `,"time":`...)
	d.events = strconv.AppendInt(d.events, d.Nanos(at), 10)
	d.events = d.closeEntry(d.events)
}

// addException notes the exception whose attributes are in d.nested. The first one that was not handled counts, else
// the first.
func (d *decoder) addException() {
	escaped := d.nestedValue(edge.KeyExceptionEscaped)
	handled := escaped.Kind == values.Bool && escaped.Num == 0 || escaped.Kind == values.String &&
		strings.EqualFold(escaped.Str, "false")
	if d.exception.found && handled {
		return
	}
	d.exception = exception{
		found: true, handled: handled, escaped: escaped,
		kind: d.nestedValue(edge.KeyExceptionType), message: d.nestedValue(edge.KeyExceptionMessage),
	}
}

// addLink appends a link whose attributes are in d.nested, as {"trace_id","span_id","attrs"}.
func (d *decoder) addLink(trace edge.TraceID, span edge.SpanID) {
	if trace.IsZero() || span.IsZero() {
		d.batch.Warn(warnLink)
		return
	}
	if d.full(d.links) {
		d.batch.Warn(warnManyLinks)
		return
	}
	d.links = openEntry(d.links)
	d.links = append(d.links, `{"trace_id":"`...)
	d.links = appendTraceID(d.links, trace)
	d.links = append(d.links, `","span_id":"`...)
	d.links = appendSpanID(d.links, span)
	d.links = append(d.links, '"')
	d.links = d.closeEntry(d.links)
}

func openEntry(list []byte) []byte {
	if len(list) == 0 {
		return append(list, '[')
	}
	return append(list, ',')
}

func (d *decoder) closeEntry(list []byte) []byte {
	list = append(list, `,"attrs":`...)
	return append(values.AppendObject(list, &d.nested), '}')
}

func (d *decoder) nestedValue(key string) values.Value {
	for i := range d.nested.List {
		if d.nested.List[i].Key == key {
			return d.nested.List[i].Val
		}
	}
	return values.Value{}
}

// liftException makes attributes of what an event "exception" says, to group by and to judge by, unless the span has
// them.
func (d *decoder) liftException() {
	if !d.exception.found {
		return
	}
	for _, at := range [...]values.Pair{
		{Key: edge.KeyExceptionType, Val: d.exception.kind},
		{Key: edge.KeyExceptionMessage, Val: d.exception.message},
		{Key: edge.KeyExceptionEscaped, Val: d.exception.escaped},
	} {
		if at.Val.Kind != values.None && d.own.Find(at.Key) < 0 {
			d.Add(&d.own, at.Key, at.Val)
		}
	}
}

// setTime applies the rules for the times of a span. A missing time is that of the other one, or of the arrival when
// both are missing; an end before the start makes a duration of 0; a span that would last longer than any has no
// duration. Each of these is told. What lies in the future is looked at when the resource ends.
func (d *decoder) setTime(e *edge.Event) {
	start, end := d.Nanos(d.start), d.Nanos(d.end)
	switch {
	case start == 0 && end == 0:
		start, end = d.now, d.now
		d.note(warnNoSpanTime, "no time of its own: it is that of its arrival")
	case start == 0:
		start = end
		d.note(warnNoStart, "no start: taken as its end")
	case end == 0:
		end = start
		d.note(warnNoEnd, "no end: taken as its start")
	case end < start:
		end = start
		d.note(warnEndFirst, "end before start: the duration is 0")
	}
	e.Time, e.Duration, e.HasDuration = end, end-start, true
	d.newest = max(d.newest, end)
	if !d.endsAhead(e) {
		d.boundDuration(e)
	}
}

// boundDuration takes the duration of a span that would be longer than any.
func (d *decoder) boundDuration(e *edge.Event) {
	if e.Duration <= int64(edge.MaxDuration) {
		return
	}
	d.noteAt(e.Index, warnLong, fmt.Sprintf("from %s to %s: longer than %d days, it has no duration; are both times "+
		"in nanoseconds?",
		dateOf(e.Time-e.Duration), dateOf(e.Time), int(edge.MaxDuration.Hours()/24)))
	e.Duration, e.HasDuration = 0, false
}

func dateOf(nanos int64) string { return time.Unix(0, nanos).UTC().Format(time.DateOnly) }

// kindOf returns the kind of a span by its number in OTLP; what is unspecified is internal.
func kindOf(n uint64) edge.SpanKind {
	return edge.SpanKind(max(n, uint64(edge.SpanInternal))) // a number of the enumeration
}

func appendTraceID(dst []byte, id edge.TraceID) []byte { return hex.AppendEncode(dst, id[:]) }

func appendSpanID(dst []byte, id edge.SpanID) []byte { return hex.AppendEncode(dst, id[:]) }
