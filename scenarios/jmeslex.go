package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// jmesToken is a token: its kind is its text, but for names, quoted names, numbers and literals.
type jmesToken struct {
	kind, text string
	value      any // of a literal
	number     int
	at         int
}

var jmesSymbols = []string{"[?", "[]", "||", "&&", "==", "!=", "<=", ">=", "[", "]", "{", "}", "(", ")", ".", ",", ":", "*", "@", "&", "|", "!", "<", ">"}

func jmesTokens(text string) ([]jmesToken, error) {
	var tokens []jmesToken
	for i := 0; i < len(text); {
		if strings.IndexByte(" \t\r\n", text[i]) >= 0 {
			i++
			continue
		}
		t, n, err := jmesTokenAt(text[i:])
		if err != nil {
			return nil, fmt.Errorf("%w at character %d", err, i+1)
		}
		t.at = i
		tokens = append(tokens, t)
		i += n
	}
	return tokens, nil
}

// jmesTokenAt reads the token that s begins with.
func jmesTokenAt(s string) (t jmesToken, length int, err error) {
	if n := jmesName(s); n > 0 {
		return jmesToken{kind: "name", text: s[:n]}, n, nil
	}
	switch c := s[0]; {
	case c == '-' || c >= '0' && c <= '9':
		return jmesNumber(s)
	case c == '"':
		return jmesQuoted(s)
	case c == '\'':
		return jmesRaw(s)
	case c == '`':
		return jmesLiteral(s)
	}
	for _, symbol := range jmesSymbols {
		if strings.HasPrefix(s, symbol) {
			return jmesToken{kind: symbol, text: symbol}, len(symbol), nil
		}
	}
	return t, 0, fmt.Errorf("unexpected %q", firstWord(s))
}

// jmesName is the length of the plain name that s begins with.
func jmesName(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z' || n > 0 && s[n] >= '0' && s[n] <= '9') {
		n++
	}
	return n
}

func jmesNumber(s string) (jmesToken, int, error) {
	n := digits(s, 1)
	i, err := strconv.Atoi(s[:n])
	if err != nil {
		return jmesToken{}, 0, fmt.Errorf("%q is no number", s[:n])
	}
	return jmesToken{kind: "number", text: s[:n], number: i}, n, nil
}

// cutQuoted is the length up to the closing quote, which a backslash escapes.
func cutQuoted(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

// jmesQuoted is a name written as a JSON text.
func jmesQuoted(s string) (jmesToken, int, error) {
	n := cutQuoted(s)
	v, err := parseJSON([]byte(s[:n]))
	name, ok := v.(string)
	if n == 0 || err != nil || !ok {
		return jmesToken{}, 0, errors.New("a quoted name is not closed or no JSON text")
	}
	return jmesToken{kind: "quoted", text: name}, n, nil
}

// jmesRaw is 'text', in which only \' and \\ are escapes.
func jmesRaw(s string) (jmesToken, int, error) {
	n := cutQuoted(s)
	if n == 0 {
		return jmesToken{}, 0, errors.New("a ' is not closed")
	}
	text := strings.NewReplacer(`\'`, `'`, `\\`, `\`).Replace(s[1 : n-1])
	return jmesToken{kind: "literal", text: s[:n], value: text}, n, nil
}

// jmesLiteral is JSON between backquotes; what is no JSON is text, as older implementations take it.
func jmesLiteral(s string) (jmesToken, int, error) {
	n := cutQuoted(s)
	if n == 0 {
		return jmesToken{}, 0, errors.New("a ` is not closed")
	}
	text := strings.TrimSpace(strings.ReplaceAll(s[1:n-1], "\\`", "`"))
	v, err := parseJSON([]byte(text))
	if err != nil {
		v = text
	}
	return jmesToken{kind: "literal", text: s[:n], value: v}, n, nil
}
