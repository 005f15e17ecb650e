package value

import (
	"errors"
	"fmt"
	"math"
	"strconv"
)

// Convert changes a value of one type into one of another. It keeps NULL, allocates only where it makes a text or a
// list, and is safe for concurrent use.
type Convert func(Value) (Value, error)

// Converter returns how values of one type become those of another, as ClickHouse's toUInt8, toDateTime, toString and so
// on do. Integers wrap around; a float loses its fraction, and is an error if it is NaN or beyond 64 bits; a text is
// parsed, which is an error if it is no such value; a time outside 1970-01-01 to 2106-02-07 becomes the nearest of these.
// nil means that values are the same in both types.
func Converter(from, to Type) (Convert, error) {
	same := to.Kind == String && from.Kind == String || from.Kind == to.Kind && from.Scale == to.Scale && len(to.Elems) == 0
	if same || from.Kind == Nothing || from.Kind == WeightSum && to.Kind == Float64 || from.Kind == Weight && to.Kind == Float64 {
		return nil, nil //nolint:nilnil // nil is a meaning of its own: nothing to do
	}
	f := converter(from.NotNull(), to.NotNull())
	switch {
	case f == nil:
		return nil, fmt.Errorf("%s can't become %s", from, to)
	case !from.Nullable:
		return f, nil
	}
	return func(v Value) (Value, error) {
		if v.Null {
			return v, nil
		}
		return f(v)
	}, nil
}

func converter(from, to Type) Convert {
	switch {
	case to.Kind == String:
		return func(v Value) (Value, error) { return Text(string(from.AppendText(nil, v))), nil }
	case from.Kind == String:
		return parser(to)
	case to.Integer() && (from.Numeric() || from.Temporal()):
		return toInteger(from, to)
	case to.Floating() && (from.Numeric() || from.Temporal()):
		return func(v Value) (Value, error) { return Float(from.seconds(v)), nil }
	case to.Temporal() && from.Temporal():
		return toTime(from, to)
	case to.Temporal() && from.Numeric():
		return numberToTime(from, to)
	case to.Kind == from.Kind && len(to.Elems) == len(from.Elems):
		return convertElems(from, to)
	}
	return nil
}

// seconds returns a time as Unix seconds with its fraction, a Date as its days, a number as it is.
func (t Type) seconds(v Value) float64 {
	if t.Kind == DateTime64 {
		return float64(v.Int()) / float64(pow10(int(t.Scale)))
	}
	return t.Number(v)
}

func toInteger(from, to Type) Convert {
	cut := 64 - 8*to.Width()
	signed := to.Signed()
	wrap := func(n int64) Value {
		if signed {
			return Int(n << cut >> cut)
		}
		return Uint(uint64(n) << cut >> cut)
	}
	switch {
	case from.Floating():
		return func(v Value) (Value, error) {
			n, err := WholeOf(v.Float())
			return wrap(n), err
		}
	case from.Kind == DateTime64:
		unit := pow10(int(from.Scale))
		return func(v Value) (Value, error) {
			second, _ := FloorDiv(v.Int(), unit)
			return wrap(second), nil
		}
	}
	return func(v Value) (Value, error) { return wrap(v.Int()), nil }
}

// WholeOf returns a float without its fraction as the 64 bits of an integer: from -2^63, up to 2^64 as those of a UInt64.
func WholeOf(f float64) (int64, error) {
	switch {
	case f >= math.MinInt64 && f < math.MaxInt64:
		return int64(f), nil
	case f > 0 && f < math.MaxUint64:
		return int64(uint64(f)), nil
	}
	return 0, fmt.Errorf("%s is no integer of 64 bits", AppendFloat(nil, f))
}

// Saturate returns the nearest time of a DateTime in Unix seconds.
func Saturate(second int64) int64 { return min(max(second, 0), MaxDateTime) }

// What a DateTime64 holds: 1900-01-01 00:00:00 to 2299-12-31 23:59:59, though nine places end in 2262.
const (
	minDateTime64     = -2208988800
	maxDateTime64     = 10413791999
	maxDateTime64Nano = 9223372035
)

// saturate returns the nearest second that a date or time holds.
func (t Type) saturate(second int64) int64 {
	switch {
	case t.Kind == DateTime64 && t.Scale == 9:
		return min(max(second, minDateTime64), maxDateTime64Nano)
	case t.Kind == DateTime64:
		return min(max(second, minDateTime64), maxDateTime64)
	case t.Kind == Date:
		return min(max(second, 0), (math.MaxUint16+1)*DaySeconds-1)
	}
	return Saturate(second)
}

// toTime converts dates and times into one another. A Date begins at midnight on the clock of the zone it gets.
func toTime(from, to Type) Convert {
	return func(v Value) (Value, error) { return to.at(from.Second(v, to), from.Nanos(v)), nil }
}

// Second returns the Unix seconds of a date or time, cut to the whole; a Date's midnight is on the clock of the type in.
func (t Type) Second(v Value, in Type) int64 {
	switch t.Kind {
	case Date:
		return FromLocal(in.Zone, v.Int()*DaySeconds)
	case DateTime64:
		second, _ := FloorDiv(v.Int(), pow10(int(t.Scale)))
		return second
	}
	return v.Int()
}

// Nanos returns the nanoseconds of a time above its whole second.
func (t Type) Nanos(v Value) int64 {
	if t.Kind != DateTime64 {
		return 0
	}
	return Rest(v.Int(), pow10(int(t.Scale))) * pow10(9-int(t.Scale))
}

// FromSecond returns the value of a date or time that is or holds this Unix second.
func (t Type) FromSecond(second int64) Value {
	second = t.saturate(second)
	switch t.Kind {
	case Date:
		day := DayNumber(second + Offset(t.Zone, second))
		return Int(min(max(day, 0), math.MaxUint16))
	case DateTime64:
		return Int(second * pow10(int(t.Scale)))
	}
	return Int(second)
}

// at returns the value of a date or time that holds a second and nanoseconds above it.
func (t Type) at(second, nanos int64) Value {
	v := t.FromSecond(second)
	if t.Kind == DateTime64 {
		v = Int(v.Int() + nanos/pow10(9-int(t.Scale)))
	}
	return v
}

// numberToTime takes a number as Unix seconds, a float with its fraction where the type has room for it. A number below
// 65536 is a Date's day (ClickHouse's toDate).
func numberToTime(from, to Type) Convert {
	switch {
	case to.Kind == DateTime64 && from.Floating():
		unit := float64(pow10(int(to.Scale)))
		return func(v Value) (Value, error) {
			f := v.Float()
			if second := to.saturate(int64(f)); float64(second) != math.Trunc(f) {
				return to.fromNumber(from, v)
			}
			return Int(int64(math.Round(f * unit))), nil
		}
	case to.Kind == Date:
		return func(v Value) (Value, error) {
			n, err := from.whole(v)
			if n >= 0 && n <= math.MaxUint16 {
				return Int(n), err
			}
			return to.FromSecond(n), err
		}
	}
	return func(v Value) (Value, error) { return to.fromNumber(from, v) }
}

func (t Type) fromNumber(from Type, v Value) (Value, error) {
	n, err := from.whole(v)
	return t.FromSecond(n), err
}

// whole returns a number as int64, what is beyond it as the nearest.
func (t Type) whole(v Value) (int64, error) {
	switch {
	case t.Floating():
		f := v.Float()
		if math.IsNaN(f) {
			return 0, errors.New("nan is no time")
		}
		return int64(min(max(f, -1<<62), 1<<62)), nil
	case t.Kind == UInt64:
		return int64(min(v.Bits, math.MaxInt64)), nil
	}
	return v.Int(), nil
}

func convertElems(from, to Type) Convert {
	each := make([]Convert, len(to.Elems))
	for i := range each {
		f, err := Converter(from.Elems[i], to.Elems[i])
		if err != nil {
			return nil
		}
		each[i] = f
	}
	return func(v Value) (Value, error) {
		items := make([]Value, len(v.Items()))
		copy(items, v.Items())
		for i := range items {
			f := each[min(i, len(each)-1)]
			if f == nil {
				continue
			}
			item, err := f(items[i])
			if err != nil {
				return Value{}, err
			}
			items[i] = item
		}
		return List(items), nil
	}
}

// parser returns how a text becomes a value of a type, nil if it never does.
func parser(to Type) Convert {
	switch {
	case to.Unsigned():
		return func(v Value) (Value, error) {
			n, err := strconv.ParseUint(v.Text, 10, 8*to.Width())
			return Uint(n), parseError(v.Text, to, err)
		}
	case to.Signed():
		return func(v Value) (Value, error) {
			n, err := strconv.ParseInt(v.Text, 10, 8*to.Width())
			return Int(n), parseError(v.Text, to, err)
		}
	case to.Floating():
		return func(v Value) (Value, error) {
			f, err := parseFloat(v.Text)
			return Float(f), parseError(v.Text, to, err)
		}
	case to.Temporal():
		return func(v Value) (Value, error) { return to.parseTime(v.Text) }
	}
	return nil
}

// parseFloat parses a decimal number, nan or inf, and refuses what else Go takes: 0x1p3 and 1_000.
func parseFloat(s string) (float64, error) {
	for i := range len(s) {
		if c := s[i]; c == '_' || c == 'x' || c == 'X' {
			return 0, strconv.ErrSyntax
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if math.IsInf(f, 0) {
		err = nil // too large a number is infinite
	}
	return f, err
}

func parseError(text string, to Type, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s is no %s", Quote(text), to)
}

// Quote returns a text of data as an error tells it: in quotes, at most 64 bytes of it.
func Quote(text string) string {
	const most = 64
	if len(text) > most {
		text = text[:most] + "..."
	}
	return strconv.Quote(text)
}
