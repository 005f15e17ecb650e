package tree

import "slices"

// Lists says what becomes of two lists that stand in the same place.
type Lists bool

const (
	// ByIndex merges lists element by element: files, environments.
	ByIndex Lists = false
	// Replaced takes the later list as it is: --overrides.
	Replaced Lists = true
)

// Merge lays b over a, each of which may be nil: objects key by key, lists as the caller wants, all else b.
func Merge(a, b *Node, lists Lists) *Node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.Kind == Object && b.Kind == Object:
		out := &Node{Pos: b.Pos, Kind: Object, Fields: append([]Field(nil), a.Fields...)}
		for _, f := range b.Fields {
			if old := a.Get(f.Key); old != nil {
				f.Value = Merge(old, f.Value, lists)
			}
			out.set(f)
		}
		return out
	case a.Kind == List && b.Kind == List && lists == ByIndex:
		out := &Node{Pos: b.Pos, Kind: List, Items: append([]*Node(nil), a.Items...)}
		for i, item := range b.Items {
			if i < len(out.Items) {
				out.Items[i] = Merge(out.Items[i], item, lists)
			} else {
				out.Items = append(out.Items, item)
			}
		}
		return out
	}
	return b
}

// Without returns an object without a key; all else as it is.
func (n *Node) Without(key string) *Node {
	if n.Get(key) == nil {
		return n
	}
	out := *n
	out.Fields = slices.DeleteFunc(slices.Clone(n.Fields), func(f Field) bool { return f.Key == key })
	return &out
}

// With returns a copy of an object in which key has the value; n may be nil.
func (n *Node) With(key string, v *Node) *Node {
	out := &Node{Kind: Object, Pos: v.Pos}
	if n != nil {
		out.Pos = n.Pos
		out.Fields = append(out.Fields, n.Fields...)
	}
	pos := v.Pos
	for _, f := range out.Fields {
		if f.Key == key {
			pos = f.Pos
		}
	}
	out.set(Field{Key: key, Pos: pos, Value: v})
	return out
}
