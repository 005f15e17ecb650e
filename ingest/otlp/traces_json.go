package otlp

import "edgescope/edge"

func (d *decoder) jsonSpan(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		d.rejectEntry()
		return
	}
	e := d.startSpan()
	for o := r.object(); ; {
		key, ok := o.member()
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
func (d *decoder) jsonSpanScalar(r *jsonReader, e *edge.Event, key string) bool {
	switch key {
	case "traceId", "trace_id":
		e.TraceID = edge.TraceID{}
		r.id(e.TraceID[:])
	case "spanId", "span_id":
		e.SpanID = edge.SpanID{}
		r.id(e.SpanID[:])
	case "parentSpanId", "parent_span_id":
		e.ParentID = edge.SpanID{}
		r.id(e.ParentID[:])
	case "name":
		e.Name = stringValue(r.scalar()).str
	case "kind":
		e.SpanKind = kindOf(d.jsonEnum(r, &spanKinds))
	case "startTimeUnixNano", "start_time_unix_nano":
		d.start = d.jsonTime(r)
	case "endTimeUnixNano", "end_time_unix_nano":
		d.end = d.jsonTime(r)
	case "traceState", "trace_state":
		e.TraceState = stringValue(r.scalar()).str
	case "flags":
		e.Flags = unsigned32(r.scalar())
	default:
		return false
	}
	return true
}

// jsonSpanPart reads the members of a span that are lists or objects, and the counts of what is missing from them.
func (d *decoder) jsonSpanPart(r *jsonReader, e *edge.Event, key string) {
	switch key {
	case "attributes":
		d.jsonAttrs(r, &d.own, maxKey)
	case "events":
		d.events, d.exception = d.events[:0], exception{}
		for list := d.list(r); list.next(); {
			d.jsonEvent(r)
		}
	case "links":
		d.links = d.links[:0]
		for list := d.list(r); list.next(); {
			d.jsonLink(r)
		}
	case "status":
		d.jsonStatus(r, e)
	case "droppedAttributesCount", "dropped_attributes_count":
		e.DroppedAttrs = unsigned32(r.scalar())
	case "droppedEventsCount", "dropped_events_count":
		e.DroppedEvents = unsigned32(r.scalar())
	case "droppedLinksCount", "dropped_links_count":
		e.DroppedLinks = unsigned32(r.scalar())
	default:
		r.skip()
	}
}

func (d *decoder) jsonStatus(r *jsonReader, e *edge.Event) {
	e.Status, e.StatusMessage = edge.StatusUnset, ""
	if r.peek() != tokObject { // the code by itself
		e.Status = edge.StatusCode(d.jsonEnum(r, &statusCodes)) // one of three
		return
	}
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		switch key {
		case "code", "statusCode", "status_code":
			e.Status = edge.StatusCode(d.jsonEnum(r, &statusCodes)) // one of three
		case "message":
			e.StatusMessage = stringValue(r.scalar()).str
		default:
			r.skip()
		}
	}
}

func (d *decoder) jsonEvent(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		return
	}
	var name string
	var at uint64
	d.nested.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "name":
			name = stringValue(r.scalar()).str
		case "timeUnixNano", "time_unix_nano":
			at = d.jsonTime(r)
		case "attributes":
			d.jsonMembers(r, &d.nested, 0)
		default:
			r.skip()
		}
	}
	d.addEvent(name, at)
}

func (d *decoder) jsonLink(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		return
	}
	var trace edge.TraceID
	var span edge.SpanID
	d.nested.reset()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "traceId", "trace_id":
			r.id(trace[:])
		case "spanId", "span_id":
			r.id(span[:])
		case "attributes":
			d.jsonMembers(r, &d.nested, 0)
		default:
			r.skip()
		}
	}
	d.addLink(trace, span)
}
