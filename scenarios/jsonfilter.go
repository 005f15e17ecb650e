package scenarios

import (
	"fmt"
)

// javascript is the language of filters.
func javascript() *dialect {
	return &dialect{
		levels: [][]string{
			{"||"},
			{"&&"},
			{"===", "!==", "==", "!="},
			{"<=", ">=", "<", ">"},
			{"+", "-"},
			{"*", "/", "%"},
		},
		unary:   []string{"!", "-"},
		words:   []string{"in", "instanceof", "typeof"},
		primary: pathOperand,
	}
}

func (p *pathParser) filter(deep bool) error {
	e, err := p.expression(")]")
	if err != nil {
		return err
	}
	p.add(deep, func(w *walk, at spot, found func(spot)) {
		everyChild(w, at, func(c spot) {
			if truthy(e(filterEnv{w.root, c.value})) {
				found(c)
			}
		})
	})
	return nil
}

// script reads [(@.length-1)]: the index or name is computed.
func (p *pathParser) script(deep bool) error {
	e, err := p.expression(")]")
	if err != nil {
		return err
	}
	p.add(deep, func(w *walk, at spot, found func(spot)) {
		child(textOf(e(filterEnv{w.root, at.value})))(w, at, found)
	})
	return nil
}

func (p *pathParser) expression(end string) (expression, error) {
	l := &lexer{d: javascript(), text: p.text, i: p.i}
	e, err := l.ternary()
	if err != nil {
		return nil, fmt.Errorf("JSONPath %q: %w", p.text, err)
	}
	l.space()
	if p.i = l.i; !p.eat(end) {
		return nil, p.fail("expected " + end)
	}
	return e, nil
}

// filterEnv answers for a filter: @ is the value looked at, $ the whole body.
type filterEnv struct{ root, current any }

func (f filterEnv) name(name string) any {
	switch name {
	case "@":
		return f.current
	case "$":
		return f.root
	case "null":
		return nil
	case "true":
		return true
	case "false":
		return false
	}
	return undefined{}
}

// pathOperand reads @ or $ with the members after it, and refuses other names.
func pathOperand(l *lexer) (expression, bool, error) {
	if l.i >= len(l.text) {
		return nil, false, nil
	}
	c := l.text[l.i]
	if c != '@' && c != '$' {
		if nameByte(c) && c != '.' && (c < '0' || c > '9') {
			return literalName(l)
		}
		return nil, false, nil
	}
	l.i++
	p := pathParser{text: l.text, i: l.i}
	for p.i < len(p.text) && (p.text[p.i] == '.' || p.text[p.i] == '[') {
		if err := p.operandSegment(); err != nil {
			return nil, false, err
		}
	}
	l.i = p.i
	path := p.path
	return func(v env) any {
		matches := path.all(v.name(string(c)))
		if len(matches) == 0 {
			return undefined{}
		}
		return operandOf(matches[0], true)
	}, true, nil
}

// operandSegment reads .name or [..] inside an expression, where a name ends
// at the first character that cannot be in it.
func (p *pathParser) operandSegment() error {
	if p.text[p.i] == '[' {
		return p.bracket(false)
	}
	p.i++
	from := p.i
	for p.i < len(p.text) && p.text[p.i] != '.' && nameByte(p.text[p.i]) {
		p.i++
	}
	if from == p.i {
		return p.fail("a name is missing")
	}
	p.add(false, child(p.text[from:p.i]))
	return nil
}

func literalName(l *lexer) (expression, bool, error) {
	from := l.i
	name := l.word()
	switch name {
	case "true", "false", "null", "undefined":
		return l.variable(name), true, nil
	}
	l.i = from
	return nil, false, l.fail("%q is no name in a filter, members begin with @.", name)
}
