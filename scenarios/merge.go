package scenarios

// Merging never changes a node in place: an aliased part of a script may stand
// in several places.

// arrays says what happens where two lists meet.
type arrays bool

const (
	byIndex  arrays = false // files, environments: element by element
	replaced arrays = true  // --overrides: the later list as it is
)

// merge lays b over a: objects key by key, lists as a says, all else b.
func merge(a, b *node, lists arrays) *node {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	case a.kind == objectNode && b.kind == objectNode:
		out := &node{pos: b.pos, kind: objectNode, fields: append([]field(nil), a.fields...)}
		for _, f := range b.fields {
			if old := a.get(f.key); old != nil {
				f.value = merge(old, f.value, lists)
			}
			out.set(f)
		}
		return out
	case a.kind == listNode && b.kind == listNode && lists == byIndex:
		out := &node{pos: b.pos, kind: listNode, items: append([]*node(nil), a.items...)}
		for i, item := range b.items {
			if i < len(out.items) {
				out.items[i] = merge(out.items[i], item, lists)
			} else {
				out.items = append(out.items, item)
			}
		}
		return out
	}
	return b
}

// with returns a copy of an object in which key has the value; n may be nil.
func (n *node) with(key string, v *node) *node {
	out := &node{kind: objectNode, pos: v.pos}
	if n != nil {
		out.pos = n.pos
		out.fields = append(out.fields, n.fields...)
	}
	pos := v.pos
	for _, f := range out.fields {
		if f.key == key {
			pos = f.pos
		}
	}
	out.set(field{key: key, pos: pos, value: v})
	return out
}
