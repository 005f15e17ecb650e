package jsonpath

import (
	"regexp"
	"strings"

	"edgescope/scenarios/value"
)

// expression reads [?(...)], which selects the children for which an expression holds, or [(...)], which computes a
// name or an index.
func (p *pathParser) expression(deep bool) error {
	isFilter := p.eat("?")
	p.eat("(")
	end := expressionEnd(p.text[p.i:])
	if end < 0 {
		p.i = len(p.text)
		return p.fail("expected )]")
	}
	text := p.text[p.i : p.i+end]
	var inner *Path
	var member string
	var e eval
	var err error
	if m := nested.FindStringSubmatchIndex(text); m != nil && isFilter {
		member = text[m[2]:m[3]]
		inner, err = p.nested(text, m[4])
	} else {
		e, err = p.compiled(text)
	}
	if err != nil {
		return err
	}
	p.i += end
	p.eat(")")
	p.blank()
	p.eat("]")
	p.path.parents = p.path.parents || strings.Contains(text, "@p")
	switch {
	case inner != nil:
		p.add(deep, holding(member, inner))
	case isFilter:
		p.add(deep, filter(e))
	default:
		p.add(deep, computed(e))
	}
	return nil
}

// expressionEnd is the place of the parenthesis that closes an expression before a bracket, -1 if none does. What
// stands in quotes is skipped.
func expressionEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '[':
			depth++
		case ')', ']':
			if depth--; depth < 0 {
				if s[i] == ')' && strings.HasPrefix(strings.TrimLeft(s[i+1:], " "), "]") {
					return i
				}
				return -1
			}
		case '"', '\'':
			i += closing(s[i:])
		case '/':
			if end := patternEnd(s, i); end > 0 {
				i = end
			}
		}
	}
	return -1
}

// patternEnd is where the regular expression ends that begins at i, 0 if none does: a slash behind an operand divides.
func patternEnd(s string, i int) int {
	before := strings.TrimRight(s[:i], " ")
	if before != "" && !strings.ContainsRune("(,=:[!&|?{};+-*%~^<>", rune(before[len(before)-1])) {
		return 0
	}
	class := false
	for at := i + 1; at < len(s); at++ {
		switch s[at] {
		case '\\':
			at++
		case '[':
			class = true
		case ']':
			class = false
		case '/':
			if !class {
				return at
			}
		}
	}
	return 0
}

// nested is a filter of what a member holds: @.list[?(@.x)].
var nested = regexp.MustCompile(`^\s*@\.?([^?\[\]()'"]*)(\[\?\(.*\)\s*\])\s*$`)

// nested compiles the filter inside of a filter, which begins at a place of it.
func (p *pathParser) nested(text string, from int) (*Path, error) {
	inner := pathParser{text: p.text[:p.i+len(text)], i: p.i + from}
	for inner.i < len(inner.text) {
		if err := inner.next(); err != nil {
			return nil, err
		}
	}
	return &inner.path, nil
}

func (p *pathParser) compiled(text string) (eval, error) {
	e, wrong := compileFilter(text)
	if wrong != nil {
		p.i += wrong.at
		return nil, p.fail(wrong.msg)
	}
	return e, nil
}

// evaluate runs an expression, unless one has failed before.
func (w *walk) evaluate(e eval, s *scene) any {
	if w.err != nil {
		return nil
	}
	if w.err = w.meter.check(); w.err != nil {
		return nil
	}
	v, err := e(s)
	w.err = err
	return v
}

func filter(e eval) selector {
	return func(w *walk, at spot, found func(spot)) {
		s := &scene{w: w, at: at, meter: &w.meter}
		everyChild(w, at, func(c spot) {
			s.self = c
			v := w.evaluate(e, s)
			if w.err == nil && value.Truthy(v) {
				found(c)
			}
		})
	}
}

// holding selects the children whose member has something that the inner path finds.
func holding(member string, inner *Path) selector {
	return func(w *walk, at spot, found func(spot)) {
		everyChild(w, at, func(c spot) {
			v := c.v
			if member != "" {
				v, _ = value.Inside(v, []string{member})
			}
			matches, err := inner.All(v)
			if err != nil {
				w.err = err
			}
			if len(matches) > 0 {
				found(c)
			}
		})
	}
}

func computed(e eval) selector {
	return func(w *walk, at spot, found func(spot)) {
		v := w.evaluate(e, &scene{w: w, self: at, at: at.up(), meter: &w.meter})
		if w.err == nil {
			child(value.ToString(v))(w, at, found)
		}
	}
}

// up is the spot that holds a spot.
func (at spot) up() spot {
	if at.parent == nil {
		return spot{}
	}
	return *at.parent
}
