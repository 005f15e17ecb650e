package jsonwire

import (
	"math"
	"strconv"
	"unicode/utf8"
	"unsafe"
)

// Shorten cuts a text to at most limit bytes, between two characters.
func Shorten(key string, limit int) string {
	if len(key) <= limit {
		return key
	}
	for limit > 0 && !utf8.RuneStart(key[limit]) {
		limit--
	}
	return key[:limit]
}

// Arena is the memory of all text of a batch that is not part of the body. Text stays valid when the arena grows: it
// then points into the former memory.
type Arena struct{ Buf []byte }

// Since returns what was appended from there on.
func (a *Arena) Since(from int) string {
	b := a.Buf[from:]
	return unsafe.String(unsafe.SliceData(b), len(b))
}

// AppendDouble appends the shortest decimal that reads back as f, with an exponent only below 1e-6 and from 1e21 on, as
// JavaScript and encoding/json write numbers: an integral double then looks like the integer that OpenTelemetry JS
// makes of it.
func AppendDouble(dst []byte, f float64) []byte {
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

// AppendString appends s, which is valid UTF-8, as a JSON string.
func AppendString(dst []byte, s string) []byte {
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

// Text returns b as text that shares its memory, or, where b is not valid UTF-8, a copy with U+FFFD for every bad byte.
func (a *Arena) Text(b []byte) string {
	if utf8.Valid(b) {
		return unsafe.String(unsafe.SliceData(b), len(b))
	}
	from := len(a.Buf)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		a.Buf = utf8.AppendRune(a.Buf, r)
		b = b[n:]
	}
	return a.Since(from)
}
