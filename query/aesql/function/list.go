package function

import (
	"fmt"

	"edgescope/query/aesql/value"
)

// lists make arrays and tuples, and look at the rows before: what Grafana's plug-ins for ClickHouse write.
var lists = []*Function{
	{Name: "array", Args: "a, b, ...", Result: "Array", least: 0, most: -1, nulls: true, bind: bindArray},
	{Name: "tuple", Args: "a, b, ...", Result: "Tuple", least: 1, most: -1, nulls: true, bind: bindTuple},
	{Name: "tupleElement", Args: "tuple, n", Result: "the element's type", least: 2, most: 2, bind: bindTupleElement},
	{Name: "arrayElement", Args: "array, n", Result: "the elements' type", least: 2, most: 2, bind: bindArrayElement},
	{Name: "arrayMap", Args: "x -> expression, array, ...", Result: "Array", least: 2, most: -1, bind: bindLambda},
	{Name: "has", Args: "array, x", Result: "UInt8", least: 2, most: 2, bind: bindHas},
	{Name: "runningDifference", Args: "x", Result: "the next larger signed type", least: 1, most: 1, bind: bindRunning},
	{Name: "neighbor", Args: "x, -n[, default]", Result: "the type of x", least: 2, most: 3, bind: bindNeighbor},
}

func bindArray(c call) (Bound, error) {
	t, err := value.Common(c.types(0)...)
	if err != nil {
		return Bound{}, fmt.Errorf("%s: %w", c.name, err)
	}
	if len(c.args) == 0 {
		t = t.NotNull()
	}
	convert := make([]value.Convert, len(c.args))
	for i, a := range c.args {
		if convert[i], err = value.Converter(a.Type, t); err != nil {
			return Bound{}, fmt.Errorf("%s: element %d: %w", c.name, i+1, err)
		}
	}
	return Bound{Type: value.ArrayOf(t), Eval: func(args []value.Value) (value.Value, error) {
		items := make([]value.Value, len(args))
		copy(items, args)
		for i, f := range convert {
			if f == nil {
				continue
			}
			v, err := f(items[i])
			if err != nil {
				return value.Value{}, err
			}
			items[i] = v
		}
		return value.List(items), nil
	}}, nil
}

func bindTuple(c call) (Bound, error) {
	return Bound{Type: value.Type{Kind: value.Tuple, Elems: c.types(0)}, Eval: func(args []value.Value) (value.Value, error) {
		items := make([]value.Value, len(args))
		copy(items, args)
		return value.List(items), nil
	}}, nil
}

func bindTupleElement(c call) (Bound, error) {
	t, at := c.args[0].Type, c.args[1]
	if t.Kind != value.Tuple {
		return Bound{}, c.wrong(0, "a tuple is needed")
	}
	if at.Const == nil || !at.Type.Integer() || at.Const.Int() < 1 || at.Const.Int() > int64(len(t.Elems)) {
		return Bound{}, c.wrong(1, fmt.Sprintf("the number of an element is needed, 1 to %d", len(t.Elems)))
	}
	i := at.Const.Int() - 1
	return Bound{Type: t.Elems[i], Eval: func(args []value.Value) (value.Value, error) {
		return args[0].Items()[i], nil
	}}, nil
}

// bindArrayElement counts from 1, or from the end if n is negative; what is not there is 0 or ”.
func bindArrayElement(c call) (Bound, error) {
	t := c.args[0].Type
	if t.Kind != value.Array {
		return Bound{}, c.wrong(0, "an array is needed")
	}
	if err := c.integersFrom(1); err != nil {
		return Bound{}, err
	}
	whole := c.whole(1)
	return Bound{Type: t.Elem(), Eval: func(args []value.Value) (value.Value, error) {
		n, err := whole(args[1])
		items := args[0].Items()
		switch size := int64(len(items)); {
		case err != nil:
			return value.Value{}, err
		case n > 0 && n <= size:
			return items[n-1], nil
		case n < 0 && n >= -size:
			return items[size+n], nil
		}
		return value.Value{}, nil
	}}, nil
}

// bindLambda says that arrayMap takes what is no value: who binds expressions binds it.
func bindLambda(c call) (Bound, error) {
	return Bound{}, fmt.Errorf("%s takes a lambda first: %s(x -> x * 2, array)", c.name, c.name)
}

func bindHas(c call) (Bound, error) {
	if c.args[0].Type.Kind != value.Array {
		return Bound{}, c.wrong(0, "an array is needed")
	}
	pair := c
	pair.args = []value.Arg{{Type: c.args[0].Type.Elem()}, c.args[1]}
	compare, err := pair.order(0, 1)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		for _, item := range args[0].Items() {
			if r, err := compare(item, args[1]); r == 0 || err != nil {
				return value.Bool(true), err
			}
		}
		return value.Bool(false), nil
	}}, nil
}

// bindRunning is the difference to the row before, 0 for the first.
func bindRunning(c call) (Bound, error) {
	t := c.args[0].Type
	if !t.Numeric() && !t.Temporal() {
		return Bound{}, c.wrong(0, "a number or time is needed")
	}
	c.args = []value.Arg{{Type: t}, {Type: t}}
	b, err := bindMinus(c)
	if err != nil {
		return b, err
	}
	minus, last, begun := b.Eval, [2]value.Value{}, false
	b.Ordered = true
	b.Eval = func(args []value.Value) (value.Value, error) {
		if last[0] = args[0]; !begun {
			begun, last[1] = true, args[0]
		}
		v, err := minus(last[:])
		last[1] = last[0]
		return v, err
	}
	return b, nil
}

// bindNeighbor is the value n rows before, which n says with a minus; default, or 0 or ”, where there are not so many.
func bindNeighbor(c call) (Bound, error) {
	const most = 10_000
	at := c.args[1]
	if at.Const == nil || !at.Type.Integer() || at.Const.Int() > 0 || at.Const.Int() < -most {
		return Bound{}, c.wrong(1, "how many rows back is needed, such as -1")
	}
	t := c.args[0].Type
	missing := func([]value.Value) (value.Value, error) { return value.Value{}, nil }
	if len(c.args) == 3 {
		convert, err := c.convert(2, t)
		if err != nil {
			return Bound{}, err
		}
		missing = func(args []value.Value) (value.Value, error) { return convert(args[2]) }
	}
	size := int(-at.Const.Int()) + 1
	ring, n := make([]value.Value, size), 0
	return Bound{Type: t, Ordered: true, Eval: func(args []value.Value) (value.Value, error) {
		ring[n%size] = t.Clone(args[0])
		if n++; n < size {
			return missing(args)
		}
		return ring[n%size], nil
	}}, nil
}
