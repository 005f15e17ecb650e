package function

import (
	"errors"
	"math"

	"edgescope/query/aesql/value"
)

// arithmetic are the operators of numbers and times. Results grow as ClickHouse's: the sum and product of integers has
// the next size, a difference is signed, a quotient by / is Float64. Where a result is beyond a type of less than 64 bits
// it is the true one all the same: intDiv(200, -1) is the Int8 -200, which ClickHouse wraps around to 56.
var arithmetic = []*Function{
	{Name: "plus", Args: "a, b", Result: "the next larger type", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindPlus},
	{Name: "minus", Args: "a, b", Result: "the next larger signed type", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindMinus},
	{Name: "multiply", Args: "a, b", Result: "the next larger type", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindMultiply},
	{Name: "divide", Args: "a, b", Result: "Float64", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindDivide},
	{Name: "modulo", Args: "a, b", Result: "of b's size, with a's sign", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindModulo},
	{Name: "negate", Args: "x", Result: "the next larger signed type", Cloudflare: true, Operator: true, least: 1, most: 1, bind: bindNegate},
	{Name: "intDiv", Args: "a, b", Result: "an integer of a's size", Cloudflare: true, least: 2, most: 2, bind: bindIntDiv},
}

var errZero = errors.New("division by zero: ask for it first, as in if(b = 0, 0, intDiv(a, b))")

func eitherFloat(a, b value.Type) bool { return a.Floating() || b.Floating() }

// floats applies op to two numbers as float64.
func (c call) floats(op func(x, y float64) float64) Bound {
	a, b := c.args[0].Type.Kind, c.args[1].Type.Kind
	eval := func(args []value.Value) (value.Value, error) {
		return value.Float(op(a.Number(args[0]), b.Number(args[1]))), nil
	}
	if c.args[0].Type.Floating() && c.args[1].Type.Floating() {
		eval = func(args []value.Value) (value.Value, error) {
			return value.Float(op(args[0].Float(), args[1].Float())), nil
		}
	}
	return Bound{Type: value.Of(value.Float64), Eval: eval}
}

// integers applies op to the 64 bits of two integers; the type is wide enough for all results but those of 64 bits,
// which wrap around.
func (c call) integers(signed bool, op func(x, y uint64) uint64) Bound {
	a, b := c.args[0].Type, c.args[1].Type
	return Bound{
		Type: value.IntegerOf(signed || a.Signed() || b.Signed(), 2*max(a.Width(), b.Width())),
		Eval: func(args []value.Value) (value.Value, error) {
			return value.Uint(op(args[0].Bits, args[1].Bits)), nil
		},
	}
}

func bindPlus(c call) (Bound, error) {
	a, b := c.args[0].Type, c.args[1].Type
	switch {
	case a.Temporal():
		return bindShift(c, 0, 1, 1)
	case b.Temporal():
		return bindShift(c, 1, 0, 1)
	}
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	if eitherFloat(a, b) {
		return c.floats(func(x, y float64) float64 { return x + y }), nil
	}
	return c.integers(false, func(x, y uint64) uint64 { return x + y }), nil
}

func bindMinus(c call) (Bound, error) {
	a, b := c.args[0].Type, c.args[1].Type
	switch {
	case a.Temporal() && b.Temporal():
		return bindBetween(c), nil
	case a.Temporal():
		return bindShift(c, 0, 1, -1)
	}
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	if eitherFloat(a, b) {
		return c.floats(func(x, y float64) float64 { return x - y }), nil
	}
	return c.integers(true, func(x, y uint64) uint64 { return x - y }), nil
}

func bindMultiply(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	if eitherFloat(c.args[0].Type, c.args[1].Type) {
		return c.floats(func(x, y float64) float64 { return x * y }), nil
	}
	return c.integers(false, func(x, y uint64) uint64 { return x * y }), nil
}

func bindDivide(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	return c.floats(func(x, y float64) float64 { return x / y }), nil
}

// bindBetween is the difference of two times in seconds, of two dates in days.
func bindBetween(c call) Bound {
	a, b := c.args[0].Type, c.args[1].Type
	t := value.Of(value.Int32)
	if a.Kind == value.Date && b.Kind == value.Date {
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			return value.Int(args[0].Int() - args[1].Int()), nil
		}}
	}
	return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
		return value.Int(a.Second(args[0], a) - b.Second(args[1], b)), nil
	}}
}

// bindShift moves the time of one argument by the other: an interval, or a number of seconds, of a Date days.
func bindShift(c call, time, by int, sign int64) (Bound, error) {
	t, amount := c.args[time].Type, c.args[by].Type
	if amount.Kind != value.Interval {
		if !amount.Numeric() {
			return Bound{}, c.wrong(by, "an INTERVAL or a number of seconds is needed")
		}
		amount.Unit = value.Second
		if t.Kind == value.Date {
			amount.Unit = value.Day
		}
	}
	result := t
	switch {
	case amount.Unit == value.Millisecond:
		result = value.Type{Kind: value.DateTime64, Scale: max(t.Scale, 3), Zone: t.Zone}
	case t.Kind == value.Date && amount.Unit < value.Day:
		result = value.Of(value.DateTime)
	}
	count := c.whole(by)
	return Bound{Type: result, Eval: func(args []value.Value) (value.Value, error) {
		n, err := count(args[by])
		if err != nil {
			return value.Value{}, err
		}
		return value.Shift(t, result, args[time], value.Step{Unit: amount.Unit, N: sign * n}), nil
	}}, nil
}

// bindNegate: the negative of a literal is of the smallest type that holds it.
func bindNegate(c call) (Bound, error) {
	t := c.args[0].Type
	if t.Kind == value.Interval {
		return Bound{Type: t, Eval: negateInteger}, nil
	}
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	switch v := c.args[0].Const; {
	case t.Floating():
		return Bound{Type: value.Of(value.Float64), Eval: func(args []value.Value) (value.Value, error) {
			return value.Float(-args[0].Float()), nil
		}}, nil
	case v != nil && (t.Signed() || v.Bits <= 1<<63):
		return Bound{Type: value.TypeOfInt(-v.Int()), Eval: negateInteger}, nil
	case t.Signed():
		return Bound{Type: t, Eval: negateInteger}, nil
	}
	return Bound{Type: value.IntegerOf(true, 2*t.Width()), Eval: negateInteger}, nil
}

func negateInteger(args []value.Value) (value.Value, error) { return value.Int(-args[0].Int()), nil }

// bindIntDiv is division without a fraction, which is cut off.
func bindIntDiv(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	a, b := c.args[0].Type, c.args[1].Type
	switch {
	case eitherFloat(a, b):
		return Bound{Type: value.Of(value.Int64), Eval: func(args []value.Value) (value.Value, error) {
			n, err := divideFloats(a.Number(args[0]), b.Number(args[1]))
			return value.Int(n), err
		}}, nil
	case a.Unsigned() && b.Unsigned():
		return Bound{Type: a, Eval: func(args []value.Value) (value.Value, error) {
			if args[1].Bits == 0 {
				return value.Value{}, errZero
			}
			return value.Uint(args[0].Bits / args[1].Bits), nil
		}}, nil
	}
	return Bound{Type: value.IntegerOf(true, a.Width()), Eval: func(args []value.Value) (value.Value, error) {
		x, y := magnitude(a, args[0]), magnitude(b, args[1])
		if y.n == 0 {
			return value.Value{}, errZero
		}
		return wide{n: x.n / y.n, negative: x.negative != y.negative}.value()
	}}, nil
}

// wide is an integer of 65 bits: UInt64 and Int64 in one.
type wide struct {
	n        uint64
	negative bool
}

func magnitude(t value.Type, v value.Value) wide {
	if t.Signed() && v.Int() < 0 {
		return wide{n: -v.Bits, negative: true}
	}
	return wide{n: v.Bits}
}

// value returns the number as an Int64.
func (w wide) value() (value.Value, error) {
	switch {
	case w.negative && w.n <= 1<<63:
		return value.Uint(-w.n), nil
	case !w.negative && w.n <= math.MaxInt64:
		return value.Uint(w.n), nil
	}
	return value.Value{}, errors.New("a quotient is no Int64")
}

func divideFloats(x, y float64) (int64, error) {
	if y == 0 {
		return 0, errZero
	}
	return value.WholeOf(x / y)
}

// bindModulo has the sign of a, and is an error where b is 0.
func bindModulo(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	a, b := c.args[0].Type, c.args[1].Type
	switch {
	case eitherFloat(a, b):
		return Bound{Type: value.Of(value.Float64), Eval: func(args []value.Value) (value.Value, error) {
			y := b.Number(args[1])
			if y == 0 {
				return value.Value{}, errZero
			}
			return value.Float(math.Mod(a.Number(args[0]), y)), nil
		}}, nil
	case a.Unsigned() && b.Unsigned():
		return Bound{Type: b, Eval: func(args []value.Value) (value.Value, error) {
			if args[1].Bits == 0 {
				return value.Value{}, errZero
			}
			return value.Uint(args[0].Bits % args[1].Bits), nil
		}}, nil
	}
	width := b.Width()
	if a.Signed() {
		width *= 2
	}
	return Bound{Type: value.IntegerOf(a.Signed(), width), Eval: func(args []value.Value) (value.Value, error) {
		x, y := magnitude(a, args[0]), magnitude(b, args[1])
		if y.n == 0 {
			return value.Value{}, errZero
		}
		rest := x.n % y.n
		if x.negative {
			rest = -rest
		}
		return value.Uint(rest), nil
	}}, nil
}
