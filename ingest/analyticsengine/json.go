package analyticsengine

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a value. Points need two levels; deeper values are kept as text.
const maxDepth = 64

const byteOrderMark = "\ufeff"

// jsonKind is the type of a JSON value.
type jsonKind byte

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// value is one JSON value: of a string the text without escapes, of everything else the text as sent.
type value struct {
	kind jsonKind
	text string
}

// syntaxError says where a text is no JSON.
type syntaxError struct {
	at   int
	want string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("no JSON: want %s at byte %d", e.want, e.at) }

// scanner walks through JSON text. The parts that it answers share the text's memory.
type scanner struct {
	text  string
	at    int
	depth int
}

// space skips white space, and a byte order mark at the start.
func (s *scanner) space() {
	if s.at == 0 && strings.HasPrefix(s.text, byteOrderMark) {
		s.at = len(byteOrderMark)
	}
	for s.at < len(s.text) {
		switch s.text[s.at] {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return
		}
	}
}

// next answers the next byte that is no space, 0 at the end.
func (s *scanner) next() byte {
	s.space()
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) want(what string) error { return &syntaxError{at: s.at, want: what} }

// value reads one value of any type.
func (s *scanner) value() (value, error) {
	first := s.next()
	from := s.at
	var kind jsonKind
	var err error
	switch first {
	case '"':
		text, err := s.string()
		return value{jsonString, text}, err
	case '{':
		kind, err = jsonObject, s.members(func(string) error { return s.skip() })
	case '[':
		kind, err = jsonArray, s.elements(func(int) error { return s.skip() })
	case 't':
		kind, err = jsonBool, s.word("true")
	case 'f':
		kind, err = jsonBool, s.word("false")
	case 'n':
		kind, err = jsonNull, s.word("null")
	default:
		kind, err = jsonNumber, s.number()
	}
	return value{kind, s.text[from:s.at]}, err
}

func (s *scanner) skip() error {
	if s.next() == '"' {
		_, _, err := s.quoted()
		return err
	}
	_, err := s.value()
	return err
}

func (s *scanner) word(word string) error {
	if !strings.HasPrefix(s.text[s.at:], word) {
		return s.want("a value")
	}
	s.at += len(word)
	return nil
}

// number reads a number of RFC 8259 section 6.
func (s *scanner) number() error {
	if s.peek() == '-' {
		s.at++
	}
	switch first := s.at; {
	case !s.digits():
		return s.want("a value")
	case s.text[first] == '0' && s.at > first+1:
		return &syntaxError{at: first, want: "a number without leading zeros"}
	}
	if s.peek() == '.' {
		s.at++
		if !s.digits() {
			return s.want("a digit")
		}
	}
	if s.peek()|0x20 == 'e' {
		s.at++
		if sign := s.peek(); sign == '+' || sign == '-' {
			s.at++
		}
		if !s.digits() {
			return s.want("a digit")
		}
	}
	return nil
}

func (s *scanner) peek() byte {
	if s.at == len(s.text) {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) digits() bool {
	from := s.at
	for s.at < len(s.text) && '0' <= s.text[s.at] && s.text[s.at] <= '9' {
		s.at++
	}
	return s.at > from
}

// members reads an object; each is called with the scanner at the member's value, which it must read.
func (s *scanner) members(each func(key string) error) error {
	return s.list('}', func(int) error {
		if s.next() != '"' {
			return s.want("a key")
		}
		key, err := s.string()
		if err != nil {
			return err
		}
		if s.next() != ':' {
			return s.want("a colon")
		}
		s.at++
		return each(key)
	})
}

// elements reads an array; each is called with the scanner at the element, which it must read.
func (s *scanner) elements(each func(i int) error) error { return s.list(']', each) }

func (s *scanner) list(end byte, each func(i int) error) error {
	if s.depth++; s.depth > maxDepth {
		return s.want(fmt.Sprintf("at most %d levels", maxDepth))
	}
	s.at++
	for i := 0; ; i++ {
		if i == 0 && s.next() == end {
			break
		}
		if err := each(i); err != nil {
			return err
		}
		if c := s.next(); c == end {
			break
		} else if c != ',' {
			return s.want("a comma or " + string(end))
		}
		s.at++
	}
	s.at++
	s.depth--
	return nil
}

// string reads a string and undoes its escapes.
func (s *scanner) string() (string, error) {
	raw, escaped, err := s.quoted()
	if err != nil || !escaped {
		return raw, err
	}
	return unescape(raw), nil
}

// quoted reads a string and answers what stands between its quotes.
func (s *scanner) quoted() (raw string, escaped bool, err error) {
	s.at++
	from := s.at
	for ; s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[from : s.at-1], escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return "", false, err
			}
		case c < ' ':
			return "", false, s.want("no control character")
		}
	}
	return "", false, s.want("the end of a string")
}

// escape checks the escape at the scanner and stops at its last byte.
func (s *scanner) escape() error {
	s.at++
	c := s.peek()
	if c != 'u' {
		if c == 0 || !strings.ContainsRune(`"\/bfnrt`, rune(c)) {
			return s.want("an escape")
		}
		return nil
	}
	if _, err := hexRune(s.text[s.at+1:]); err != nil {
		return s.want("four hex digits")
	}
	s.at += 4
	return nil
}

var errNoHex = errors.New("no hex digits")

func hexRune(s string) (rune, error) {
	if len(s) < 4 {
		return 0, errNoHex
	}
	var r rune
	for i := range 4 {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, errNoHex
		}
		r = r<<4 | rune(c)
	}
	return r, nil
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// unescape undoes the escapes of a checked string. A lone surrogate becomes U+FFFD.
func unescape(raw string) string {
	b := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		if raw[i] != '\\' {
			b = append(b, raw[i])
			continue
		}
		i++
		if raw[i] != 'u' {
			b = append(b, escapes[raw[i]])
			continue
		}
		r, _ := hexRune(raw[i+1:])
		i += 4
		if utf16.IsSurrogate(r) {
			low, err := lowSurrogate(raw[i+1:])
			if pair := utf16.DecodeRune(r, low); err == nil && pair != utf8.RuneError {
				r = pair
				i += 6
			} else {
				r = utf8.RuneError
			}
		}
		b = utf8.AppendRune(b, r)
	}
	return string(b)
}

func lowSurrogate(s string) (rune, error) {
	if !strings.HasPrefix(s, `\u`) {
		return 0, errNoHex
	}
	return hexRune(s[2:])
}
