package function

import (
	"fmt"
	"time"

	"edgescope/query/aesql/timeformat"
	"edgescope/query/aesql/value"
)

// part is a part of a time: local is seconds since 1970 on the clock of its zone.
type part func(local int64) int64

// clocks are the functions that read clocks. Times are on the clock of their type's zone, or of the one that a further
// argument names. A text is taken for a time as toDateTime takes it.
func clocks() []*Function {
	fs := []*Function{
		{Name: "now", Result: "DateTime", Cloudflare: true, most: 1, Args: "[tz]", bind: bindNow},
		{Name: "today", Result: "Date", Cloudflare: true, bind: bindToday},
		{Name: "timezone", Result: "String", bind: func(call) (Bound, error) {
			return always(value.Of(value.String), value.Text("Etc/UTC")), nil
		}},
		{
			Name: "formatDateTime", Args: "t, format[, tz]", Result: "String", Cloudflare: true, least: 2, most: 3,
			bind: bindFormatDateTime,
		},
		{Name: "date_part", Args: "'unit', t[, tz]", Result: "UInt16", least: 2, most: 3, bind: bindDatePart},
		{Name: "dateDiff", Aliases: []string{"date_diff"}, Args: "'unit', from, to[, tz]", Result: "Int64", least: 3, most: 4, bind: bindDateDiff},
	}
	for _, p := range []struct {
		name       string
		t          value.Kind
		cloudflare bool
		of         part
	}{
		{"toYear", value.UInt16, true, value.Year.Part},
		{"toQuarter", value.UInt8, false, value.Quarter.Part},
		{"toMonth", value.UInt8, true, value.Month.Part},
		{"toISOWeek", value.UInt8, false, value.Week.Part},
		{"toISOYear", value.UInt16, false, func(local int64) int64 { year, _ := value.ISOWeek(local); return year }},
		{"toDayOfYear", value.UInt16, false, value.DayOfYear},
		{"toDayOfMonth", value.UInt8, true, value.Day.Part},
		{"toDayOfWeek", value.UInt8, true, value.Weekday},
		{"toHour", value.UInt8, true, value.Hour.Part},
		{"toMinute", value.UInt8, true, value.Minute.Part},
		{"toSecond", value.UInt8, true, value.Second.Part},
		{"toYYYYMM", value.UInt32, true, func(local int64) int64 { return digits(local) / 100 }},
		{"toYYYYMMDD", value.UInt32, false, digits},
	} {
		fs = append(fs, &Function{
			Name: p.name, Args: "t[, tz]", Result: value.Of(p.t).String(), Cloudflare: p.cloudflare, least: 1, most: 2,
			bind: bindPart(p.of, value.Of(p.t), 0),
		})
	}
	return fs
}

// digits returns a day as the number YYYYMMDD.
func digits(local int64) int64 {
	year, month, day := value.Civil(value.DayNumber(local))
	return int64((year*100+month)*100 + day)
}

func bindNow(c call) (Bound, error) {
	t, err := c.zone(0, value.Of(value.DateTime))
	return always(t, value.Int(value.Saturate(c.env.Now.Unix()))), err
}

func bindToday(c call) (Bound, error) {
	t := value.Of(value.Date)
	return always(t, t.FromSecond(c.env.Now.Unix())), nil
}

// clock is how an argument becomes a time.
type clock struct {
	t       value.Type    // Date, DateTime or DateTime64, on the clock that counts
	convert value.Convert // of a text, else nil
}

// clock returns how the i-th argument becomes a time, on the clock that the argument tz names, if there is one.
func (c call) clock(i, tz int) (clock, error) {
	t := c.args[i].Type
	text := t.Kind == value.String
	switch {
	case text:
		t = value.Of(value.DateTime)
	case !t.Temporal():
		return clock{}, c.wrong(i, "a time is needed: convert it with toDateTime(x)")
	}
	t, err := c.zone(tz, t)
	if err != nil || !text {
		return clock{t: t}, err
	}
	convert, err := c.convert(i, t)
	return clock{t: t, convert: convert}, err
}

// second returns the Unix seconds of an argument's value. A Date's midnight is on the clock that counts.
func (k *clock) second(v value.Value) (int64, error) {
	if k.t.Kind == value.DateTime && k.convert == nil {
		return v.Int(), nil
	}
	if k.convert != nil {
		var err error
		if v, err = k.convert(v); err != nil {
			return 0, err
		}
	}
	return k.t.Second(v, k.t), nil
}

// local returns what the clock shows, as seconds since 1970.
func (k *clock) local(v value.Value) (int64, error) {
	if k.t.Kind == value.Date {
		return v.Int() * value.DaySeconds, nil
	}
	second, err := k.second(v)
	return second + value.Offset(k.t.Zone, second), err
}

// bindPart is a part of the time of the at-th argument; the zone's name may follow it.
func bindPart(of part, t value.Type, at int) func(call) (Bound, error) {
	return func(c call) (Bound, error) {
		k, err := c.clock(at, at+1)
		if err != nil {
			return Bound{}, err
		}
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			local, err := k.local(args[at])
			return value.Int(of(local)), err
		}}, nil
	}
}

// bindDatePart is the part that a unit names.
func bindDatePart(c call) (Bound, error) {
	unit, err := c.unit(0)
	if err != nil {
		return Bound{}, err
	}
	if unit == value.Millisecond {
		return Bound{}, fmt.Errorf("%s: a DateTime has whole seconds: take 'second'", c.name)
	}
	return bindPart(unit.Part, value.Of(value.UInt16), 1)(c)
}

// unit returns the unit that the i-th argument names.
func (c call) unit(i int) (value.Unit, error) {
	name, err := c.constText(i)
	if err != nil {
		return 0, err
	}
	unit, ok := value.UnitByName(name)
	if !ok {
		return 0, fmt.Errorf("%s: there is no unit %s: take second, minute, hour, day, week, month, quarter or year",
			c.name, value.Quote(name))
	}
	return unit, nil
}

// bindDateDiff counts the borders of a unit between two times: 23:59 and 0:01 are a day apart.
func bindDateDiff(c call) (Bound, error) {
	unit, err := c.unit(0)
	if err != nil {
		return Bound{}, err
	}
	from, err := c.clock(1, 3)
	if err != nil {
		return Bound{}, err
	}
	to, err := c.clock(2, 3)
	if err != nil {
		return Bound{}, err
	}
	if unit == value.Millisecond {
		return Bound{}, fmt.Errorf("%s: take 'second': a DateTime has whole seconds", c.name)
	}
	return Bound{Type: value.Of(value.Int64), Eval: func(args []value.Value) (value.Value, error) {
		a, err := from.local(args[1])
		if err != nil {
			return value.Value{}, err
		}
		b, err := to.local(args[2])
		return value.Int(unit.Borders(b) - unit.Borders(a)), err
	}}, nil
}

// bindFormatDateTime writes a time as a format says.
func bindFormatDateTime(c call) (Bound, error) {
	if err := c.text(1); err != nil {
		return Bound{}, err
	}
	k, err := c.clock(0, 2)
	if err != nil {
		return Bound{}, err
	}
	format := func(args []value.Value) (*timeformat.Format, error) { return timeformat.Compile(args[1].Text) }
	if a := c.args[1]; a.Const != nil {
		f, err := timeformat.Compile(a.Const.Text)
		if err != nil {
			return Bound{}, fmt.Errorf("%s: %w", c.name, err)
		}
		format = func([]value.Value) (*timeformat.Format, error) { return f, nil }
	}
	return Bound{Type: value.Of(value.String), Eval: func(args []value.Value) (value.Value, error) {
		f, err := format(args)
		if err != nil {
			return value.Value{}, fmt.Errorf("%s: %w", c.name, err)
		}
		t, err := k.time(args[0])
		if err != nil {
			return value.Value{}, err
		}
		var room [64]byte
		return value.Text(string(f.Append(room[:0], t))), nil
	}}, nil
}

// time returns a value as the time of its clock; a Date is its midnight in UTC.
func (k *clock) time(v value.Value) (time.Time, error) {
	if k.t.Kind == value.Date {
		return time.Unix(v.Int()*value.DaySeconds, 0).UTC(), nil
	}
	second, err := k.second(v)
	return time.Unix(second, k.t.Nanos(v)).In(k.t.Location()), err
}
