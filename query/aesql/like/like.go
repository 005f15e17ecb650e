// Package like matches texts with patterns of LIKE and ILIKE: % is any text, _ one code point, and a backslash before one
// of these or itself takes it as it is. A byte that is no UTF-8 is a code point of its own. Matching takes time in
// proportion to the text, whatever the pattern.
package like

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Pattern is a compiled pattern: what stands between its %. A text matches if it begins with the first segment,
// ends with the last, and has the others in between, each after the one before: the first place of each is good enough,
// so that nothing is ever tried twice.
type Pattern struct {
	segments []segment
}

// segment is a part of a pattern without %.
type segment struct {
	units []rune // code points, anyRune for _
	plain string // the segment as a text, if it is UTF-8 without _ and case matters
	table *masks // to search for what is not plain
	fold  bool
}

// anyRune is _ in a pattern.
const anyRune = -1

// Compile reads a pattern. fold makes case not matter, of all letters of Unicode, as in ILIKE.
func Compile(text string, fold bool) *Pattern {
	p := &Pattern{}
	var units []rune
	for i := 0; i < len(text); {
		r, n := decode(text[i:])
		i += n
		switch {
		case r == '%':
			p.segments = append(p.segments, newSegment(units, fold))
			units = nil
			continue
		case r == '_':
			r = anyRune
		case r == '\\' && i < len(text) && strings.IndexByte(`%_\`, text[i]) >= 0:
			r = rune(text[i])
			i++
		}
		units = append(units, r)
	}
	p.segments = append(p.segments, newSegment(units, fold))
	return p
}

func newSegment(units []rune, fold bool) segment {
	s := segment{units: units, fold: fold}
	plain := !fold
	for i, r := range units {
		plain = plain && r != anyRune && r < broken
		if fold && r != anyRune {
			units[i] = foldRune(r)
		}
	}
	if plain {
		s.plain = string(units)
		return s
	}
	s.table = newMasks(units)
	return s
}

// broken is where the code points begin that stand for bytes which are no UTF-8.
const broken = unicode.MaxRune + 1

// decode returns the first code point of a text and its bytes.
func decode(s string) (rune, int) {
	if c := s[0]; c < utf8.RuneSelf {
		return rune(c), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		r = broken + rune(s[0])
	}
	return r, n
}

// decodeLast returns the last code point of a text and its bytes.
func decodeLast(s string) (rune, int) {
	r, n := utf8.DecodeLastRuneInString(s)
	if r == utf8.RuneError && n == 1 {
		r = broken + rune(s[len(s)-1])
	}
	return r, n
}

// foldRune returns the same code point for all that differ in case only.
func foldRune(r rune) rune {
	if r >= utf8.RuneSelf {
		for next := unicode.SimpleFold(r); next != r && r >= utf8.RuneSelf && r < broken; next = unicode.SimpleFold(next) {
			if next < r {
				r = next
			}
		}
	}
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// Match tells whether the whole text is as the pattern says. It is safe for concurrent use, and allocates nothing where
// the pattern has no more than 1,024 code points between two %.
func (p *Pattern) Match(text string) bool {
	first, last := &p.segments[0], len(p.segments)-1
	n := first.prefix(text)
	if n < 0 || last == 0 {
		return n == len(text)
	}
	text = text[n:]
	end := p.segments[last].suffix(text)
	if end < 0 {
		return false
	}
	text = text[:end]
	for i := range p.segments[1:last] {
		end := p.segments[1+i].search(text)
		if end < 0 {
			return false
		}
		text = text[end:]
	}
	return true
}

func (s *segment) is(r, unit rune) bool {
	if unit == anyRune || r == unit {
		return true
	}
	return s.fold && foldRune(r) == unit
}

// prefix returns the bytes of the segment at the beginning of a text, -1 if it is not there.
func (s *segment) prefix(text string) int {
	if s.table == nil {
		if !strings.HasPrefix(text, s.plain) {
			return -1
		}
		return len(s.plain)
	}
	at := 0
	for _, unit := range s.units {
		if at == len(text) {
			return -1
		}
		r, n := decode(text[at:])
		if !s.is(r, unit) {
			return -1
		}
		at += n
	}
	return at
}

// suffix returns where the segment at the end of a text begins, -1 if it is not there.
func (s *segment) suffix(text string) int {
	if s.table == nil {
		if !strings.HasSuffix(text, s.plain) {
			return -1
		}
		return len(text) - len(s.plain)
	}
	for i := len(s.units) - 1; i >= 0; i-- {
		if text == "" {
			return -1
		}
		r, n := decodeLast(text)
		if !s.is(r, s.units[i]) {
			return -1
		}
		text = text[:len(text)-n]
	}
	return len(text)
}

// search returns where the first place of the segment in a text ends, -1 if it has none.
func (s *segment) search(text string) int {
	switch {
	case len(s.units) == 0:
		return 0
	case s.table != nil:
		return s.table.search(text, s.fold)
	}
	at := strings.Index(text, s.plain)
	if at < 0 {
		return -1
	}
	return at + len(s.plain)
}

// masks are, for each code point, the places of a segment at which it may stand, as bits (Shift-And). So a search looks
// at each code point of a text once, and at as many words as the segment has 64 code points.
type masks struct {
	words int
	any   []uint64 // code points that the segment does not name
	of    map[rune][]uint64
	ascii [utf8.RuneSelf][]uint64
	last  uint64 // in the last word, the segment's last place
}

func newMasks(units []rune) *masks {
	m := &masks{words: (len(units) + 63) / 64, of: make(map[rune][]uint64)}
	m.any = make([]uint64, m.words)
	for i, r := range units {
		if r == anyRune {
			m.any[i/64] |= 1 << (i % 64)
		} else if m.of[r] == nil {
			m.of[r] = make([]uint64, m.words)
		}
	}
	for i, r := range units {
		if r != anyRune {
			m.of[r][i/64] |= 1 << (i % 64)
		}
	}
	for _, bits := range m.of {
		for w := range bits {
			bits[w] |= m.any[w]
		}
	}
	for r := range m.ascii {
		m.ascii[r] = m.lookup(rune(r))
	}
	if len(units) > 0 {
		m.last = 1 << ((len(units) - 1) % 64)
	}
	return m
}

func (m *masks) lookup(r rune) []uint64 {
	if bits := m.of[r]; bits != nil {
		return bits
	}
	return m.any
}

func (m *masks) search(text string, fold bool) int {
	var few [16]uint64
	state := few[:]
	if m.words > len(few) {
		state = make([]uint64, m.words)
	}
	state = state[:m.words]
	for at := 0; at < len(text); {
		r, n := decode(text[at:])
		at += n
		if fold {
			r = foldRune(r)
		}
		var bits []uint64
		if r < utf8.RuneSelf {
			bits = m.ascii[r]
		} else {
			bits = m.lookup(r)
		}
		carry := uint64(1)
		for w := range state {
			next := state[w] >> 63
			state[w] = (state[w]<<1 | carry) & bits[w]
			carry = next
		}
		if state[m.words-1]&m.last != 0 {
			return at
		}
	}
	return -1
}
