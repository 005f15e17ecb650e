// Package cost says what a question would cost an engine before it runs, from the text as the engine itself has parsed
// it. It refuses what the engine could not be stopped in, and what ends the process: an engine that makes one text
// looks at no deadline until the text is made, and what it panics at in goroutines of its own nobody can recover.
//
// Bounds are of the worst case, and hold for every row, since what is stored is not looked at.
package cost

import (
	"fmt"
	"strconv"
	"strings"

	"edgescope/store"
)

// Bounds of a LogsQL text, in bytes, words and signs, and parts that stand within each other. The parser needs the
// square of some texts' length, and calls itself for each part within another: a stack that grows beyond 1 GB ends the
// process.
const (
	maxText   = 128 << 10
	maxTokens = 20_000
	maxDepth  = 100
	// maxRepeated bounds what counted repetitions such as x{1000} make of regular expressions, in characters: 40 bytes
	// each.
	maxRepeated = 200_000
)

// Text refuses a LogsQL text that is too long or too deeply nested for the parser. It reads tokens as the engine's
// lexer does.
func Text(text string) error {
	if len(text) > maxText {
		return fmt.Errorf("%w: the text has %d bytes: at most %d are taken", store.ErrTooMuch, len(text), maxText)
	}
	var s scan
	for i := 0; i < len(text); {
		n := tokenLength(text[i:])
		s.token(text[i : i+n])
		switch {
		case s.repeats > maxRepeated:
			return errRepeated
		case s.open+s.prefixes > maxDepth:
			return fmt.Errorf("%w: at byte %d the text is nested more than %d deep", store.ErrTooMuch, i, maxDepth)
		case s.tokens > maxTokens:
			return fmt.Errorf("%w: the text has more than %d words and signs", store.ErrTooMuch, maxTokens)
		}
		i += n
	}
	return nil
}

// scan counts what a text has so far: brackets that are open, signs in a row that stand before an operand, tokens, and
// characters that regular expressions repeat.
type scan struct{ open, prefixes, tokens, repeats int }

func (s *scan) token(token string) {
	if !isSpace(token[0]) {
		s.tokens++
	}
	if len(token) > 1 {
		s.repeats += repeated(token)
	}
	switch token {
	case "(", "[", "{":
		s.open++
	case ")", "]", "}":
		s.open--
		s.prefixes = 0
	case "!", "-", "^":
		s.prefixes++
	default:
		if strings.EqualFold(token, "not") {
			s.prefixes++
		} else if isWord(token[0]) || len(token) > 1 && token[0] != '#' {
			s.prefixes = 0
		}
	}
}

var errRepeated = fmt.Errorf("%w: regular expressions in the text repeat more than %d characters", store.ErrTooMuch,
	maxRepeated)

// repeated returns a bound of what counted repetitions make of a regular expression that is in quotes. What is repeated
// is at most all that stands before.
func repeated(quoted string) int {
	sum := 0
	for i, c := range quoted {
		if c != '{' {
			continue
		}
		for count := range strings.SplitSeq(quoted[i+1:min(len(quoted), i+10)], ",") {
			digits := leadingDigits(count)
			n, err := strconv.Atoi(digits)
			if err != nil {
				break
			}
			sum = min(sum+n*i, maxRepeated+1)
		}
	}
	return sum
}

func leadingDigits(text string) string {
	return text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
}

// tokenLength returns the length of the token at the beginning: a word, a comment, a quoted text or one character.
func tokenLength(text string) int {
	n := 0
	for n < len(text) && isWord(text[n]) {
		n++
	}
	switch {
	case n > 0:
		return n
	case text[0] == '#':
		if n = strings.IndexByte(text, '\n'); n > 0 {
			return n
		}
		return len(text)
	case text[0] == '"' || text[0] == '`':
		if prefix, err := strconv.QuotedPrefix(text); err == nil {
			return len(prefix)
		}
	case text[0] == '\'':
		return apostrophes(text)
	}
	return 1
}

// apostrophes returns the length of a text in apostrophes, 1 when it is none: it does not end, or an escape in it is
// wrong.
func apostrophes(text string) int {
	rest := text[1:]
	for !strings.HasPrefix(rest, "'") {
		_, _, tail, err := strconv.UnquoteChar(rest, '\'')
		if err != nil {
			return 1
		}
		rest = tail
	}
	return len(text) - len(rest) + 1
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c >= 0x80
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
