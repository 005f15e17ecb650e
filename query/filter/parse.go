package filter

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Term is one condition on an attribute, as it is written in a text.
type Term struct {
	// Key is what stands before the colon, "" for a bare word.
	Key     string
	Exclude bool
	Pattern Pattern
}

// Vocabulary is what a language of filters knows beside its grammar.
type Vocabulary struct {
	// Known tells whether a word may stand before the colon; UnknownKey says what may.
	Known      func(key string) bool
	UnknownKey string
	// Bad returns what would be right for a key when an exact value is not, else "".
	Bad func(key, value string) string
}

// MaxText bounds a text in bytes: it goes into the store's query text.
const MaxText = 2048

// SyntaxError says what is wrong with a text.
type SyntaxError struct {
	// Column is where the bad spot begins, in characters from 1.
	Column int
	// Reason says what would be right.
	Reason string
}

// Error is the place and the reason.
func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Reason) }

// Parse reads a text into terms; its error is a *SyntaxError.
//
//	text  = { word }, separated by white space
//	word  = ["-"] [ key ":" ] value
//	value = characters with * for any text, or the same in double quotes, where a \ lets the next character stand for
//	        itself
//
// A value of nothing but stars is any value, so key:* is "present" and -key:* "absent"; an empty value in quotes,
// key:"", is absent too.
func Parse(text string, words Vocabulary) ([]Term, error) {
	p := parser{text: text, words: words}
	if len(text) > MaxText {
		return nil, p.fail(0, "is longer than 2048 bytes")
	}
	if !utf8.ValidString(text) {
		return nil, p.fail(0, "is not UTF-8")
	}
	var terms []Term
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
	words Vocabulary
	text  string
	pos   int
}

func (p *parser) fail(at int, reason string) error {
	return &SyntaxError{Column: utf8.RuneCountInString(p.text[:at]) + 1, Reason: reason}
}

func (p *parser) skipSpace() {
	p.pos = len(p.text) - len(strings.TrimLeftFunc(p.text[p.pos:], unicode.IsSpace))
}

func (p *parser) word() (Term, error) {
	var t Term
	start := p.pos
	if p.text[p.pos] == '-' {
		t.Exclude = true
		p.pos++
	}
	keyAt := p.pos
	if n := keyLength(p.text[p.pos:]); n >= 0 {
		t.Key = p.text[p.pos : p.pos+n]
		p.pos += n + 1
		if !p.words.Known(t.Key) {
			return t, p.fail(keyAt, "unknown key "+t.Key+": "+p.words.UnknownKey)
		}
	}
	valueAt := p.pos
	var err error
	if t.Pattern, err = p.value(); err != nil {
		return t, err
	}
	if quoted := p.pos > valueAt; t.Pattern.Exact() && t.Pattern[0] == "" && (t.Key == "" || !quoted) {
		return t, p.fail(start, "a value is missing, as in region:GRU")
	}
	if t.Key == "" && t.Exclude && t.Pattern.Present() {
		return t, p.fail(start, "excludes everything: name a key, as in -error:*")
	}
	if t.Pattern.Exact() && t.Pattern[0] != "" {
		if reason := p.words.Bad(t.Key, t.Pattern[0]); reason != "" {
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
func (p *parser) value() (Pattern, error) {
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

func (p *parser) quoted() (Pattern, error) {
	open := p.pos
	var parts Pattern
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
