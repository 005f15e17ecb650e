package function

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"edgescope/query/aesql/like"
	"edgescope/query/aesql/value"
)

// comparisons give UInt8: 1 or 0. Numbers compare by value, whatever their types; nothing but != is true of NaN.
var comparisons = []*Function{
	comparison("equals", outcome{equal: true}),
	comparison("notEquals", outcome{less: true, greater: true, unordered: true}),
	comparison("less", outcome{less: true}),
	comparison("lessOrEquals", outcome{less: true, equal: true}),
	comparison("greater", outcome{greater: true}),
	comparison("greaterOrEquals", outcome{equal: true, greater: true}),
	{Name: "in", Args: "x, a, b, ...", Result: "UInt8", Cloudflare: true, Operator: true, least: 1, most: -1, nulls: true, bind: bindIn(true)},
	{Name: "notIn", Args: "x, a, b, ...", Result: "UInt8", Cloudflare: true, Operator: true, least: 1, most: -1, nulls: true, bind: bindIn(false)},
	{Name: "like", Args: "text, pattern", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindLike(false, true)},
	{Name: "notLike", Args: "text, pattern", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindLike(false, false)},
	{Name: "ilike", Args: "text, pattern", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindLike(true, true)},
	{Name: "notILike", Args: "text, pattern", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: 2, bind: bindLike(true, false)},
	{Name: "greatest", Args: "a, b, ...", Result: "the type that holds all", least: 1, most: -1, bind: bindExtreme(1)},
	{Name: "least", Args: "a, b, ...", Result: "the type that holds all", least: 1, most: -1, bind: bindExtreme(-1)},
}

// outcome is of which results of a comparison an operator is true.
type outcome struct{ less, equal, greater, unordered bool }

func (o outcome) of(c int) bool {
	switch c {
	case -1:
		return o.less
	case 0:
		return o.equal
	case 1:
		return o.greater
	}
	return o.unordered
}

func comparison(name string, o outcome) *Function {
	return &Function{
		Name: name, Args: "a, b", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: 2,
		bind: func(c call) (Bound, error) { return bindComparison(c, o) },
	}
}

func bindComparison(c call, o outcome) (Bound, error) {
	compare, err := c.order(0, 1)
	if err != nil {
		return Bound{}, err
	}
	truths := [4]value.Value{}
	for i := range truths {
		truths[i] = value.Bool(o.of(i - 1))
	}
	b := Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		r, err := compare(args[0], args[1])
		if err != nil {
			return value.Value{}, err
		}
		return truths[r+1], nil
	}}
	if eval := c.quick(o, truths); eval != nil {
		b.Eval = eval
	}
	return b, nil
}

// quick compares, at less cost, what most rows of most questions compare: floats, and texts that are equal or not. It is
// nil for anything else.
func (c call) quick(o outcome, truths [4]value.Value) Eval {
	a, b := c.args[0], c.args[1]
	f, exact := value.ExactFloat(b)
	switch {
	case a.Type.Floating() && b.Type.Floating():
		return func(args []value.Value) (value.Value, error) {
			return truths[value.OrderFloats(args[0].Float(), args[1].Float())+1], nil
		}
	case a.Type.Floating() && b.Type.Integer() && exact:
		return func(args []value.Value) (value.Value, error) {
			return truths[value.OrderFloats(args[0].Float(), f)+1], nil
		}
	case a.Type.Kind == value.String && b.Type.Kind == value.String && o.less == o.greater:
		return func(args []value.Value) (value.Value, error) {
			return value.Bool((args[0].Text == args[1].Text) == o.equal), nil
		}
	}
	return nil
}

// order returns how the i-th and the j-th argument compare.
func (c call) order(i, j int) (value.Order, error) {
	a, b := c.args[i], c.args[j]
	switch {
	case a.Type.Numeric() && b.Type.Numeric():
		return value.NumberOrder(a, b), nil
	case a.Type.Kind == value.String && b.Type.Kind == value.String:
		return func(x, y value.Value) (int, error) { return strings.Compare(x.Text, y.Text), nil }, nil
	case a.Type.Kind == value.DateTime && b.Type.Kind == value.DateTime:
		return func(x, y value.Value) (int, error) { return cmp.Compare(x.Int(), y.Int()), nil }, nil
	}
	t, err := meeting(a, b)
	if err != nil {
		return nil, fmt.Errorf("%s: %s and %s do not compare: %w", c.name, a.Type, b.Type, err)
	}
	return c.orderIn(i, j, t)
}

// meeting returns the type in which values of two types compare. A text is read as what it is compared with, if that is
// a time, or if the text is a constant.
func meeting(a, b value.Arg) (value.Type, error) {
	s, t := a.Type, b.Type
	switch {
	case s.Temporal() && t.Numeric(), s.Numeric() && t.Temporal():
		return value.Of(value.Float64), nil
	case s.Kind == value.String && t.Temporal(), s.Kind == value.String && t.Numeric() && a.Const != nil:
		return t, nil
	case t.Kind == value.String && s.Temporal(), t.Kind == value.String && s.Numeric() && b.Const != nil:
		return s, nil
	case s.Numeric() || t.Numeric():
		return value.Type{}, errors.New("write the number in quotes, or convert the text with toFloat64(x)")
	}
	common, err := value.Common(s, t)
	if common.Kind == value.Interval {
		err = errors.New("intervals have no order")
	}
	return common, err
}

// orderIn compares two arguments in one type that both are converted to.
func (c call) orderIn(i, j int, t value.Type) (value.Order, error) {
	if t.Floating() {
		t = value.Of(value.Float64)
	}
	f, err := c.convert(i, t)
	if err != nil {
		return nil, err
	}
	g, err := c.convert(j, t)
	if err != nil {
		return nil, err
	}
	return func(a, b value.Value) (int, error) {
		x, err := f(a)
		if err != nil {
			return 0, err
		}
		y, err := g(b)
		if err != nil {
			return 0, err
		}
		if t.Floating() {
			return value.OrderFloats(x.Float(), y.Float()), nil
		}
		return t.Compare(x, y), nil
	}, nil
}

// bindLike tells whether a text matches a pattern of LIKE, or ILIKE when case does not matter: found, or not.
func bindLike(fold, found bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		if err := c.textsFrom(0); err != nil {
			return Bound{}, err
		}
		yes, no := value.Bool(found), value.Bool(!found)
		matches := func(args []value.Value) bool { return like.Compile(args[1].Text, fold).Match(args[0].Text) }
		if a := c.args[1]; a.Const != nil {
			p := like.Compile(a.Const.Text, fold)
			matches = func(args []value.Value) bool { return p.Match(args[0].Text) }
		}
		return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
			if matches(args) {
				return yes, nil
			}
			return no, nil
		}}, nil
	}
}

// bindExtreme is the greatest (1) or least (-1) argument; NaN is passed over where there is a number.
func bindExtreme(sign int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		t, err := value.Common(c.types(0)...)
		if err != nil {
			return Bound{}, fmt.Errorf("%s: %w", c.name, err)
		}
		convert := make([]value.Convert, len(c.args))
		for i := range convert {
			if convert[i], err = c.convert(i, t); err != nil {
				return Bound{}, err
			}
		}
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			best, err := convert[0](args[0])
			for i := 1; i < len(args) && err == nil; i++ {
				var v value.Value
				if v, err = convert[i](args[i]); err == nil && (nanOf(t, best) || t.Compare(v, best) == sign && !nanOf(t, v)) {
					best = v
				}
			}
			return best, err
		}}, nil
	}
}

func nanOf(t value.Type, v value.Value) bool { return t.Floating() && math.IsNaN(v.Float()) }
