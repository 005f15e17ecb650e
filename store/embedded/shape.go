package embedded

import (
	"slices"
	"strings"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
)

// maxShapes bounds the shapes that a sorter knows, each of about a kilobyte.
const maxShapes = 256

// sorter brings the fields of rows into the order of their names. The engine sorts the fields of every row, which costs much
// less when they are sorted already; and rows have few shapes, that is sequences of names, so that the order of a shape is
// found once.
type sorter struct {
	fields []logstorage.Field
	size   int // of the last row: its names and values, in bytes
	shapes map[uint32]*shape
}

// shape is the names of a row and the order that sorts them.
type shape struct {
	names []string
	order []int
}

// sort answers the row's fields sorted by name, valid until the next call.
func (s *sorter) sort(row store.Row) []logstorage.Field {
	s.fields, s.size = s.fields[:0], 0
	for _, i := range s.shape(row).order {
		s.fields = append(s.fields, logstorage.Field{Name: row[i].Name, Value: row[i].Value})
		s.size += len(row[i].Name) + len(row[i].Value)
	}
	return s.fields
}

// shape finds the shape of a row. Two shapes of one hash take each other's place.
func (s *sorter) shape(row store.Row) *shape {
	hash := uint32(len(row))
	for i := range row {
		hash = hash*31 + uint32(len(row[i].Name))
	}
	known := s.shapes[hash]
	if known != nil && known.fits(row) {
		return known
	}
	if s.shapes == nil || len(s.shapes) >= maxShapes {
		s.shapes = make(map[uint32]*shape)
	}
	known = newShape(row)
	s.shapes[hash] = known
	return known
}

func newShape(row store.Row) *shape {
	n := &shape{names: make([]string, len(row)), order: make([]int, len(row))}
	for i := range row {
		n.names[i], n.order[i] = strings.Clone(row[i].Name), i
	}
	slices.SortStableFunc(n.order, func(a, b int) int { return strings.Compare(n.names[a], n.names[b]) })
	return n
}

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
