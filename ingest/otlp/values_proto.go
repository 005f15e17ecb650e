package otlp

import (
	"encoding/binary"
	"math"

	"edgescope/edge"
)

// protoAttrOf reads the attribute at f, which becomes a field of the row.
func (d *valueDecoder) protoAttrOf(f *fields, p *pairs, limit int) {
	if !p.usual(f) {
		f.err = d.protoAttr(f.message(), p, limit)
	}
}

func (d *valueDecoder) protoAttr(f fields, p *pairs, limit int) error {
	if key, text, ok := usualAttr(f.b[f.pos:]); ok && f.err == nil {
		putAttr(d.to, p, pair{key, value{kind: kindString, str: text}}, limit)
		return nil
	}
	key, v, err := d.protoKeyValue(f, 0)
	if err == nil {
		putAttr(d.to, p, pair{key, v}, limit)
	}
	return err
}

// The tags of a KeyValue's key and value, and those of the kinds of values.
const (
	keyTag, valueTag   = 1<<3 | wireBytes, 2<<3 | wireBytes
	stringTag, boolTag = 1<<3 | wireBytes, 2<<3 | wireVarint
	intTag, doubleTag  = 3<<3 | wireVarint, 4<<3 | wireFixed64
)

// usual reads the attribute at f when its key is the one that the record before had in this place, as it nearly always is: one
// comparison then tells that the key is good, short enough and not there yet. The whole must be shorter than 128 bytes and hold
// a key and a value, in this order. It answers false, and has read nothing, for all others.
func (p *pairs) usual(f *fields) bool {
	at := len(p.list)
	if p.strayed || at >= len(p.before) || f.typ != wireBytes {
		return false
	}
	key, b := p.before[at].key, f.b[f.pos:]
	from := 5 + len(key) // a length, and a tag with a length each of key and value
	if len(b) < from || b[0] >= 0x80 || b[1] != keyTag || int(b[2]) != len(key) || string(b[3:from-2]) != key {
		return false
	}
	to := int(b[0]) + 1
	if to <= from || to > len(b) || b[from-2] != valueTag || int(b[from-1]) != to-from {
		return false
	}
	v, ok := usualValue(b[from:to])
	if !ok {
		return false
	}
	p.list = append(p.list, pair{key, v})
	f.pos += to
	return true
}

// usualValue reads an AnyValue of less than 128 bytes, one at least, that is nothing but a string of ASCII, a bool, a number of
// up to 35 bits or a double.
func usualValue(b []byte) (v value, ok bool) {
	last := len(b) - 1
	switch b[0] {
	case stringTag:
		return value{kind: kindString, str: rawText(b[min(2, len(b)):])}, last > 0 && int(b[1]) == last-1 && isASCII(b[2:])
	case boolTag:
		return value{kind: kindBool, num: uint64(b[last])}, last == 1 && b[last] <= 1
	case doubleTag:
		if last == 8 {
			return value{kind: kindDouble, num: binary.LittleEndian.Uint64(b[1:])}, true
		}
	case intTag:
		return usualInt(b[1:])
	}
	return value{}, false
}

func usualInt(b []byte) (v value, ok bool) {
	v.kind = kindInt
	for i, c := range b {
		v.num |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i == len(b)-1
		}
		if i == 4 {
			break
		}
	}
	return v, false
}

// usualAttr reads a KeyValue that consists of a key and a string, each shorter than 128 bytes, in this order, and that holds
// nothing but ASCII, its tags and lengths included. Most attributes are written so; it answers false for all others. It spares
// half of the time of a span.
func usualAttr(b []byte) (key, text string, ok bool) {
	if len(b) < 2 || b[0] != keyTag || b[1] >= 0x80 {
		return "", "", false
	}
	at := 2 + int(b[1])
	if len(b) < at+4 || b[at] != valueTag || b[at+2] != stringTag {
		return "", "", false
	}
	n := len(b) - at - 4
	if n >= 0x7e || int(b[at+1]) != n+2 || int(b[at+3]) != n || !isASCII(b) {
		return "", "", false
	}
	return rawText(b[2:at]), rawText(b[at+4:]), true
}

// isASCII tells whether no byte has its highest bit set.
func isASCII(b []byte) bool {
	const high = 0x8080808080808080
	for len(b) >= 8 {
		if binary.LittleEndian.Uint64(b)&high != 0 {
			return false
		}
		b = b[8:]
	}
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// protoNested reads an attribute that becomes a member of a JSON object.
func (d *valueDecoder) protoNested(f fields, p *pairs) error {
	key, v, err := d.protoKeyValue(f, 0)
	if err == nil {
		d.putNested(p, key, v)
	}
	return err
}

func (d *valueDecoder) protoKeyValue(f fields, depth int) (key string, v value, err error) {
	for f.next() {
		switch f.num {
		case 1:
			key = d.arena.Text(f.bytes())
		case 2:
			m := f.message()
			d.protoValue(&m, &v, depth)
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
func (d *valueDecoder) protoValue(f *fields, v *value, depth int) {
	for f.next() {
		switch f.num {
		case 1:
			*v = value{kind: kindString, str: d.arena.Text(f.bytes())}
		case 2:
			*v = value{kind: kindBool, num: boolNum(f.varint() != 0)}
		case 3:
			*v = value{kind: kindInt, num: f.varint()}
		case 4:
			*v = value{kind: kindDouble, num: f.fixed64()}
		case 5:
			*v, f.err = d.protoArray(f.message(), depth)
		case 6:
			*v, f.err = d.protoMap(f.message(), depth)
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

func (d *valueDecoder) protoArray(f fields, depth int) (value, error) {
	if depth >= maxDepth {
		return d.tooDeep(f.err)
	}
	from := len(d.arena.Buf)
	d.arena.Buf = append(d.arena.Buf, '[')
	for n := 0; f.next(); {
		if f.num != 1 {
			f.skip()
			continue
		}
		if n > 0 {
			d.arena.Buf = append(d.arena.Buf, ',')
		}
		n++
		at := len(d.arena.Buf)
		var v value
		m := f.message()
		d.protoValue(&m, &v, depth+1)
		f.err = m.err
		settle(&d.arena, at, v)
	}
	d.arena.Buf = append(d.arena.Buf, ']')
	return value{kind: kindJSON, num: uint64(from), str: d.arena.Since(from)}, f.err // an offset is not negative
}

func (d *valueDecoder) protoMap(f fields, depth int) (value, error) {
	if depth >= maxDepth {
		return d.tooDeep(f.err)
	}
	from, list := len(d.arena.Buf), &d.levels[depth]
	list.reset()
	for f.next() {
		if f.num != 1 {
			f.skip()
			continue
		}
		key, v, err := d.protoKeyValue(f.message(), depth+1)
		f.err = err
		d.putNested(list, key, v)
	}
	return d.endMap(from, depth), f.err
}

func (d *valueDecoder) tooDeep(err error) (value, error) {
	d.to.Warn(warnDeep)
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
