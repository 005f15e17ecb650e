package scenarios

import (
	"slices"
	"strconv"
	"strings"
)

func (p *xpathParser) or() (expression, error) {
	return p.chain("or", func() (expression, error) { return p.chain("and", p.comparison) })
}

// chain reads operands with the word and or or between them.
func (p *xpathParser) chain(word string, operand func() (expression, error)) (expression, error) {
	if p.depth++; p.depth > maxExpression {
		return nil, p.fail("the expression is nested too deep")
	}
	defer func() { p.depth-- }()
	all := []expression{}
	for {
		e, err := operand()
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		at := p.i
		if p.eat(word) && isWord(p.text[p.i-len(word):], word) {
			continue
		}
		p.i = at
		if len(all) == 1 {
			return e, nil
		}
		return func(v env) any {
			found := slices.ContainsFunc(all, func(e expression) bool { return xpathTruth(e(v)) == (word == "or") })
			return found == (word == "or")
		}, nil
	}
}

func (p *xpathParser) comparison() (expression, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	for _, op := range []string{"<=", ">=", "!=", "=", "<", ">"} {
		if p.eat(op) {
			right, err := p.operand()
			return func(v env) any { return xpathCompare(op, left(v), right(v)) }, err
		}
	}
	return left, nil
}

// operand reads a text, a number, a call, or a path.
func (p *xpathParser) operand() (expression, error) {
	p.eat("")
	rest := p.text[p.i:]
	if rest == "" {
		return nil, p.fail("the expression ends too early")
	}
	if c := rest[0]; c == '"' || c == '\'' {
		text, _, closed := strings.Cut(rest[1:], rest[:1])
		if !closed {
			return nil, p.fail("a %c is not closed", c)
		}
		p.i += len(text) + 2
		return func(env) any { return text }, nil
	}
	if n := digits(rest, 0); n > 0 {
		if n < len(rest) && rest[n] == '.' {
			n = digits(rest, n+1)
		}
		f, err := strconv.ParseFloat(rest[:n], 64)
		p.i += n
		return func(env) any { return f }, err
	}
	at := p.i
	if name := p.name(); name != "" && name != "text" && name != "node" && p.eat("(") {
		return p.call(name)
	}
	p.i = at
	x, err := p.union()
	return func(v env) any {
		e, _ := v.(*xpathEnv)
		return x.nodes(e.root, e.node)
	}, err
}

// xpathFunctions are the functions of predicates: how many arguments they take, and what they make of them.
var xpathFunctions = map[string]struct {
	args int
	call func(e *xpathEnv, a []any) any
}{
	"position":    {0, func(e *xpathEnv, _ []any) any { return float64(e.position) }},
	"last":        {0, func(e *xpathEnv, _ []any) any { return float64(e.last) }},
	"not":         {1, func(_ *xpathEnv, a []any) any { return !xpathTruth(a[0]) }},
	"contains":    {2, func(_ *xpathEnv, a []any) any { return strings.Contains(xpathText(a[0]), xpathText(a[1])) }},
	"starts-with": {2, func(_ *xpathEnv, a []any) any { return strings.HasPrefix(xpathText(a[0]), xpathText(a[1])) }},
	"string":      {1, func(_ *xpathEnv, a []any) any { return xpathText(a[0]) }},
	"normalize-space": {1, func(_ *xpathEnv, a []any) any {
		return strings.Join(strings.Fields(xpathText(a[0])), " ")
	}},
	"count": {1, func(_ *xpathEnv, a []any) any { nodes, _ := a[0].([]*xmlNode); return float64(len(nodes)) }},
}

func (p *xpathParser) call(name string) (expression, error) {
	f, known := xpathFunctions[name]
	if !known {
		return nil, p.fail("there is no function %q", name)
	}
	var args []expression
	for !p.eat(")") {
		if len(args) > 0 && !p.eat(",") {
			return nil, p.fail("expected , or )")
		}
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		args = append(args, e)
	}
	if len(args) != f.args {
		return nil, p.fail("%s takes %d arguments, not %d", name, f.args, len(args))
	}
	return func(v env) any {
		e, _ := v.(*xpathEnv)
		values := make([]any, len(args))
		for i, arg := range args {
			values[i] = arg(v)
		}
		return f.call(e, values)
	}, nil
}
