package grammar

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is.
type tokenKind int

const (
	end    tokenKind = iota // of the text
	word                    // a keyword or a name
	quoted                  // a name in " or `
	number
	text   // in '
	symbol // an operator or punctuation
)

// token is a piece of a text. Its text is without quotes and escapes.
type token struct {
	kind  tokenKind
	at    int
	until int // the offset of what follows
	text  string
}

// symbols are the operators and punctuation; of two that begin alike the longer stands first. Those that mean nothing
// here are read too, so that the parser tells what to use.
var symbols = []string{
	"<=>", "<=", ">=", "<>", "!=", "==", "||", "&&", "::", "->", "<<", ">>", "=>",
	"<", ">", "=", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",", ".", ";", "?", "!", "&", "|", "^", "~", ":",
	"@", "$", "#",
}

// lexer cuts a text into tokens.
type lexer struct {
	text   string
	at     int
	tokens []token
}

// lex returns the tokens of a text, the last of which is its end.
func lex(source string) ([]token, error) {
	l := lexer{text: source}
	for {
		if err := l.space(); err != nil {
			return nil, err
		}
		if l.at >= len(source) {
			return append(l.tokens, token{end, len(source), len(source), ""}), nil
		}
		t, err := l.next()
		if err != nil {
			return nil, err
		}
		l.tokens = append(l.tokens, t)
		l.at = t.until
	}
}

func (l *lexer) errorf(at int, format string, args ...any) error {
	return errorAt(l.text, at, fmt.Sprintf(format, args...))
}

// space skips white space and comments.
func (l *lexer) space() error {
	for l.at < len(l.text) {
		rest := l.text[l.at:]
		switch {
		case strings.HasPrefix(rest, "--"):
			line := strings.IndexByte(rest, '\n')
			if line < 0 {
				line = len(rest)
			}
			l.at += line
		case strings.HasPrefix(rest, "/*"):
			closed := strings.Index(rest[2:], "*/")
			if closed < 0 {
				return l.errorf(l.at, "the comment has no end: close it with */")
			}
			l.at += closed + 4
		case strings.IndexByte(" \t\r\n\f\v", rest[0]) >= 0:
			l.at++
		case strings.HasPrefix(rest, "\ufeff"), strings.HasPrefix(rest, "\u00a0"): // of editors and of web pages
			_, size := utf8.DecodeRuneInString(rest)
			l.at += size
		default:
			return nil
		}
	}
	return nil
}

// next reads the token that begins here.
func (l *lexer) next() (token, error) {
	c := l.text[l.at]
	switch {
	case isLetter(c):
		until := l.skip(l.at, isNamed)
		return token{word, l.at, until, l.text[l.at:until]}, nil
	case isDigit(c), c == '.' && l.isFraction():
		return l.number()
	case c == '\'', c == '"', c == '`':
		return l.quote(c)
	}
	for _, s := range symbols {
		if strings.HasPrefix(l.text[l.at:], s) {
			return token{symbol, l.at, l.at + len(s), s}, nil
		}
	}
	return token{}, l.strange()
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' }

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// isNamed tells whether a name may have a character.
func isNamed(c byte) bool { return isLetter(c) || isDigit(c) }

// isFraction tells whether the dot here begins a number: .5, but not that of a.1.
func (l *lexer) isFraction() bool {
	if l.at+1 >= len(l.text) || !isDigit(l.text[l.at+1]) {
		return false
	}
	if len(l.tokens) == 0 {
		return true
	}
	last := l.tokens[len(l.tokens)-1]
	return last.until != l.at || last.kind == symbol && last.text != ")" && last.text != "]"
}

// number reads digits, a fraction and an exponent.
func (l *lexer) number() (token, error) {
	at := l.skip(l.at, isDigit)
	if !l.isElement() && at < len(l.text) && l.text[at] == '.' {
		at = l.skip(at+1, isDigit)
	}
	if at < len(l.text) && l.text[at]|0x20 == 'e' {
		exponent := at + 1
		if exponent < len(l.text) && strings.IndexByte("+-", l.text[exponent]) >= 0 {
			exponent++
		}
		if until := l.skip(exponent, isDigit); until > exponent {
			at = until
		}
	}
	if until := l.skip(at, isNamed); until > at {
		return token{}, l.errorf(l.at, "%s is no number: write numbers in decimal, and put a name that begins with a digit "+
			`in double quotes`, l.text[l.at:until])
	}
	return token{number, l.at, at, l.text[l.at:at]}, nil
}

// skip returns the offset of the first character from at on that is none of those.
func (l *lexer) skip(at int, those func(byte) bool) int {
	for at < len(l.text) && those(l.text[at]) {
		at++
	}
	return at
}

// isElement tells whether the number here is that of a tuple's element: a.1.
func (l *lexer) isElement() bool {
	n := len(l.tokens)
	return n > 1 && l.tokens[n-1].text == "." && l.tokens[n-1].until == l.at && l.tokens[n-2].until == l.tokens[n-1].at
}

// quote reads what stands between two quotes. A doubled quote is one, and a backslash begins an escape of ClickHouse.
func (l *lexer) quote(q byte) (token, error) {
	var b strings.Builder
	for at := l.at + 1; at < len(l.text); at++ {
		switch c := l.text[at]; {
		case c == q && at+1 < len(l.text) && l.text[at+1] == q:
			at++
			b.WriteByte(q)
		case c == q:
			return l.quoted(q, at+1, b.String())
		case c == '\\' && at+1 < len(l.text):
			at++
			b.WriteString(unescaped(l.text[at]))
		default:
			b.WriteByte(c)
		}
	}
	return token{}, l.errorf(l.at, "the text that begins here has no end: close it with %c", q)
}

func (l *lexer) quoted(q byte, until int, content string) (token, error) {
	switch {
	case !utf8.ValidString(content):
		return token{}, l.errorf(l.at, "this is no UTF-8")
	case q == '\'':
		return token{text, l.at, until, content}, nil
	case content == "":
		return token{}, l.errorf(l.at, "a name is empty; an empty text is ''")
	}
	return token{quoted, l.at, until, content}, nil
}

// unescaped is what a backslash and c stand for. What is no escape keeps its backslash, as in ClickHouse, so that '\%' is
// a percent sign in a pattern of LIKE.
func unescaped(c byte) string {
	switch c {
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'r':
		return "\r"
	case 'b':
		return "\b"
	case 'f':
		return "\f"
	case '0':
		return "\x00"
	case '\\', '\'', '"', '`', '/':
		return string(c)
	}
	return "\\" + string([]byte{c})
}

// strange returns the error of a character that begins nothing.
func (l *lexer) strange() error {
	r, size := utf8.DecodeRuneInString(l.text[l.at:])
	switch {
	case r == utf8.RuneError && size == 1:
		return l.errorf(l.at, "this is no UTF-8")
	case strings.ContainsRune("‘’‚′´", r):
		return l.errorf(l.at, "%c is no quote of SQL: put texts between '", r)
	case strings.ContainsRune("“”„″«»", r):
		return l.errorf(l.at, `%c is no quote of SQL: put texts between ' and names between "`, r)
	case strings.ContainsRune("–—−", r):
		return l.errorf(l.at, "%c is no minus: write -", r)
	case r > utf8.RuneSelf:
		return l.errorf(l.at, `%q can't stand here: put texts between ' and odd names between "`, r)
	}
	return l.errorf(l.at, "%q can't stand here", r)
}
