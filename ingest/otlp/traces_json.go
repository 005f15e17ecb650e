package otlp

import (
	"edgescope/edge"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

func (d *decoder) jsonSpan(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.rejectEntry()
		return
	}
	e := d.startSpan()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		if !d.jsonSpanScalar(r, e, key) {
			d.jsonSpanPart(r, e, key)
		}
	}
	d.endSpan(e)
}

// jsonSpanScalar reads the members of a span that are one value.
func (d *decoder) jsonSpanScalar(r *jsonwire.Reader, e *edge.Event, key string) bool {
	switch key {
	case "traceId", "trace_id":
		e.TraceID = edge.TraceID{}
		values.ID(r, e.TraceID[:])
	case "spanId", "span_id":
		e.SpanID = edge.SpanID{}
		values.ID(r, e.SpanID[:])
	case "parentSpanId", "parent_span_id":
		e.ParentID = edge.SpanID{}
		values.ID(r, e.ParentID[:])
	case "name":
		e.Name = values.StringOf(r.Scalar()).Str
	case "kind":
		e.SpanKind = kindOf(d.JSONEnum(r, &values.SpanKinds))
	case "startTimeUnixNano", "start_time_unix_nano":
		d.start = d.JSONTime(r)
	case "endTimeUnixNano", "end_time_unix_nano":
		d.end = d.JSONTime(r)
	case "traceState", "trace_state":
		e.TraceState = values.StringOf(r.Scalar()).Str
	case "flags":
		e.Flags = values.Unsigned32(r.Scalar())
	default:
		return false
	}
	return true
}

// jsonSpanPart reads the members of a span that are lists or objects, and the counts of what is missing from them.
func (d *decoder) jsonSpanPart(r *jsonwire.Reader, e *edge.Event, key string) {
	switch key {
	case "attributes":
		d.JSONAttrs(r, &d.own, d.Limits.Key)
	case "events":
		d.events, d.exception = d.events[:0], exception{}
		for list := d.List(r); list.Next(); {
			d.jsonEvent(r)
		}
	case "links":
		d.links = d.links[:0]
		for list := d.List(r); list.Next(); {
			d.jsonLink(r)
		}
	case "status":
		d.jsonStatus(r, e)
	case "droppedAttributesCount", "dropped_attributes_count":
		e.DroppedAttrs = values.Unsigned32(r.Scalar())
	case "droppedEventsCount", "dropped_events_count":
		e.DroppedEvents = values.Unsigned32(r.Scalar())
	case "droppedLinksCount", "dropped_links_count":
		e.DroppedLinks = values.Unsigned32(r.Scalar())
	default:
		r.Skip()
	}
}

func (d *decoder) jsonStatus(r *jsonwire.Reader, e *edge.Event) {
	e.Status, e.StatusMessage = edge.StatusUnset, ""
	if r.Peek() != jsonwire.Object { // the code by itself
		e.Status = edge.StatusCode(d.JSONEnum(r, &values.StatusCodes)) // one of three
		return
	}
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return
		}
		switch key {
		case "code", "statusCode", "status_code":
			e.Status = edge.StatusCode(d.JSONEnum(r, &values.StatusCodes)) // one of three
		case "message":
			e.StatusMessage = values.StringOf(r.Scalar()).Str
		default:
			r.Skip()
		}
	}
}

func (d *decoder) jsonEvent(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		return
	}
	var name string
	var at uint64
	d.nested.Reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch key {
		case "name":
			name = values.StringOf(r.Scalar()).Str
		case "timeUnixNano", "time_unix_nano":
			at = d.JSONTime(r)
		case "attributes":
			d.JSONMembers(r, &d.nested, 0)
		default:
			r.Skip()
		}
	}
	d.addEvent(name, at)
}

func (d *decoder) jsonLink(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		return
	}
	var trace edge.TraceID
	var span edge.SpanID
	d.nested.Reset()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch key {
		case "traceId", "trace_id":
			values.ID(r, trace[:])
		case "spanId", "span_id":
			values.ID(r, span[:])
		case "attributes":
			d.JSONMembers(r, &d.nested, 0)
		default:
			r.Skip()
		}
	}
	d.addLink(trace, span)
}
