package templates

import (
	"edgescope/internal/tree"
	"edgescope/scenarios/value"
)

// Reader is what a compiler reads plain texts by and tells what is wrong.
type Reader interface {
	Text(n *tree.Node, what string) (string, bool)
	Fault(pos tree.Position, format string, args ...any)
}

// Compiler compiles the templates in a script.
type Compiler struct {
	Reader

	Constants Constants // may be nil
	// Once draws the random numbers and texts of templates now and for all users; nil: they are drawn each time.
	Once *value.Scope
}

// Template compiles the text of a scalar, which what names in messages. What is wrong is told to the reader; the
// template can be used all the same.
func (c *Compiler) Template(n *tree.Node, what string) *Template {
	s, ok := c.Text(n, what)
	if !ok {
		return Literal("")
	}
	return c.Compile(s, n.Pos)
}

// Compile compiles a text that stands at a place.
func (c *Compiler) Compile(text string, pos tree.Position) *Template {
	t, err := Compile(text, c.Constants)
	if err != nil {
		c.Fault(pos, "%s", err)
		return Literal(text)
	}
	if c.Once != nil {
		t.draw(c.Once)
	}
	return t
}

// draw gives random numbers and texts the value that they have from now on.
func (t *Template) draw(s *value.Scope) {
	for i, p := range t.parts {
		switch p.expr.(type) {
		case *randomNumberExpr, *randomStringExpr:
			v, ok := p.expr.value(s)
			t.parts[i].expr = &constantExpr{v, ok}
		}
	}
}

// Value compiles a value with templates in it.
func (c *Compiler) Value(n *tree.Node) Value {
	var t Value
	static := true
	switch n.Kind {
	case tree.List:
		for _, item := range n.Items {
			v := c.Value(item)
			static = static && v.static != nil
			t.items = append(t.items, v)
		}
	case tree.Object:
		t.object = true
		for _, f := range n.Fields {
			m := member{c.Compile(f.Key, f.Pos), c.Value(f.Value)}
			_, plain := m.key.Static()
			static = static && plain && m.value.static != nil
			t.fields = append(t.fields, m)
		}
	case tree.Scalar:
		if s, ok := n.Text(); ok {
			t.text = c.Compile(s, n.Pos)
			_, static = t.text.Static()
		}
	}
	if static {
		return Fixed(Of(n))
	}
	return t
}

// Fixed is a value without templates.
func Fixed(v any) Value { return Value{static: value.AppendJSON(nil, v), fixed: v} }

// Fields compiles an object of headers, cookies or parameters, which what names in messages.
func (c *Compiler) Fields(n *tree.Node, what string) []Field {
	if n.IsNull() {
		return nil
	}
	if n.Kind != tree.Object {
		c.Fault(n.Pos, "%s must be an object, not %s", what, n.What())
		return nil
	}
	fields := make([]Field, len(n.Fields))
	for i, f := range n.Fields {
		fields[i] = Field{c.Compile(f.Key, f.Pos), c.Value(f.Value)}
	}
	return fields
}

// Of is the value that a node holds, whatever templates stand in it.
func Of(n *tree.Node) any {
	switch n.Kind {
	case tree.List:
		list := make([]any, len(n.Items))
		for i, item := range n.Items {
			list[i] = Of(item)
		}
		return list
	case tree.Object:
		members := make([]value.Member, len(n.Fields))
		for i, f := range n.Fields {
			members[i] = value.Member{Key: f.Key, Value: Of(f.Value)}
		}
		return value.NewObject(members)
	case tree.Scalar:
	}
	if f, ok := n.Scalar.(float64); ok {
		return value.FormatNumber(f)
	}
	return n.Scalar
}

// Rendered is the value that the template in a node gave, with the place and the text of the template.
func Rendered(v any, n *tree.Node) *tree.Node {
	out := Node(v, n.Pos)
	out.From, _ = n.Text()
	return out
}

// Node is the reverse of [Of]; every part gets the same place.
func Node(v any, pos tree.Position) *tree.Node {
	n := &tree.Node{Pos: pos}
	switch v := v.(type) {
	case []any:
		n.Kind = tree.List
		for _, e := range v {
			n.Items = append(n.Items, Node(e, pos))
		}
	case *value.Object:
		n.Kind = tree.Object
		for _, m := range v.Members() {
			n.Fields = append(n.Fields, tree.Field{Key: m.Key, Pos: pos, Value: Node(m.Value, pos)})
		}
	default:
		n.Scalar = v
	}
	return n
}
