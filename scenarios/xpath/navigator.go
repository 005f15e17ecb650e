package xpath

import (
	"strings"

	"github.com/antchfx/xmlquery"
	"github.com/antchfx/xpath"
)

// navigator walks a tree for the library. That of xmlquery goes past blank texts in both directions, finds no text in a
// document as a whole, and does not leave an attribute for the root.
type navigator struct {
	node *xmlquery.Node
	attr int // of node, from 1; 0 is the node itself
}

// place is where in the document the navigator is; no two nodes or attributes have the same.
type place struct{ node, attr int }

func (n *navigator) place() place { return place{n.node.LineNumber, n.attr} }

func (n *navigator) NodeType() xpath.NodeType {
	switch {
	case n.attr > 0:
		return xpath.AttributeNode
	case n.node.Type == xmlquery.ElementNode:
		return xpath.ElementNode
	case n.node.Type == xmlquery.TextNode:
		return xpath.TextNode
	}
	return xpath.RootNode
}

func (n *navigator) LocalName() string {
	switch n.NodeType() {
	case xpath.AttributeNode:
		return n.node.Attr[n.attr-1].Name.Local
	case xpath.ElementNode:
		return n.node.Data
	}
	return ""
}

// Prefix is "": names have none.
func (n *navigator) Prefix() string { return "" }

func (n *navigator) Value() string {
	if n.attr > 0 {
		return n.node.Attr[n.attr-1].Value
	}
	return n.node.InnerText()
}

func (n *navigator) Copy() xpath.NodeNavigator {
	c := *n
	return &c
}

func (n *navigator) MoveToRoot() {
	n.attr = 0
	for n.node.Parent != nil {
		n.node = n.node.Parent
	}
}

func (n *navigator) MoveToParent() bool {
	if n.attr > 0 {
		n.attr = 0
		return true
	}
	return n.moveTo(n.node.Parent)
}

func (n *navigator) MoveToNextAttribute() bool {
	if n.attr >= len(n.node.Attr) {
		return false
	}
	n.attr++
	return true
}

func (n *navigator) MoveToChild() bool { return n.moveTo(n.node.FirstChild) }

func (n *navigator) MoveToNext() bool { return n.moveTo(n.node.NextSibling) }

// MoveToPrevious goes past blank texts: in a group the library takes what is before a node for its position.
func (n *navigator) MoveToPrevious() bool {
	before := n.node.PrevSibling
	for before != nil && before.Type == xmlquery.TextNode && strings.TrimSpace(before.Data) == "" {
		before = before.PrevSibling
	}
	return n.moveTo(before)
}

func (n *navigator) MoveToFirst() bool {
	moved := false
	for n.moveTo(n.node.PrevSibling) {
		moved = true
	}
	return moved
}

// moveTo goes to a node, if there is one and the navigator is at no attribute.
func (n *navigator) moveTo(node *xmlquery.Node) bool {
	if node == nil || n.attr > 0 {
		return false
	}
	n.node = node
	return true
}

func (n *navigator) MoveTo(other xpath.NodeNavigator) bool {
	o, ok := other.(*navigator)
	if ok {
		*n = *o
	}
	return ok
}
