package value

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bytes is a buffer: a Buffer or typed array of JavaScript, or what was received and is no text. A body of it is these
// bytes, whatever they are; as a text it is their UTF-8 decoding, as JSON what Node's Buffer.toJSON gives.
type Bytes string

// Text is JavaScript's String(buffer): the bytes as UTF-8, each longest beginning of a character that goes wrong being
// one U+FFFD (Encoding Standard, section 8.1.1).
func (b Bytes) Text() string {
	if utf8.ValidString(string(b)) {
		return string(b)
	}
	var text strings.Builder
	for rest := string(b); rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && n == 1 {
			n = begun(rest)
		}
		text.WriteRune(r)
		rest = rest[n:]
	}
	return text.String()
}

// begun is the length of the longest beginning of a character at the start of s, at least 1 (Unicode, table 3-7).
func begun(s string) int {
	low, high, more := byte(0x80), byte(0xbf), 0
	switch c := s[0]; {
	case c >= 0xc2 && c <= 0xdf:
		more = 1
	case c >= 0xe0 && c <= 0xef:
		more = 2
	case c >= 0xf0 && c <= 0xf4:
		more = 3
	}
	switch s[0] {
	case 0xe0:
		low = 0xa0
	case 0xed:
		high = 0x9f
	case 0xf0:
		low = 0x90
	case 0xf4:
		high = 0x8f
	}
	n := 1
	for n <= more && n < len(s) && s[n] >= low && s[n] <= high {
		low, high = 0x80, 0xbf
		n++
	}
	return n
}

// appendJSON renders {"type":"Buffer","data":[1,2]}.
func (b Bytes) appendJSON(dst []byte) []byte {
	dst = append(dst, `{"type":"Buffer","data":[`...)
	for i := range len(b) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = strconv.AppendUint(dst, uint64(b[i]), 10)
	}
	return append(dst, "]}"...)
}
