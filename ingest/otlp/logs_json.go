package otlp

import "edgescope/edge"

func (d *decoder) jsonLog(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		d.rejectEntry()
		return
	}
	e := d.startLog()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		if !d.jsonLogText(r, e, key) {
			d.jsonLogRest(r, e, key)
		}
	}
	d.endLog(e)
}

// jsonLogText reads what a log record says.
func (d *decoder) jsonLogText(r *jsonReader, e *edge.Event, key string) bool {
	switch key {
	case "body":
		d.body = d.jsonBody(r)
	case "attributes":
		d.jsonAttrs(r, &d.own, maxKey)
	case "severityNumber", "severity_number":
		e.SeverityNumber = d.jsonSeverity(r)
	case "severityText", "severity_text":
		e.SeverityText = stringValue(r.scalar()).str
	case "eventName", "event_name":
		d.eventName = stringValue(r.scalar())
	default:
		return false
	}
	return true
}

// jsonLogRest reads when and where a log record was written.
func (d *decoder) jsonLogRest(r *jsonReader, e *edge.Event, key string) {
	switch key {
	case "timeUnixNano", "time_unix_nano":
		d.start = d.jsonTime(r)
	case "observedTimeUnixNano", "observed_time_unix_nano":
		d.observed = d.jsonTime(r)
	case "traceId", "trace_id":
		e.TraceID = edge.TraceID{}
		r.id(e.TraceID[:])
	case "spanId", "span_id":
		e.SpanID = edge.SpanID{}
		r.id(e.SpanID[:])
	case "flags":
		e.Flags = unsigned32(r.scalar())
	case "droppedAttributesCount", "dropped_attributes_count":
		e.DroppedAttrs = unsigned32(r.scalar())
	default:
		r.skip()
	}
}

// jsonBody reads the body of a log record: a value, or the bare text, number or bool that hand-written clients send.
func (d *decoder) jsonBody(r *jsonReader) value {
	if r.peek() == tokObject {
		return d.jsonValue(r, 0)
	}
	return stringValue(r.scalar())
}
