package scenarios

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"golang.org/x/net/html"
)

// xmlNode is an element, an attribute, a text or the root of a document, whether that is XML or HTML.
type xmlNode struct {
	name     string // of an element or attribute, without its prefix
	text     string // of a text or attribute
	order    int    // place in the document
	parent   *xmlNode
	children []*xmlNode
	attrs    []*xmlNode
	folded   bool // HTML: names without regard to case
	isAttr   bool
}

func (n *xmlNode) isElement() bool { return n.name != "" && !n.isAttr }

func (n *xmlNode) isText() bool { return n.name == "" && n.parent != nil }

func (n *xmlNode) named(name string) bool {
	return n.name == name || n.folded && strings.EqualFold(n.name, name)
}

func (n *xmlNode) above() []*xmlNode {
	if n.parent == nil {
		return nil
	}
	return []*xmlNode{n.parent}
}

// content is the text of a node and all below it.
func (n *xmlNode) content() string {
	if n.isText() || n.isAttr {
		return n.text
	}
	var b strings.Builder
	for _, d := range n.withDescendants(nil) {
		b.WriteString(d.text)
	}
	return b.String()
}

// withDescendants appends n and all below it, in document order.
func (n *xmlNode) withDescendants(to []*xmlNode) []*xmlNode {
	to = append(to, n)
	for _, c := range n.children {
		to = c.withDescendants(to)
	}
	return to
}

// treeBuilder numbers the nodes of a document.
type treeBuilder struct {
	count  int
	folded bool
}

func (b *treeBuilder) node(parent *xmlNode, name, text string) *xmlNode {
	b.count++
	return &xmlNode{name: name, text: text, order: b.count, parent: parent, folded: b.folded}
}

func (b *treeBuilder) attr(element *xmlNode, name, value string) {
	a := b.node(element, name, value)
	a.isAttr = true
	element.attrs = append(element.attrs, a)
}

// readTree reads a body: as HTML if the media type says so, else as XML; what is no XML is tried as HTML.
func readTree(body []byte, contentType string) (*xmlNode, error) {
	if !strings.Contains(strings.ToLower(contentType), "html") {
		if root, err := readXML(body); err == nil {
			return root, nil
		}
	}
	doc, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	b := &treeBuilder{folded: true}
	root := b.node(nil, "", "")
	return root, b.html(root, doc, 0)
}

var errTooDeep = errors.New("the document is nested too deep")

// html copies a parsed HTML document.
func (b *treeBuilder) html(to *xmlNode, from *html.Node, depth int) error {
	if depth > maxNesting {
		return errTooDeep
	}
	for c := range from.ChildNodes() {
		switch c.Type {
		case html.ElementNode:
			e := b.node(to, c.Data, "")
			for _, a := range c.Attr {
				b.attr(e, a.Key, a.Val)
			}
			to.children = append(to.children, e)
			if err := b.html(e, c, depth+1); err != nil {
				return err
			}
		case html.TextNode:
			to.children = append(to.children, b.node(to, "", c.Data))
		}
	}
	return nil
}

// readXML reads a well-formed document.
func readXML(body []byte) (*xmlNode, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	b := &treeBuilder{}
	root := b.node(nil, "", "")
	at, depth := root, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			if len(root.children) == 0 {
				return nil, errors.New("the document is empty")
			}
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxNesting {
				return nil, errTooDeep
			}
			e := b.node(at, t.Name.Local, "")
			for _, a := range t.Attr {
				b.attr(e, a.Name.Local, a.Value)
			}
			at.children = append(at.children, e)
			at = e
		case xml.EndElement:
			at, depth = at.parent, depth-1
		case xml.CharData:
			if at != root {
				at.children = append(at.children, b.node(at, "", string(t)))
			}
		}
	}
}
