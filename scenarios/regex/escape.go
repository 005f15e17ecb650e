package regex

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
)

// escape reads what begins with a backslash, outside of a class. It is false for an assertion, which takes no
// quantifier.
func (t *translator) escape() (repeats bool, err error) {
	switch c := t.peek(1); {
	case c == 'b':
		t.i += 2
		t.out.WriteString(`(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))`) // for regexp2, letters that are not ASCII are of words too
		return false, nil
	case c == 'B':
		t.i += 2
		t.out.WriteString(`(?:(?<=\w)(?=\w)|(?<!\w)(?!\w))`)
		return false, nil
	case c != -1 && strings.ContainsRune("dDsSwW", c):
		t.i += 2
		t.out.WriteString(`\` + string(c))
		return true, nil
	case c >= '1' && c <= '9':
		if t.reference() {
			return true, nil
		}
	case c == 'k' && (t.unicode || len(t.names) > 0):
		return true, t.namedReference()
	case (c == 'p' || c == 'P') && t.unicode:
		ranges, err := t.property()
		t.out.WriteString("[" + ranges + "]")
		return true, err
	}
	c, err := t.character(false)
	if err == nil {
		t.literal(c)
	}
	return true, err
}

// reference reads \1, which refers to a group if there are so many.
func (t *translator) reference() bool {
	n := 1
	for c := t.peek(n); c >= '0' && c <= '9'; c = t.peek(n) {
		n++
	}
	number, err := strconv.Atoi(string(t.text[t.i+1 : t.i+n]))
	if err != nil || number > t.groups {
		return false
	}
	t.i += n
	fmt.Fprintf(&t.out, `(?:\%d)`, number)
	return true
}

func (t *translator) namedReference() error {
	at := t.i
	if t.i += 2; !t.eat("<") {
		return t.failAt(at, "Invalid named reference")
	}
	name, err := t.groupName()
	if err != nil {
		return t.failAt(at, "Invalid named reference")
	}
	if t.names[name] == 0 {
		return t.failAt(at, "Invalid named capture referenced")
	}
	fmt.Fprintf(&t.out, `(?:\%d)`, t.names[name])
	return nil
}

// controls are the letters that stand for control characters.
var controls = map[rune]rune{'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// syntax are the characters that may be escaped with flag u.
const syntax = `^$\.*+?()[]{}|/`

// character reads an escape that stands for one character.
func (t *translator) character(inClass bool) (rune, error) {
	at := t.i
	c := t.peek(1)
	t.i += 2
	if ctrl, ok := controls[c]; ok || c == -1 {
		return ctrl, t.ended(at, c)
	}
	switch {
	case c == 'c':
		return t.control(at, inClass)
	case c == 'x':
		if v, ok := t.hex(2); ok {
			return v, nil
		}
	case c == 'u':
		if v, ok, err := t.unicodeEscape(at); ok || err != nil {
			return v, err
		}
	case c >= '0' && c <= '7' && t.mayBeOctal(c):
		return t.octal(c), nil
	}
	return c, t.identity(at, c, inClass)
}

// ended is an error if a backslash ends the pattern.
func (t *translator) ended(at int, c rune) error {
	if c == -1 {
		return t.failAt(at, `\ at end of pattern`)
	}
	return nil
}

// identity is an error where a character may not be escaped, which flag u forbids for all that need no escape.
func (t *translator) identity(at int, c rune, inClass bool) error {
	if !t.unicode || strings.ContainsRune(syntax, c) || inClass && c == '-' {
		return nil
	}
	return t.failAt(at, "Invalid escape")
}

// control reads \cA. Without a letter the backslash stands for itself.
func (t *translator) control(at int, inClass bool) (rune, error) {
	c := t.peek(0)
	if c|0x20 >= 'a' && c|0x20 <= 'z' || inClass && !t.unicode && (c >= '0' && c <= '9' || c == '_') {
		t.i++
		return c & 0x1f, nil
	}
	if t.unicode {
		return 0, t.failAt(at, "Invalid Unicode escape")
	}
	t.i--
	return '\\', nil
}

// mayBeOctal tells whether a digit begins a number. With flag u there is only \0.
func (t *translator) mayBeOctal(c rune) bool {
	next := t.peek(0)
	return !t.unicode || c == '0' && (next < '0' || next > '9')
}

// octal reads on from the first digit of an octal number up to 0377.
func (t *translator) octal(first rune) rune {
	v := first - '0'
	for range 2 {
		c := t.peek(0)
		if c < '0' || c > '7' || v*8+c-'0' > 0o377 {
			break
		}
		v = v*8 + c - '0'
		t.i++
	}
	return v
}

// hex reads so many digits.
func (t *translator) hex(digits int) (rune, bool) {
	if t.i+digits > len(t.text) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(t.text[t.i:t.i+digits]), 16, 32)
	if err != nil {
		return 0, false
	}
	t.i += digits
	return rune(v), true
}

// unicodeEscape reads on behind \u. With flag u, two surrogates are one character.
func (t *translator) unicodeEscape(at int) (rune, bool, error) {
	if !t.unicode {
		v, ok := t.hex(4)
		return v, ok, nil
	}
	if t.peek(0) == '{' {
		end := t.i + 1
		for end < len(t.text) && t.text[end] != '}' {
			end++
		}
		v, err := strconv.ParseUint(string(t.text[t.i+1:end]), 16, 32)
		if err != nil || end == len(t.text) || v > 0x10ffff {
			return 0, false, t.failAt(at, "Invalid Unicode escape")
		}
		t.i = end + 1
		return rune(v), true, nil
	}
	v, ok := t.hex(4)
	if !ok {
		return 0, false, t.failAt(at, "Invalid Unicode escape")
	}
	if back := t.i; utf16.IsSurrogate(v) && t.eat(`\u`) {
		low, ok := t.hex(4)
		if pair := utf16.DecodeRune(v, low); ok && pair != 0xfffd {
			return pair, true, nil
		}
		t.i = back
	}
	return v, true, nil
}
