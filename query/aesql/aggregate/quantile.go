package aggregate

import (
	"fmt"
	"math"
	"slices"

	"edgescope/query/aesql/value"
)

// level returns the quantile that an argument asks for, 0 to 1.
func (c call) level(a value.Arg) (float64, error) {
	if a.Const == nil || !a.Type.Numeric() {
		return 0, fmt.Errorf("%s: the quantile must be a number from 0 to 1 that is the same for all rows", c.name)
	}
	q := a.Type.Number(*a.Const)
	if !(q >= 0 && q <= 1) {
		return 0, fmt.Errorf("%s: the quantile must be 0 to 1, not %s", c.name, value.AppendFloat(nil, q))
	}
	return q, nil
}

// param returns the quantile of the parameters, the median without one.
func (c call) param() (float64, error) {
	if len(c.params) == 0 {
		return 0.5, nil
	}
	return c.level(c.params[0])
}

// bindWeighted is the least value up to which the weights come to ceil(q x all weights): one of the values, never one
// between two (ClickHouse). Weights are rounded to whole numbers, half to even; 0 and what is below count for nothing, NaN
// is no value.
func bindWeighted(c call) (Bound, error) {
	q, err := c.param()
	if err != nil {
		return Bound{}, err
	}
	if err := c.ordered(0); err != nil {
		return Bound{}, err
	}
	if err := c.number(1); err != nil {
		return Bound{}, err
	}
	t, weight := c.args[0].Type, c.args[1].Type
	return Bound{Type: t, New: func() State {
		return &quantile{q: q, weight: &weight, weighted: true, seen: newTally(&t)}
	}}, nil
}

// bindQuantileWeighted has the quantile as its first argument: quantileWeighted(0.5, x, weight).
func bindQuantileWeighted(c call) (Bound, error) {
	switch {
	case len(c.args) == 3 && len(c.params) == 0:
		c.params, c.args = c.args[:1], c.args[1:]
	case len(c.args) == 3:
		return Bound{}, fmt.Errorf("%s has its quantile twice: write %s(0.5, x, weight)", c.name, c.name)
	case len(c.params) == 0:
		return Bound{}, fmt.Errorf("%s has no quantile: write %s(0.5, x, weight)", c.name, c.name)
	}
	b, err := bindWeighted(c)
	inner := b.New
	b.New = func() State { return &last{State: inner(), n: len(c.args)} }
	return b, err
}

// last passes on the last n arguments.
type last struct {
	State
	n int
}

func (s *last) Add(args []value.Value) error { return s.State.Add(args[len(args)-s.n:]) }

func (s *last) Merge(other State) error { return s.State.Merge(other.(*last).State) }

// bindQuantile is exact, between two values in proportion, as ClickHouse's quantile is of few rows. It is Float64.
func bindQuantile(c call) (Bound, error) {
	q, err := c.param()
	if err != nil {
		return Bound{}, err
	}
	if err := c.number(0); err != nil {
		return Bound{}, err
	}
	t := c.args[0].Type
	return Bound{Type: value.Of(value.Float64), New: func() State { return &quantile{q: q, seen: newTally(&t)} }}, nil
}

// ordered checks that the i-th argument is a number or time.
func (c call) ordered(i int) error {
	if t := c.args[i].Type; !t.Numeric() && !t.Temporal() {
		return c.wrong(i, "a number or time is needed")
	}
	return nil
}

// quantile keeps how often each value came, or with which weight.
type quantile struct {
	q        float64
	weighted bool
	weight   *value.Type
	seen     tally
}

func (s *quantile) Add(args []value.Value) error {
	n := uint64(1)
	if s.weighted {
		if n = weightOf(s.weight, args[1]); n == 0 {
			return nil
		}
	}
	if !s.seen.t.Floating() || !math.IsNaN(args[0].Float()) {
		s.seen.add(args[0], n)
	}
	return nil
}

// weightOf returns a weight as a whole number, 0 for what counts for nothing.
func weightOf(t *value.Type, v value.Value) uint64 {
	switch {
	case t.Unsigned():
		return v.Bits
	case t.Signed():
		return uint64(max(v.Int(), 0))
	}
	switch f := math.RoundToEven(v.Float()); {
	case f >= math.MaxUint64:
		return math.MaxUint64
	case f > 0:
		return uint64(f)
	}
	return 0
}

func (s *quantile) Merge(other State) error {
	s.seen.merge(&other.(*quantile).seen)
	return nil
}

func (s *quantile) Size() int { return s.seen.size + 64 }

func (s *quantile) Result() (value.Value, error) {
	es := s.seen.entries()
	if len(es) == 0 {
		if !s.weighted || s.seen.t.Floating() {
			return value.Float(math.NaN()), nil
		}
		return value.Value{}, nil
	}
	slices.SortFunc(es, func(a, b entry) int { return s.seen.t.Compare(a.v, b.v) })
	sum := uint64(0)
	for i := range es {
		sum = sumOf(sum, es[i].n)
	}
	if s.weighted {
		return es[reaches(es, math.Ceil(s.q*float64(sum)))].v, nil
	}
	return value.Float(s.between(es, float64(sum-1))), nil
}

// reaches returns the first entry up to which the counts come to a sum, the last if none does.
func reaches(es []entry, sum float64) int {
	n := uint64(0)
	for i := range es {
		if n = sumOf(n, es[i].n); float64(n) >= sum {
			return i
		}
	}
	return len(es) - 1
}

// between returns the value at q of the way from the first to the last.
func (s *quantile) between(es []entry, last float64) float64 {
	at := s.q * last
	whole := math.Floor(at)
	low, high := s.seen.t.Number(es[reaches(es, whole+1)].v), s.seen.t.Number(es[reaches(es, math.Ceil(at)+1)].v)
	if low == high {
		return low
	}
	return low + (high-low)*(at-whole)
}
