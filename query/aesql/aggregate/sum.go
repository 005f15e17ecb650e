package aggregate

import (
	"fmt"
	"math"
	"math/bits"

	"edgescope/query/aesql/value"
)

// bindSum: unsigned integers make UInt64, signed Int64, floats Float64, sample intervals UInt64 by name. A sum of
// integers that leaves its type is an error: ClickHouse's wraps around.
func bindSum(c call) (Bound, error) {
	if err := c.number(0); err != nil {
		return Bound{}, err
	}
	switch t := c.args[0].Type; {
	case t.Kind == value.Weight || t.Kind == value.WeightSum:
		return Bound{Type: value.Of(value.WeightSum), New: func() State { return new(floatSum) }}, nil
	case t.Floating():
		return Bound{Type: value.Of(value.Float64), New: func() State { return new(floatSum) }}, nil
	case t.Signed():
		return Bound{Type: value.Of(value.Int64), New: func() State { return &intSum{signed: true} }}, nil
	}
	return Bound{Type: value.Of(value.UInt64), New: func() State { return new(intSum) }}, nil
}

// integer is a sum of integers in 128 bits.
type integer struct {
	high int64
	low  uint64
}

func (n *integer) add(high int64, low uint64) {
	sum, carry := bits.Add64(n.low, low, 0)
	n.low = sum
	n.high += high + int64(carry)
}

// float returns the sum as a float.
func (n *integer) float() float64 {
	if n.high < 0 {
		low, borrow := bits.Sub64(0, n.low, 0)
		return -(math.Ldexp(float64(uint64(-n.high)-borrow), 64) + float64(low))
	}
	return math.Ldexp(float64(n.high), 64) + float64(n.low)
}

type intSum struct {
	n      integer
	signed bool
}

func (s *intSum) Add(args []value.Value) error {
	high := int64(0)
	if s.signed {
		high = args[0].Int() >> 63
	}
	s.n.add(high, args[0].Bits)
	return nil
}

func (s *intSum) Merge(other State) error {
	o := other.(*intSum)
	s.n.add(o.n.high, o.n.low)
	return nil
}

func (s *intSum) Result() (value.Value, error) {
	t, fits := value.Of(value.UInt64), s.n.high == 0
	if s.signed {
		t, fits = value.Of(value.Int64), s.n.high == int64(s.n.low)>>63
	}
	if !fits {
		return value.Value{}, fmt.Errorf("a sum is beyond %s: add floats, as in sum(toFloat64(x))", t)
	}
	return value.Uint(s.n.low), nil
}

func (s *intSum) Size() int { return 32 }

type floatSum struct{ sum exact }

func (s *floatSum) Add(args []value.Value) error {
	s.sum.add(args[0].Float())
	return nil
}

func (s *floatSum) Merge(other State) error {
	s.sum.merge(&other.(*floatSum).sum)
	return nil
}

func (s *floatSum) Result() (value.Value, error) { return value.Float(s.sum.value()), nil }

func (s *floatSum) Size() int { return s.sum.size() }

// bindAvg is the sum divided by the number of rows, NaN of none.
func bindAvg(c call) (Bound, error) {
	if err := c.number(0); err != nil {
		return Bound{}, err
	}
	b := Bound{Type: value.Of(value.Float64), New: func() State { return new(floatAvg) }}
	if t := c.args[0].Type; !t.Floating() {
		b.New = func() State { return &intAvg{signed: t.Signed()} }
	}
	return b, nil
}

type floatAvg struct {
	sum exact
	n   uint64
}

func (s *floatAvg) Add(args []value.Value) error {
	s.sum.add(args[0].Float())
	s.n++
	return nil
}

func (s *floatAvg) Merge(other State) error {
	o := other.(*floatAvg)
	s.sum.merge(&o.sum)
	s.n += o.n
	return nil
}

func (s *floatAvg) Result() (value.Value, error) {
	return value.Float(s.sum.value() / float64(s.n)), nil
}

func (s *floatAvg) Size() int { return s.sum.size() + 8 }

type intAvg struct {
	sum    integer
	n      uint64
	signed bool
}

func (s *intAvg) Add(args []value.Value) error {
	high := int64(0)
	if s.signed {
		high = args[0].Int() >> 63
	}
	s.sum.add(high, args[0].Bits)
	s.n++
	return nil
}

func (s *intAvg) Merge(other State) error {
	o := other.(*intAvg)
	s.sum.add(o.sum.high, o.sum.low)
	s.n += o.n
	return nil
}

func (s *intAvg) Result() (value.Value, error) { return value.Float(s.sum.float() / float64(s.n)), nil }

func (s *intAvg) Size() int { return 40 }
