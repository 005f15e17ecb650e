package waiting

import (
	"slices"
	"strings"

	"edgescope/store"
)

// maxShapes bounds the shapes that a renderer knows, each of about two kilobytes.
const maxShapes = 256

// shape is a sequence of names and the order that sorts them. The engine sorts the fields of every row, which costs
// much less when they are sorted already; and rows have few shapes, so that the order of a shape is found once, and its
// names are kept once. It does not change.
type shape struct {
	names  []string // of a row as it is rendered
	order  []int    // of the row's fields, sorted by name
	sorted []string // the names in that order
	bytes  int      // of the names
}

func newShape(row store.Row) *shape {
	n := &shape{names: make([]string, len(row)), order: make([]int, len(row)), sorted: make([]string, len(row))}
	for i := range row {
		n.names[i], n.order[i] = strings.Clone(row[i].Name), i
		n.bytes += len(row[i].Name)
	}
	slices.SortStableFunc(n.order, func(a, b int) int { return strings.Compare(n.names[a], n.names[b]) })
	for i, at := range n.order {
		n.sorted[i] = n.names[at]
	}
	return n
}

// memory returns about how many bytes the shape itself takes.
func (n *shape) memory() int { return n.bytes + len(n.names)*40 }

func (n *shape) fits(row store.Row) bool {
	if len(row) != len(n.names) {
		return false
	}
	for i := range row {
		if row[i].Name != n.names[i] {
			return false
		}
	}
	return true
}

// shapes are those that were seen lately, by their hash.
type shapes map[uint32]*shape

// of returns the shape of a row, and whether it is a new one. Two shapes of one hash take each other's place.
func (s *shapes) of(row store.Row) (_ *shape, fresh bool) {
	hash := uint32(len(row))
	for i := range row {
		name := row[i].Name
		hash = hash*31 + uint32(len(name))
		if name != "" {
			hash = hash*31 + uint32(name[len(name)-1])
		}
	}
	known := (*s)[hash]
	if known != nil && known.fits(row) {
		return known, false
	}
	if *s == nil || len(*s) >= maxShapes {
		*s = make(shapes)
	}
	known = newShape(row)
	(*s)[hash] = known
	return known, true
}
