package value

import (
	"fmt"
	"slices"
	"strings"
)

// Env says what a name in an expression stands for: a value of an expression, [Undefined] if nothing.
type Env interface{ Name(name string) any }

// Expression is a compiled expression. Its value is nil (null), [Undefined], bool, float64, string, [Bytes], []any or
// *[Object]. Operators compare and convert as JavaScript's do.
type Expression func(Env) any

// Dialect is what the languages of expressions in a script differ in.
type Dialect struct {
	Levels   [][]string        // binary operators, weakest first
	Unary    []string          // prefix operators
	Aliases  map[string]string // operators of other languages, and what to write here
	Words    []string          // operators that are words
	Variable byte              // the quote that encloses a variable's name, 0: none
	Known    []string          // names that may hold any characters, longest first
	Spaced   bool              // neighbouring words are one name

	// Operand reads an operand that the dialect has beside names, numbers, texts and parentheses, and returns where it
	// ends. A nil expression is that none begins there.
	Operand func(text string, at int) (e Expression, end int, err error)
	// Constants are all the names that there are; nil for a dialect with variables.
	Constants map[string]any
}

// syntaxError is what is wrong in an expression and where, in bytes from 0.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at character %d", e.msg, e.at+1) }

// Compile parses all of text; names is called with each variable in it, and may be nil.
func Compile(d *Dialect, text string, names func(string)) (Expression, error) {
	l := &lexer{d: d, text: text, names: names}
	e, err := l.ternary()
	if err != nil {
		return nil, err
	}
	if l.space(); l.i < len(text) {
		return nil, l.unexpected()
	}
	return e, nil
}

// CompileAt parses the expression that begins at a place of text, and returns where it ends: at the first character
// that cannot go on with it.
func CompileAt(d *Dialect, text string, at int) (e Expression, end int, err error) {
	l := &lexer{d: d, text: text, i: at}
	if e, err = l.ternary(); err != nil {
		return nil, 0, err
	}
	l.space()
	return e, l.i, nil
}

type lexer struct {
	d     *Dialect
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
		if right := l.d.Aliases[foreign]; right != "" && strings.HasPrefix(rest, foreign) {
			return l.fail("%q is no operator here (did you mean %q?)", foreign, right)
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

// operator consumes the first of ops that stands here. Words end at a word's end, and an operator is not taken where a
// longer, foreign one stands.
func (l *lexer) operator(ops []string) string {
	l.space()
	for _, op := range ops {
		rest := l.text[l.i:]
		if op == "not in" {
			after, ok := strings.CutPrefix(rest, "not")
			if in := strings.TrimLeft(after, " \t"); ok && isWord(in, "in") && in != after {
				l.i = len(l.text) - len(in) + len("in")
				return op
			}
			continue
		}
		if !strings.HasPrefix(rest, op) || slices.Contains(l.d.Words, op) && !isWord(rest, op) || l.longer(rest, op) {
			continue
		}
		l.i += len(op)
		return op
	}
	return ""
}

func (l *lexer) longer(rest, op string) bool {
	for foreign := range l.d.Aliases {
		if len(foreign) > len(op) && strings.HasPrefix(rest, foreign) {
			return true
		}
	}
	return false
}

func isWord(s, word string) bool {
	after, ok := strings.CutPrefix(s, word)
	return ok && (after == "" || !NameByte(after[0]))
}

// NameByte tells the bytes that plain names are made of.
func NameByte(c byte) bool {
	return c == '_' || c == '$' || c == '.' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

// maxExpression bounds the nesting of an expression, hence the stack.
const maxExpression = 200

func (l *lexer) ternary() (Expression, error) {
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
	return func(v Env) any {
		if Truthy(cond(v)) {
			return yes(v)
		}
		return no(v)
	}, nil
}

func (l *lexer) binary(level int) (Expression, error) {
	if level == len(l.d.Levels) {
		return l.prefix()
	}
	left, err := l.binary(level + 1)
	if err != nil {
		return nil, err
	}
	for {
		op := l.operator(l.d.Levels[level])
		if op == "" {
			return left, nil
		}
		if op == "in" || op == "not in" {
			left, err = l.membership(left, op == "in")
		} else {
			var right Expression
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
func (l *lexer) membership(left Expression, want bool) (Expression, error) {
	if l.operator([]string{"("}) == "" {
		return nil, l.fail(`"in" takes a list in parentheses`)
	}
	choices, err := l.arguments()
	if err != nil {
		return nil, err
	}
	return func(v Env) any {
		x := left(v)
		found := slices.ContainsFunc(choices, func(c Expression) bool { return strictEqual(x, c(v)) })
		return found == want
	}, nil
}

// arguments reads a list up to its closing parenthesis.
func (l *lexer) arguments() ([]Expression, error) {
	var list []Expression
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

func (l *lexer) prefix() (Expression, error) {
	if l.depth++; l.depth > maxExpression {
		return nil, l.fail("the expression is nested too deep")
	}
	defer func() { l.depth-- }()
	switch l.operator(l.d.Unary) {
	case "not", "!":
		e, err := l.prefix()
		return func(v Env) any { return !Truthy(e(v)) }, err
	case "-":
		e, err := l.prefix()
		return func(v Env) any { return -Number(e(v)) }, err
	}
	return l.operand()
}
