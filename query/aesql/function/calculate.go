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
	{Name: "round", Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2, bind: bindRound(rounding{math.RoundToEven, nearest})},
	{Name: "floor", Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2, bind: bindRound(rounding{math.Floor, down})},
	{
		Name: "ceil", Aliases: []string{"ceiling"}, Args: "x[, n]", Result: "the type of x", Cloudflare: true, least: 1, most: 2,
		bind: bindRound(rounding{math.Ceil, up}),
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

// rounding is how a float becomes whole, and how an integer becomes a multiple of a power of ten.
type rounding struct {
	float   func(float64) float64
	integer func(n, unit int64) int64
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
			return roundInteger(r.integer, args[0], n), err
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

func roundInteger(round func(n, unit int64) int64, v value.Value, places int64) value.Value {
	const most = 18 // 10^19 is no int64
	if places >= 0 {
		return v
	}
	if places < -most {
		return value.Value{}
	}
	unit := int64(1)
	for range -places {
		unit *= 10
	}
	return value.Int(round(v.Int(), unit))
}

func down(n, unit int64) int64 {
	quotient, _ := value.FloorDiv(n, unit)
	return quotient * unit
}

func up(n, unit int64) int64 { return -down(-n, unit) }

func nearest(n, unit int64) int64 {
	if n < 0 {
		return -down(-n+unit/2, unit)
	}
	return down(n+unit/2, unit)
}
