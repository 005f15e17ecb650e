package value

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

func (l *lexer) operand() (Expression, error) {
	l.space()
	if l.d.Operand != nil {
		if e, end, err := l.d.Operand(l.text, l.i); e != nil || err != nil {
			l.i = max(end, l.i)
			return e, err
		}
	}
	if l.i >= len(l.text) {
		return nil, l.unexpected()
	}
	switch c := l.text[l.i]; {
	case c == '(':
		l.i++
		e, err := l.ternary()
		if err == nil && l.operator([]string{")"}) == "" {
			err = l.fail("a parenthesis is not closed")
		}
		return e, err
	case c == '"' || c == '\'':
		return l.quoted(c)
	case c >= '0' && c <= '9', c == '.' && l.i+1 < len(l.text) && Digits(l.text, l.i+1) > l.i+1:
		return l.literalNumber()
	case NameByte(c):
		return l.nameOrCall()
	}
	return nil, l.unexpected()
}

func (l *lexer) quoted(quote byte) (Expression, error) {
	var text strings.Builder
	for i := l.i + 1; i < len(l.text); i++ {
		c := l.text[i]
		if c == '\\' && i+1 < len(l.text) && (l.text[i+1] == quote || l.text[i+1] == '\\') {
			i++
			text.WriteByte(l.text[i])
			continue
		}
		if c == quote {
			l.i = i + 1
			if quote == l.d.Variable {
				return l.variable(text.String()), nil
			}
			s := text.String()
			return func(Env) any { return s }, nil
		}
		text.WriteByte(c)
	}
	return nil, l.fail("a %c is not closed", quote)
}

func (l *lexer) literalNumber() (Expression, error) {
	from := l.i
	l.i = Digits(l.text, l.i)
	if l.i < len(l.text) && l.text[l.i] == '.' {
		l.i = Digits(l.text, l.i+1)
	}
	if end := exponent(l.text, l.i); end > 0 {
		l.i = end
	}
	f, err := strconv.ParseFloat(l.text[from:l.i], 64)
	if err != nil || l.i < len(l.text) && NameByte(l.text[l.i]) {
		l.i = from
		return nil, l.fail("%q is no number", firstWord(l.text[from:]))
	}
	return func(Env) any { return f }, nil
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
	if end := Digits(s, i); end > i {
		return end
	}
	return 0
}

func (l *lexer) variable(name string) Expression {
	if l.names != nil {
		l.names(name)
	}
	return func(v Env) any { return v.Name(name) }
}

func (l *lexer) nameOrCall() (Expression, error) {
	name := l.word()
	if l.d.Constants != nil {
		return l.constant(name)
	}
	if l.d.Spaced {
		name = l.spacedName(name)
	}
	if slices.Contains(l.d.Words, name) {
		l.i -= len(name)
		return nil, l.unexpected()
	}
	at := l.i
	if l.operator([]string{"("}) == "" {
		l.i = at
		return l.variable(name), nil
	}
	args, err := l.arguments()
	if err != nil {
		return nil, err
	}
	return l.call(name, args)
}

// constant is the value of a name in a dialect that has no variables.
func (l *lexer) constant(name string) (Expression, error) {
	v, known := l.d.Constants[name]
	if !known {
		l.i -= len(name)
		return nil, l.fail("%q is no name in a filter, members begin with @.", name)
	}
	return func(Env) any { return v }, nil
}

// word reads a name: the longest known one with what follows it, else letters, digits, _, $ and dots.
func (l *lexer) word() string {
	from := l.i
	for _, k := range l.d.Known {
		if strings.HasPrefix(l.text[l.i:], k) {
			l.i += len(k)
			break
		}
	}
	for l.i < len(l.text) && NameByte(l.text[l.i]) {
		l.i++
	}
	return l.text[from:l.i]
}

// spacedName joins neighbouring words: two operands without an operator between them can only be one name
// ("errors.socket hang up < 1").
func (l *lexer) spacedName(name string) string {
	from := l.i - len(name)
	for !slices.Contains(l.d.Words, name) {
		at := l.i
		l.space()
		next := l.i
		if l.i >= len(l.text) || !NameByte(l.text[l.i]) || slices.Contains(l.d.Words, l.word()) {
			l.i = at
			break
		}
		if next == at {
			break
		}
	}
	return l.text[from:l.i]
}

var functions = map[string]func(args []float64) float64{
	"abs":   func(a []float64) float64 { return math.Abs(a[0]) },
	"ceil":  func(a []float64) float64 { return math.Ceil(a[0]) },
	"floor": func(a []float64) float64 { return math.Floor(a[0]) },
	"log":   func(a []float64) float64 { return math.Log(a[0]) },
	"round": func(a []float64) float64 { return math.Floor(a[0] + 0.5) },
	"sqrt":  func(a []float64) float64 { return math.Sqrt(a[0]) },
	"max":   slices.Max[[]float64],
	"min":   slices.Min[[]float64],
}

func (l *lexer) call(name string, args []Expression) (Expression, error) {
	f := functions[name]
	if f == nil {
		return nil, l.fail("there is no function %q", name)
	}
	if len(args) == 0 || len(args) > 1 && name != "max" && name != "min" {
		return nil, l.fail("%s takes another number of arguments than %d", name, len(args))
	}
	return func(v Env) any {
		numbers := make([]float64, len(args))
		for i, a := range args {
			numbers[i] = Number(a(v))
		}
		return f(numbers)
	}, nil
}
