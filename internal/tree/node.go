// Package tree is a file that people write (a script, a policy, rules) as a tree of values with their places, read from
// YAML or JSON, and what is wrong with it.
package tree

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Node is a value of a file with its place. An Object has Fields, a List has Items, all else is a Scalar. Nodes are
// not changed once they are made: parts of a file may stand in several places.
type Node struct {
	Pos    Position
	Kind   Kind
	Scalar any // nil, bool, json.Number, string, or float64 for a number that JSON would write otherwise
	Items  []*Node
	Fields []Field
	From   string // the template that gave this value; "" for what is written
}

// Kind is what a node is.
type Kind int

// The kinds of nodes.
const (
	Scalar Kind = iota
	List
	Object
)

// Field is a key of an object with its value. Pos is the place of the key.
type Field struct {
	Key    string
	Pos    Position
	Value  *Node
	Anchor bool // the value defines a YAML anchor
}

// Get returns the value of a key, nil if n is no object or has no such key.
func (n *Node) Get(key string) *Node {
	if n == nil {
		return nil
	}
	for i := range n.Fields {
		if n.Fields[i].Key == key {
			return n.Fields[i].Value
		}
	}
	return nil
}

// set replaces or appends a field.
func (n *Node) set(f Field) {
	for i := range n.Fields {
		if n.Fields[i].Key == f.Key {
			n.Fields[i].Value = f.Value
			n.Fields[i].Pos = f.Pos
			return
		}
	}
	n.Fields = append(n.Fields, f)
}

// IsNull tells null, and a node that is not there.
func (n *Node) IsNull() bool { return n == nil || n.Kind == Scalar && n.Scalar == nil }

// Text returns the text of a scalar that is one.
func (n *Node) Text() (string, bool) {
	s, ok := n.Scalar.(string)
	return s, ok
}

// What names the kind of a node in messages.
func (n *Node) What() string {
	switch n.Kind {
	case List:
		return "a list"
	case Object:
		return "an object"
	}
	switch v := n.Scalar.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(v) + n.Origin()
	default:
		return fmt.Sprint(v) + n.Origin()
	}
}

// Origin says, behind a value in a message, which template gave it, or that none is rendered in its place.
func (n *Node) Origin() string {
	text, _ := n.Text()
	switch {
	case n.From != "":
		return " (which is what " + n.From + " gives before the run)"
	case strings.Contains(text, "{{"):
		return " (no template is rendered here: write the value)"
	}
	return ""
}

// Limits that keep a file from filling the memory: aliases can multiply a small file ("billion laughs"), and nesting
// costs stack.
const (
	maxRepeated = 250_000
	maxNesting  = 1_000
)

// Parse reads one file of YAML; JSON is read as YAML. With problems the tree may lack parts, or be nil.
func Parse(file string, src []byte) (*Node, Problems) {
	p := parser{file: file, most: len(src) + maxRepeated, open: map[*yaml.Node]bool{}}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc yaml.Node
	err := decodeDocument(dec, &doc)
	if err != nil && strings.Contains(err.Error(), badEscape) {
		if src, p.shifts = withoutSurrogates(src); len(p.shifts) > 0 {
			dec = yaml.NewDecoder(bytes.NewReader(src))
			err = decodeDocument(dec, &doc)
		}
	}
	if err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Problems{{Pos: Position{file, 1, 1}, Msg: "the file is empty"}}
		}
		return nil, Problems{p.syntax(src, err)}
	}
	var next yaml.Node
	if err := decodeDocument(dec, &next); err == nil {
		p.fault(p.place(&next), "a file is one YAML document, here begins a second one: put what it says into the first, or into a file of its own")
	}
	n := p.node(&doc, 0)
	return n, p.problems
}

// decodeDocument turns a panic of the YAML reader into an error: input never ends the program.
func decodeDocument(dec *yaml.Decoder, doc *yaml.Node) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("yaml: unreadable: %v", r)
		}
	}()
	return dec.Decode(doc)
}

type parser struct {
	file     string
	count    int                 // values so far
	most     int                 // values that there may be
	open     map[*yaml.Node]bool // aliases that are being followed
	shifts   []shift             // what stood further to the right in the file
	problems Problems
}

func (p *parser) fault(pos Position, format string, args ...any) {
	p.problems = append(p.problems, Problem{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// place is the position of a node; the YAML reader counts characters.
func (p *parser) place(y *yaml.Node) Position {
	return p.at(max(y.Line, 1), max(y.Column, 1))
}

func (p *parser) node(y *yaml.Node, depth int) *Node {
	p.count++
	n := &Node{Pos: p.place(y)}
	if p.count == p.most {
		p.fault(n.Pos, "aliases repeat too much here: want at most %d values more than the file spells out", maxRepeated)
	}
	if depth == maxNesting {
		p.fault(n.Pos, "the file is too deep here: want at most %d levels", maxNesting)
	}
	if p.count >= p.most || depth >= maxNesting {
		return n
	}
	switch y.Kind {
	case yaml.DocumentNode:
		return p.node(y.Content[0], depth)
	case yaml.AliasNode:
		return p.alias(y, depth)
	case yaml.SequenceNode:
		n.Kind = List
		for _, c := range y.Content {
			n.Items = append(n.Items, p.node(c, depth+1))
		}
	case yaml.MappingNode:
		p.mapping(n, y, depth)
	case yaml.ScalarNode:
		n.Scalar = scalarValue(y)
	}
	return n
}

func (p *parser) alias(y *yaml.Node, depth int) *Node {
	if y.Alias == nil || p.open[y.Alias] {
		p.fault(p.place(y), "alias *%s stands inside what it names", y.Value)
		return &Node{Pos: p.place(y)}
	}
	p.open[y.Alias] = true
	defer delete(p.open, y.Alias)
	return p.node(y.Alias, depth+1)
}

func scalarValue(y *yaml.Node) any {
	const quoted = yaml.SingleQuotedStyle | yaml.DoubleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
	if y.Style&quoted != 0 || y.Style&yaml.TaggedStyle != 0 && y.Tag == "!!str" {
		return y.Value
	}
	return plainScalar(y.Value)
}

func (p *parser) mapping(n *Node, y *yaml.Node, depth int) {
	n.Kind = Object
	p.open[y] = true
	defer delete(p.open, y)
	seen := map[string]bool{}
	var merged []*Node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		pos := p.place(k)
		if k.Kind == yaml.ScalarNode && k.Value == "<<" && k.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			merged = append(merged, p.mergeSources(v, depth)...)
			continue
		}
		key, ok := p.key(k)
		if !ok {
			p.fault(pos, "%s", notText(k))
			continue
		}
		if seen[key] {
			p.fault(pos, "key %q is given twice", key)
			continue
		}
		seen[key] = true
		n.Fields = append(n.Fields, Field{key, pos, p.node(v, depth+1), v.Anchor != ""})
	}
	for _, m := range merged {
		for _, f := range m.Fields {
			if !seen[f.Key] {
				seen[f.Key] = true
				n.Fields = append(n.Fields, f)
			}
		}
	}
}

func (p *parser) key(k *yaml.Node) (string, bool) {
	if k.Kind == yaml.AliasNode && k.Alias != nil {
		k = k.Alias
	}
	return k.Value, k.Kind == yaml.ScalarNode
}

// notText says what is wrong with a key: {{ x }} without quotes is an object in an object.
func notText(k *yaml.Node) string {
	if k.Kind == yaml.MappingNode && k.Style&yaml.FlowStyle != 0 && len(k.Content) == 2 && k.Content[1].Tag == "!!null" {
		return fmt.Sprintf(`a text that begins with {{ needs quotes: "{{ %s }}"`, k.Content[0].Value)
	}
	return "a key must be text"
}

// mergeSources are the objects that a merge key ("<<") names.
func (p *parser) mergeSources(v *yaml.Node, depth int) []*Node {
	n := p.node(v, depth+1)
	from := []*Node{n}
	if n.Kind == List {
		from = n.Items
	}
	for _, f := range from {
		if f.Kind != Object {
			p.fault(f.Pos, "<< takes an object or a list of objects, not %s", f.What())
		}
	}
	return from
}
