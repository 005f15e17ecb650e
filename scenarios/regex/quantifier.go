package regex

import (
	"fmt"
	"math"
	"strconv"
)

// quantifier reads *, +, ? or {n,m} behind an atom, if one stands there.
func (t *translator) quantifier() error {
	switch c := t.peek(0); c {
	case '*', '+', '?':
		t.i++
		t.out.WriteByte(byte(c))
	case '{':
		from, to, ok := t.braces()
		if !ok && t.unicode {
			return t.fail("Incomplete quantifier")
		}
		if !ok {
			return nil
		}
		if to >= 0 && to < from {
			return t.fail("numbers out of order in {} quantifier")
		}
		for t.text[t.i] != '}' {
			t.i++
		}
		t.i++
		switch {
		case to < 0:
			fmt.Fprintf(&t.out, "{%d,}", from)
		default:
			fmt.Fprintf(&t.out, "{%d,%d}", from, to)
		}
	default:
		return nil
	}
	if t.eat("?") {
		t.out.WriteByte('?')
	}
	return nil
}

// braces reads {n}, {n,} or {n,m} without consuming it; to is -1 for no end.
func (t *translator) braces() (from, to int, ok bool) {
	n := 1
	number := func() (int, bool) {
		at := n
		for c := t.peek(n); c >= '0' && c <= '9'; c = t.peek(n) {
			n++
		}
		if at == n {
			return 0, false
		}
		f, err := strconv.ParseInt(string(t.text[t.i+at:t.i+n]), 10, 64)
		if err != nil || f > math.MaxInt32 {
			f = math.MaxInt32
		}
		return int(f), true
	}
	if from, ok = number(); !ok {
		return 0, 0, false
	}
	to = from
	if t.peek(n) == ',' {
		n++
		if to, ok = number(); !ok {
			to = -1
		}
	}
	return from, to, t.peek(n) == '}'
}
