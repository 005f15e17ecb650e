package otlp

import (
	"strconv"

	"edgescope/edge"
)

type exception struct {
	found         bool
	kind, message value
}

// startSpan answers the event to fill.
func (d *decoder) startSpan() *edge.Event {
	d.own.reset()
	d.links, d.events = d.links[:0], d.events[:0]
	d.exception = exception{}
	d.start, d.end = 0, 0
	d.batch.Events = append(d.batch.Events, edge.Event{Kind: edge.KindSpan, Index: d.count(), SpanKind: edge.SpanInternal})
	return &d.batch.Events[len(d.batch.Events)-1]
}

// endSpan completes the event that startSpan answered, or rejects it.
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

// setTime applies the rules for times: a missing start is the arrival, an end that is missing or before the start makes a
// duration of 0, and a span from the future ends at its arrival.
func (d *decoder) setTime(e *edge.Event) {
	latest := d.now + int64(maxAhead)
	start, end := clampTime(d.start), clampTime(d.end)
	if start == 0 {
		start = d.now
	}
	end = max(start, end)
	if end > latest {
		d.batch.Warn(warnFuture)
		if start <= latest { // else the sender's clock is ahead, and its durations are still good
			start = min(start, d.now)
			e.Duration = d.now - start
		} else {
			e.Duration = end - start
		}
		end = d.now
	} else {
		e.Duration = end - start
	}
	e.Time, e.HasDuration = end, true
}

// setKind takes a span's kind; a number outside of the enum is internal.
func setKind(e *edge.Event, n uint64) {
	if n < uint64(edge.SpanInternal) || n > uint64(edge.SpanConsumer) {
		n = uint64(edge.SpanInternal)
	}
	e.SpanKind = edge.SpanKind(n)
}

// setStatus takes a status code; a number outside of the enum is unset.
func setStatus(e *edge.Event, n uint64) {
	if n > uint64(edge.StatusError) {
		n = uint64(edge.StatusUnset)
	}
	e.Status = edge.StatusCode(n)
}

// maxList bounds the JSON of a span's events, and of its links, in bytes: more could not be stored, since VictoriaLogs drops rows
// of 2 MiB, and the smallest event of two bytes takes 35.
const maxList = 1 << 20

// addEvent appends a span event whose attributes are in d.nested, as {"name","time","attrs"}.
func (d *decoder) addEvent(name string, at uint64) {
	if name == "exception" && !d.exception.found {
		d.exception = exception{found: true, kind: d.nestedValue(edge.KeyExceptionType), message: d.nestedValue(edge.KeyExceptionMessage)}
	}
	if len(d.events) > maxList {
		d.batch.Warn(warnManyEvents)
		return
	}
	d.events = openEntry(d.events)
	d.events = append(d.events, `{"name":`...)
	d.events = appendString(d.events, name)
	d.events = append(d.events, `,"time":`...)
	d.events = strconv.AppendInt(d.events, clampTime(at), 10)
	d.events = d.closeEntry(d.events)
}

// addLink appends a link whose attributes are in d.nested, as {"trace_id","span_id","attrs"}.
func (d *decoder) addLink(trace edge.TraceID, span edge.SpanID) {
	if trace.IsZero() || span.IsZero() {
		d.batch.Warn(warnLink)
		return
	}
	if len(d.links) > maxList {
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
	return append(appendObject(list, &d.nested), '}')
}

func (d *decoder) nestedValue(key string) value {
	for i := range d.nested.list {
		if d.nested.list[i].key == key {
			return d.nested.list[i].val
		}
	}
	return value{}
}

// liftException makes attributes of what the first event "exception" says, to group by, unless the span has them.
func (d *decoder) liftException() {
	if !d.exception.found {
		return
	}
	for _, at := range [...]pair{{edge.KeyExceptionType, d.exception.kind}, {edge.KeyExceptionMessage, d.exception.message}} {
		if at.val.kind != kindNone && d.own.find(at.key) < 0 && !d.own.put(at.key, at.val) {
			d.batch.Warn(warnManyAttrs)
		}
	}
}
