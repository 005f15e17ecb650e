package otlp

import (
	"edgescope/edge"
	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/values"
)

func (d *decoder) protoSpan(f pbwire.Message) error {
	e := d.startSpan()
	for f.Next() {
		switch f.Num {
		case 1:
			e.TraceID = values.TraceID(f.Bytes())
		case 2:
			e.SpanID = values.SpanID(f.Bytes())
		case 3:
			e.TraceState = d.Arena.Text(f.Bytes())
		case 4:
			e.ParentID = values.SpanID(f.Bytes())
		case 5:
			e.Name = d.Arena.Text(f.Bytes())
		case 6:
			e.SpanKind = kindOf(d.ProtoEnum(f.Varint(), &values.SpanKinds))
		case 7:
			d.start = f.Fixed64()
		case 8:
			d.end = f.Fixed64()
		case 9:
			d.ProtoAttr(&f, &d.own, d.Limits.Key)
		case 16:
			e.Flags = f.Fixed32()
		default:
			d.protoSpanRest(&f, e)
		}
	}
	if f.Err == nil {
		d.endSpan(e)
	}
	return f.Err
}

// protoSpanRest reads the fields that few spans have.
func (d *decoder) protoSpanRest(f *pbwire.Message, e *edge.Event) {
	switch f.Num {
	case 10:
		e.DroppedAttrs = uint32(f.Varint()) // the field has 32 bits
	case 11:
		f.Err = d.protoEvent(f.Message())
	case 12:
		e.DroppedEvents = uint32(f.Varint()) // the field has 32 bits
	case 13:
		f.Err = d.protoLink(f.Message())
	case 14:
		e.DroppedLinks = uint32(f.Varint()) // the field has 32 bits
	case 15:
		f.Err = d.protoStatus(f.Message(), e)
	default:
		f.Skip()
	}
}

func (d *decoder) protoStatus(f pbwire.Message, e *edge.Event) error {
	for f.Next() {
		switch f.Num {
		case 2:
			e.StatusMessage = d.Arena.Text(f.Bytes())
		case 3:
			e.Status = edge.StatusCode(d.ProtoEnum(f.Varint(), &values.StatusCodes)) // one of three
		default:
			f.Skip()
		}
	}
	return f.Err
}

func (d *decoder) protoEvent(f pbwire.Message) error {
	var name string
	var at uint64
	d.nested.Reset()
	for f.Next() {
		switch f.Num {
		case 1:
			at = f.Fixed64()
		case 2:
			name = d.Arena.Text(f.Bytes())
		case 3:
			f.Err = d.ProtoNested(f.Message(), &d.nested)
		case 4:
			f.Varint()
		default:
			f.Skip()
		}
	}
	d.addEvent(name, at)
	return f.Err
}

func (d *decoder) protoLink(f pbwire.Message) error {
	var trace edge.TraceID
	var span edge.SpanID
	d.nested.Reset()
	for f.Next() {
		switch f.Num {
		case 1:
			trace = values.TraceID(f.Bytes())
		case 2:
			span = values.SpanID(f.Bytes())
		case 3:
			f.Bytes() // the link's trace state
		case 4:
			f.Err = d.ProtoNested(f.Message(), &d.nested)
		case 5:
			f.Varint()
		case 6:
			f.Fixed32()
		default:
			f.Skip()
		}
	}
	d.addLink(trace, span)
	return f.Err
}
