package otlp

import (
	"edgescope/edge"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

func (d *decoder) jsonLog(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.rejectEntry()
		return
	}
	e := d.startLog()
	for o := r.Object(); ; {
		key, ok := o.Member()
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
func (d *decoder) jsonLogText(r *jsonwire.Reader, e *edge.Event, key string) bool {
	switch key {
	case "body":
		d.body = d.jsonBody(r)
	case "attributes":
		d.JSONAttrs(r, &d.own, values.MaxKey)
	case "severityNumber", "severity_number":
		e.SeverityNumber = d.jsonSeverity(r)
	case "severityText", "severity_text":
		e.SeverityText = values.StringOf(r.Scalar()).Str
	case "eventName", "event_name":
		d.eventName = values.StringOf(r.Scalar())
	default:
		return false
	}
	return true
}

// jsonLogRest reads when and where a log record was written.
func (d *decoder) jsonLogRest(r *jsonwire.Reader, e *edge.Event, key string) {
	switch key {
	case "timeUnixNano", "time_unix_nano":
		d.start = d.JSONTime(r)
	case "observedTimeUnixNano", "observed_time_unix_nano":
		d.observed = d.JSONTime(r)
	case "traceId", "trace_id":
		e.TraceID = edge.TraceID{}
		values.ID(r, e.TraceID[:])
	case "spanId", "span_id":
		e.SpanID = edge.SpanID{}
		values.ID(r, e.SpanID[:])
	case "flags":
		e.Flags = values.Unsigned32(r.Scalar())
	case "droppedAttributesCount", "dropped_attributes_count":
		e.DroppedAttrs = values.Unsigned32(r.Scalar())
	default:
		r.Skip()
	}
}

// jsonBody reads the body of a log record: a value, or the bare text, number or bool that hand-written clients send.
func (d *decoder) jsonBody(r *jsonwire.Reader) values.Value {
	if r.Peek() == jsonwire.Object {
		return d.JSONValue(r, 0)
	}
	return values.StringOf(r.Scalar())
}
