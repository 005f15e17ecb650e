package condition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"edgescope/scenarios/value"
)

// parser reads filtrex, the language of conditions.
type parser struct {
	text  string
	i     int
	depth int
	names func(string) // is called with each name, if not nil

	// Of checks: names that may hold any characters, longest first, and whether neighbouring words are one name.
	known  []string
	spaced bool
}

// syntaxError is what is wrong in an expression and where, in bytes from 0.
type syntaxError struct {
	at  int
	msg string
}

func (e *syntaxError) Error() string { return fmt.Sprintf("%s at character %d", e.msg, e.at+1) }

func (p *parser) fail(format string, args ...any) error {
	return &syntaxError{p.i, fmt.Sprintf(format, args...)}
}

// parse reads all of the text.
func (p *parser) parse() (value.Expression, error) {
	e, err := p.ternary()
	if err != nil {
		return nil, err
	}
	if p.space(); p.i < len(p.text) {
		return nil, p.unexpected()
	}
	return caught(e), nil
}

// levels are the binary operators, weakest first. All join to the left.
var levels = [][]string{
	{"or"},
	{"and"},
	{"in", "not in"},
	{"==", "!=", "~="},
	{"<=", ">=", "<", ">"},
	{"+", "-"},
	{"*", "/", "%"},
	{"^"},
}

// words are the operators that are words, and no names.
var words = []string{"or", "and", "in", "not", "of"}

// foreign are operators of JavaScript, and what to write.
var foreign = []struct{ theirs, ours string }{
	{"===", "=="}, {"!==", "!="}, {"&&", "and"}, {"||", "or"}, {"!", "not"}, {"=", "=="},
}

// unexpected says what stands where an operator or an operand should.
func (p *parser) unexpected() error {
	rest := p.text[p.i:]
	if rest == "" {
		return p.fail("the expression ends too early")
	}
	for _, f := range foreign {
		if strings.HasPrefix(rest, f.theirs) {
			return p.fail("%q is no operator here (did you mean %q?)", f.theirs, f.ours)
		}
	}
	return p.fail("unexpected %q", firstWord(rest))
}

func firstWord(s string) string {
	if end := strings.IndexAny(s, " \t\r\n"); end > 0 {
		return s[:end]
	}
	return s
}

func (p *parser) space() {
	for p.i < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.i]) >= 0 {
		p.i++
	}
}

// operator consumes the first of ops that stands here.
func (p *parser) operator(ops ...string) string {
	p.space()
	for _, op := range ops {
		if n := operatorLength(p.text[p.i:], op); n > 0 {
			p.i += n
			return op
		}
	}
	return ""
}

// operatorLength is how long an operator is at the start of s, 0 if it does not stand there. Words end at a word's end,
// and an operator is not taken where a longer, foreign one stands.
func operatorLength(s, op string) int {
	if op == "not in" {
		after, ok := strings.CutPrefix(s, "not")
		in := strings.TrimLeft(after, " \t\r\n")
		if ok && in != after && isWord(in, "in") {
			return len(s) - len(in) + len("in")
		}
		return 0
	}
	if !strings.HasPrefix(s, op) || slices.Contains(words, op) && !isWord(s, op) {
		return 0
	}
	for _, f := range foreign {
		if len(f.theirs) > len(op) && strings.HasPrefix(s, f.theirs) {
			return 0
		}
	}
	return len(op)
}

func isWord(s, word string) bool {
	after, ok := strings.CutPrefix(s, word)
	return ok && (after == "" || !value.NameByte(after[0]))
}

// maxDepth bounds the nesting of an expression, hence the stack.
const maxDepth = 200

// deeper reads a part that stands inside of another.
func (p *parser) deeper(part func() (value.Expression, error)) (value.Expression, error) {
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail("the expression is nested too deep")
	}
	defer func() { p.depth-- }()
	return part()
}

func (p *parser) ternary() (value.Expression, error) { return p.deeper(p.choice) }

func (p *parser) choice() (value.Expression, error) {
	test, err := p.binary(0)
	if err != nil || p.operator("?") == "" {
		return test, err
	}
	yes, err := p.ternary()
	if err != nil {
		return nil, err
	}
	if p.operator(":") == "" {
		return nil, p.fail("? needs a : after its first choice")
	}
	no, err := p.ternary()
	if err != nil {
		return nil, err
	}
	return func(v value.Env) any {
		if value.Truthy(test(v)) {
			return yes(v)
		}
		return no(v)
	}, nil
}

func (p *parser) binary(level int) (value.Expression, error) {
	if level == len(levels) {
		return p.deeper(p.prefix)
	}
	left, err := p.binary(level + 1)
	for err == nil {
		op := p.operator(levels[level]...)
		if op == "" {
			return left, nil
		}
		var right value.Expression
		if right, err = p.binary(level + 1); err == nil {
			left = operation(op, left, right)
		}
	}
	return nil, err
}

func (p *parser) prefix() (value.Expression, error) {
	p.space()
	if name := p.knownName(); name != "" {
		return p.named(name, true)
	}
	op := p.operator("not", "-")
	if op == "" {
		return p.operand()
	}
	e, err := p.deeper(p.prefix)
	if op == "not" {
		return func(v value.Env) any { return number(!value.Truthy(e(v))) }, err
	}
	return func(v value.Env) any { return -value.Number(e(v)) }, err
}

func (p *parser) operand() (value.Expression, error) {
	p.space()
	if p.i >= len(p.text) {
		return nil, p.unexpected()
	}
	switch c := p.text[p.i]; {
	case strings.HasPrefix(p.text[p.i:], "{{"):
		return p.template()
	case c == '(':
		p.i++
		return p.parenthesis()
	case c == '"' || c == '\'':
		return p.quoted(c)
	case c >= '0' && c <= '9', c == '.' && p.i+1 < len(p.text) && value.Digits(p.text, p.i+1) > p.i+1:
		return p.literalNumber()
	case value.NameByte(c):
		return p.word()
	}
	return nil, p.unexpected()
}

// parenthesis reads on behind (: an expression, or a list of them.
func (p *parser) parenthesis() (value.Expression, error) {
	list, err := p.list()
	if err != nil {
		return nil, err
	}
	switch len(list) {
	case 0:
		return nil, p.fail("parentheses are empty")
	case 1:
		return list[0], nil
	}
	return func(v value.Env) any {
		out := make([]any, len(list))
		for i, e := range list {
			out[i] = e(v)
		}
		return out
	}, nil
}

// list reads up to the closing parenthesis.
func (p *parser) list() ([]value.Expression, error) {
	var list []value.Expression
	if p.operator(")") != "" {
		return nil, nil
	}
	for {
		e, err := p.ternary()
		if err != nil {
			return nil, err
		}
		list = append(list, e)
		switch p.operator(",", ")") {
		case ")":
			return list, nil
		case "":
			if p.i >= len(p.text) {
				return nil, p.fail("a parenthesis is not closed")
			}
			return nil, p.unexpected()
		}
	}
}

// template reads {{ name }}, which stands for the variable: its value, not its text.
func (p *parser) template() (value.Expression, error) {
	name, _, closed := strings.Cut(p.text[p.i+2:], "}}")
	if !closed {
		return nil, p.fail("a {{ is not closed")
	}
	trimmed := strings.TrimSpace(name)
	if _, err := value.ParsePath(trimmed); err != nil {
		return nil, p.fail("%s", err)
	}
	p.i += len(name) + len("{{}}")
	return p.variable(trimmed), nil
}

// quoted reads a text in double quotes, or a name in single ones.
func (p *parser) quoted(quote byte) (value.Expression, error) {
	var text strings.Builder
	for i := p.i + 1; i < len(p.text); i++ {
		c := p.text[i]
		switch {
		case c == '\\' && i+1 < len(p.text) && (p.text[i+1] == quote || p.text[i+1] == '\\'):
			i++
			text.WriteByte(p.text[i])
		case c != quote:
			text.WriteByte(c)
		default:
			s := text.String()
			if quote == '"' && strings.Contains(s, "{{") {
				return nil, p.fail("a text holds no variables: write the name alone, without quotes and braces")
			}
			if p.i = i + 1; quote == '\'' {
				return p.named(s, true)
			}
			return func(value.Env) any { return s }, nil
		}
	}
	return nil, p.fail("a %c is not closed", quote)
}

func (p *parser) literalNumber() (value.Expression, error) {
	from := p.i
	p.i = value.Digits(p.text, p.i)
	if p.i < len(p.text) && p.text[p.i] == '.' {
		p.i = value.Digits(p.text, p.i+1)
	}
	if end := exponent(p.text, p.i); end > 0 {
		p.i = end
	}
	f, err := strconv.ParseFloat(p.text[from:p.i], 64)
	if err != nil || p.i < len(p.text) && value.NameByte(p.text[p.i]) {
		p.i = from
		return nil, p.fail("%q is no number", firstWord(p.text[from:]))
	}
	return func(value.Env) any { return f }, nil
}

// exponent is the end of an exponent at i, or 0 if there is none.
func exponent(s string, i int) int {
	if i >= len(s) || s[i]|0x20 != 'e' {
		return 0
	}
	i++
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	if end := value.Digits(s, i); end > i {
		return end
	}
	return 0
}
