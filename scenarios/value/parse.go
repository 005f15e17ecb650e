package value

import (
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds the nesting of JSON that is read; encoding/json stops at 10,000 too.
const maxDepth = 10_000

var errJSON = errors.New("not valid JSON")

// Parse reads one JSON value, keeping the order of keys and the text of numbers. Of a repeated key the last value
// counts, as in JavaScript.
func Parse(b []byte) (any, error) {
	p := jsonParser{b: b}
	v, err := p.value(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(b) {
		return nil, errJSON
	}
	return v, nil
}

// ParseAt reads the JSON value that begins at a place, and returns where it ends; with an error, where it goes wrong.
func ParseAt(b []byte, at int) (v any, end int, err error) {
	p := jsonParser{b: b, i: at}
	v, err = p.value(0)
	return v, p.i, err
}

type jsonParser struct {
	b []byte
	i int
}

func (p *jsonParser) space() {
	for p.i < len(p.b) {
		switch p.b[p.i] {
		case ' ', '\t', '\r', '\n':
			p.i++
		default:
			return
		}
	}
}

// peek skips white space and returns the next byte, 0 at the end.
func (p *jsonParser) peek() byte {
	p.space()
	if p.i >= len(p.b) {
		return 0
	}
	return p.b[p.i]
}

func (p *jsonParser) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, errJSON
	}
	switch p.peek() {
	case '{':
		return p.object(depth)
	case '[':
		return p.list(depth)
	case '"':
		return p.text()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *jsonParser) word(w string) error {
	if len(p.b)-p.i < len(w) || string(p.b[p.i:p.i+len(w)]) != w {
		return errJSON
	}
	p.i += len(w)
	return nil
}

func (p *jsonParser) object(depth int) (any, error) {
	p.i++
	o := &Object{}
	if p.peek() == '}' {
		p.i++
		return o, nil
	}
	for {
		if p.peek() != '"' {
			return nil, errJSON
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if p.peek() != ':' {
			return nil, errJSON
		}
		p.i++
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Put(key, v)
		c := p.peek()
		p.i++
		if c == '}' {
			return o, nil
		}
		if c != ',' {
			return nil, errJSON
		}
	}
}

// Put sets a member of an object that is still being made.
func (o *Object) Put(key string, v any) {
	if i := o.find(key); i >= 0 {
		o.members[i].Value = v
		return
	}
	o.members = append(o.members, Member{key, v})
	switch {
	case o.index != nil:
		o.index[key] = len(o.members) - 1
	case len(o.members) == indexFrom:
		*o = *NewObject(o.members)
	}
}

func (p *jsonParser) list(depth int) (any, error) {
	p.i++
	list := []any{}
	if p.peek() == ']' {
		p.i++
		return list, nil
	}
	for {
		v, err := p.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
		c := p.peek()
		p.i++
		if c == ']' {
			return list, nil
		}
		if c != ',' {
			return nil, errJSON
		}
	}
}

// number reads a number of RFC 8259, section 6.
func (p *jsonParser) number() (any, error) {
	n := NumberLength(p.b[p.i:])
	if n == 0 {
		return nil, errJSON
	}
	p.i += n
	return json.Number(p.b[p.i-n : p.i]), nil
}

// NumberLength returns the length of the JSON number that b begins with, or 0.
func NumberLength[T []byte | string](b T) int {
	i := 0
	if i < len(b) && b[i] == '-' {
		i++
	}
	whole := Digits(b, i)
	if whole == i || b[i] == '0' && whole > i+1 {
		return 0
	}
	i = whole
	if i < len(b) && b[i] == '.' {
		end := Digits(b, i+1)
		if end == i+1 {
			return 0
		}
		i = end
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		end := Digits(b, i)
		if end == i {
			return 0
		}
		i = end
	}
	return i
}

// Digits returns where the decimal digits that begin at i end.
func Digits[T []byte | string](b T, i int) int {
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	return i
}

func (p *jsonParser) text() (string, error) {
	p.i++
	from := p.i
	for p.i < len(p.b) {
		switch c := p.b[p.i]; {
		case c == '"':
			s := string(p.b[from:p.i])
			p.i++
			if !utf8.ValidString(s) {
				s = string([]rune(s))
			}
			return s, nil
		case c == '\\':
			return p.escaped(from)
		case c < ' ':
			return "", errJSON
		}
		p.i++
	}
	return "", errJSON
}

// escaped goes on with a text at its first backslash.
func (p *jsonParser) escaped(from int) (string, error) {
	buf := append([]byte(nil), p.b[from:p.i]...)
	for p.i < len(p.b) {
		c := p.b[p.i]
		p.i++
		switch {
		case c == '"':
			if !utf8.Valid(buf) {
				return string([]rune(string(buf))), nil
			}
			return string(buf), nil
		case c < ' ':
			return "", errJSON
		case c != '\\':
			buf = append(buf, c)
			continue
		}
		var err error
		if buf, err = p.escape(buf); err != nil {
			return "", err
		}
	}
	return "", errJSON
}

func (p *jsonParser) escape(buf []byte) ([]byte, error) {
	if p.i >= len(p.b) {
		return nil, errJSON
	}
	c := p.b[p.i]
	p.i++
	switch c {
	case '"', '\\', '/':
		return append(buf, c), nil
	case 'b':
		return append(buf, '\b'), nil
	case 'f':
		return append(buf, '\f'), nil
	case 'n':
		return append(buf, '\n'), nil
	case 'r':
		return append(buf, '\r'), nil
	case 't':
		return append(buf, '\t'), nil
	case 'u':
		r, err := p.unit()
		if err != nil {
			return nil, err
		}
		return utf8.AppendRune(buf, p.pair(r)), nil
	}
	return nil, errJSON
}

// unit reads the four hex digits of \uXXXX.
func (p *jsonParser) unit() (rune, error) {
	if len(p.b)-p.i < 4 {
		return 0, errJSON
	}
	n, err := strconv.ParseUint(string(p.b[p.i:p.i+4]), 16, 16)
	if err != nil {
		return 0, errJSON
	}
	p.i += 4
	return rune(n), nil
}

// pair joins a high surrogate with the low one that follows; a lone half is the replacement character.
func (p *jsonParser) pair(r rune) rune {
	if !utf16.IsSurrogate(r) {
		return r
	}
	at := p.i
	if len(p.b)-p.i >= 6 && p.b[p.i] == '\\' && p.b[p.i+1] == 'u' {
		p.i += 2
		if low, err := p.unit(); err == nil {
			if joined := utf16.DecodeRune(r, low); joined != utf8.RuneError {
				return joined
			}
		}
	}
	p.i = at
	return utf8.RuneError
}
