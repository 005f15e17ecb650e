package tree

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON writes a character beyond U+FFFF as two escapes, \ud83d\ude00 (RFC 8259, section 7), which YAML does not know.

// badEscape is what the YAML reader says of half a character.
const badEscape = "found invalid Unicode character escape code"

// escapes are those of halves, two that belong together first, and any other, of which the second character begins none.
var escapes = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|` +
	`u[dD][89a-fA-F][0-9a-fA-F]{2}|[^\n])`)

// shift says that what stands on a line behind a column stood so many characters further to the right.
type shift struct{ line, column, by int }

// withoutSurrogates spells characters that JSON writes as two escapes as themselves, and a half alone as U+FFFD, as
// JavaScript sends it. It also returns what that moved.
func withoutSurrogates(src []byte) ([]byte, []shift) {
	var shifts []shift
	var out strings.Builder
	line := 1
	for text := range strings.Lines(string(src)) {
		from, width := 0, 0
		for _, m := range escapes.FindAllStringIndex(text, -1) {
			escape := text[m[0]:m[1]]
			r, ok := surrogate(escape)
			if !ok {
				continue
			}
			out.WriteString(text[from:m[0]])
			out.WriteRune(r)
			width += utf8.RuneCountInString(text[from:m[0]]) + 1
			shifts = append(shifts, shift{line, width, len(escape) - 1})
			from = m[1]
		}
		out.WriteString(text[from:])
		line++
	}
	return []byte(out.String()), shifts
}

// surrogate is the character that an escape or two of them spell, if it is beyond U+FFFF or a half of one.
func surrogate(escape string) (rune, bool) {
	half := func(at int) rune {
		n, err := strconv.ParseUint(escape[at:at+4], 16, 32)
		if err != nil {
			return 0
		}
		return rune(n)
	}
	switch len(escape) {
	case len(`\ud83d\ude00`):
		return utf16.DecodeRune(half(2), half(8)), true
	case len(`\ud83d`):
		return utf8.RuneError, true
	}
	return 0, false
}

// at is a position that the YAML reader gave, as the file has it.
func (p *parser) at(line, column int) Position {
	by := 0
	for _, s := range p.shifts {
		if s.line == line && column > s.column {
			by += s.by
		}
	}
	return Position{p.file, line, column + by}
}
