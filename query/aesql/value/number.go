package value

import (
	"cmp"
	"math"
)

// Order returns how two values compare: -1, 0, 1, or Unordered.
type Order func(a, b Value) (int, error)

// Unordered is what an Order returns where a value is NaN.
const Unordered = 2

// OrderFloats returns how two floats compare: -1, 0, 1, or Unordered.
func OrderFloats(x, y float64) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	case x == y:
		return 0
	}
	return Unordered
}

// NumberOrder returns how two numbers compare, numbers exactly. A literal that is the same as a float is compared as one.
func NumberOrder(a, b Arg) Order {
	s, t := a.Type, b.Type
	switch {
	case s.Floating() && t.Floating():
		return func(x, y Value) (int, error) { return OrderFloats(x.Float(), y.Float()), nil }
	case s.Floating():
		if f, ok := ExactFloat(b); ok {
			return func(x, _ Value) (int, error) { return OrderFloats(x.Float(), f), nil }
		}
		return func(x, y Value) (int, error) { return reverse(orderMixed(t, y, x.Float())), nil }
	case t.Floating():
		if f, ok := ExactFloat(a); ok {
			return func(_, y Value) (int, error) { return OrderFloats(f, y.Float()), nil }
		}
		return func(x, y Value) (int, error) { return orderMixed(s, x, y.Float()), nil }
	}
	return integerOrder(s, t)
}

// reverse returns the order of two values the other way round.
func reverse(c int) int {
	if c == Unordered {
		return c
	}
	return -c
}

func integerOrder(s, t Type) Order {
	switch {
	case s.Signed() == t.Signed() && s.Signed():
		return func(x, y Value) (int, error) { return cmp.Compare(x.Int(), y.Int()), nil }
	case s.Signed():
		return func(x, y Value) (int, error) {
			if x.Int() < 0 {
				return -1, nil
			}
			return cmp.Compare(x.Bits, y.Bits), nil
		}
	case t.Signed():
		return func(x, y Value) (int, error) {
			if y.Int() < 0 {
				return 1, nil
			}
			return cmp.Compare(x.Bits, y.Bits), nil
		}
	}
	return func(x, y Value) (int, error) { return cmp.Compare(x.Bits, y.Bits), nil }
}

// ExactFloat returns a constant integer as a float that is the same number.
func ExactFloat(a Arg) (float64, bool) {
	if a.Const == nil {
		return 0, false
	}
	const most = 1 << 53
	if a.Type.Unsigned() {
		return float64(a.Const.Bits), a.Const.Bits <= most
	}
	n := a.Const.Int()
	return float64(n), n >= -most && n <= most
}

// orderMixed compares an integer with a float without rounding it.
func orderMixed(t Type, v Value, f float64) int {
	const (
		uintEnd = 1 << 64
		intEnd  = 1 << 63
	)
	end, first := float64(intEnd), float64(-intEnd)
	if t.Unsigned() {
		end, first = uintEnd, 0
	}
	whole := math.Floor(f)
	switch {
	case math.IsNaN(f):
		return Unordered
	case f >= end:
		return -1
	case whole < first:
		return 1
	}
	n := 0
	if t.Unsigned() {
		n = cmp.Compare(v.Bits, uint64(whole))
	} else {
		n = cmp.Compare(v.Int(), int64(whole))
	}
	if n == 0 && whole != f {
		return -1
	}
	return n
}
