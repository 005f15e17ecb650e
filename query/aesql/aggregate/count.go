package aggregate

import (
	"errors"

	"edgescope/query/aesql/value"
)

// count counts rows.
type count struct{ n uint64 }

func bindCount(c call) (Bound, error) {
	if len(c.args) > 1 {
		return Bound{}, errors.New("count takes one argument, or several with DISTINCT: count(DISTINCT a, b)")
	}
	return Bound{Type: value.Of(value.UInt64), New: func() State { return new(count) }}, nil
}

func (s *count) Add([]value.Value) error {
	s.n++
	return nil
}

func (s *count) Merge(other State) error {
	s.n += other.(*count).n
	return nil
}

func (s *count) Result() (value.Value, error) { return value.Uint(s.n), nil }

func (s *count) Size() int { return 8 }

// uniq counts different values, exactly.
type uniq struct {
	seen tally
	key  []byte
	t    []value.Type // of several arguments, whose keys are one text
}

func bindUniq(c call) (Bound, error) {
	b := Bound{Type: value.Of(value.UInt64)}
	if len(c.args) == 1 {
		t := c.args[0].Type
		b.New = func() State { return &uniq{seen: newTally(&t)} }
		return b, nil
	}
	text := value.Of(value.String)
	types := make([]value.Type, len(c.args))
	for i, a := range c.args {
		types[i] = a.Type
	}
	b.New = func() State { return &uniq{seen: newTally(&text), t: types} }
	return b, nil
}

func (s *uniq) Add(args []value.Value) error {
	if s.t == nil {
		s.seen.add(args[0], 1)
		return nil
	}
	s.key = s.key[:0]
	for i, t := range s.t {
		s.key = t.AppendKey(s.key, args[i])
	}
	if s.seen.other[string(s.key)] == nil {
		s.seen.add(value.Text(string(s.key)), 1)
	}
	return nil
}

func (s *uniq) Merge(other State) error {
	s.seen.merge(&other.(*uniq).seen)
	return nil
}

func (s *uniq) Result() (value.Value, error) { return value.Uint(uint64(s.seen.len())), nil }

func (s *uniq) Size() int { return s.seen.size }
