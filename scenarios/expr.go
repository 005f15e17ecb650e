package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Two small languages share this parser. Conditions (`ifTrue`, `ensure`) are
// filtrex: words for operators, "text" in double quotes, 'name' in single
// quotes for a variable. JSONPath filters are the expression part of
// JavaScript. Both compare as JavaScript does.
//
// A value in an expression is nil (null), undefined, bool, float64, string,
// []any or *Object.

type undefined struct{}

// env answers what a name stands for; the answer is a value of an expression.
type env interface{ name(name string) any }

// expression is a compiled expression.
type expression func(env) any

type dialect struct {
	levels   [][]string                             // binary operators, weakest first
	unary    []string                               // prefix operators
	aliases  map[string]string                      // foreign operators, and what to write
	words    []string                               // operators that are words
	variable byte                                   // the quote that encloses a variable's name, 0: none
	known    []string                               // names that may hold any characters, longest first
	spaced   bool                                   // neighbouring words are one name
	primary  func(*lexer) (expression, bool, error) // more operands, asked first
}

var filtrex = dialect{
	levels: [][]string{
		{"or"},
		{"and"},
		{"in", "not in"},
		{"==", "!=", "~="},
		{"<=", ">=", "<", ">"},
		{"+", "-"},
		{"*", "/", "%"},
		{"^"},
	},
	unary:    []string{"not", "-"},
	aliases:  map[string]string{"===": "==", "!==": "!=", "&&": "and", "||": "or", "!": "not", "=": "=="},
	words:    []string{"or", "and", "in", "not"},
	variable: '\'',
}

// syntaxError is what is wrong in an expression and where, in bytes from 0.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at character %d", e.msg, e.at+1) }

// compileExpression parses all of text; names collects the variables in it.
func compileExpression(d dialect, text string, names func(string)) (expression, error) {
	l := &lexer{d: &d, text: text, names: names}
	e, err := l.ternary()
	if err != nil {
		return nil, err
	}
	if l.space(); l.i < len(text) {
		return nil, l.unexpected()
	}
	return e, nil
}

type lexer struct {
	d     *dialect
	text  string
	i     int
	depth int
	names func(string)
}

func (l *lexer) space() {
	for l.i < len(l.text) && strings.IndexByte(" \t\r\n", l.text[l.i]) >= 0 {
		l.i++
	}
}

func (l *lexer) fail(format string, args ...any) error {
	return &syntaxError{l.i, fmt.Sprintf(format, args...)}
}

// unexpected says what stands where an operator or an operand should.
func (l *lexer) unexpected() error {
	rest := l.text[l.i:]
	if rest == "" {
		return l.fail("the expression ends too early")
	}
	for _, foreign := range []string{"===", "!==", "&&", "||", "!", "="} {
		if right := l.d.aliases[foreign]; right != "" && strings.HasPrefix(rest, foreign) {
			return l.fail("%q is no operator here%s", foreign, didYouMean(right))
		}
	}
	return l.fail("unexpected %q", firstWord(rest))
}

func firstWord(s string) string {
	if end := strings.IndexAny(s, " \t\r\n"); end > 0 {
		return s[:end]
	}
	return s
}

// operator consumes the first of ops that stands here. Words end at a word's
// end, and an operator is not taken where a longer, foreign one stands.
func (l *lexer) operator(ops []string) string {
	l.space()
	for _, op := range ops {
		rest := l.text[l.i:]
		if op == "not in" {
			if after, ok := strings.CutPrefix(rest, "not"); ok && isWord(strings.TrimLeft(after, " \t"), "in") && after != strings.TrimLeft(after, " \t") {
				l.i = len(l.text) - len(strings.TrimLeft(after, " \t")) + len("in")
				return op
			}
			continue
		}
		if !strings.HasPrefix(rest, op) || slices.Contains(l.d.words, op) && !isWord(rest, op) || l.longer(rest, op) {
			continue
		}
		l.i += len(op)
		return op
	}
	return ""
}

func (l *lexer) longer(rest, op string) bool {
	for foreign := range l.d.aliases {
		if len(foreign) > len(op) && strings.HasPrefix(rest, foreign) {
			return true
		}
	}
	return false
}

func isWord(s, word string) bool {
	after, ok := strings.CutPrefix(s, word)
	return ok && (after == "" || !nameByte(after[0]))
}

func nameByte(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// maxExpression bounds the nesting of an expression, hence the stack.
const maxExpression = 200

func (l *lexer) ternary() (expression, error) {
	if l.depth++; l.depth > maxExpression {
		return nil, l.fail("the expression is nested too deep")
	}
	defer func() { l.depth-- }()
	cond, err := l.binary(0)
	if err != nil || l.operator([]string{"?"}) == "" {
		return cond, err
	}
	yes, err := l.ternary()
	if err != nil {
		return nil, err
	}
	if l.operator([]string{":"}) == "" {
		return nil, l.fail("? needs a : after its first choice")
	}
	no, err := l.ternary()
	if err != nil {
		return nil, err
	}
	return func(v env) any {
		if truthy(cond(v)) {
			return yes(v)
		}
		return no(v)
	}, nil
}

func (l *lexer) binary(level int) (expression, error) {
	if level == len(l.d.levels) {
		return l.prefix()
	}
	left, err := l.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := l.operator(l.d.levels[level])
		if op == "" {
			return left, nil
		}
		if op == "in" || op == "not in" {
			left, err = l.membership(left, op == "in")
		} else {
			var right expression
			if right, err = l.binary(level + 1); err == nil {
				left, err = l.operation(op, left, right)
			}
		}
		if err != nil {
			return nil, err
		}
	}
}

// membership reads the list after `in`: in ("a", "b", 3).
func (l *lexer) membership(left expression, want bool) (expression, error) {
	if l.operator([]string{"("}) == "" {
		return nil, l.fail(`"in" takes a list in parentheses`)
	}
	choices, err := l.arguments()
	if err != nil {
		return nil, err
	}
	return func(v env) any {
		x := left(v)
		found := slices.ContainsFunc(choices, func(c expression) bool { return strictEqual(x, c(v)) })
		return found == want
	}, nil
}

// arguments reads a list up to its closing parenthesis.
func (l *lexer) arguments() ([]expression, error) {
	var list []expression
	if l.operator([]string{")"}) != "" {
		return nil, nil
	}
	for {
		e, err := l.ternary()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		switch l.operator([]string{",", ")"}) {
		case ")":
			return list, nil
		case "":
			return nil, l.unexpected()
		}
	}
}

func (l *lexer) prefix() (expression, error) {
	if l.depth++; l.depth > maxExpression {
		return nil, l.fail("the expression is nested too deep")
	}
	defer func() { l.depth-- }()
	switch l.operator(l.d.unary) {
	case "not", "!":
		e, err := l.prefix()
		return func(v env) any { return !truthy(e(v)) }, err
	case "-":
		e, err := l.prefix()
		return func(v env) any { return -number(e(v)) }, err
	}
	return l.operand()
}
