package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// node is a value of a script with its place. Exactly one of these holds:
// object and fields; list and items; otherwise a scalar.
type node struct {
	pos    Position
	kind   nodeKind
	scalar any // nil, bool, json.Number or string
	items  []*node
	fields []field
}

type nodeKind int

const (
	scalarNode nodeKind = iota
	listNode
	objectNode
)

type field struct {
	key    string
	pos    Position
	value  *node
	anchor bool // the value defines a YAML anchor
}

// value turns a node into a script value.
func (n *node) value() any {
	switch n.kind {
	case listNode:
		list := make([]any, len(n.items))
		for i, item := range n.items {
			list[i] = item.value()
		}
		return list
	case objectNode:
		members := make([]member, len(n.fields))
		for i, f := range n.fields {
			members[i] = member{f.key, f.value.value()}
		}
		return newObject(members)
	}
	return n.scalar
}

// nodeOf is the reverse of value; every part gets the same place.
func nodeOf(v any, pos Position) *node {
	n := &node{pos: pos}
	switch v := v.(type) {
	case []any:
		n.kind = listNode
		for _, e := range v {
			n.items = append(n.items, nodeOf(e, pos))
		}
	case *Object:
		n.kind = objectNode
		for _, m := range v.members {
			n.fields = append(n.fields, field{key: m.key, pos: pos, value: nodeOf(m.value, pos)})
		}
	default:
		n.scalar = v
	}
	return n
}

// get returns the value of a key, nil if n is no object or has no such key.
func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for i := range n.fields {
		if n.fields[i].key == key {
			return n.fields[i].value
		}
	}
	return nil
}

// set replaces or appends a field.
func (n *node) set(f field) {
	for i := range n.fields {
		if n.fields[i].key == f.key {
			n.fields[i].value = f.value
			n.fields[i].pos = f.pos
			return
		}
	}
	n.fields = append(n.fields, f)
}

func (n *node) isNull() bool { return n == nil || n.kind == scalarNode && n.scalar == nil }

// text returns the text of a scalar that is one.
func (n *node) text() (string, bool) {
	s, ok := n.scalar.(string)
	return s, ok
}

// what names the kind of a node in messages.
func (n *node) what() string {
	switch n.kind {
	case listNode:
		return "a list"
	case objectNode:
		return "an object"
	}
	switch v := n.scalar.(type) {
	case nil:
		return "nothing"
	case string:
		return strconv.Quote(v)
	default:
		return fmt.Sprint(v)
	}
}

// Limits that keep a script from filling the memory: aliases can multiply a
// small file ("billion laughs"), and nesting costs stack.
const (
	maxNodes   = 250_000
	maxNesting = 1_000
)

// parse reads one YAML or JSON file (a JSON file parses as YAML).
func parse(file string, src []byte) (*node, Problems) {
	p := parser{file: file, lines: bytes.Split(src, []byte("\n")), open: map[*yaml.Node]bool{}}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc yaml.Node
	if err := decodeDocument(dec, &doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, Problems{{Position{file, 1, 1}, "the script is empty"}}
		}
		return nil, Problems{p.syntax(err)}
	}
	var next yaml.Node
	if err := decodeDocument(dec, &next); err == nil {
		p.fault(p.place(&next), "a script is one YAML document, here begins a second one")
	}
	n := p.node(&doc, 0)
	return n, p.problems
}

// decodeDocument turns a panic of the YAML reader into an error: input never
// ends the program.
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
	lines    [][]byte
	count    int
	open     map[*yaml.Node]bool // aliases that are being followed
	problems Problems
}

var yamlLine = regexp.MustCompile(`^line (\d+): `)

func (p *parser) syntax(err error) Problem {
	msg := strings.TrimPrefix(err.Error(), "yaml: ")
	pos := Position{p.file, 1, 1}
	if m := yamlLine.FindStringSubmatch(msg); m != nil {
		pos.Line, _ = strconv.Atoi(m[1]) // the pattern has digits only; a line beyond int cannot be
		msg = msg[len(m[0]):]
	}
	return Problem{pos, "not valid YAML: " + msg}
}

func (p *parser) fault(pos Position, format string, args ...any) {
	p.problems = append(p.problems, Problem{pos, fmt.Sprintf(format, args...)})
}

// place is the position of a node; the YAML reader counts columns in bytes.
func (p *parser) place(y *yaml.Node) Position {
	pos := Position{p.file, max(y.Line, 1), max(y.Column, 1)}
	if pos.Line <= len(p.lines) {
		if line := p.lines[pos.Line-1]; pos.Col-1 <= len(line) {
			pos.Col = 1 + utf8.RuneCount(line[:pos.Col-1])
		}
	}
	return pos
}

func (p *parser) node(y *yaml.Node, depth int) *node {
	p.count++
	n := &node{pos: p.place(y)}
	if p.count == maxNodes || depth == maxNesting {
		p.fault(n.pos, "the script is too large or too deep here (aliases count as often as they are used)")
	}
	if p.count >= maxNodes || depth >= maxNesting {
		return n
	}
	switch y.Kind {
	case yaml.DocumentNode:
		return p.node(y.Content[0], depth)
	case yaml.AliasNode:
		return p.alias(y, depth)
	case yaml.SequenceNode:
		n.kind = listNode
		for _, c := range y.Content {
			n.items = append(n.items, p.node(c, depth+1))
		}
	case yaml.MappingNode:
		p.mapping(n, y, depth)
	case yaml.ScalarNode:
		n.scalar = scalarValue(y)
	}
	return n
}

func (p *parser) alias(y *yaml.Node, depth int) *node {
	if y.Alias == nil || p.open[y.Alias] {
		p.fault(p.place(y), "alias *%s stands inside what it names", y.Value)
		return &node{pos: p.place(y)}
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

func (p *parser) mapping(n *node, y *yaml.Node, depth int) {
	n.kind = objectNode
	p.open[y] = true
	defer delete(p.open, y)
	seen := map[string]bool{}
	var merged []*node
	for i := 0; i+1 < len(y.Content); i += 2 {
		k, v := y.Content[i], y.Content[i+1]
		pos := p.place(k)
		if k.Kind == yaml.ScalarNode && k.Value == "<<" && k.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0 {
			merged = append(merged, p.mergeSources(v, depth)...)
			continue
		}
		key, ok := p.key(k)
		if !ok {
			p.fault(pos, "a key must be text")
			continue
		}
		if seen[key] {
			p.fault(pos, "key %q is given twice", key)
			continue
		}
		seen[key] = true
		n.fields = append(n.fields, field{key, pos, p.node(v, depth+1), v.Anchor != ""})
	}
	for _, m := range merged {
		for _, f := range m.fields {
			if !seen[f.key] {
				seen[f.key] = true
				n.fields = append(n.fields, f)
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

// mergeSources are the objects that a merge key ("<<") names.
func (p *parser) mergeSources(v *yaml.Node, depth int) []*node {
	n := p.node(v, depth+1)
	from := []*node{n}
	if n.kind == listNode {
		from = n.items
	}
	for _, f := range from {
		if f.kind != objectNode {
			p.fault(f.pos, "<< takes an object or a list of objects, not %s", f.what())
		}
	}
	return from
}
