// Package jsonwire reads JSON front to back, without a tree and nearly without memory, and writes its strings and
// numbers.
package jsonwire

import (
	"bytes"
	"fmt"
)

// Token is the type of the next JSON value.
type Token uint8

// The types of values; None is where no value can begin.
const (
	None Token = iota
	Null
	Bool
	Number
	String
	Object
	Array
)

const cutOff = "document is cut off"

// maxJSONDepth bounds nesting, also of what is skipped.
const maxJSONDepth = 10000

// SyntaxError says where a document is no JSON.
type SyntaxError struct {
	// Offset is the byte at which reading ended, from the start of the document without its byte order mark.
	Offset int
	Reason string
}

// Error says what was wanted, and where.
func (s *SyntaxError) Error() string {
	return fmt.Sprintf("no JSON: %s at byte %d", s.Reason, s.Offset)
}

// Reader reads a JSON document from memory, front to back, strict in the syntax and lenient in everything else: a value
// of an unexpected type is passed over, and bad UTF-8 and lone surrogates become U+FFFD. The first error ends reading
// and stays. Strings share the document's memory or the arena's.
type Reader struct {
	b []byte
	// Pos is the byte that is read next, from the start of the document without its byte order mark.
	Pos int
	// Err is the first error, a *SyntaxError or whatever somebody else has put there: it ends reading.
	Err   error
	arena *Arena
	// open are the brackets that skip has to close.
	open []byte
}

// byteOrderMark may begin a document.
var byteOrderMark = []byte("\xef\xbb\xbf")

// Reset begins another document, which may have a byte order mark. Text that is not in it as it is read goes to the
// arena.
func (r *Reader) Reset(document []byte, to *Arena) {
	*r = Reader{b: bytes.TrimPrefix(document, byteOrderMark), arena: to, open: r.open[:0]}
}

// Empty tells whether nothing but white space is left.
func (r *Reader) Empty() bool {
	r.space()
	return r.Pos == len(r.b)
}

// Raw returns what was read from there on; it is part of the document.
func (r *Reader) Raw(from int) []byte { return r.b[from:r.Pos:r.Pos] }

// Scope walks over the members of an object or the elements of an array.
type Scope struct {
	r     *Reader
	begun bool
	// close is the bracket that ends it, 0 when the value was of another type and there is nothing to walk over.
	close byte
}

// Object begins an object. A value of another type is passed over and looks like an empty object.
func (r *Reader) Object() Scope { return r.begin(Object, '}') }

// Array begins an array. A value of another type is passed over and looks like an empty array.
func (r *Reader) Array() Scope { return r.begin(Array, ']') }

func (r *Reader) begin(want Token, end byte) Scope {
	if r.Peek() != want {
		r.Skip()
		return Scope{r: r}
	}
	r.Pos++
	return Scope{r: r, close: end}
}

// Next moves to the next element; the caller must then read or skip it.
func (s *Scope) Next() bool {
	r := s.r
	if s.close == 0 || r.Err != nil {
		return false
	}
	c := r.space()
	if c == s.close {
		r.Pos++
		return false
	}
	if r.Pos >= len(r.b) {
		r.Fail(cutOff)
		return false
	}
	if s.begun {
		if c != ',' {
			r.Fail(fmt.Sprintf("want , or %c", s.close))
			return false
		}
		r.Pos++
		r.space()
	}
	s.begun = true
	return true
}

// Member moves to the next member of an object; the caller must then read or skip its value.
func (s *Scope) Member() (key string, ok bool) {
	if !s.Next() {
		return "", false
	}
	r := s.r
	if r.space() != '"' {
		r.Fail("want a member's name in quotes")
		return "", false
	}
	key = r.str()
	if r.space() != ':' {
		r.Fail("want : after a member's name")
		return "", false
	}
	r.Pos++
	return key, r.Err == nil
}

// space passes over white space and returns the byte after it, 0 at the end.
func (r *Reader) space() byte {
	for ; r.Pos < len(r.b); r.Pos++ {
		switch c := r.b[r.Pos]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// Peek returns the type of the next value. It fails where no value can begin.
func (r *Reader) Peek() Token {
	if r.Err != nil {
		return None
	}
	switch c := r.space(); {
	case c == '"':
		return String
	case c == '{':
		return Object
	case c == '[':
		return Array
	case c == '-' || c >= '0' && c <= '9':
		return Number
	case c == 'n':
		return Null
	case c == 't' || c == 'f':
		return Bool
	}
	if r.Pos >= len(r.b) {
		r.Fail(cutOff)
	} else {
		r.Fail("want a value")
	}
	return None
}

// Scalar reads a value. The text of a string is what it says, that of a number or bool as it is spelt; objects and
// arrays are passed over and have none.
func (r *Reader) Scalar() (t Token, text string) {
	switch t = r.Peek(); t {
	case String:
		return t, r.str()
	case Number:
		return t, r.number()
	case Bool:
		if r.b[r.Pos] == 't' {
			return t, r.word("true")
		}
		return t, r.word("false")
	case Null:
		r.word("null")
	case Object, Array:
		r.Skip()
	case None:
	}
	return t, ""
}

// Skip passes over a value of any type, checking its syntax. It needs no stack for what is nested.
func (r *Reader) Skip() {
	base, text := len(r.open), len(r.arena.Buf)
	defer func() { r.open, r.arena.Buf = r.open[:base], r.arena.Buf[:text] }()
	for {
		switch t := r.Peek(); t {
		case Object, Array:
			if r.enter(); r.Err != nil {
				return
			}
		default:
			r.Scalar()
		}
		if !r.leave(base) {
			return
		}
	}
}

// enter begins a nested value and, if it is not empty, reads up to its first element.
func (r *Reader) enter() {
	if len(r.open) >= maxJSONDepth {
		r.Fail(fmt.Sprintf("nested deeper than %d", maxJSONDepth))
		return
	}
	r.open = append(r.open, r.b[r.Pos]+2) // '{'+2 is '}', '['+2 is ']'
	r.Pos++
}

// leave closes what ends here. It returns true when another element of something open follows, and has read its name
// then.
func (r *Reader) leave(base int) bool {
	for len(r.open) > base && r.Err == nil {
		s := Scope{r: r, close: r.open[len(r.open)-1], begun: !r.justOpened()}
		if s.close == '}' {
			if _, ok := s.Member(); ok {
				return true
			}
		} else if s.Next() {
			return true
		}
		r.open = r.open[:len(r.open)-1]
	}
	return false
}

// justOpened tells whether the last byte read was an opening bracket.
func (r *Reader) justOpened() bool {
	c := r.b[r.Pos-1]
	return c == '{' || c == '['
}

// End checks that nothing but white space follows.
func (r *Reader) End() {
	r.space()
	if r.Pos < len(r.b) {
		r.Fail("want nothing after the document")
	}
}

// Fail ends reading for that reason, unless it has ended.
func (r *Reader) Fail(reason string) {
	if r.Err == nil {
		r.Err = &SyntaxError{Offset: r.Pos, Reason: reason}
	}
}
