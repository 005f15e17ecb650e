package aggregate

import (
	"cmp"
	"fmt"
	"slices"

	"edgescope/query/aesql/value"
)

// size returns how many values the parameter allows, fallback without one.
func (c call) size(fallback int) (int, error) {
	const most = 65536
	if len(c.params) == 0 {
		return fallback, nil
	}
	p := c.params[0]
	if !p.Type.Integer() || p.Const.Int() < 1 || p.Const.Int() > most {
		return 0, fmt.Errorf("%s: the parameter is how many values, 1 to %d", c.name, most)
	}
	return int(p.Const.Int()), nil
}

// bindTop is the values that come most often, or with the greatest weight, which comes first; of those that are equal
// the least value. It is exact. Weights are those of quantileExactWeighted.
func bindTop(c call) (Bound, error) {
	n, err := c.size(10)
	if err != nil {
		return Bound{}, err
	}
	t := c.args[0].Type
	s := top{n: n}
	if len(c.args) == 2 {
		if err := c.number(1); err != nil {
			return Bound{}, err
		}
		s.weight, s.weighted = &c.args[1].Type, true
	}
	return Bound{Type: value.ArrayOf(t), New: func() State {
		s := s
		s.seen = newTally(&t)
		return &s
	}}, nil
}

type top struct {
	n        int
	weighted bool
	weight   *value.Type
	seen     tally
}

func (s *top) Add(args []value.Value) error {
	n := uint64(1)
	if s.weighted {
		n = weightOf(s.weight, args[1])
	}
	if n > 0 {
		s.seen.add(args[0], n)
	}
	return nil
}

func (s *top) Merge(other State) error {
	s.seen.merge(&other.(*top).seen)
	return nil
}

func (s *top) Result() (value.Value, error) {
	es := s.seen.entries()
	slices.SortFunc(es, func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.n, a.n), s.seen.t.Compare(a.v, b.v))
	})
	return listOf(es, s.n), nil
}

func (s *top) Size() int { return s.seen.size + 64 }

// listOf returns the first n values.
func listOf(es []entry, n int) value.Value {
	items := make([]value.Value, min(n, len(es)))
	for i := range items {
		items[i] = es[i].v
	}
	return value.List(items)
}

// noLimit is the size of an array without a parameter.
const noLimit = 1 << 31

// bindGroupUniqArray is the different values, sorted.
func bindGroupUniqArray(c call) (Bound, error) {
	n, err := c.size(noLimit)
	t := c.args[0].Type
	return Bound{Type: value.ArrayOf(t), New: func() State { return &uniqArray{n: n, seen: newTally(&t)} }}, err
}

type uniqArray struct {
	n    int
	seen tally
}

func (s *uniqArray) Add(args []value.Value) error {
	s.seen.add(args[0], 1)
	return nil
}

func (s *uniqArray) Merge(other State) error {
	s.seen.merge(&other.(*uniqArray).seen)
	return nil
}

func (s *uniqArray) Result() (value.Value, error) {
	es := s.seen.entries()
	slices.SortFunc(es, func(a, b entry) int { return s.seen.t.Compare(a.v, b.v) })
	return listOf(es, s.n), nil
}

func (s *uniqArray) Size() int { return s.seen.size }

// bindGroupArray is all values in the order of the rows.
func bindGroupArray(c call) (Bound, error) {
	n, err := c.size(noLimit)
	t := c.args[0].Type
	return Bound{Type: value.ArrayOf(t), Ordered: true, New: func() State { return &array{t: &t, n: n} }}, err
}

type array struct {
	t     *value.Type
	n     int
	items []placed
	bytes int
}

// placed is a value and where its row stands.
type placed struct {
	place int64
	v     value.Value
}

func (s *array) Add(args []value.Value) error {
	s.items = append(s.items, placed{args[1].Int(), s.t.Clone(args[0])})
	s.bytes += 16 + s.t.Size(args[0])
	return nil
}

func (s *array) Merge(other State) error {
	o := other.(*array)
	s.items = append(s.items, o.items...)
	s.bytes += o.bytes
	return nil
}

func (s *array) Result() (value.Value, error) {
	slices.SortFunc(s.items, func(a, b placed) int {
		return cmp.Or(cmp.Compare(a.place, b.place), s.t.Compare(a.v, b.v))
	})
	items := make([]value.Value, min(s.n, len(s.items)))
	for i := range items {
		items[i] = s.items[i].v
	}
	return value.List(items), nil
}

func (s *array) Size() int { return s.bytes + 64 }
