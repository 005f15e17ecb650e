package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// xpath is a compiled XPath expression, the part of XPath 1.0 (w3.org/TR/xpath-10) that captures use: unions of location
// paths with names, *, //, ., .., @attributes, text(), node(), parentheses and predicates of numbers, last(), position(),
// comparisons, and, or, not(), contains(), starts-with(), normalize-space(), string(), count().
type xpath struct{ paths []xmlPath }

type xmlPath struct {
	absolute bool
	group    *xpath       // (...), whose nodes the steps go on from
	filters  []expression // of the group
	steps    []xmlStep
}

type xmlStep struct {
	deep    bool // behind //
	test    func(*xmlNode) bool
	axis    func(*xmlNode) []*xmlNode
	filters []expression
}

// all are the texts of what the expression selects, in document order.
func (x *xpath) all(root *xmlNode) []any {
	var texts []any
	for _, n := range x.nodes(root, root) {
		texts = append(texts, n.content())
	}
	return texts
}

func (x *xpath) nodes(root, from *xmlNode) []*xmlNode {
	var all []*xmlNode
	for i := range x.paths {
		all = append(all, x.paths[i].nodes(root, from)...)
	}
	if len(x.paths) > 1 {
		slices.SortStableFunc(all, func(a, b *xmlNode) int { return a.order - b.order })
		all = slices.Compact(all)
	}
	return all
}

func (p *xmlPath) nodes(root, from *xmlNode) []*xmlNode {
	at := []*xmlNode{from}
	if p.absolute {
		at = []*xmlNode{root}
	}
	if p.group != nil {
		at = keep(p.group.nodes(root, from), p.filters, root)
	}
	for i := range p.steps {
		at = p.steps[i].from(at, root)
	}
	return at
}

// from goes one step from each node. Predicates count positions within what one node selects.
func (s *xmlStep) from(at []*xmlNode, root *xmlNode) []*xmlNode {
	if s.deep {
		var below []*xmlNode
		for _, n := range at {
			below = n.withDescendants(below)
		}
		at = below
	}
	var next []*xmlNode
	seen := map[*xmlNode]bool{}
	for _, n := range at {
		var found []*xmlNode
		for _, c := range s.axis(n) {
			if s.test(c) {
				found = append(found, c)
			}
		}
		for _, c := range keep(found, s.filters, root) {
			if !seen[c] {
				seen[c] = true
				next = append(next, c)
			}
		}
	}
	return next
}

// keep are the nodes for which all filters hold; a number stands for the position.
func keep(nodes []*xmlNode, filters []expression, root *xmlNode) []*xmlNode {
	for _, filter := range filters {
		var kept []*xmlNode
		for i, n := range nodes {
			v := filter(&xpathEnv{root: root, node: n, position: i + 1, last: len(nodes)})
			if position, ok := v.(float64); ok && position == float64(i+1) || !ok && xpathTruth(v) {
				kept = append(kept, n)
			}
		}
		nodes = kept
	}
	return nodes
}

// xpathEnv is where a predicate is evaluated. Its values are those of expressions and []*xmlNode.
type xpathEnv struct {
	root, node     *xmlNode
	position, last int
}

func (*xpathEnv) name(string) any { return undefined{} }

// xpathTruth is XPath's boolean().
func xpathTruth(v any) bool {
	if nodes, ok := v.([]*xmlNode); ok {
		return len(nodes) > 0
	}
	return truthy(v)
}

// xpathText is XPath's string(): of nodes, the content of the first.
func xpathText(v any) string {
	if nodes, ok := v.([]*xmlNode); ok {
		if len(nodes) == 0 {
			return ""
		}
		return nodes[0].content()
	}
	return textOf(v)
}

// xpathCompare compares; nodes compare true if any of them does.
func xpathCompare(op string, a, b any) bool {
	if nodes, ok := a.([]*xmlNode); ok {
		return slices.ContainsFunc(nodes, func(n *xmlNode) bool { return xpathCompare(op, n.content(), b) })
	}
	if nodes, ok := b.([]*xmlNode); ok {
		return slices.ContainsFunc(nodes, func(n *xmlNode) bool { return xpathCompare(op, a, n.content()) })
	}
	switch op {
	case "=", "!=":
		return looseEqual(a, b) == (op == "=")
	}
	return compare(op, number(a), number(b))
}

func compileXPath(text string) (*xpath, error) {
	p := &xpathParser{text: text}
	x, err := p.union()
	if err == nil && p.i < len(text) {
		err = p.fail("unexpected %q", firstWord(text[p.i:]))
	}
	if err != nil {
		return nil, fmt.Errorf("XPath %q: %w", text, err)
	}
	return x, nil
}

type xpathParser struct {
	text  string
	i     int
	depth int
}

func (p *xpathParser) fail(format string, args ...any) error {
	return &syntaxError{p.i, fmt.Sprintf(format, args...)}
}

func (p *xpathParser) eat(s string) bool {
	for p.i < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.i]) >= 0 {
		p.i++
	}
	if !strings.HasPrefix(p.text[p.i:], s) {
		return false
	}
	p.i += len(s)
	return true
}

func (p *xpathParser) union() (*xpath, error) {
	if p.depth++; p.depth > maxExpression {
		return nil, errors.New("the expression is nested too deep")
	}
	defer func() { p.depth-- }()
	x := &xpath{}
	for {
		path, err := p.path()
		if err != nil {
			return nil, err
		}
		x.paths = append(x.paths, path)
		if !p.eat("|") {
			p.eat("")
			return x, nil
		}
	}
}

func (p *xpathParser) path() (xmlPath, error) {
	var path xmlPath
	deep := false
	switch {
	case p.eat("("):
		var err error
		if path.group, err = p.union(); err != nil {
			return path, err
		}
		if !p.eat(")") {
			return path, p.fail("a parenthesis is not closed")
		}
		if path.filters, err = p.filters(); err != nil {
			return path, err
		}
		if deep = p.eat("//"); !deep && !p.eat("/") {
			return path, nil
		}
	case p.eat("//"):
		path.absolute, deep = true, true
	case p.eat("/"):
		path.absolute = true
	}
	for {
		step, err := p.step(deep)
		if err != nil {
			return path, err
		}
		path.steps = append(path.steps, step)
		if deep = p.eat("//"); !deep && !p.eat("/") {
			return path, nil
		}
	}
}

func (p *xpathParser) step(deep bool) (xmlStep, error) {
	s := xmlStep{deep: deep, axis: func(n *xmlNode) []*xmlNode { return n.children }}
	var err error
	switch {
	case p.eat(".."):
		s.axis = func(n *xmlNode) []*xmlNode { return n.above() }
		s.test = anyNode
	case p.eat("."):
		s.axis = func(n *xmlNode) []*xmlNode { return []*xmlNode{n} }
		s.test = anyNode
	case p.eat("@"):
		s.axis = func(n *xmlNode) []*xmlNode { return n.attrs }
		s.test, err = p.nodeTest(func(*xmlNode) bool { return true })
	default:
		s.test, err = p.nodeTest((*xmlNode).isElement)
	}
	if err == nil {
		s.filters, err = p.filters()
	}
	return s, err
}

func anyNode(*xmlNode) bool { return true }

// nodeTest reads text(), node(), * or a name; a prefix of a name is not compared.
func (p *xpathParser) nodeTest(every func(*xmlNode) bool) (func(*xmlNode) bool, error) {
	switch {
	case p.eat("text()"):
		return (*xmlNode).isText, nil
	case p.eat("node()"):
		return anyNode, nil
	case p.eat("*"):
		return every, nil
	}
	name := p.name()
	if name == "" {
		return nil, p.fail("a name is missing")
	}
	if strings.HasPrefix(p.text[p.i:], "::") {
		return nil, p.fail("axes (%s::) are not supported", name)
	}
	return func(n *xmlNode) bool { return n.name != "" && n.named(name) }, nil
}

// name reads a name without its prefix.
func (p *xpathParser) name() string {
	from := p.i
	for p.i < len(p.text) {
		c := p.text[p.i]
		single := c == ':' && p.i > from && !strings.HasPrefix(p.text[p.i:], "::") && p.text[p.i-1] != ':'
		if c == '-' || c == '_' || c == '.' || single || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80 {
			p.i++
			continue
		}
		break
	}
	_, local, prefixed := strings.Cut(p.text[from:p.i], ":")
	if prefixed {
		return local
	}
	return p.text[from:p.i]
}

func (p *xpathParser) filters() ([]expression, error) {
	var filters []expression
	for p.eat("[") {
		e, err := p.or()
		if err != nil {
			return nil, err
		}
		if !p.eat("]") {
			return nil, p.fail("a bracket is not closed")
		}
		filters = append(filters, e)
	}
	return filters, nil
}
