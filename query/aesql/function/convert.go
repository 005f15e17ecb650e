package function

import (
	"fmt"

	"edgescope/query/aesql/value"
)

// conversions are toT(x) for the types, and toTOrZero, toTOrNull for texts that may be no number.
func conversions() []*Function {
	fs := []*Function{
		{Name: "toString", Args: "x", Result: "String", least: 1, most: 1, bind: bindTo(value.Of(value.String))},
		{Name: "toDate", Args: "x[, tz]", Result: "Date", least: 1, most: 2, bind: bindToTime(value.Date)},
		{Name: "toDateTime", Args: "x[, tz]", Result: "DateTime", Cloudflare: true, least: 1, most: 2, bind: bindToTime(value.DateTime)},
		{Name: "toDateTime64", Args: "x, places[, tz]", Result: "DateTime64", least: 2, most: 3, bind: bindToTime64},
		{Name: "toUnixTimestamp", Args: "t[, tz]", Result: "UInt32", Cloudflare: true, least: 1, most: 2, bind: bindToUnix},
		{Name: "toTypeName", Args: "x", Result: "String", least: 1, most: 1, nulls: true, bind: func(c call) (Bound, error) {
			return always(value.Of(value.String), value.Text(c.args[0].Type.String())), nil
		}},
	}
	cloudflare := map[value.Kind]bool{value.UInt8: true, value.UInt32: true}
	for k := value.UInt8; k <= value.Float64; k++ {
		t := value.Of(k)
		name := "to" + t.String()
		fs = append(fs,
			&Function{Name: name, Args: "x", Result: t.String(), Cloudflare: cloudflare[k], least: 1, most: 1, bind: bindTo(t)},
			&Function{Name: name + "OrZero", Args: "text", Result: t.String(), least: 1, most: 1, bind: bindOr(t, value.Value{})},
			&Function{Name: name + "OrNull", Args: "text", Result: t.Null().String(), least: 1, most: 1, bind: bindOr(t.Null(), value.None())},
		)
	}
	return fs
}

func bindTo(t value.Type) func(call) (Bound, error) {
	return func(c call) (Bound, error) { return c.to(t) }
}

// to converts the first argument.
func (c call) to(t value.Type) (Bound, error) {
	convert, err := value.Converter(c.args[0].Type, t)
	if err != nil {
		return Bound{}, fmt.Errorf("%s: %w", c.name, err)
	}
	if convert == nil {
		convert = func(v value.Value) (value.Value, error) { return v, nil }
	}
	b := Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) { return convert(args[0]) }}
	if t.Numeric() && c.args[0].Type.Kind == value.String {
		b.Eval = func(args []value.Value) (value.Value, error) {
			v, err := convert(args[0])
			if err != nil {
				err = fmt.Errorf("%w: to%sOrZero(x) makes it 0", err, t)
			}
			return v, err
		}
	}
	return b, nil
}

// bindOr converts, and is instead where a text is no such number.
func bindOr(t value.Type, instead value.Value) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		b, err := c.to(t.NotNull())
		if err != nil {
			return b, err
		}
		eval := b.Eval
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			if v, err := eval(args); err == nil {
				return v, nil
			}
			return instead, nil
		}}, nil
	}
}

// bindToTime makes a date or time. A time keeps its zone, and a zone that is named is that of a text's clock and of what
// is written.
func bindToTime(k value.Kind) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		t := value.Of(k)
		if c.args[0].Type.Temporal() {
			t.Zone = c.args[0].Type.Zone
		}
		t, err := c.zone(1, t)
		if err != nil {
			return Bound{}, err
		}
		b, err := c.to(t)
		if k == value.Date {
			b.Type.Zone = nil
		}
		return b, err
	}
}

func bindToTime64(c call) (Bound, error) {
	const most = 9
	a := c.args[1]
	if a.Const == nil || !a.Type.Integer() || a.Const.Int() < 0 || a.Const.Int() > most {
		return Bound{}, c.wrong(1, "a number of decimal places from 0 to 9 is needed")
	}
	t := value.Type{Kind: value.DateTime64, Scale: uint8(a.Const.Int())}
	if c.args[0].Type.Temporal() {
		t.Zone = c.args[0].Type.Zone
	}
	t, err := c.zone(2, t)
	if err != nil {
		return Bound{}, err
	}
	return c.to(t)
}

func bindToUnix(c call) (Bound, error) {
	k, err := c.clock(0, 1)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Type: value.Of(value.UInt32), Eval: func(args []value.Value) (value.Value, error) {
		second, err := k.second(args[0])
		return value.Int(value.Saturate(second)), err
	}}, nil
}
