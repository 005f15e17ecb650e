package otlp

import (
	"math"

	"edgescope/edge"
)

// protoTraces decodes an ExportTraceServiceRequest (opentelemetry/proto/collector/trace/v1). Field numbers are those of
// opentelemetry/proto/trace/v1/trace.proto. A field that occurs again merges as the OpenTelemetry Collector merges it: lists
// grow, the last scalar wins, sub-messages are read one over the other, and the last of a value's alternatives wins.
func (s *spans) protoTraces(body []byte) error {
	f := fields{b: body}
	for f.next() {
		switch f.num {
		case 1:
			f.err = s.protoResourceSpans(f.message())
		default:
			f.skip()
		}
	}
	return f.err
}

func (s *spans) protoResourceSpans(f fields) error {
	first := s.startResource()
	for f.next() {
		switch f.num {
		case 1:
			f.err = s.protoResource(f.message())
		case 2, 1000: // 1000 is instrumentation_library_spans of before 0.16, which looks the same
			f.err = s.protoScopeSpans(f.message())
		case 3:
			f.bytes()
		default:
			f.skip()
		}
	}
	s.endResource(first)
	return f.err
}

func (s *spans) protoResource(f fields) error {
	for f.next() {
		switch f.num {
		case 1:
			f.err = s.protoAttr(f.message(), &s.resource, maxResourceKey)
		case 2:
			f.varint()
		case 3:
			f.err = protoEntityRef(f.message())
		default:
			f.skip()
		}
	}
	return f.err
}

// protoEntityRef reads over an entity (opentelemetry/proto/common/v1), of which nothing is kept.
func protoEntityRef(f fields) error {
	for f.next() {
		switch f.num {
		case 1, 2, 3, 4:
			f.bytes()
		default:
			f.skip()
		}
	}
	return f.err
}

func (s *spans) protoScopeSpans(f fields) error {
	first := len(s.batch.Events)
	var name, version string
	for f.next() {
		switch f.num {
		case 1:
			f.err = s.protoScope(f.message(), &name, &version)
		case 2:
			f.err = s.protoSpan(f.message())
		case 3:
			f.bytes()
		default:
			f.skip()
		}
	}
	s.endScope(first, name, version)
	return f.err
}

func (s *spans) protoScope(f fields, name, version *string) error {
	for f.next() {
		switch f.num {
		case 1:
			*name = s.arena.utf8Text(f.bytes())
		case 2:
			*version = s.arena.utf8Text(f.bytes())
		case 3:
			s.nested.reset()
			f.err = s.protoNested(f.message(), &s.nested)
		case 4:
			f.varint()
		default:
			f.skip()
		}
	}
	return f.err
}

func (s *spans) protoSpan(f fields) error {
	e := s.startSpan()
	for f.next() {
		switch f.num {
		case 1:
			e.TraceID = traceID(f.bytes())
		case 2:
			e.SpanID = spanID(f.bytes())
		case 3:
			e.TraceState = s.arena.utf8Text(f.bytes())
		case 4:
			e.ParentID = spanID(f.bytes())
		case 5:
			e.Name = s.arena.utf8Text(f.bytes())
		case 6:
			setKind(e, f.varint())
		case 7:
			s.start = f.fixed64()
		case 8:
			s.end = f.fixed64()
		case 9:
			f.err = s.protoAttr(f.message(), &s.own, maxKey)
		case 16:
			e.Flags = f.fixed32()
		default:
			s.protoSpanRest(&f, e)
		}
	}
	if f.err == nil {
		s.endSpan(e)
	}
	return f.err
}

// protoSpanRest reads the fields that few spans have.
func (s *spans) protoSpanRest(f *fields, e *edge.Event) {
	switch f.num {
	case 10:
		e.DroppedAttrs = uint32(f.varint()) // the field has 32 bits
	case 11:
		f.err = s.protoEvent(f.message())
	case 12:
		e.DroppedEvents = uint32(f.varint()) // the field has 32 bits
	case 13:
		f.err = s.protoLink(f.message())
	case 14:
		e.DroppedLinks = uint32(f.varint()) // the field has 32 bits
	case 15:
		f.err = s.protoStatus(f.message(), e)
	default:
		f.skip()
	}
}

func (s *spans) protoStatus(f fields, e *edge.Event) error {
	for f.next() {
		switch f.num {
		case 2:
			e.StatusMessage = s.arena.utf8Text(f.bytes())
		case 3:
			setStatus(e, f.varint())
		default:
			f.skip()
		}
	}
	return f.err
}

func (s *spans) protoEvent(f fields) error {
	var name string
	var at uint64
	s.nested.reset()
	for f.next() {
		switch f.num {
		case 1:
			at = f.fixed64()
		case 2:
			name = s.arena.utf8Text(f.bytes())
		case 3:
			f.err = s.protoNested(f.message(), &s.nested)
		case 4:
			f.varint()
		default:
			f.skip()
		}
	}
	s.addEvent(name, at)
	return f.err
}

func (s *spans) protoLink(f fields) error {
	var trace edge.TraceID
	var span edge.SpanID
	s.nested.reset()
	for f.next() {
		switch f.num {
		case 1:
			trace = traceID(f.bytes())
		case 2:
			span = spanID(f.bytes())
		case 3:
			f.bytes() // the link's trace state
		case 4:
			f.err = s.protoNested(f.message(), &s.nested)
		case 5:
			f.varint()
		case 6:
			f.fixed32()
		default:
			f.skip()
		}
	}
	s.addLink(trace, span)
	return f.err
}

// protoAttr reads an attribute that becomes a field of the row.
func (s *spans) protoAttr(f fields, p *pairs, limit int) error {
	if key, text, ok := usualAttr(f.b[f.pos:]); ok && f.err == nil {
		putAttr(&s.batch, p, pair{s.arena.utf8Text(key), value{kind: kindString, str: s.arena.utf8Text(text)}}, limit)
		return nil
	}
	key, v, err := s.protoKeyValue(f, 0)
	if err == nil {
		putAttr(&s.batch, p, pair{key, v}, limit)
	}
	return err
}

// usualAttr reads a KeyValue that consists of a key and a string, each shorter than 128 bytes, in this order. Most attributes
// are written so; it answers false for all others. It spares a third of the time of a span.
func usualAttr(b []byte) (key, text []byte, ok bool) {
	const keyTag, valueTag, stringTag = 1<<3 | wireBytes, 2<<3 | wireBytes, 1<<3 | wireBytes
	if len(b) < 2 || b[0] != keyTag || b[1] >= 0x80 {
		return nil, nil, false
	}
	at := 2 + int(b[1])
	if len(b) < at+4 || b[at] != valueTag || b[at+2] != stringTag {
		return nil, nil, false
	}
	n := len(b) - at - 4
	if n >= 0x7e || int(b[at+1]) != n+2 || int(b[at+3]) != n {
		return nil, nil, false
	}
	return b[2:at], b[at+4:], true
}

// protoNested reads an attribute that becomes a member of a JSON object.
func (s *spans) protoNested(f fields, p *pairs) error {
	key, v, err := s.protoKeyValue(f, 0)
	if err == nil {
		s.putNested(p, key, v)
	}
	return err
}

func (s *spans) protoKeyValue(f fields, depth int) (key string, v value, err error) {
	for f.next() {
		switch f.num {
		case 1:
			key = s.arena.utf8Text(f.bytes())
		case 2:
			m := f.message()
			s.protoValue(&m, &v, depth)
			f.err = m.err
		case 3:
			f.varint() // key_strindex belongs to profiles
		default:
			f.skip()
		}
	}
	return key, v, f.err
}

// protoValue reads an AnyValue into v. Of several alternatives the last one wins; none leaves v as it is.
func (s *spans) protoValue(f *fields, v *value, depth int) {
	for f.next() {
		switch f.num {
		case 1:
			*v = value{kind: kindString, str: s.arena.utf8Text(f.bytes())}
		case 2:
			*v = value{kind: kindBool, num: boolNum(f.varint() != 0)}
		case 3:
			*v = value{kind: kindInt, num: f.varint()}
		case 4:
			*v = value{kind: kindDouble, num: f.fixed64()}
		case 5:
			*v, f.err = s.protoArray(f.message(), depth)
		case 6:
			*v, f.err = s.protoMap(f.message(), depth)
		case 7:
			*v = value{kind: kindBytes, str: rawText(f.bytes())}
		case 8:
			f.varint() // string_value_strindex belongs to profiles
			*v = value{}
		default:
			f.skip()
		}
	}
}

func (s *spans) protoArray(f fields, depth int) (value, error) {
	if depth >= maxDepth {
		return s.tooDeep(f.err)
	}
	from := len(s.arena.buf)
	s.arena.buf = append(s.arena.buf, '[')
	for n := 0; f.next(); {
		if f.num != 1 {
			f.skip()
			continue
		}
		if n > 0 {
			s.arena.buf = append(s.arena.buf, ',')
		}
		n++
		at := len(s.arena.buf)
		var v value
		m := f.message()
		s.protoValue(&m, &v, depth+1)
		f.err = m.err
		s.arena.settle(at, v)
	}
	s.arena.buf = append(s.arena.buf, ']')
	return value{kind: kindJSON, num: uint64(from), str: s.arena.since(from)}, f.err // an offset is not negative
}

func (s *spans) protoMap(f fields, depth int) (value, error) {
	if depth >= maxDepth {
		return s.tooDeep(f.err)
	}
	from, list := len(s.arena.buf), &s.levels[depth]
	list.reset()
	for f.next() {
		if f.num != 1 {
			f.skip()
			continue
		}
		key, v, err := s.protoKeyValue(f.message(), depth+1)
		f.err = err
		s.putNested(list, key, v)
	}
	return s.endMap(from, depth), f.err
}

func (s *spans) tooDeep(err error) (value, error) {
	s.batch.Warn(warnDeep)
	return value{}, err
}

// traceID answers the id that b holds, or the zero id when it has another length than 16 bytes.
func traceID(b []byte) (id edge.TraceID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// spanID answers the id that b holds, or the zero id when it has another length than 8 bytes.
func spanID(b []byte) (id edge.SpanID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

func boolNum(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

func doubleNum(f float64) value { return value{kind: kindDouble, num: math.Float64bits(f)} }
