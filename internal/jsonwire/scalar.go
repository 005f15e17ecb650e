package jsonwire

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

func (r *Reader) word(w string) string {
	if !bytes.HasPrefix(r.b[r.Pos:], []byte(w)) {
		r.Fail("want " + w)
		return ""
	}
	r.Pos += len(w)
	return w
}

func (r *Reader) number() string {
	from := r.Pos
	for r.Pos < len(r.b) && isNumberByte(r.b[r.Pos]) {
		r.Pos++
	}
	text := unsafe.String(unsafe.SliceData(r.b[from:]), r.Pos-from)
	if !IsNumber(text) {
		r.Fail("number is malformed")
		return ""
	}
	return text
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// IsNumber tells whether s is a number of JSON (RFC 8259 section 6).
func IsNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	n := digits(s)
	if n == 0 || n > 1 && s[0] == '0' {
		return false
	}
	s = s[n:]
	if fraction, ok := strings.CutPrefix(s, "."); ok {
		if n = digits(fraction); n == 0 {
			return false
		}
		s = fraction[n:]
	}
	return s == "" || isExponent(s)
}

func isExponent(s string) bool {
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	s = s[1:]
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && digits(s) == len(s)
}

func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// str reads a string; pos is at its opening quote.
func (r *Reader) str() string {
	from := r.Pos + 1
	n := bytes.IndexByte(r.b[from:], '"')
	if n < 0 {
		r.Pos = len(r.b)
		r.Fail(cutOff)
		return ""
	}
	text := r.b[from : from+n]
	if bytes.IndexByte(text, '\\') >= 0 {
		return r.escaped(from)
	}
	r.Pos = from + n + 1
	return r.arena.Text(text)
}

// escaped reads the rest of a string with escapes into the arena.
func (r *Reader) escaped(from int) string {
	at := len(r.arena.Buf)
	r.Pos = from
	for r.Pos < len(r.b) && r.Err == nil {
		switch r.b[r.Pos] {
		case '"':
			r.Pos++
			return r.arena.Since(at)
		case '\\':
			r.escape()
		default:
			char, n := utf8.DecodeRune(r.b[r.Pos:])
			r.arena.Buf = utf8.AppendRune(r.arena.Buf, char)
			r.Pos += n
		}
	}
	r.Fail(cutOff)
	return ""
}

func (r *Reader) escape() {
	if r.Pos+1 >= len(r.b) {
		r.Fail(cutOff)
		return
	}
	c := r.b[r.Pos+1]
	switch c {
	case 'n':
		c = '\n'
	case 't':
		c = '\t'
	case 'r':
		c = '\r'
	case 'b':
		c = '\b'
	case 'f':
		c = '\f'
	case '"', '\\', '/':
	case 'u':
		r.escapeU()
		return
	default:
		r.Fail(fmt.Sprintf("unknown escape \\%c", c))
		return
	}
	r.arena.Buf = append(r.arena.Buf, c)
	r.Pos += 2
}

// escapeU reads \uXXXX, or two of them that make a surrogate pair. A surrogate without its partner becomes U+FFFD.
func (r *Reader) escapeU() {
	char, ok := r.hex4(r.Pos)
	if !ok {
		r.Fail("want four hex digits after \\u")
		return
	}
	r.Pos += 6
	if utf16.IsSurrogate(char) {
		second, _ := r.hex4(r.Pos)
		char = utf16.DecodeRune(char, second)
		if char != utf8.RuneError {
			r.Pos += 6
		}
	}
	r.arena.Buf = utf8.AppendRune(r.arena.Buf, char)
}

// hex4 returns the number of \uXXXX at that position.
func (r *Reader) hex4(at int) (rune, bool) {
	if len(r.b)-at < 6 || r.b[at] != '\\' || r.b[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.b[at+2:at+6]), 16, 16)
	return rune(n), err == nil // 16 bits
}
