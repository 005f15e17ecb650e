package otlp

// protoLog reads a LogRecord (opentelemetry/proto/logs/v1/logs.proto).
func (d *decoder) protoLog(f fields) error {
	e := d.startLog()
	for f.next() {
		switch f.num {
		case 1:
			d.start = f.fixed64()
		case 2:
			e.SeverityNumber = uint8(d.protoEnum(f.varint(), &severityLevels)) // at most 24
		case 3:
			e.SeverityText = d.arena.Text(f.bytes())
		case 5:
			m := f.message()
			d.protoValue(&m, &d.body, 0)
			f.err = m.err
		case 6:
			d.protoAttrOf(&f, &d.own, maxKey)
		case 7:
			e.DroppedAttrs = uint32(f.varint()) // the field has 32 bits
		case 8:
			e.Flags = f.fixed32()
		case 9:
			e.TraceID = traceID(f.bytes())
		case 10:
			e.SpanID = spanID(f.bytes())
		case 11:
			d.observed = f.fixed64()
		case 12:
			d.eventName = value{kind: kindString, str: d.arena.Text(f.bytes())}
		default:
			f.skip()
		}
	}
	if f.err == nil {
		d.endLog(e)
	}
	return f.err
}
