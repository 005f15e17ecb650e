// Package regex is JavaScript's regular expressions: ECMAScript 2024 with Annex B, as Node 22 reads them. A pattern is
// translated for regexp2, which searches; what that cannot do as JavaScript does is refused with its place.
//
// A search backtracks, and may take time that grows with the power of the text's length. It is therefore bounded in
// time and in the bytes that it reads.
package regex

import (
	"errors"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"github.com/dlclark/regexp2"
)

// Errors of searches. Their texts are names of errors in a report.
var (
	ErrTimeout = errors.New("ERR_REGEXP_TIMEOUT")
	ErrTooLong = errors.New("ERR_REGEXP_TEXT_TOO_LONG")
)

const (
	// maxTime is how long a search may take. The clock of regexp2 has steps of 100 ms.
	maxTime = 400 * time.Millisecond
	// MaxText is how many bytes a text may have that is searched.
	MaxText = 16 << 20
)

// Regexp is a compiled regular expression. It is safe for concurrent use.
type Regexp struct {
	pattern string
	program program
	unicode bool // the text is read by characters, not by UTF-16 units
	// machines are *regexp2.Regexp, one for each search that goes on: what they need to backtrack may be much memory, and
	// the garbage collector takes those that rest.
	machines sync.Pool
}

// Compile reads a pattern and its flags. Flags d and g change nothing here, since one search always begins at the
// start. The error says what is wrong and at which character of the pattern.
func Compile(pattern, flags string) (*Regexp, error) {
	p, err := translate(pattern, flags)
	if err != nil {
		return nil, err
	}
	re, err := p.compile()
	if err != nil {
		return nil, &SyntaxError{pattern, "it is not supported: " + err.Error(), 0}
	}
	r := &Regexp{pattern: pattern, program: p, unicode: strings.Contains(flags, "u")}
	r.machines.Put(re)
	return r, nil
}

// String is the pattern as it was written.
func (r *Regexp) String() string { return r.pattern }

// Groups is how many groups capture, without the match itself.
func (r *Regexp) Groups() int { return r.program.groups }

// Names are the named groups with their numbers.
func (r *Regexp) Names() map[string]int { return r.program.names }

// Span is where something stands in a text, in UTF-16 units from 0. From is -1 if it does not.
type Span struct{ From, To int }

// Match is one match with its groups. The first span is the match itself.
type Match struct {
	Spans []Span
	text  subject
	found *regexp2.Match
}

// Text is what a group has matched, 0 being the match itself. It is false for a group that took no part.
func (m *Match) Text(group int) (string, bool) {
	g := m.found.GroupByNumber(group)
	if g == nil || len(g.Captures) == 0 {
		return "", false
	}
	return m.text.slice(g.Index, g.Index+g.Length), true
}

// Matches tells whether the text has a match.
func (r *Regexp) Matches(text string) (bool, error) {
	found, err := r.search(text, 0, 1)
	return len(found) > 0, err
}

// Find returns up to most matches, all if most is negative, in the order in which they stand.
func (r *Regexp) Find(text string, most int) ([]Match, error) { return r.search(text, 0, most) }

// FindFrom returns the first match that begins at a place or after it, in UTF-16 units. It is false if there is none.
func (r *Regexp) FindFrom(text string, from int) (Match, bool, error) {
	found, err := r.search(text, from, 1)
	if len(found) == 0 {
		return Match{}, false, err
	}
	return found[0], true, nil
}

func (r *Regexp) search(text string, from, most int) ([]Match, error) {
	if len(text) > MaxText {
		return nil, ErrTooLong
	}
	re, err := r.machine()
	if err != nil {
		return nil, err
	}
	defer r.machines.Put(re)
	s := newSubject(text, r.unicode)
	at, ok := s.place(from)
	if !ok {
		return nil, nil
	}
	found, err := re.FindRunesMatchStartingAt(s.runes, at)
	var matches []Match
	began := time.Now()
	for ; err == nil && found != nil; found, err = re.FindNextMatch(found) {
		matches = append(matches, s.match(found, r.program.groups))
		if len(matches) == most {
			return matches, nil
		}
		if time.Since(began) > maxTime {
			return nil, ErrTimeout
		}
	}
	if err != nil {
		return nil, ErrTimeout // regexp2 has no other error
	}
	return matches, nil
}

// machine is one that no other search uses.
func (r *Regexp) machine() (*regexp2.Regexp, error) {
	if re, ok := r.machines.Get().(*regexp2.Regexp); ok {
		return re, nil
	}
	return r.program.compile()
}

// subject is a text in the parts that a pattern matches: characters, or UTF-16 units.
type subject struct {
	runes []rune
	wide  bool // some runes are outside of the basic plane, or surrogates
	units bool // runes are UTF-16 units
}

func newSubject(text string, unicode bool) subject {
	s := subject{runes: []rune(text), units: !unicode}
	for _, r := range s.runes {
		if r > 0xffff {
			s.wide = true
			break
		}
	}
	if s.wide && s.units {
		units := utf16.Encode(s.runes)
		s.runes = make([]rune, len(units))
		for i, u := range units {
			s.runes[i] = rune(u)
		}
	}
	return s
}

func (s subject) slice(from, to int) string {
	part := s.runes[from:to]
	if !s.wide || !s.units {
		return string(part)
	}
	units := make([]uint16, len(part))
	for i, r := range part {
		units[i] = uint16(r) //nolint:gosec // it is one
	}
	return string(utf16.Decode(units))
}

// place turns a place in UTF-16 units into one in runes. It is false behind the end.
func (s subject) place(unit int) (int, bool) {
	if !s.wide || s.units {
		return unit, unit <= len(s.runes)
	}
	for i, r := range s.runes {
		if unit <= 0 {
			return i, true
		}
		unit -= utf16.RuneLen(r)
	}
	return len(s.runes), unit <= 0
}

// unit is the reverse of place.
func (s subject) unit(place int) int {
	if !s.wide || s.units {
		return place
	}
	n := 0
	for _, r := range s.runes[:place] {
		n += utf16.RuneLen(r)
	}
	return n
}

func (s subject) match(found *regexp2.Match, groups int) Match {
	m := Match{Spans: make([]Span, groups+1), text: s, found: found}
	for i := range m.Spans {
		g := found.GroupByNumber(i)
		if g == nil || len(g.Captures) == 0 {
			m.Spans[i] = Span{-1, -1}
			continue
		}
		m.Spans[i] = Span{s.unit(g.Index), s.unit(g.Index + g.Length)}
	}
	return m
}
