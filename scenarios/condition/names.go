package condition

import (
	"strings"

	"edgescope/internal/near"
	"edgescope/scenarios/value"
)

func (p *parser) variable(name string) value.Expression {
	if p.names != nil {
		p.names(name)
	}
	return func(v value.Env) any { return v.Name(name) }
}

// knownName consumes the longest known name that stands here, with what of a plain name follows it.
func (p *parser) knownName() string {
	from := p.i
	for _, known := range p.known {
		if strings.HasPrefix(p.text[from:], known) {
			p.i += len(known)
			return p.plain(from)
		}
	}
	return ""
}

// plain reads on a name that began at a place: letters, digits, _, $ and dots.
func (p *parser) plain(from int) string {
	for p.i < len(p.text) && value.NameByte(p.text[p.i]) {
		p.i++
	}
	return p.text[from:p.i]
}

// word reads a name, a call, or true and false.
func (p *parser) word() (value.Expression, error) {
	from := p.i
	name := p.plain(from)
	if isOperator(name) {
		p.i = from
		return nil, p.unexpected()
	}
	if p.spaced {
		name = p.joined(from)
	}
	at := p.i
	if p.operator("(") != "" {
		args, err := p.list()
		if err != nil {
			return nil, err
		}
		return p.call(name, args)
	}
	p.i = at
	switch name {
	case "true":
		return func(value.Env) any { return true }, nil
	case "false":
		return func(value.Env) any { return false }, nil
	}
	return p.named(name, false)
}

func isOperator(name string) bool {
	switch name {
	case "or", "and", "in", "not", "of":
		return true
	}
	return false
}

// joined reads on a name from its first word: two operands without an operator between them can only be one name
// ("errors.socket hang up < 1").
func (p *parser) joined(from int) string {
	for {
		at := p.i
		p.space()
		next := p.i
		if next == at || p.i >= len(p.text) || !value.NameByte(p.text[p.i]) || isOperator(p.plain(next)) {
			p.i = at
			return p.text[from:at]
		}
	}
}

// named is a variable, or `name of object`, its member.
func (p *parser) named(name string, quoted bool) (value.Expression, error) {
	if p.operator("of") == "" {
		return p.variable(name), nil
	}
	if quoted && p.spaced {
		return nil, p.fail("a metric has no members")
	}
	object, err := p.deeper(p.prefix)
	if err != nil {
		return nil, err
	}
	return func(v value.Env) any {
		return value.Operand(value.Inside(object(v), []string{name}))
	}, nil
}

func (p *parser) call(name string, args []value.Expression) (value.Expression, error) {
	f := functions[name]
	if f == nil {
		return nil, p.fail("there is no function %q%s", name, near.Hint(name, functionNames...))
	}
	if n, special := least[name]; len(args) < n || !special && len(args) == 0 {
		return nil, p.fail("%s takes another number of arguments than %d", name, len(args))
	}
	return func(v value.Env) any {
		values := make([]any, len(args))
		for i, a := range args {
			values[i] = a(v)
		}
		return f(v, values)
	}, nil
}
