package jsonpath

import (
	"errors"
	"fmt"

	"edgescope/scenarios/value"
)

// javascript is the language of filters: the expression part of JavaScript. Members begin with @ or $.
func javascript() *value.Dialect {
	return &value.Dialect{
		Levels: [][]string{
			{"||"},
			{"&&"},
			{"===", "!==", "==", "!="},
			{"<=", ">=", "<", ">"},
			{"+", "-"},
			{"*", "/", "%"},
		},
		Unary:     []string{"!", "-"},
		Words:     []string{"in", "instanceof", "typeof"},
		Operand:   operand,
		Constants: map[string]any{"true": true, "false": false, "null": nil, "undefined": value.Undefined{}},
	}
}

func (p *pathParser) filter(deep bool) error {
	e, err := p.expression(")]")
	if err != nil {
		return err
	}
	p.add(deep, func(w *walk, at spot, found func(spot)) {
		everyChild(w, at, func(c spot) {
			if value.Truthy(e(filterEnv{w.root, c.v})) {
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
		child(value.Text(e(filterEnv{w.root, at.v})))(w, at, found)
	})
	return nil
}

func (p *pathParser) expression(end string) (value.Expression, error) {
	e, at, err := value.CompileAt(javascript(), p.text, p.i)
	var inside *pathError
	if errors.As(err, &inside) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("JSONPath %q: %w", p.text, err)
	}
	if p.i = at; !p.eat(end) {
		return nil, p.fail("expected " + end)
	}
	return e, nil
}

// filterEnv is where a filter is evaluated: @ is the value looked at, $ the whole body.
type filterEnv struct{ root, current any }

// Name implements value.Env.
func (f filterEnv) Name(name string) any {
	if name == "@" {
		return f.current
	}
	return f.root
}

// operand reads @ or $ with the members after it.
func operand(text string, at int) (e value.Expression, end int, err error) {
	if at >= len(text) || text[at] != '@' && text[at] != '$' {
		return nil, at, nil
	}
	base := text[at : at+1]
	p := pathParser{text: text, i: at + 1}
	for p.i < len(p.text) && (p.text[p.i] == '.' || p.text[p.i] == '[') {
		if err := p.operandSegment(); err != nil {
			return nil, at, err
		}
	}
	path := p.path
	return func(v value.Env) any {
		matches := path.All(v.Name(base))
		if len(matches) == 0 {
			return value.Undefined{}
		}
		return value.Operand(matches[0], true)
	}, p.i, nil
}

// operandSegment reads .name or [..] inside an value.Expression, where a name ends at the first character that cannot
// be in it.
func (p *pathParser) operandSegment() error {
	if p.text[p.i] == '[' {
		return p.bracket(false)
	}
	p.i++
	from := p.i
	for p.i < len(p.text) && p.text[p.i] != '.' && value.NameByte(p.text[p.i]) {
		p.i++
	}
	if from == p.i {
		return p.fail("a name is missing")
	}
	p.add(false, child(p.text[from:p.i]))
	return nil
}
