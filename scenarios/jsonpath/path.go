// Package jsonpath finds values in JSON by JSONPath, in the dialect of jsonpath-plus, which Artillery uses.
package jsonpath

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"edgescope/scenarios/value"
)

// Path is a compiled path in the dialect of jsonpath-plus, which Artillery uses: "$.a[*].x", "$..x", "$.a[?(@.x > 1)]",
// "$.a[-1:]", "$.a.length", "$..x^" (parents), "$.a.*~" (names), "$.*@number()" (types).
type Path struct {
	segments []segment
	parents  bool // some segment asks for them
}

type segment struct {
	deep      bool // "..": here and in everything below
	selectors []selector
}

// selector visits what it selects below or beside a spot.
type selector func(w *walk, at spot, found func(spot))

// walk is one evaluation. The budget ends paths like $..*..*, which would visit a body many times over.
type walk struct {
	root    any
	budget  int
	parents bool // places keep what they were found in
	meter   meter
	err     error // of a filter: there are no matches
}

const budget = 1_000_000

// All returns the matches in document order. The error is of a filter: [ErrTimeout], or a mistake such as a member of
// undefined, with which jsonpath-plus ends a query too.
func (p *Path) All(root any) ([]any, error) {
	w := &walk{root: root, budget: budget, parents: p.parents}
	matches := []spot{{v: root}}
	for _, s := range p.segments {
		var next []spot
		for _, at := range matches {
			s.apply(w, at, func(m spot) { next = append(next, m) })
		}
		matches = next
	}
	if w.err != nil {
		return nil, w.err
	}
	values := make([]any, len(matches))
	for i := range matches {
		values[i] = matches[i].v
	}
	return values, nil
}

func (s segment) apply(w *walk, at spot, found func(spot)) {
	if w.budget--; w.budget < 0 || w.err != nil {
		return
	}
	for _, sel := range s.selectors {
		sel(w, at, found)
	}
	if s.deep {
		everyChild(w, at, func(c spot) { s.apply(w, c, found) })
	}
}

// child selects a member by name, or an element by index; lists and texts have a length.
func child(name string) selector {
	index, err := strconv.Atoi(name)
	isIndex := err == nil
	return func(w *walk, at spot, found func(spot)) {
		if o, ok := at.v.(*value.Object); ok {
			if m, ok := o.Get(name); ok {
				found(w.below(at, m, name))
			}
			return
		}
		if isIndex {
			if element, ok := elementAt(at.v, index); ok {
				found(w.below(at, element, name))
			}
		} else if name == "length" {
			if n, ok := value.Length(at.v); ok {
				found(w.below(at, value.Int(n), name))
			}
		}
	}
}

// elementAt is an element of a list; negative indexes count from the end.
func elementAt(v any, i int) (any, bool) {
	list, ok := v.([]any)
	if i < 0 {
		i += len(list)
	}
	if !ok || i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}

// bounds is a slice [from:to:step]; a missing bound is nil.
type bounds struct {
	from, to *int
	step     int
}

func (b bounds) selectIn(w *walk, at spot, found func(spot)) {
	list, ok := at.v.([]any)
	if !ok {
		return
	}
	bound := func(p *int, missing int) int {
		if p == nil {
			return missing
		}
		if *p < 0 {
			return max(*p+len(list), 0)
		}
		return min(*p, len(list))
	}
	for i := bound(b.from, 0); i < bound(b.to, len(list)); i += b.step {
		found(w.element(at, list, i))
	}
}

// Compile reads a path. Its error says what is wrong with it and where.
func Compile(text string) (*Path, error) {
	p := &pathParser{text: strings.TrimSpace(text)}
	if p.text == "" {
		return nil, errors.New("a JSONPath is empty, $ is the whole body")
	}
	if !p.eat("$") && !strings.HasPrefix(p.text, "[") && !strings.HasPrefix(p.text, ".") {
		// jsonpath-plus reads "a.b" as "$.a.b".
		if err := p.segment(false); err != nil {
			return nil, err
		}
	}
	for p.i < len(p.text) {
		if err := p.next(); err != nil {
			return nil, err
		}
	}
	return &p.path, nil
}

type pathParser struct {
	text string
	i    int
	path Path
}

func (p *pathParser) eat(s string) bool {
	if !strings.HasPrefix(p.text[p.i:], s) {
		return false
	}
	p.i += len(s)
	return true
}

func (p *pathParser) fail(msg string) error {
	return &pathError{p.text, msg, p.i}
}

// pathError is what is wrong in a path and where, in bytes from 0.
type pathError struct {
	text, msg string
	at        int
}

func (e *pathError) Error() string {
	return fmt.Sprintf("JSONPath %q: %s at character %d", e.text, e.msg, e.at+1)
}

func (p *pathParser) next() error {
	switch {
	case p.eat(".."):
		return p.segment(true)
	case p.eat("."):
		return p.segment(false)
	case strings.HasPrefix(p.text[p.i:], "["):
		return p.bracket(false)
	}
	if p.suffix() {
		return nil
	}
	return p.fail("expected . or [")
}

// segment reads what follows one or two dots.
func (p *pathParser) segment(deep bool) error {
	if strings.HasPrefix(p.text[p.i:], "[") {
		return p.bracket(deep)
	}
	end := nameEnd(p.text[p.i:])
	name := p.text[p.i : p.i+end]
	if name == "" {
		return p.fail("a name is missing")
	}
	if strings.ContainsAny(name, " ]()?,\"'") {
		return p.fail(fmt.Sprintf("%q is no plain name, write ['%s']", name, name))
	}
	p.i += end
	sel := child(name)
	if name == "*" {
		sel = everyChild
	}
	p.add(deep, sel)
	return nil
}

func (p *pathParser) add(deep bool, selectors ...selector) {
	p.path.segments = append(p.path.segments, segment{deep, selectors})
}

func (p *pathParser) bracket(deep bool) error {
	p.eat("[")
	p.blank()
	switch {
	case strings.HasPrefix(p.text[p.i:], "?("), strings.HasPrefix(p.text[p.i:], "("):
		return p.expression(deep)
	case strings.HasPrefix(p.text[p.i:], "?"):
		return p.fail("a filter stands in parentheses, [?(...)]")
	}
	var selectors []selector
	for {
		sel, err := p.selector()
		if err != nil {
			return err
		}
		selectors = append(selectors, sel)
		p.blank()
		if p.eat("]") {
			p.add(deep, selectors...)
			return nil
		}
		if !p.eat(",") {
			return p.fail("expected , or ]")
		}
		p.blank()
	}
}

func (p *pathParser) blank() {
	for p.eat(" ") {
	}
}

func (p *pathParser) selector() (selector, error) {
	if p.eat("*") {
		return everyChild, nil
	}
	if p.i < len(p.text) && (p.text[p.i] == '\'' || p.text[p.i] == '"') {
		name, err := p.quoted(p.text[p.i])
		return child(name), err
	}
	end := strings.IndexAny(p.text[p.i:], ",]")
	if end < 0 {
		return nil, p.fail("a bracket is not closed")
	}
	inside := strings.TrimSpace(p.text[p.i : p.i+end])
	if inside == "" {
		return nil, p.fail("brackets are empty")
	}
	if strings.Contains(inside, ":") {
		b, err := p.slice(inside)
		p.i += end
		return b.selectIn, err
	}
	p.i += end
	return child(inside), nil
}

func (p *pathParser) slice(inside string) (bounds, error) {
	b := bounds{step: 1}
	parts := strings.Split(inside, ":")
	if len(parts) > 3 {
		return b, p.fail("a slice is [from:to:step]")
	}
	for i, part := range parts {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil || i == 2 && (n < 1 || n > 1<<30) {
			return b, p.fail("a slice is [from:to:step], whole numbers with a step of 1 or more")
		}
		switch i {
		case 0:
			b.from = &n
		case 1:
			b.to = &n
		case 2:
			b.step = n
		}
	}
	return b, nil
}

func (p *pathParser) quoted(quote byte) (string, error) {
	var name strings.Builder
	for i := p.i + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '\\' && i+1 < len(p.text):
			i++
			name.WriteByte(p.text[i])
		case c == quote:
			p.i = i + 1
			return name.String(), nil
		default:
			name.WriteByte(c)
		}
	}
	return "", p.fail("a quote is not closed")
}
