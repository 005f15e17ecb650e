package function

import (
	"fmt"

	"edgescope/query/aesql/value"
)

// starts are the functions that return where the interval of a time begins, and those that make intervals. A clock that
// is set back or forward never makes a start later than its time.
func starts() []*Function {
	fs := []*Function{{
		Name: "toStartOfInterval", Args: "t, INTERVAL 'n' unit[, tz]", Result: "DateTime", Cloudflare: true, least: 2, most: 3,
		bind: bindStartOfInterval,
	}}
	for _, s := range []struct {
		name       string
		aliases    []string
		cloudflare bool
		step       value.Step
	}{
		{"toStartOfYear", nil, true, value.Step{Unit: value.Year, N: 1}},
		{"toStartOfQuarter", nil, false, value.Step{Unit: value.Quarter, N: 1}},
		{"toStartOfMonth", nil, true, value.Step{Unit: value.Month, N: 1}},
		{"toStartOfWeek", []string{"toMonday"}, true, value.Step{Unit: value.Week, N: 1}},
		{"toStartOfDay", nil, true, value.Step{Unit: value.Day, N: 1}},
		{"toStartOfHour", nil, true, value.Step{Unit: value.Hour, N: 1}},
		{"toStartOfFifteenMinutes", nil, true, value.Step{Unit: value.Minute, N: 15}},
		{"toStartOfTenMinutes", nil, true, value.Step{Unit: value.Minute, N: 10}},
		{"toStartOfFiveMinutes", []string{"toStartOfFiveMinute"}, true, value.Step{Unit: value.Minute, N: 5}},
		{"toStartOfMinute", nil, true, value.Step{Unit: value.Minute, N: 1}},
		{"toStartOfSecond", nil, false, value.Step{Unit: value.Second, N: 1}},
	} {
		fs = append(fs, &Function{
			Name: s.name, Aliases: s.aliases, Args: "t[, tz]", Result: "DateTime", Cloudflare: s.cloudflare, least: 1, most: 2,
			bind: func(c call) (Bound, error) { return bindStart(c, s.step, 1) },
		})
	}
	for unit := value.Millisecond; unit <= value.Year; unit++ {
		fs = append(fs, &Function{
			Name: "toInterval" + unit.String(), Args: "n", Result: "Interval" + unit.String(), least: 1, most: 1,
			bind: func(c call) (Bound, error) { return bindInterval(c, unit) },
		})
	}
	return fs
}

func bindInterval(c call, unit value.Unit) (Bound, error) {
	if err := c.integersFrom(0); err != nil {
		return Bound{}, err
	}
	whole := c.whole(0)
	return Bound{Type: value.Type{Kind: value.Interval, Unit: unit}, Eval: func(args []value.Value) (value.Value, error) {
		n, err := whole(args[0])
		return value.Int(n), err
	}}, nil
}

func bindStartOfInterval(c call) (Bound, error) {
	a := c.args[1]
	if a.Type.Kind != value.Interval || a.Const == nil {
		return Bound{}, c.wrong(1, "an interval that is the same for all rows is needed: INTERVAL '5' MINUTE")
	}
	s := value.Step{Unit: a.Type.Unit, N: a.Const.Int()}
	if s.N <= 0 || s.N > value.MaxStep {
		return Bound{}, fmt.Errorf("%s: an interval of %d is too %s", c.name, s.N, map[bool]string{true: "short", false: "long"}[s.N <= 0])
	}
	return bindStart(c, s, 2)
}

// bindStart is the start of the step in which a time is; tz is which argument names the zone. A Date stays one where the
// step is a day or longer. Steps of milliseconds need a DateTime64 and stay one.
func bindStart(c call, s value.Step, tz int) (Bound, error) {
	k, err := c.clock(0, tz)
	if err != nil {
		return Bound{}, err
	}
	if s.Unit == value.Millisecond {
		return bindStartMilli(c, k, s.N)
	}
	t := value.DateTimeIn(k.t.Zone)
	if k.t.Kind == value.Date && s.Unit >= value.Day {
		t = value.Of(value.Date)
		return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
			return t.FromSecond(s.Floor(args[0].Int() * value.DaySeconds)), nil
		}}, nil
	}
	return Bound{Type: t, Eval: func(args []value.Value) (value.Value, error) {
		second, err := k.second(args[0])
		return value.Int(value.Saturate(s.Start(k.t.Zone, second))), err
	}}, nil
}

func bindStartMilli(c call, k clock, n int64) (Bound, error) {
	if k.t.Kind != value.DateTime64 {
		return Bound{}, c.wrong(0, "steps of milliseconds need a DateTime64: convert it with toDateTime64(t, 3)")
	}
	milli := value.Type{Kind: value.DateTime64, Scale: 3, Zone: k.t.Zone}
	convert, err := value.Converter(value.Type{Kind: value.DateTime64, Scale: k.t.Scale}, milli)
	if err != nil {
		return Bound{}, err
	}
	return Bound{Type: milli, Eval: func(args []value.Value) (value.Value, error) {
		v := args[0]
		if convert != nil {
			v, _ = convert(v) // a time becomes one of another scale without an error
		}
		return value.Int(v.Int() - value.Rest(v.Int(), n)), nil
	}}, nil
}
