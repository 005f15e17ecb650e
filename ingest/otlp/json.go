package otlp

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
	"unsafe"
)

// token is the type of the next JSON value.
type token uint8

const (
	tokNone token = iota
	tokNull
	tokBool
	tokNumber
	tokString
	tokObject
	tokArray
)

const cutOff = "document is cut off"

// maxJSONDepth bounds nesting, also of what is skipped.
const maxJSONDepth = 10000

// jsonReader reads a JSON document from memory, front to back, strict in the syntax and lenient in everything else: a value of
// an unexpected type is passed over, and bad UTF-8 and lone surrogates become U+FFFD. The first error ends reading and stays.
// Strings share the document's memory or the arena's.
type jsonReader struct {
	b     []byte
	pos   int
	err   error
	arena *arena
	// open are the brackets that skip has to close.
	open []byte
}

// scope walks over the members of an object or the elements of an array.
type scope struct {
	r     *jsonReader
	begun bool
	// close is the bracket that ends it, 0 when the value was of another type and there is nothing to walk over.
	close byte
}

// object begins an object. A value of another type is passed over and looks like an empty object.
func (r *jsonReader) object() scope { return r.begin(tokObject, '}') }

// array begins an array. A value of another type is passed over and looks like an empty array.
func (r *jsonReader) array() scope { return r.begin(tokArray, ']') }

func (r *jsonReader) begin(want token, end byte) scope {
	if r.peek() != want {
		r.skip()
		return scope{r: r}
	}
	r.pos++
	return scope{r: r, close: end}
}

// next moves to the next element; the caller must then read or skip it.
func (s *scope) next() bool {
	r := s.r
	if s.close == 0 || r.err != nil {
		return false
	}
	c := r.space()
	if c == s.close {
		r.pos++
		return false
	}
	if r.pos >= len(r.b) {
		r.fail(cutOff)
		return false
	}
	if s.begun {
		if c != ',' {
			r.fail(fmt.Sprintf("want , or %c", s.close))
			return false
		}
		r.pos++
		r.space()
	}
	s.begun = true
	return true
}

// member moves to the next member of an object; the caller must then read or skip its value.
func (s *scope) member() (key string, ok bool) {
	if !s.next() {
		return "", false
	}
	r := s.r
	if r.space() != '"' {
		r.fail("want a member's name in quotes")
		return "", false
	}
	key = r.str()
	if r.space() != ':' {
		r.fail("want : after a member's name")
		return "", false
	}
	r.pos++
	return key, r.err == nil
}

// space passes over white space and answers the byte after it, 0 at the end.
func (r *jsonReader) space() byte {
	for ; r.pos < len(r.b); r.pos++ {
		switch c := r.b[r.pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// peek answers the type of the next value. It fails where no value can begin.
func (r *jsonReader) peek() token {
	if r.err != nil {
		return tokNone
	}
	switch c := r.space(); {
	case c == '"':
		return tokString
	case c == '{':
		return tokObject
	case c == '[':
		return tokArray
	case c == '-' || c >= '0' && c <= '9':
		return tokNumber
	case c == 'n':
		return tokNull
	case c == 't' || c == 'f':
		return tokBool
	}
	if r.pos >= len(r.b) {
		r.fail(cutOff)
	} else {
		r.fail("want a value")
	}
	return tokNone
}

// scalar reads a value. The text of a string is what it says, that of a number or bool as it is spelt; objects and arrays are
// passed over and have none.
func (r *jsonReader) scalar() (t token, text string) {
	switch t = r.peek(); t {
	case tokString:
		return t, r.str()
	case tokNumber:
		return t, r.number()
	case tokBool:
		if r.b[r.pos] == 't' {
			return t, r.word("true")
		}
		return t, r.word("false")
	case tokNull:
		r.word("null")
	case tokObject, tokArray:
		r.skip()
	case tokNone:
	}
	return t, ""
}

func (r *jsonReader) word(w string) string {
	if !bytes.HasPrefix(r.b[r.pos:], []byte(w)) {
		r.fail("want " + w)
		return ""
	}
	r.pos += len(w)
	return w
}

func (r *jsonReader) number() string {
	from := r.pos
	for r.pos < len(r.b) && isNumberByte(r.b[r.pos]) {
		r.pos++
	}
	text := unsafe.String(unsafe.SliceData(r.b[from:]), r.pos-from)
	if !isNumber(text) {
		r.fail("number is malformed")
		return ""
	}
	return text
}

func isNumberByte(c byte) bool {
	return c >= '0' && c <= '9' || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'
}

// isNumber tells whether s is a number of JSON (RFC 8259 section 6).
func isNumber(s string) bool {
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
func (r *jsonReader) str() string {
	from := r.pos + 1
	n := bytes.IndexByte(r.b[from:], '"')
	if n < 0 {
		r.pos = len(r.b)
		r.fail(cutOff)
		return ""
	}
	text := r.b[from : from+n]
	if bytes.IndexByte(text, '\\') >= 0 {
		return r.escaped(from)
	}
	r.pos = from + n + 1
	return r.arena.utf8Text(text)
}

// escaped reads the rest of a string with escapes into the arena.
func (r *jsonReader) escaped(from int) string {
	at := len(r.arena.buf)
	r.pos = from
	for r.pos < len(r.b) && r.err == nil {
		switch r.b[r.pos] {
		case '"':
			r.pos++
			return r.arena.since(at)
		case '\\':
			r.escape()
		default:
			char, n := utf8.DecodeRune(r.b[r.pos:])
			r.arena.buf = utf8.AppendRune(r.arena.buf, char)
			r.pos += n
		}
	}
	r.fail(cutOff)
	return ""
}

func (r *jsonReader) escape() {
	if r.pos+1 >= len(r.b) {
		r.fail(cutOff)
		return
	}
	c := r.b[r.pos+1]
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
		r.fail(fmt.Sprintf("unknown escape \\%c", c))
		return
	}
	r.arena.buf = append(r.arena.buf, c)
	r.pos += 2
}

// escapeU reads \uXXXX, or two of them that make a surrogate pair. A surrogate without its partner becomes U+FFFD.
func (r *jsonReader) escapeU() {
	char, ok := r.hex4(r.pos)
	if !ok {
		r.fail("want four hex digits after \\u")
		return
	}
	r.pos += 6
	if utf16.IsSurrogate(char) {
		second, _ := r.hex4(r.pos)
		char = utf16.DecodeRune(char, second)
		if char != utf8.RuneError {
			r.pos += 6
		}
	}
	r.arena.buf = utf8.AppendRune(r.arena.buf, char)
}

// hex4 answers the number of \uXXXX at that position.
func (r *jsonReader) hex4(at int) (rune, bool) {
	if len(r.b)-at < 6 || r.b[at] != '\\' || r.b[at+1] != 'u' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(r.b[at+2:at+6]), 16, 16)
	return rune(n), err == nil // 16 bits
}

// skip passes over a value of any type, checking its syntax. It needs no stack for what is nested.
func (r *jsonReader) skip() {
	base, text := len(r.open), len(r.arena.buf)
	defer func() { r.open, r.arena.buf = r.open[:base], r.arena.buf[:text] }()
	for {
		switch t := r.peek(); t {
		case tokObject, tokArray:
			if r.enter(); r.err != nil {
				return
			}
		default:
			r.scalar()
		}
		if !r.leave(base) {
			return
		}
	}
}

// enter begins a nested value and, if it is not empty, reads up to its first element.
func (r *jsonReader) enter() {
	if len(r.open) >= maxJSONDepth {
		r.fail(fmt.Sprintf("nested deeper than %d", maxJSONDepth))
		return
	}
	r.open = append(r.open, r.b[r.pos]+2) // '{'+2 is '}', '['+2 is ']'
	r.pos++
}

// leave closes what ends here. It answers true when another element of something open follows, and has read its name then.
func (r *jsonReader) leave(base int) bool {
	for len(r.open) > base && r.err == nil {
		s := scope{r: r, close: r.open[len(r.open)-1], begun: !r.justOpened()}
		if s.close == '}' {
			if _, ok := s.member(); ok {
				return true
			}
		} else if s.next() {
			return true
		}
		r.open = r.open[:len(r.open)-1]
	}
	return false
}

// justOpened tells whether the last byte read was an opening bracket.
func (r *jsonReader) justOpened() bool {
	c := r.b[r.pos-1]
	return c == '{' || c == '['
}

// end checks that nothing but white space follows.
func (r *jsonReader) end() {
	r.space()
	if r.pos < len(r.b) {
		r.fail("want nothing after the document")
	}
}

func (r *jsonReader) fail(reason string) {
	if r.err == nil {
		r.err = &MalformedError{Encoding: "JSON", Offset: r.pos, Reason: reason}
	}
}
