package otlp

import (
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

// keyEventName is the attribute under which the name of an event (LogRecord.event_name) is kept.
const keyEventName = "event.name"

// startLog returns the event to fill.
func (d *decoder) startLog() *edge.Event {
	d.own.Reset()
	d.start, d.observed = 0, 0
	d.body, d.eventName = values.Value{}, values.Value{}
	d.batch.Events = append(d.batch.Events, edge.Event{Kind: edge.KindLog, Index: d.count()})
	return &d.batch.Events[len(d.batch.Events)-1]
}

// endLog completes the event that startLog returned. No log record is rejected: bad ids are dropped, and the moment of
// one without a time is when it was observed, else when it came.
func (d *decoder) endLog(e *edge.Event) {
	if e.Time = d.Nanos(d.start); e.Time == 0 {
		e.Time = d.Nanos(d.observed)
	}
	if e.Time == 0 {
		e.Time = d.now
	}
	d.newest = max(d.newest, e.Time)
	if e.SeverityNumber == 0 {
		e.SeverityNumber = severityOf(e.SeverityText)
	}
	e.Body = d.body.Text(&d.Arena)
	if d.eventName.Str != "" && d.own.Find(keyEventName) < 0 {
		d.Add(&d.own, keyEventName, d.eventName)
	}
	e.Attrs = d.keep(&d.own)
	d.texts += int64(len(e.Body) + len(e.SeverityText))
}

// severityWords are the texts of a severity beside those of the enumeration: the names of the logs data model's
// appendix B (syslog, Log4j, Zap, .NET), and those of consoles and loggers of JavaScript and Python.
var severityWords = [...]struct {
	word   string
	number uint8
}{
	{"VERBOSE", 1},
	{"LOG", 9},
	{"INFORMATION", 9},
	{"INFORMATIONAL", 9},
	{"NOTICE", 10},
	{"WARNING", 13},
	{"ERR", 17},
	{"SEVERE", 17},
	{"DPANIC", 18},
	{"ALERT", 19},
	{"PANIC", 20},
	{"CRITICAL", 21},
	{"CRIT", 21},
	{"EMERG", 21},
	{"EMERGENCY", 21},
}

// severityOf returns the number that the text of a severity stands for, 0 when we don't know it: a severity's text is
// free.
func severityOf(text string) uint8 {
	if text == "" {
		return 0
	}
	for i := range severityWords {
		if strings.EqualFold(text, severityWords[i].word) {
			return severityWords[i].number
		}
	}
	if jsonwire.IsNumber(text) {
		return 0 // a level of some logger's own counting
	}
	n, _ := values.SeverityLevels.Number(jsonwire.String, text)
	return uint8(n) // at most 24
}

// jsonSeverity reads a severity number, also one that is given as a word.
func (d *decoder) jsonSeverity(r *jsonwire.Reader) uint8 {
	t, text := r.Scalar()
	if n, ok := values.SeverityLevels.Number(t, text); ok {
		return uint8(n) // at most 24
	}
	n := severityOf(text)
	if n == 0 && r.Err == nil {
		d.NoteEnum(&values.SeverityLevels, strconv.Quote(jsonwire.Shorten(text, values.MaxQuoted)))
	}
	return n
}

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
		d.JSONAttrs(r, &d.own, d.Limits.Key)
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

// protoLog reads a LogRecord (opentelemetry/proto/logs/v1/logs.proto).
func (d *decoder) protoLog(f pbwire.Message) error {
	e := d.startLog()
	for f.Next() {
		switch f.Num {
		case 1:
			d.start = f.Fixed64()
		case 2:
			e.SeverityNumber = uint8(d.ProtoEnum(f.Varint(), &values.SeverityLevels)) // at most 24
		case 3:
			e.SeverityText = d.Arena.Text(f.Bytes())
		case 5:
			m := f.Message()
			d.ProtoValue(&m, &d.body, 0)
			f.Err = m.Err
		case 6:
			d.ProtoAttr(&f, &d.own, d.Limits.Key)
		case 7:
			e.DroppedAttrs = uint32(f.Varint()) // the field has 32 bits
		case 8:
			e.Flags = f.Fixed32()
		case 9:
			e.TraceID = values.TraceID(f.Bytes())
		case 10:
			e.SpanID = values.SpanID(f.Bytes())
		case 11:
			d.observed = f.Fixed64()
		case 12:
			d.eventName = values.Value{Kind: values.String, Str: d.Arena.Text(f.Bytes())}
		default:
			f.Skip()
		}
	}
	if f.Err == nil {
		d.endLog(e)
	}
	return f.Err
}
