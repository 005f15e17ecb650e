package function

import (
	"fmt"

	"edgescope/query/aesql/value"
)

// conditions choose between values, and combine truths. A number other than 0 is true. NULL is neither: and and or are
// NULL where it matters, if and multiIf take it for false.
var conditions = []*Function{
	{Name: "if", Args: "condition, then, else", Result: "the type that holds both", Cloudflare: true, least: 3, most: 3, nulls: true, bind: bindMultiIf},
	{Name: "multiIf", Args: "condition, then, ..., else", Result: "the type that holds all", least: 3, most: -1, nulls: true, bind: bindMultiIf},
	{Name: "and", Args: "a, b, ...", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: -1, nulls: true, bind: bindJunction(false)},
	{Name: "or", Args: "a, b, ...", Result: "UInt8", Cloudflare: true, Operator: true, least: 2, most: -1, nulls: true, bind: bindJunction(true)},
	{Name: "not", Args: "a", Result: "UInt8", Cloudflare: true, Operator: true, least: 1, most: 1, bind: bindNot},
	{Name: "nullIf", Args: "a, b", Result: "Nullable of a's type", least: 2, most: 2, nulls: true, bind: bindNullIf},
	{Name: "coalesce", Args: "a, b, ...", Result: "the type that holds all", least: 1, most: -1, nulls: true, bind: bindCoalesce},
	{Name: "ifNull", Args: "a, b", Result: "the type that holds both", least: 2, most: 2, nulls: true, bind: bindCoalesce},
	{Name: "isNull", Args: "a", Result: "UInt8", least: 1, most: 1, nulls: true, bind: bindIsNull(true)},
	{Name: "isNotNull", Args: "a", Result: "UInt8", least: 1, most: 1, nulls: true, bind: bindIsNull(false)},
}

// truth checks that the i-th argument can be true or false, and returns how.
func (c call) truth(i int) (func(value.Value) bool, error) {
	t := c.args[i].Type
	switch {
	case t.Kind == value.UInt8 && !t.Nullable:
		return func(v value.Value) bool { return v.Bits != 0 }, nil
	case t.Numeric() || t.Kind == value.Nothing:
		return t.Kind.True, nil
	}
	return nil, c.wrong(i, "a condition is needed: a comparison or a number")
}

// bindMultiIf is the value behind the first condition that is true, the last if none is.
func bindMultiIf(c call) (Bound, error) {
	last := len(c.args) - 1
	if last%2 != 0 {
		return Bound{}, fmt.Errorf("%s: conditions and values come in pairs, and one value more for else", c.name)
	}
	types := []value.Type{c.args[last].Type}
	tests := make([]func(value.Value) bool, last)
	for i := 0; i < last; i += 2 {
		test, err := c.truth(i)
		if err != nil {
			return Bound{}, err
		}
		tests[i] = test
		types = append(types, c.args[i+1].Type)
	}
	t, err := value.Common(types...)
	if err != nil {
		return Bound{}, fmt.Errorf("%s: %w", c.name, err)
	}
	convert := make([]value.Convert, len(c.args))
	for i := range convert {
		if i%2 == 1 || i == last {
			if convert[i], err = value.Converter(c.args[i].Type, t); err != nil {
				return Bound{}, fmt.Errorf("%s: argument %d: %w", c.name, i+1, err)
			}
		}
	}
	return Bound{Type: t, Eval: chooser(tests, convert), Next: func(args []value.Value, i int) int {
		switch {
		case i == 0 || i > last:
			return i
		case i%2 == 1 && tests[i-1](args[i-1]):
			return i
		case i%2 == 1:
			return i + 1
		case tests[i-2](args[i-2]): // the value before was the one
			return len(args)
		}
		return i
	}}, nil
}

// chooser returns the value behind the first test that is true.
func chooser(tests []func(value.Value) bool, convert []value.Convert) Eval {
	return func(args []value.Value) (value.Value, error) {
		at := len(args) - 1
		for i := 0; i < len(tests); i += 2 {
			if tests[i](args[i]) {
				at = i + 1
				break
			}
		}
		if f := convert[at]; f != nil {
			return f(args[at])
		}
		return args[at], nil
	}
}

// bindJunction is or, which one true decides, or and, which one false decides.
func bindJunction(decisive bool) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		tests := make([]func(value.Value) bool, len(c.args))
		t := value.Of(value.UInt8)
		for i := range tests {
			test, err := c.truth(i)
			if err != nil {
				return Bound{}, err
			}
			tests[i] = test
			t.Nullable = t.Nullable || c.args[i].Type.Nullable
		}
		decides := func(args []value.Value, i int) bool { return !args[i].Null && tests[i](args[i]) == decisive }
		eval := func(args []value.Value) (value.Value, error) {
			null := false
			for i := range tests {
				if decides(args, i) {
					return value.Bool(decisive), nil
				}
				null = null || args[i].Null
			}
			if null {
				return value.None(), nil
			}
			return value.Bool(!decisive), nil
		}
		return Bound{Type: t, Eval: eval, Next: func(args []value.Value, i int) int {
			if i > 0 && i < len(args) && decides(args, i-1) {
				return len(args)
			}
			return i
		}}, nil
	}
}

func bindNot(c call) (Bound, error) {
	test, err := c.truth(0)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
		return value.Bool(!test(args[0])), nil
	}}, nil
}

// bindNullIf is NULL where a equals b, else a.
func bindNullIf(c call) (Bound, error) {
	t := c.args[0].Type.Null()
	if c.args[0].Type.Kind == value.Nothing || c.args[1].Type.Kind == value.Nothing {
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) { return args[0], nil }}, nil
	}
	plain := c
	plain.args = []value.Arg{c.args[0], c.args[1]}
	for i := range plain.args {
		plain.args[i].Type = c.args[i].Type.NotNull()
	}
	compare, err := plain.order(0, 1)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
		if args[0].Null || args[1].Null {
			return args[0], nil
		}
		r, err := compare(args[0], args[1])
		if r == 0 || err != nil {
			return value.None(), err
		}
		return args[0], nil
	}}, nil
}

// bindCoalesce is the first argument that is not NULL.
func bindCoalesce(c call) (Bound, error) {
	t, err := value.Common(c.types(0)...)
	if err != nil {
		return Bound{}, fmt.Errorf("%s: %w", c.name, err)
	}
	t.Nullable = true
	convert := make([]value.Convert, len(c.args))
	for i, a := range c.args {
		t.Nullable = t.Nullable && a.Type.Nullable
		if convert[i], err = value.Converter(a.Type, t); err != nil {
			return Bound{}, fmt.Errorf("%s: argument %d: %w", c.name, i+1, err)
		}
	}
	eval := func(args []value.Value) (value.Value, error) {
		for i, v := range args {
			switch {
			case v.Null:
			case convert[i] != nil:
				return convert[i](v)
			default:
				return v, nil
			}
		}
		return value.None(), nil
	}
	return Bound{Type: t, Eval: eval, Next: func(args []value.Value, i int) int {
		if i > 0 && i < len(args) && !args[i-1].Null {
			return len(args)
		}
		return i
	}}, nil
}

func bindIsNull(null bool) func(call) (Bound, error) {
	return func(call) (Bound, error) {
		return Bound{Type: value.Of(value.UInt8), Eval: func(args []value.Value) (value.Value, error) {
			return value.Bool(args[0].Null == null), nil
		}}, nil
	}
}
