package values

import (
	"encoding/binary"
	"math"

	"edgescope/edge"
	"edgescope/ingest/otlp/pbwire"
)

// ProtoAttr reads the attribute at f, which becomes a field of the row.
func (d *Decoder) ProtoAttr(f *pbwire.Message, p *Pairs, limit int) {
	if !p.usual(f) {
		f.Err = d.protoAttrIn(f.Message(), p, limit)
	}
}

func (d *Decoder) protoAttrIn(f pbwire.Message, p *Pairs, limit int) error {
	if key, text, ok := usualAttr(f.B[f.Pos:]); ok && f.Err == nil {
		d.putAttr(p, Pair{key, Value{Kind: String, Str: text}}, limit)
		return nil
	}
	key, v, err := d.protoKeyValue(f, 0)
	if err == nil {
		d.putAttr(p, Pair{key, v}, limit)
	}
	return err
}

// The tags of a KeyValue's key and value, and those of the kinds of values.
const (
	keyTag, valueTag   = 1<<3 | pbwire.WireBytes, 2<<3 | pbwire.WireBytes
	stringTag, boolTag = 1<<3 | pbwire.WireBytes, 2<<3 | pbwire.WireVarint
	intTag, doubleTag  = 3<<3 | pbwire.WireVarint, 4<<3 | pbwire.WireFixed64
)

// usual reads the attribute at f when its key is the one that the record before had in this place, as it nearly always
// is: one comparison then tells that the key is good, short enough and not there yet. The whole must be shorter than
// 128 bytes and hold a key and a value, in this order. It returns false, and has read nothing, for all others.
func (p *Pairs) usual(f *pbwire.Message) bool {
	at := len(p.List)
	if p.strayed || at >= len(p.before) || f.Typ != pbwire.WireBytes {
		return false
	}
	key, b := p.before[at].Key, f.B[f.Pos:]
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
	p.List = append(p.List, Pair{key, v})
	f.Pos += to
	return true
}

// usualValue reads an AnyValue of less than 128 bytes, one at least, that is nothing but a string of ASCII, a bool, a
// number of up to 35 bits or a double.
func usualValue(b []byte) (v Value, ok bool) {
	last := len(b) - 1
	switch b[0] {
	case stringTag:
		return Value{Kind: String, Str: rawText(b[min(2, len(b)):])}, last > 0 && int(b[1]) == last-1 && isASCII(b[2:])
	case boolTag:
		return Value{Kind: Bool, Num: uint64(b[last])}, last == 1 && b[last] <= 1
	case doubleTag:
		if last == 8 {
			return Value{Kind: Double, Num: binary.LittleEndian.Uint64(b[1:])}, true
		}
	case intTag:
		return usualInt(b[1:])
	}
	return Value{}, false
}

func usualInt(b []byte) (v Value, ok bool) {
	v.Kind = Int
	for i, c := range b {
		v.Num |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			return v, i == len(b)-1
		}
		if i == 4 {
			break
		}
	}
	return v, false
}

// usualAttr reads a KeyValue that consists of a key and a string, each shorter than 128 bytes, in this order, and that
// holds nothing but ASCII, its tags and lengths included. Most attributes are written so; it returns false for all
// others. It spares half of the time of a span.
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

// ProtoNested reads an attribute that becomes a member of a JSON object.
func (d *Decoder) ProtoNested(f pbwire.Message, p *Pairs) error {
	key, v, err := d.protoKeyValue(f, 0)
	if err == nil {
		d.putNested(p, key, v)
	}
	return err
}

func (d *Decoder) protoKeyValue(f pbwire.Message, depth int) (key string, v Value, err error) {
	for f.Next() {
		switch f.Num {
		case 1:
			key = d.Arena.Text(f.Bytes())
		case 2:
			m := f.Message()
			d.ProtoValue(&m, &v, depth)
			f.Err = m.Err
		case 3:
			f.Varint() // key_strindex belongs to profiles
		default:
			f.Skip()
		}
	}
	return key, v, f.Err
}

// ProtoValue reads an AnyValue into v. Of several alternatives the last one wins; none leaves v as it is.
func (d *Decoder) ProtoValue(f *pbwire.Message, v *Value, depth int) {
	for f.Next() {
		switch f.Num {
		case 1:
			*v = Value{Kind: String, Str: d.Arena.Text(f.Bytes())}
		case 2:
			*v = Value{Kind: Bool, Num: boolNum(f.Varint() != 0)}
		case 3:
			*v = Value{Kind: Int, Num: f.Varint()}
		case 4:
			*v = Value{Kind: Double, Num: f.Fixed64()}
		case 5:
			*v, f.Err = d.protoArray(f.Message(), depth)
		case 6:
			*v, f.Err = d.protoMap(f.Message(), depth)
		case 7:
			*v = Value{Kind: Bytes, Str: rawText(f.Bytes())}
		case 8:
			f.Varint() // string_value_strindex belongs to profiles
			*v = Value{}
		default:
			f.Skip()
		}
	}
}

func (d *Decoder) protoArray(f pbwire.Message, depth int) (Value, error) {
	if depth >= maxDepth {
		return d.tooDeep(f.Err)
	}
	from := len(d.Arena.Buf)
	d.Arena.Buf = append(d.Arena.Buf, '[')
	for n := 0; f.Next(); {
		if f.Num != 1 {
			f.Skip()
			continue
		}
		if n > 0 {
			d.Arena.Buf = append(d.Arena.Buf, ',')
		}
		n++
		at := len(d.Arena.Buf)
		var v Value
		m := f.Message()
		d.ProtoValue(&m, &v, depth+1)
		f.Err = m.Err
		settle(&d.Arena, at, v)
	}
	d.Arena.Buf = append(d.Arena.Buf, ']')
	return Value{Kind: JSONText, Num: uint64(from), Str: d.Arena.Since(from)}, f.Err // an offset is not negative
}

func (d *Decoder) protoMap(f pbwire.Message, depth int) (Value, error) {
	if depth >= maxDepth {
		return d.tooDeep(f.Err)
	}
	from, list := len(d.Arena.Buf), &d.levels[depth]
	list.Reset()
	for f.Next() {
		if f.Num != 1 {
			f.Skip()
			continue
		}
		key, v, err := d.protoKeyValue(f.Message(), depth+1)
		f.Err = err
		d.putNested(list, key, v)
	}
	return d.endMap(from, depth), f.Err
}

func (d *Decoder) tooDeep(err error) (Value, error) {
	d.To.Warn(warnDeep)
	return Value{}, err
}

// TraceID returns the id that b holds, or the zero id when it has another length than 16 bytes.
func TraceID(b []byte) (id edge.TraceID) {
	if len(b) == len(id) {
		copy(id[:], b)
	}
	return id
}

// SpanID returns the id that b holds, or the zero id when it has another length than 8 bytes.
func SpanID(b []byte) (id edge.SpanID) {
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

func doubleNum(f float64) Value { return Value{Kind: Double, Num: math.Float64bits(f)} }
