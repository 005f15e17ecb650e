package function

import (
	"math"

	"edgescope/query/aesql/value"
)

// calculations are functions of numbers.
var calculations = []*Function{
	{Name: "log", Aliases: []string{"ln"}, Args: "x", Result: "Float64", Cloudflare: true, least: 1, most: 1, bind: bindFloat(math.Log)},
	{Name: "log2", Args: "x", Result: "Float64", least: 1, most: 1, bind: bindFloat(math.Log2)},
	{Name: "log10", Args: "x", Result: "Float64", least: 1, most: 1, bind: bindFloat(math.Log10)},
	{Name: "exp", Args: "x", Result: "Float64", least: 1, most: 1, bind: bindFloat(math.Exp)},
	{Name: "sqrt", Args: "x", Result: "Float64", least: 1, most: 1, bind: bindFloat(math.Sqrt)},
	{Name: "pow", Aliases: []string{"power"}, Args: "x, y", Result: "Float64", Cloudflare: true, least: 2, most: 2, bind: bindPow},
	{Name: "abs", Args: "x", Result: "the unsigned type of x", least: 1, most: 1, bind: bindAbs},
	{Name: "round", Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2, bind: bindRound(rounding{math.RoundToEven, func(_ bool, rest, unit uint64) bool { return rest >= unit-rest }})},
	{Name: "floor", Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2, bind: bindRound(rounding{math.Floor, func(negative bool, rest, _ uint64) bool { return negative && rest > 0 }})},
	{
		Name: "ceil", Aliases: []string{"ceiling"}, Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2,
		bind: bindRound(rounding{math.Ceil, func(negative bool, rest, _ uint64) bool { return !negative && rest > 0 }}),
	},
	{Name: "isNaN", Args: "x", Result: "UInt8", least: 1, most: 1, bind: bindTest(math.IsNaN)},
	{Name: "isInfinite", Args: "x", Result: "UInt8", least: 1, most: 1, bind: bindTest(func(f float64) bool { return math.IsInf(f, 0) })},
	{Name: "isFinite", Args: "x", Result: "UInt8", least: 1, most: 1, bind: bindTest(func(f float64) bool { return !math.IsInf(f, 0) && !math.IsNaN(f) })},
}

func bindFloat(op func(float64) float64) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if err := c.numbers(); err != nil {
			return Bound{}, err
		}
		t := c.args[0].Type
		return Bound{Type: value.Of(value.Float64), Eval: func(args []value.Value) (value.Value, error) {
			return value.Float(op(t.Number(args[0]))), nil
		}}, nil
	}
}

func bindTest(is func(float64) bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if err := c.numbers(); err != nil {
			return Bound{}, err
		}
		t := c.args[0].Type
		return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
			return value.Bool(is(t.Number(args[0]))), nil
		}}, nil
	}
}

func bindPow(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	return c.floats(math.Pow), nil
}

func bindAbs(c call) (Bound, error) {
	if err := c.numbers(); err != nil {
		return Bound{}, err
	}
	t := c.args[0].Type
	if t.Floating() {
		return bindFloat(math.Abs)(c)
	}
	return Bound{Type: value.IntegerOf(false, t.Width()), Eval: func(args []value.Value) (value.Value, error) {
		return value.Uint(magnitude(t, args[0]).n), nil
	}}, nil
}

// rounding is how a float becomes whole, and whether an integer with a rest becomes the multiple of a unit that is
// farther from 0.
type rounding struct {
	float   func(float64) float64
	farther func(negative bool, rest, unit uint64) bool
}

// bindRound rounds to n decimal places, or to a multiple of 10^-n where n is negative. Halves of floats go to the even
// neighbour, halves of integers away from 0, as ClickHouse's round.
func bindRound(r rounding) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if err := c.numbers(); err != nil {
			return Bound{}, err
		}
		places := func([]value.Value) (int64, error) { return 0, nil }
		if len(c.args) == 2 {
			whole := c.whole(1)
			places = func(args []value.Value) (int64, error) { return whole(args[1]) }
		}
		t := c.args[0].Type
		if t.Floating() {
			return Bound{Type: value.Of(value.Float64), Eval: func(args []value.Value) (value.Value, error) {
				n, err := places(args)
				return value.Float(roundFloat(r.float, args[0].Float(), n)), err
			}}, nil
		}
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			n, err := places(args)
			return roundInteger(r.farther, magnitude(t, args[0]), n), err
		}}, nil
	}
}

func roundFloat(round func(float64) float64, f float64, places int64) float64 {
	if places == 0 {
		return round(f)
	}
	scale := math.Pow10(int(min(max(places, -400), 400)))
	rounded := round(f*scale) / scale
	if places < 0 {
		scale = math.Pow10(int(min(-places, 400)))
		rounded = round(f/scale) * scale
	}
	if math.IsNaN(rounded) || math.IsInf(rounded, 0) {
		return f // more places than a float64 has
	}
	return rounded
}

func roundInteger(farther func(negative bool, rest, unit uint64) bool, w wide, places int64) value.Value {
	const most = 19 // 10^20 is beyond 64 bits
	unit := uint64(1)
	switch {
	case places < -most:
		return value.Value{}
	case places < 0:
		for range -places {
			unit *= 10
		}
	}
	rest := w.n % unit
	n := w.n - rest
	if unit > 1 && farther(w.negative, rest, unit) {
		n += unit
	}
	if w.negative {
		n = -n
	}
	return value.Uint(n)
}
