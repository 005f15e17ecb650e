package value_test

import (
	"math"
	"strings"
	"testing"
	"time"
	"unsafe"

	"edgescope/query/aesql/value"
)

// viewOf returns a text that is gone when the buffer is.
func viewOf(b []byte) string { return unsafe.String(&b[0], len(b)) }

func convert(t testing.TB, from value.Type, v value.Value, to value.Type) (string, error) {
	t.Helper()
	f, err := value.Converter(from, to)
	if err != nil {
		return "", err
	}
	if f != nil {
		if v, err = f(v); err != nil {
			return "", err
		}
	}
	return string(to.AppendText(nil, v)), nil
}

func TestConvert(t *testing.T) {
	date, dateTime := value.Of(value.Date), value.Of(value.DateTime)
	tokyo := value.DateTimeIn(zone(t, "Asia/Tokyo"))
	milli, nano := value.Type{Kind: value.DateTime64, Scale: 3}, value.Type{Kind: value.DateTime64, Scale: 9}
	f := func(from value.Type, v value.Value, to value.Type, want string) {
		t.Helper()
		got, err := convert(t, from, v, to)
		if bad, is := strings.CutPrefix(want, "error "); is {
			if err == nil || !strings.Contains(err.Error(), bad) {
				t.Errorf("%s %s as %s: %q, error %v, want one with %q", from, from.AppendText(nil, v), to, got, err, bad)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%s %s as %s: %q (%v), want %q", from, from.AppendText(nil, v), to, got, err, want)
		}
	}
	f(u64, value.Uint(300), u8, "44")
	f(i64, value.Int(-1), u8, "255")
	f(i64, value.Int(200), value.Of(value.Int8), "-56")
	f(float, value.Float(-1.9), i64, "-1")
	f(float, value.Float(-1.9), u8, "255")
	f(float, value.Float(1.8e19), u64, "18000000000000000000")
	f(float, value.Float(math.NaN()), u8, "error nan is no integer of 64 bits")
	f(float, value.Float(1e30), u8, "error 1e30 is no integer")
	f(u64, value.Uint(math.MaxUint64), float, "18446744073709552000")
	f(value.Of(value.Weight), value.Float(1.5), float, "1.5")
	f(value.Of(value.WeightSum), value.Float(10), u64, "10")
	f(text, value.Text("12"), u8, "12")
	f(text, value.Text("-1"), u8, `error "-1" is no UInt8`)
	f(text, value.Text(" 1"), u8, `error " 1" is no UInt8`)
	f(text, value.Text("1.5"), float, "1.5")
	f(text, value.Text("1e400"), float, "inf")
	f(text, value.Text("nan"), float, "nan")
	f(text, value.Text("-inf"), float, "-inf")
	f(text, value.Text(strings.Repeat("x", 100)), float, `error "`+strings.Repeat("x", 64)+`..." is no Float64`)
	f(float, value.Float(2.5), text, "2.5")
	f(dateTime, value.Int(0), text, "1970-01-01 00:00:00")
	f(tokyo, value.Int(0), text, "1970-01-01 09:00:00")
	f(dateTime, value.Int(0), tokyo, "1970-01-01 09:00:00")
	f(dateTime, value.Int(86399), date, "1970-01-01")
	f(date, value.Int(1), dateTime, "1970-01-02 00:00:00")
	f(date, value.Int(1), tokyo, "1970-01-02 00:00:00")
	f(dateTime, value.Int(5), milli, "1970-01-01 00:00:05.000")
	f(milli, value.Int(5999), dateTime, "1970-01-01 00:00:05")
	f(milli, value.Int(-1), dateTime, "1970-01-01 00:00:00")
	f(milli, value.Int(5999), nano, "1970-01-01 00:00:05.999000000")
	f(nano, value.Int(5_999_999_999), milli, "1970-01-01 00:00:05.999")
	f(milli, value.Int(5999), float, "5.999")
	f(milli, value.Int(-1), i64, "-1")
	f(dateTime, value.Int(5), u8, "5")
	f(float, value.Float(5.25), milli, "1970-01-01 00:00:05.250")
	f(float, value.Float(-0.25), milli, "1969-12-31 23:59:59.750")
	f(float, value.Float(1e300), milli, "2299-12-31 23:59:59.000")
	f(float, value.Float(-1e300), nano, "1900-01-01 00:00:00.000000000")
	f(float, value.Float(1e300), nano, "2262-04-11 23:47:15.000000000")
	f(float, value.Float(math.NaN()), milli, "error nan is no time")
	f(float, value.Float(math.NaN()), dateTime, "error nan is no time")
	f(i64, value.Int(-5), dateTime, "1970-01-01 00:00:00")
	f(u64, value.Uint(math.MaxUint64), dateTime, "2106-02-07 06:28:15")
	f(u64, value.Uint(100), date, "1970-04-11")
	f(u64, value.Uint(1_700_000_000), date, "2023-11-14")
	f(u64, value.Uint(math.MaxUint64), date, "2149-06-06")
	f(value.ArrayOf(u8), value.List([]value.Value{value.Uint(1)}), value.ArrayOf(float), "[1]")
	f(value.ArrayOf(text), value.List([]value.Value{value.Text("x")}), value.ArrayOf(u8), `error "x" is no UInt8`)
	f(float.Null(), value.None(), text.Null(), "NULL")
	f(value.Of(value.Nothing).Null(), value.None(), text.Null(), "NULL")
	f(value.ArrayOf(text), value.Value{}, float, "error Array(String) can't become Float64")
	f(u8, value.Uint(1), value.Type{Kind: value.Interval}, "error UInt8 can't become")
}

func TestTextsThatAreTimes(t *testing.T) {
	milli := value.Type{Kind: value.DateTime64, Scale: 3}
	f := func(typ value.Type, in, want string) {
		t.Helper()
		got, err := convert(t, text, value.Text(in), typ)
		if want == "" {
			if err == nil {
				t.Errorf("%q is the %s %s", in, typ, got)
			}
			return
		}
		if err != nil || got != want {
			t.Errorf("%q as %s: %q (%v), want %q", in, typ, got, err, want)
		}
	}
	dateTime, date := value.Of(value.DateTime), value.Of(value.Date)
	f(dateTime, "2022-12-01 16:17:00", "2022-12-01 16:17:00")
	f(dateTime, "2022-12-01", "2022-12-01 00:00:00")
	f(dateTime, "2022-12-01 16:17:00.999", "2022-12-01 16:17:00")
	f(dateTime, "0", "1970-01-01 00:00:00")
	f(dateTime, "-5", "1970-01-01 00:00:00")
	f(dateTime, "99999999999", "2106-02-07 06:28:15")
	f(dateTime, "1969-12-31 23:59:59", "1970-01-01 00:00:00")
	f(dateTime, "9999-12-31 23:59:59", "2106-02-07 06:28:15")
	f(dateTime, "2024-02-29 00:00:00", "2024-02-29 00:00:00")
	f(date, "2022-12-01 16:17:00", "2022-12-01")
	f(date, "1969-12-31", "1970-01-01")
	f(milli, "2022-12-01 16:17:00.5", "2022-12-01 16:17:00.500")
	f(milli, "2022-12-01 16:17:00.123456789", "2022-12-01 16:17:00.123")
	f(milli, "1969-12-31 23:59:59.250", "1969-12-31 23:59:59.250")
	for _, bad := range []string{
		"", "x", "+5", "2022-12-01T16:17:00", "2022-12-01 16:17", "2022-13-01 00:00:00", "2022-00-01", "2022-02-29", "2022-12-32 00:00:00",
		"2022-12-01 24:00:00", "2022-12-01 00:60:00", "2022-12-01 00:00:60", "2022-12-01 16:17:00.", "2022-12-01 16:17:00.1234567890",
		"2022-12-01 16:17:00Z", "2022-12-01 16:17:00 ", "2022/12/01 16:17:00", "2022-12-01  6:17:00", "-022-12-01 16:17:00", "٢٠٢٢-12-01",
	} {
		f(dateTime, bad, "")
	}
}

func TestErrorsOfTimesSayTheWayOut(t *testing.T) {
	_, err := convert(t, text, value.Text("2022-12-01T16:17:00Z"), value.Of(value.DateTime))
	want := `"2022-12-01T16:17:00Z" is no DateTime: write 'YYYY-MM-DD hh:mm:ss' or Unix seconds; ISO 8601 is not supported`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What is written is read again, and what package time reads has the same value.
func FuzzTimes(f *testing.F) {
	for _, s := range []string{"2022-12-01 16:17:00", "2022-02-30", "1969-12-31 23:59:59.9", "12345", "2026-03-29 02:30:00", "0000-01-01", "9999-99-99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, typ := range []value.Type{value.Of(value.DateTime), value.DateTimeIn(zone(t, "Europe/Berlin")), {Kind: value.DateTime64, Scale: 6}} {
			got, err := convert(t, text, value.Text(s), typ)
			if err != nil {
				continue
			}
			again, err := convert(t, text, value.Text(got), typ)
			if err != nil || again != got {
				t.Errorf("%q is %q, which is %q (%v)", s, got, again, err)
			}
			at, err := time.ParseInLocation(time.DateTime, s, time.UTC)
			if err == nil && typ.Kind == value.DateTime64 && at.Year() > 1900 && at.Year() < 2299 && at.Format("2006-01-02 15:04:05.000000") != got {
				t.Errorf("%q is %q, package time says %v", s, got, at)
			}
		}
	})
}

func TestNumberOrder(t *testing.T) {
	f := func(s value.Type, x value.Value, typ value.Type, y value.Value, want int) {
		t.Helper()
		back := -want
		if want == value.Unordered {
			back = want
		}
		for _, constant := range []bool{false, true} {
			a, b := value.Arg{Type: s}, value.Arg{Type: typ}
			if constant {
				b.Const = &y
			}
			if got, _ := value.NumberOrder(a, b)(x, y); got != want {
				t.Errorf("%s %s against %s %s (constant %v): %d, want %d", s, s.AppendText(nil, x), typ, typ.AppendText(nil, y), constant, got, want)
			}
			if got, _ := value.NumberOrder(b, a)(y, x); got != back {
				t.Errorf("%s %s against %s %s (constant %v): %d, want %d", typ, typ.AppendText(nil, y), s, s.AppendText(nil, x), constant, got, back)
			}
		}
	}
	nan := value.Float(math.NaN())
	f(u64, value.Uint(math.MaxUint64), i64, value.Int(-1), 1)
	f(u64, value.Uint(5), i64, value.Int(5), 0)
	f(i64, value.Int(-5), i64, value.Int(5), -1)
	f(u64, value.Uint(math.MaxUint64), float, value.Float(1<<64), -1)
	f(u64, value.Uint(1<<53+1), float, value.Float(1<<53), 1)
	f(i64, value.Int(1<<53+1), float, value.Float(1<<53+2), -1)
	f(i64, value.Int(math.MinInt64), float, value.Float(math.MinInt64), 0)
	f(i64, value.Int(math.MinInt64), float, value.Float(-1e30), 1)
	f(i64, value.Int(math.MaxInt64), float, value.Float(1<<63), -1)
	f(u8, value.Uint(2), float, value.Float(2.5), -1)
	f(u8, value.Uint(3), float, value.Float(2.5), 1)
	f(u8, value.Uint(0), float, value.Float(-0.5), 1)
	f(i64, value.Int(-1), float, value.Float(-0.5), -1)
	f(u8, value.Uint(0), float, value.Float(math.Copysign(0, -1)), 0)
	f(u8, value.Uint(1), float, nan, value.Unordered)
	f(float, nan, float, nan, value.Unordered)
	f(float, value.Float(math.Inf(1)), u64, value.Uint(math.MaxUint64), 1)
	f(value.Of(value.Weight), value.Float(1.5), u8, value.Uint(1), 1)
}
