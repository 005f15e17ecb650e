package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"unsafe"

	"edgescope/edge"
	"edgescope/internal/jsonwire"
)

// valueKind is the type of an attribute's value.
type valueKind uint8

const (
	kindNone valueKind = iota // absent: the attribute is dropped, an element of an array is null
	kindString
	kindBool
	kindInt
	kindDouble
	kindBytes
	kindJSON // an array or map, already rendered
)

// value is an attribute's value on its way from either encoding to text.
type value struct {
	kind valueKind
	// num holds a bool (0 or 1), the bits of an int or double, or where in the arena the text of kindJSON starts.
	num uint64
	// str holds valid UTF-8 of a string, the raw bytes of kindBytes, or the text of kindJSON.
	str string
}

// settle makes JSON of v the text of the arena that starts at from, where v's own text may begin: what lies between is given up.
func settle(a *jsonwire.Arena, from int, v value) value {
	at, n := len(a.Buf), 0
	if v.kind == kindJSON {
		at, n = int(v.num), len(v.str) // an offset into buf
	} else {
		a.Buf = appendJSON(a.Buf, v)
		n = len(a.Buf) - at
	}
	copy(a.Buf[from:], a.Buf[at:at+n])
	a.Buf = a.Buf[:from+n]
	return value{kind: kindJSON, num: uint64(from), str: a.Since(from)} // an offset is not negative
}

// text returns the value as edge.Attr says: true or false, decimal integers, shortest doubles, base64, compact JSON.
func (v value) text(a *jsonwire.Arena) string {
	from := len(a.Buf)
	switch v.kind {
	case kindString, kindJSON:
		return v.str
	case kindBool:
		if v.num != 0 {
			return "true"
		}
		return "false"
	case kindInt:
		a.Buf = strconv.AppendInt(a.Buf, int64(v.num), 10) // the bits of an int64
	case kindDouble:
		a.Buf = jsonwire.AppendDouble(a.Buf, math.Float64frombits(v.num))
	case kindBytes:
		a.Buf = base64.StdEncoding.AppendEncode(a.Buf, unsafe.Slice(unsafe.StringData(v.str), len(v.str)))
	case kindNone:
	}
	return a.Since(from)
}

// appendJSON appends a value as JSON. NaN and infinities, which JSON has no numbers for, are strings, as in protobuf's JSON.
func appendJSON(dst []byte, v value) []byte {
	switch v.kind {
	case kindString:
		return jsonwire.AppendString(dst, v.str)
	case kindJSON:
		return append(dst, v.str...)
	case kindBool:
		return strconv.AppendBool(dst, v.num != 0)
	case kindInt:
		return strconv.AppendInt(dst, int64(v.num), 10) // the bits of an int64
	case kindDouble:
		f := math.Float64frombits(v.num)
		if math.IsNaN(f) || math.IsInf(f, 0) {
			dst = append(dst, '"')
			return append(jsonwire.AppendDouble(dst, f), '"')
		}
		return jsonwire.AppendDouble(dst, f)
	case kindBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, unsafe.Slice(unsafe.StringData(v.str), len(v.str)))
		return append(dst, '"')
	default:
		return append(dst, "null"...)
	}
}

func appendTraceID(dst []byte, id edge.TraceID) []byte { return hex.AppendEncode(dst, id[:]) }

func appendSpanID(dst []byte, id edge.SpanID) []byte { return hex.AppendEncode(dst, id[:]) }

// rawText answers b as a string that shares its memory. It may hold any bytes.
func rawText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
