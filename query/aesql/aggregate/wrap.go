package aggregate

import (
	"fmt"
	"slices"

	"edgescope/query/aesql/value"
)

// bindIf binds an aggregate to the rows for which the last argument is true.
func bindIf(a *Aggregate, c call, distinct bool) (Bound, error) {
	last := len(c.args) - 1
	t := c.args[last].Type
	if !t.Numeric() && t.Kind != value.Nothing {
		return Bound{}, c.wrong(last, "a condition is needed: a comparison or a number")
	}
	c.args = c.args[:last]
	b, err := bindNull(a, c, distinct)
	if err != nil {
		return b, err
	}
	inner, ordered := b.New, b.Ordered
	b.New = func() State { return &conditional{State: inner(), at: last, test: &t, ordered: ordered} }
	return b, nil
}

// conditional passes on the rows for which the argument at is true.
type conditional struct {
	State
	at      int
	test    *value.Type
	ordered bool
}

func (s *conditional) Add(args []value.Value) error {
	condition := args[s.at]
	if !s.test.Kind.True(condition) {
		return nil
	}
	if !s.ordered {
		return s.State.Add(args[:s.at])
	}
	args[s.at] = args[s.at+1] // the place of the row
	err := s.State.Add(args[:s.at+1])
	args[s.at] = condition
	return err
}

func (s *conditional) Merge(other State) error { return s.State.Merge(other.(*conditional).State) }

func (s *conditional) Size() int { return s.State.Size() + 64 }

// bindNull binds an aggregate that sees no NULL. Where an argument may be NULL, the result is, if all rows have it; of
// count, uniq, topK and groupArray it never is.
func bindNull(a *Aggregate, c call, distinct bool) (Bound, error) {
	nullable := false
	args := slices.Clone(c.args)
	for i, arg := range args {
		nullable = nullable || arg.Type.Nullable
		if args[i].Type = arg.Type.NotNull(); arg.Type.Kind == value.Nothing {
			args[i].Type = value.Of(value.UInt8)
		}
	}
	c.args = args
	b, err := bindDistinct(a, c, distinct)
	if err != nil || !nullable {
		return b, err
	}
	inner, n := b.New, len(args)
	if !a.never {
		b.Type = b.Type.Null()
	}
	b.New = func() State { return &notNull{State: inner(), n: n, seen: a.never} }
	return b, nil
}

// notNull passes on the rows in which none of the first n arguments is NULL.
type notNull struct {
	State
	n    int
	seen bool
}

func (s *notNull) Add(args []value.Value) error {
	for i := range args[:s.n] {
		if args[i].Null {
			return nil
		}
	}
	s.seen = true
	return s.State.Add(args)
}

func (s *notNull) Merge(other State) error {
	o := other.(*notNull)
	s.seen = s.seen || o.seen
	return s.State.Merge(o.State)
}

func (s *notNull) Result() (value.Value, error) {
	if !s.seen {
		return value.None(), nil
	}
	return s.State.Result()
}

func (s *notNull) Size() int { return s.State.Size() + 32 }

// bindDistinct binds an aggregate to the different values of its argument.
func bindDistinct(a *Aggregate, c call, distinct bool) (Bound, error) {
	if distinct && a.distinct && len(c.args) > 0 {
		return bindUniq(c)
	}
	b, err := a.bind(c)
	switch {
	case err != nil || !distinct:
		return b, err
	case len(c.args) != 1 || b.Ordered:
		return b, fmt.Errorf("%s(DISTINCT ...) is not supported: use it in count, sum and avg", a.Name)
	}
	inner, t := b.New, c.args[0].Type
	b.New = func() State { return &distinctState{State: inner(), seen: newTally(&t)} }
	return b, nil
}

// distinctState passes on each value once.
type distinctState struct {
	State
	seen tally
}

func (s *distinctState) Add(args []value.Value) error {
	if !s.seen.add(args[0], 1) {
		return nil
	}
	return s.State.Add(args)
}

func (s *distinctState) Merge(other State) error {
	for v := range other.(*distinctState).seen.all() {
		if err := s.Add([]value.Value{v}); err != nil {
			return err
		}
	}
	return nil
}

func (s *distinctState) Size() int { return s.State.Size() + s.seen.size }
