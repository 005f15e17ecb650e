package xpath

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"github.com/antchfx/xmlquery"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

// maxDepth bounds the nesting of a document, hence the stack of an evaluation.
const maxDepth = 1_000

// read reads a document, whose names have no prefixes; in HTML they are in lower case. It is nil if the body is none.
func read(body []byte, contentType string) (doc *xmlquery.Node, isHTML bool) {
	if !strings.Contains(strings.ToLower(contentType), "html") {
		if doc, err := readXML(body); err == nil {
			return doc, false
		}
	}
	parsed, err := html.Parse(bytes.NewReader(body))
	if err != nil {
		return nil, true
	}
	b := newBuilder()
	if !b.html(b.doc, parsed, 0) {
		return nil, true
	}
	return b.doc, true
}

// builder makes a tree whose nodes are numbered, in the field for their lines.
type builder struct {
	doc   *xmlquery.Node
	count int
}

func newBuilder() *builder { return &builder{doc: &xmlquery.Node{Type: xmlquery.DocumentNode}} }

func (b *builder) add(to *xmlquery.Node, kind xmlquery.NodeType, data string) *xmlquery.Node {
	b.count++
	n := &xmlquery.Node{Type: kind, Data: data, LineNumber: b.count}
	xmlquery.AddChild(to, n)
	return n
}

// html copies what is below a node; it is false if that is nested too deep.
func (b *builder) html(to *xmlquery.Node, from *html.Node, depth int) bool {
	if depth > maxDepth {
		return false
	}
	for c := range from.ChildNodes() {
		switch c.Type {
		case html.ElementNode:
			e := b.add(to, xmlquery.ElementNode, strings.ToLower(c.Data))
			for _, a := range c.Attr {
				e.Attr = append(e.Attr, xmlquery.Attr{Name: xml.Name{Local: strings.ToLower(a.Key)}, Value: a.Val})
			}
			if !b.html(e, c, depth+1) {
				return false
			}
		case html.TextNode:
			b.add(to, xmlquery.TextNode, c.Data)
		}
	}
	return true
}

var errTooDeep = errors.New("the document is nested too deep")

// readXML reads a well-formed document.
func readXML(body []byte) (*xmlquery.Node, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	d.CharsetReader = charset.NewReaderLabel
	b := newBuilder()
	at, depth := b.doc, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && b.count > 0 {
			return b.doc, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, errTooDeep
			}
			at = b.add(at, xmlquery.ElementNode, t.Name.Local)
			at.Attr = attributes(t.Attr)
		case xml.EndElement:
			at, depth = at.Parent, depth-1
		case xml.CharData:
			if at != b.doc {
				b.add(at, xmlquery.TextNode, string(t))
			}
		}
	}
}

// attributes leaves out declarations of namespaces, which are none.
func attributes(all []xml.Attr) []xmlquery.Attr {
	attrs := make([]xmlquery.Attr, 0, len(all))
	for _, a := range all {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			attrs = append(attrs, xmlquery.Attr{Name: xml.Name{Local: a.Name.Local}, Value: a.Value})
		}
	}
	return attrs
}
