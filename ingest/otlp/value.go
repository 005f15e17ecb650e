package otlp

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"

	"edgescope/edge"
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

// arena is the memory of all text of a batch that is not part of the body. Text stays valid when the arena grows: it then
// points into the former memory.
type arena struct{ buf []byte }

// since answers what was appended from there on.
func (a *arena) since(from int) string {
	b := a.buf[from:]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// settle makes JSON of v the text that starts at from, where v's own text may begin: what lies between is given up.
func (a *arena) settle(from int, v value) value {
	at, n := len(a.buf), 0
	if v.kind == kindJSON {
		at, n = int(v.num), len(v.str) // an offset into buf
	} else {
		a.buf = appendJSON(a.buf, v)
		n = len(a.buf) - at
	}
	copy(a.buf[from:], a.buf[at:at+n])
	a.buf = a.buf[:from+n]
	return value{kind: kindJSON, num: uint64(from), str: a.since(from)} // an offset is not negative
}

// text answers the value as edge.Attr says: true or false, decimal integers, shortest doubles, base64, compact JSON.
func (a *arena) text(v value) string {
	from := len(a.buf)
	switch v.kind {
	case kindString, kindJSON:
		return v.str
	case kindBool:
		if v.num != 0 {
			return "true"
		}
		return "false"
	case kindInt:
		a.buf = strconv.AppendInt(a.buf, int64(v.num), 10) // the bits of an int64
	case kindDouble:
		a.buf = appendDouble(a.buf, math.Float64frombits(v.num))
	case kindBytes:
		a.buf = base64.StdEncoding.AppendEncode(a.buf, unsafe.Slice(unsafe.StringData(v.str), len(v.str)))
	case kindNone:
	}
	return a.since(from)
}

// appendJSON appends a value as JSON. NaN and infinities, which JSON has no numbers for, are strings, as in protobuf's JSON.
func appendJSON(dst []byte, v value) []byte {
	switch v.kind {
	case kindString:
		return appendString(dst, v.str)
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
			return append(appendDouble(dst, f), '"')
		}
		return appendDouble(dst, f)
	case kindBytes:
		dst = append(dst, '"')
		dst = base64.StdEncoding.AppendEncode(dst, unsafe.Slice(unsafe.StringData(v.str), len(v.str)))
		return append(dst, '"')
	default:
		return append(dst, "null"...)
	}
}

// appendDouble appends the shortest decimal that reads back as f, with an exponent only below 1e-6 and from 1e21 on, as
// JavaScript and encoding/json write numbers: an integral double then looks like the integer that OpenTelemetry JS makes of it.
func appendDouble(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, f, format, -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString appends s, which is valid UTF-8, as a JSON string.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	from := 0
	for i := range len(s) {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\t':
			dst = append(dst, '\\', 't')
		case '\r':
			dst = append(dst, '\\', 'r')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	dst = append(dst, s[from:]...)
	return append(dst, '"')
}

// utf8Text answers b as text that shares its memory, or, where b is not valid UTF-8, a copy with U+FFFD for every bad byte.
func (a *arena) utf8Text(b []byte) string {
	if utf8.Valid(b) {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	from := len(a.buf)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		a.buf = utf8.AppendRune(a.buf, r)
		b = b[n:]
	}
	return a.since(from)
}

func appendTraceID(dst []byte, id edge.TraceID) []byte { return hex.AppendEncode(dst, id[:]) }

func appendSpanID(dst []byte, id edge.SpanID) []byte { return hex.AppendEncode(dst, id[:]) }

// rawText answers b as a string that shares its memory. It may hold any bytes.
func rawText(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
