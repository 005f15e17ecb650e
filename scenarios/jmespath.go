package scenarios

import (
	"errors"
	"fmt"
)

// jmes is a compiled JMESPath expression (jmespath.org/specification): it maps a value to a value. A function that is given
// what it cannot take is an error, as the specification has it.
type jmes func(v any) (any, error)

// compileJMES parses an expression, whose functions and their numbers of arguments are checked.
func compileJMES(text string) (jmes, error) {
	tokens, err := jmesTokens(text)
	if err != nil {
		return nil, fmt.Errorf("JMESPath %q: %w", text, err)
	}
	p := &jmesParser{tokens: tokens}
	e, err := p.expression(0)
	if err == nil && p.peek().kind != "" {
		err = p.unexpected()
	}
	if err != nil {
		return nil, fmt.Errorf("JMESPath %q: %w", text, err)
	}
	return e, nil
}

// jmesPowers are the binding powers of the grammar; a projection ends before anything weaker than jmesProjection.
var jmesPowers = map[string]int{
	"|": 1, "||": 2, "&&": 3, "==": 5, "!=": 5, "<": 5, "<=": 5, ">": 5, ">=": 5,
	"[]": 9, "*": 20, "[?": 21, ".": 40, "!": 45, "{": 50, "[": 55, "(": 60,
}

const (
	jmesProjection = 10
	jmesStar       = 20
)

type jmesParser struct {
	tokens []jmesToken
	i      int
	depth  int
}

func (p *jmesParser) peek() jmesToken {
	if p.i < len(p.tokens) {
		return p.tokens[p.i]
	}
	return jmesToken{}
}

func (p *jmesParser) next() jmesToken {
	t := p.peek()
	p.i++
	return t
}

func (p *jmesParser) take(kind string) bool {
	if p.peek().kind != kind {
		return false
	}
	p.i++
	return true
}

func (p *jmesParser) want(kind string) error {
	if !p.take(kind) {
		return fmt.Errorf("expected %s: %w", kind, p.unexpected())
	}
	return nil
}

func (p *jmesParser) unexpected() error {
	if t := p.peek(); t.kind != "" {
		return fmt.Errorf("unexpected %q at character %d", t.text, t.at+1)
	}
	return errors.New("the expression ends too early")
}

func jmesCurrent(v any) (any, error) { return v, nil }

// expression reads operators that bind stronger than power.
func (p *jmesParser) expression(power int) (jmes, error) {
	if p.depth++; p.depth > maxExpression {
		return nil, errors.New("the expression is nested too deep")
	}
	defer func() { p.depth-- }()
	left, err := p.operand()
	for err == nil && power < jmesPowers[p.peek().kind] {
		left, err = p.operator(left)
	}
	return left, err
}

// operand reads what an expression may begin with.
func (p *jmesParser) operand() (jmes, error) {
	switch t := p.next(); t.kind {
	case "literal":
		return func(any) (any, error) { return t.value, nil }, nil
	case "quoted":
		return jmesField(t.text), nil
	case "name":
		if p.take("(") {
			return p.call(t.text)
		}
		return jmesField(t.text), nil
	case "@":
		return jmesCurrent, nil
	case "!":
		e, err := p.expression(jmesPowers["!"])
		return func(v any) (any, error) { x, err := e(v); return !jmesTruth(x), err }, err
	case "(":
		return p.group()
	}
	p.i--
	return p.selection()
}

func (p *jmesParser) group() (jmes, error) {
	e, err := p.expression(0)
	if err == nil {
		err = p.want(")")
	}
	return e, err
}

// selection reads brackets, braces and * at the beginning of an expression.
func (p *jmesParser) selection() (jmes, error) {
	switch p.next().kind {
	case "*":
		return p.project(jmesCurrent, jmesValues, jmesStar)
	case "[]":
		return p.project(jmesFlat(jmesCurrent), jmesElements, jmesPowers["[]"])
	case "[?":
		return p.filter(jmesCurrent)
	case "[":
		if k := p.peek().kind; k == "number" || k == ":" || k == "*" && p.at(1).kind == "]" {
			return p.index(jmesCurrent)
		}
		return p.list()
	case "{":
		return p.hash()
	}
	p.i--
	return nil, p.unexpected()
}

func (p *jmesParser) at(ahead int) jmesToken {
	if p.i+ahead < len(p.tokens) {
		return p.tokens[p.i+ahead]
	}
	return jmesToken{}
}

// operator reads what may follow an expression.
func (p *jmesParser) operator(left jmes) (jmes, error) {
	switch t := p.next(); t.kind {
	case ".":
		if p.take("*") {
			return p.project(left, jmesValues, jmesPowers["."])
		}
		right, err := p.member(jmesPowers["."])
		return left.then(right), err
	case "[?":
		return p.filter(left)
	case "[]":
		return p.project(jmesFlat(left), jmesElements, jmesPowers["[]"])
	case "[":
		return p.index(left)
	case "|":
		right, err := p.expression(jmesPowers["|"])
		return left.then(right), err
	case "||", "&&":
		right, err := p.expression(jmesPowers[t.kind])
		return jmesLogic(t.kind, left, right), err
	case "==", "!=", "<", "<=", ">", ">=":
		right, err := p.expression(jmesPowers[t.kind])
		return jmesComparison(t.kind, left, right), err
	}
	p.i--
	return nil, p.unexpected()
}

// member reads what may follow a dot.
func (p *jmesParser) member(power int) (jmes, error) {
	switch k := p.peek().kind; {
	case k == "name" || k == "quoted" || k == "*":
		return p.expression(power)
	case p.take("["):
		return p.list()
	case p.take("{"):
		return p.hash()
	}
	return nil, p.unexpected()
}

// project applies the rest of the path to each of the parts of what left selects; results of null are left out.
func (p *jmesParser) project(left jmes, parts func(any) ([]any, bool), power int) (jmes, error) {
	right, err := p.rest(power)
	return func(v any) (any, error) {
		x, err := left(v)
		list, ok := parts(x)
		if err != nil || !ok {
			return nil, err
		}
		out := []any{}
		for _, e := range list {
			y, err := right(e)
			if err != nil {
				return nil, err
			}
			if y != nil {
				out = append(out, y)
			}
		}
		return out, nil
	}, err
}

// rest reads what a projection applies to each element.
func (p *jmesParser) rest(power int) (jmes, error) {
	switch k := p.peek().kind; {
	case jmesPowers[k] < jmesProjection:
		return jmesCurrent, nil
	case k == "[" || k == "[?":
		left, err := p.tail()
		for err == nil && power < jmesPowers[p.peek().kind] {
			left, err = p.operator(left)
		}
		return left, err
	case p.take("."):
		if p.take("*") {
			return p.project(jmesCurrent, jmesValues, power)
		}
		left, err := p.member(power)
		for err == nil && power < jmesPowers[p.peek().kind] {
			left, err = p.operator(left)
		}
		return left, err
	}
	return nil, p.unexpected()
}

// tail is [..] or [?..] applied to an element.
func (p *jmesParser) tail() (jmes, error) { return p.operator(jmesCurrent) }

func (p *jmesParser) filter(left jmes) (jmes, error) {
	condition, err := p.expression(0)
	if err == nil {
		err = p.want("]")
	}
	if err != nil {
		return nil, err
	}
	chosen := func(v any) (any, error) {
		x, err := left(v)
		list, ok := x.([]any)
		if err != nil || !ok {
			return nil, err
		}
		out := []any{}
		for _, e := range list {
			yes, err := condition(e)
			if err != nil {
				return nil, err
			}
			if jmesTruth(yes) {
				out = append(out, e)
			}
		}
		return out, nil
	}
	return p.project(chosen, jmesElements, jmesPowers["[?"])
}

// index reads [3], [-1], [1:5:2] or [*], the opening bracket being read.
func (p *jmesParser) index(left jmes) (jmes, error) {
	if p.take("*") {
		if err := p.want("]"); err != nil {
			return nil, err
		}
		return p.project(left, jmesElements, jmesStar)
	}
	if p.peek().kind == "number" && p.at(1).kind == "]" {
		i := p.next().number
		p.i++
		return func(v any) (any, error) {
			x, err := left(v)
			element, _ := elementAt(x, i)
			return element, err
		}, nil
	}
	var bounds [3]*int
	for i := 0; !p.take("]"); {
		switch t := p.next(); {
		case t.kind == "number" && bounds[i] == nil:
			bounds[i] = &t.number
		case t.kind == ":" && i < 2:
			i++
		default:
			p.i--
			return nil, p.unexpected()
		}
	}
	if bounds[2] != nil && *bounds[2] == 0 {
		return nil, errors.New("the step of a slice must not be 0")
	}
	return p.project(left, func(v any) ([]any, bool) { return jmesSlice(v, bounds) }, jmesStar)
}

func (p *jmesParser) list() (jmes, error) {
	items, err := p.sequence("]")
	return func(v any) (any, error) {
		if v == nil {
			return nil, nil //nolint:nilnil // null is a value
		}
		out := make([]any, len(items))
		for i, item := range items {
			var err error
			if out[i], err = item(v); err != nil {
				return nil, err
			}
		}
		return out, nil
	}, err
}

// sequence reads expressions with commas between them.
func (p *jmesParser) sequence(end string) ([]jmes, error) {
	var items []jmes
	for {
		item, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if p.take(end) {
			return items, nil
		}
		if err := p.want(","); err != nil {
			return nil, err
		}
	}
}

func (p *jmesParser) hash() (jmes, error) {
	var keys []string
	var values []jmes
	for {
		t := p.next()
		if t.kind != "name" && t.kind != "quoted" {
			p.i--
			return nil, p.unexpected()
		}
		if err := p.want(":"); err != nil {
			return nil, err
		}
		value, err := p.expression(0)
		if err != nil {
			return nil, err
		}
		keys, values = append(keys, t.text), append(values, value)
		if p.take("}") {
			return jmesHash(keys, values), nil
		}
		if err := p.want(","); err != nil {
			return nil, err
		}
	}
}
