package otlp

import (
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/values"
)

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
			d.ProtoAttr(&f, &d.own, values.MaxKey)
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
