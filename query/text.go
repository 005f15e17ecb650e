package query

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is one condition on an attribute, as it is written in a text.
type term struct {
	// key is what stands before the colon, "" for a bare word.
	key     string
	exclude bool
	pattern pattern
}

// vocabulary is what a language of filters knows beside its grammar.
type vocabulary struct {
	// known tells whether a word may stand before the colon; unknownKey says what may.
	known      func(key string) bool
	unknownKey string
	// bad returns what would be right for a key when an exact value is not, else "".
	bad func(key, value string) string
}

// maxText bounds a text in bytes: it goes into the store's query text.
const maxText = 2048

// syntaxError says what is wrong with a text.
type syntaxError struct {
	// Column is where the bad spot begins, in characters from 1.
	Column int
	// Reason says what would be right.
	Reason string
}

// Error is the place and the reason.
func (e *syntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Reason) }

// parseText reads a text into terms; its error is a *syntaxError.
//
//	text  = { word }, separated by white space
//	word  = ["-"] [ key ":" ] value
//	value = characters with * for any text, or the same in double quotes, where a \ lets the next character stand for itself
//
// A value of nothing but stars is any value, so key:* is "present" and -key:* "absent"; an empty value in quotes,
// key:"", is absent too.
func parseText(text string, words vocabulary) ([]term, error) {
	p := parser{text: text, words: words}
	if len(text) > maxText {
		return nil, p.fail(0, "is longer than 2048 bytes")
	}
	if !utf8.ValidString(text) {
		return nil, p.fail(0, "is not UTF-8")
	}
	var terms []term
	for p.skipSpace(); p.pos < len(p.text); p.skipSpace() {
		t, err := p.word()
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
	return terms, nil
}

type parser struct {
	words vocabulary
	text  string
	pos   int
}

func (p *parser) fail(at int, reason string) error {
	return &syntaxError{Column: utf8.RuneCountInString(p.text[:at]) + 1, Reason: reason}
}

func (p *parser) skipSpace() {
	p.pos = len(p.text) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
}

func (p *parser) word() (term, error) {
	var t term
	start := p.pos
	if p.text[p.pos] == '-' {
		t.exclude = true
		p.pos++
	}
	keyAt := p.pos
	if n := keyLength(p.text[p.pos:]); n >= 0 {
		t.key = p.text[p.pos : p.pos+n]
		p.pos += n + 1
		if !p.words.known(t.key) {
			return t, p.fail(keyAt, "unknown key "+t.key+": "+p.words.unknownKey)
		}
	}
	valueAt := p.pos
	var err error
	if t.pattern, err = p.value(); err != nil {
		return t, err
	}
	if quoted := p.pos > valueAt; t.pattern.exact() && t.pattern[0] == "" && (t.key == "" || !quoted) {
		return t, p.fail(start, "a value is missing, as in region:GRU")
	}
	if t.key == "" && t.exclude && t.pattern.present() {
		return t, p.fail(start, "excludes everything: name a key, as in -error:*")
	}
	if t.pattern.exact() && t.pattern[0] != "" {
		if reason := p.words.bad(t.key, t.pattern[0]); reason != "" {
			return t, p.fail(valueAt, reason)
		}
	}
	return t, nil
}

// keyLength returns how long the key before a colon is, -1 when the word has none.
func keyLength(s string) int {
	for i := range len(s) {
		switch c := s[i]; {
		case c == ':' && i > 0:
			return i
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '.', c == '_', c == '-':
		default:
			return -1
		}
	}
	return -1
}

// value reads up to white space, or a quoted text, and splits it at its stars.
func (p *parser) value() (pattern, error) {
	if strings.HasPrefix(p.text[p.pos:], `"`) {
		return p.quoted()
	}
	rest := p.text[p.pos:]
	end := strings.IndexFunc(rest, unicode.IsSpace)
	if end < 0 {
		end = len(rest)
	}
	if i := strings.IndexByte(rest[:end], '"'); i >= 0 {
		return nil, p.fail(p.pos+i, `a quote may stand around the whole value only, as in route:"/a b"`)
	}
	p.pos += end
	return strings.Split(rest[:end], "*"), nil
}

func (p *parser) quoted() (pattern, error) {
	open := p.pos
	var parts pattern
	var part strings.Builder
	for p.pos++; p.pos < len(p.text); p.pos++ {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			if p.pos < len(p.text) && !unicode.IsSpace(rune(p.text[p.pos])) {
				return nil, p.fail(p.pos, "a space must follow the closing quote")
			}
			return append(parts, part.String()), nil
		case c == '\\' && p.pos+1 < len(p.text):
			p.pos++
			part.WriteByte(p.text[p.pos])
		case c == '*':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(c)
		}
	}
	return nil, p.fail(open, "the quote is not closed")
}
