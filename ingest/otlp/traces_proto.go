package otlp

import "edgescope/edge"

func (d *decoder) protoSpan(f fields) error {
	e := d.startSpan()
	for f.next() {
		switch f.num {
		case 1:
			e.TraceID = traceID(f.bytes())
		case 2:
			e.SpanID = spanID(f.bytes())
		case 3:
			e.TraceState = d.arena.Text(f.bytes())
		case 4:
			e.ParentID = spanID(f.bytes())
		case 5:
			e.Name = d.arena.Text(f.bytes())
		case 6:
			e.SpanKind = kindOf(d.protoEnum(f.varint(), &spanKinds))
		case 7:
			d.start = f.fixed64()
		case 8:
			d.end = f.fixed64()
		case 9:
			d.protoAttrOf(&f, &d.own, maxKey)
		case 16:
			e.Flags = f.fixed32()
		default:
			d.protoSpanRest(&f, e)
		}
	}
	if f.err == nil {
		d.endSpan(e)
	}
	return f.err
}

// protoSpanRest reads the fields that few spans have.
func (d *decoder) protoSpanRest(f *fields, e *edge.Event) {
	switch f.num {
	case 10:
		e.DroppedAttrs = uint32(f.varint()) // the field has 32 bits
	case 11:
		f.err = d.protoEvent(f.message())
	case 12:
		e.DroppedEvents = uint32(f.varint()) // the field has 32 bits
	case 13:
		f.err = d.protoLink(f.message())
	case 14:
		e.DroppedLinks = uint32(f.varint()) // the field has 32 bits
	case 15:
		f.err = d.protoStatus(f.message(), e)
	default:
		f.skip()
	}
}

func (d *decoder) protoStatus(f fields, e *edge.Event) error {
	for f.next() {
		switch f.num {
		case 2:
			e.StatusMessage = d.arena.Text(f.bytes())
		case 3:
			e.Status = edge.StatusCode(d.protoEnum(f.varint(), &statusCodes)) // one of three
		default:
			f.skip()
		}
	}
	return f.err
}

func (d *decoder) protoEvent(f fields) error {
	var name string
	var at uint64
	d.nested.reset()
	for f.next() {
		switch f.num {
		case 1:
			at = f.fixed64()
		case 2:
			name = d.arena.Text(f.bytes())
		case 3:
			f.err = d.protoNested(f.message(), &d.nested)
		case 4:
			f.varint()
		default:
			f.skip()
		}
	}
	d.addEvent(name, at)
	return f.err
}

func (d *decoder) protoLink(f fields) error {
	var trace edge.TraceID
	var span edge.SpanID
	d.nested.reset()
	for f.next() {
		switch f.num {
		case 1:
			trace = traceID(f.bytes())
		case 2:
			span = spanID(f.bytes())
		case 3:
			f.bytes() // the link's trace state
		case 4:
			f.err = d.protoNested(f.message(), &d.nested)
		case 5:
			f.varint()
		case 6:
			f.fixed32()
		default:
			f.skip()
		}
	}
	d.addLink(trace, span)
	return f.err
}
