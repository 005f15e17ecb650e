package values

import (
	"encoding/base64"
	"math"
	"strconv"
	"unsafe"

	"edgescope/internal/jsonwire"
)

// Kind is the type of an attribute's value.
type Kind uint8

// The types of values; JSONText is an array or map.
const (
	None Kind = iota // absent: the attribute is dropped, an element of an array is null
	String
	Bool
	Int
	Double
	Bytes
	JSONText // an array or map, already rendered
)

// Value is an attribute's value on its way from either encoding to text.
type Value struct {
	Kind Kind
	// Num holds a bool (0 or 1), the bits of an int or double, or where in the arena the text of a JSONText starts.
	Num uint64
	// Str holds valid UTF-8 of a string, the raw bytes of Bytes, or the text of a JSONText.
	Str string
}

// settle makes JSON of v the text of the arena that starts at from, where v's own text may begin: what lies between is
// given up.
func settle(a *jsonwire.Arena, from int, v Value) Value {
	at, n := len(a.Buf), 0
	if v.Kind == JSONText {
		at, n = int(v.Num), len(v.Str) // an offset into buf
	} else {
		a.Buf = appendJSON(a.Buf, v)
		n = len(a.Buf) - at
	}
	copy(a.Buf[from:], a.Buf[at:at+n])
	a.Buf = a.Buf[:from+n]
	return Value{Kind: JSONText, Num: uint64(from), Str: a.Since(from)} // an offset is not negative
}

// Text returns the value as edge.Attr says: true or false, decimal integers, shortest doubles, base64, compact JSON.
func (v Value) Text(a *jsonwire.Arena) string {
	from := len(a.Buf)
	switch v.Kind {
	case String, JSONText:
		return v.Str
	case Bool:
		if v.Num != 0 {
			return "true"
		}
		return "false"
	case Int:
		a.Buf = strconv.AppendInt(a.Buf, int64(v.Num), 10) // the bits of an int64
	case Double:
		a.Buf = jsonwire.AppendDouble(a.Buf, math.Float64frombits(v.Num))
	case Bytes:
		a.Buf = base64.StdEncoding.AppendEncode(a.Buf, unsafe.Slice(unsafe.StringData(v.Str), len(v.Str)))
	case None:
	}
	return a.Since(from)
}

// appendJSON appends a value as JSON. NaN and infinities, which JSON has no numbers for, are strings, as in protobuf's
// JSON.
func appendJSON(dst []byte, v Value) []byte {
	switch v.Kind {
	case String:
		return jsonwire.AppendString(dst, v.Str)
	case JSONText:
		return append(dst, v.Str...)
	case Bool:
		return strconv.AppendBool(dst, v.Num != 0)
	case Int:
		return strconv.AppendInt(dst, int64(v.Num), 10) // the bits of an int64
	case Double:
		f := math.Float64frombits(v.Num)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			dst = append(dst, '"')
			return append(jsonwire.AppendDouble(dst, f), '"')
		}
		return jsonwire.AppendDouble(dst, f)
	case Bytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, unsafe.Slice(unsafe.StringData(v.Str), len(v.Str)))
		return append(dst, '"')
	default:
		return append(dst, "null"...)
	}
}

// rawText returns b as a string that shares its memory. It may hold any bytes.
func rawText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
