package aggregate

import (
	"iter"
	"math/bits"

	"edgescope/query/aesql/value"
)

// tally is how often each value came, or with which weight. The zero of a value's type counts as any other.
type tally struct {
	t     *value.Type
	fixed map[uint64]uint64 // by key, where that says all of the value
	other map[string]*counted
	key   []byte
	size  int // bytes
}

type counted struct {
	v value.Value
	n uint64
}

// What an entry takes, without its text: a slot in a map with room to grow, and for other values what it points to.
const (
	fixedSize = 28
	otherSize = 120
)

func newTally(t *value.Type) tally {
	if t.Fixed() {
		return tally{t: t, fixed: make(map[uint64]uint64), size: fixedSize}
	}
	return tally{t: t, other: make(map[string]*counted), size: otherSize}
}

// add counts a value n times more, and tells whether it is new. Counts end at the largest.
func (s *tally) add(v value.Value, n uint64) bool {
	if s.fixed != nil {
		key := s.t.Key(v)
		old, there := s.fixed[key]
		if s.fixed[key] = sumOf(old, n); !there {
			s.size += fixedSize
		}
		return !there
	}
	if s.t.Kind == value.String && !s.t.Nullable {
		if c := s.other[v.Text]; c != nil {
			c.n = sumOf(c.n, n)
			return false
		}
		v = s.t.Clone(v)
		s.other[v.Text] = &counted{v, n}
		s.size += otherSize + len(v.Text)
		return true
	}
	s.key = s.t.AppendKey(s.key[:0], v)
	if c := s.other[string(s.key)]; c != nil {
		c.n = sumOf(c.n, n)
		return false
	}
	s.other[string(s.key)] = &counted{s.t.Clone(v), n}
	s.size += otherSize + len(s.key) + s.t.Size(v)
	return true
}

// sumOf adds counts; what is beyond the largest is the largest.
func sumOf(a, b uint64) uint64 {
	sum, carry := bits.Add64(a, b, 0)
	if carry != 0 {
		return 1<<64 - 1
	}
	return sum
}

func (s *tally) len() int { return len(s.fixed) + len(s.other) }

// all iterates over the values and their counts, in no order.
func (s *tally) all() iter.Seq2[value.Value, uint64] {
	return func(yield func(value.Value, uint64) bool) {
		for key, n := range s.fixed {
			if !yield(value.Uint(key), n) {
				return
			}
		}
		for _, c := range s.other {
			if !yield(c.v, c.n) {
				return
			}
		}
	}
}

// merge adds what another tally has counted, into the larger of the two.
func (s *tally) merge(o *tally) {
	if o.len() > s.len() {
		*s, *o = *o, *s
	}
	for v, n := range o.all() {
		s.add(v, n)
	}
}

// entry is a value and its count.
type entry struct {
	v value.Value
	n uint64
}

// entries returns all values and counts, in no order.
func (s *tally) entries() []entry {
	es := make([]entry, 0, s.len())
	for v, n := range s.all() {
		es = append(es, entry{v, n})
	}
	return es
}
