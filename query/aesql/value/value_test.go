package value_test

import (
	"bytes"
	"cmp"
	"math"
	"slices"
	"strings"
	"testing"

	"edgescope/query/aesql/value"
)

var (
	text  = value.Of(value.String)
	float = value.Of(value.Float64)
	u8    = value.Of(value.UInt8)
	i64   = value.Of(value.Int64)
	u64   = value.Of(value.UInt64)
)

func TestNamesOfTypes(t *testing.T) {
	f := func(typ value.Type, want string) {
		t.Helper()
		if got := typ.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(u8, "UInt8")
	f(value.Of(value.Weight), "UInt32")
	f(value.Of(value.WeightSum), "UInt64")
	f(float.Null(), "Nullable(Float64)")
	f(value.Of(value.Nothing).Null(), "Nullable(Nothing)")
	f(value.Of(value.DateTime), "DateTime")
	f(value.DateTimeIn(zone(t, "Europe/Lisbon")), "DateTime('Europe/Lisbon')")
	f(value.DateTimeIn(zone(t, "Etc/UTC")), "DateTime")
	f(value.Type{Kind: value.DateTime64, Scale: 3}, "DateTime64(3)")
	f(value.Type{Kind: value.DateTime64, Scale: 6, Zone: zone(t, "Asia/Tokyo")}, "DateTime64(6, 'Asia/Tokyo')")
	f(value.ArrayOf(text), "Array(String)")
	f(value.ArrayOf(value.Type{Kind: value.Tuple, Elems: []value.Type{text, float.Null()}}), "Array(Tuple(String, Nullable(Float64)))")
	f(value.Type{Kind: value.Interval, Unit: value.Day}, "IntervalDay")
}

func TestLiteralsTakeTheSmallestType(t *testing.T) {
	f := func(n uint64, want value.Kind) {
		t.Helper()
		if got := value.TypeOfUint(n); got.Kind != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	f(0, value.UInt8)
	f(255, value.UInt8)
	f(256, value.UInt16)
	f(65536, value.UInt32)
	f(1<<32-1, value.UInt32)
	f(1<<32, value.UInt64)
	f(math.MaxUint64, value.UInt64)
	g := func(n int64, want value.Kind) {
		t.Helper()
		if got := value.TypeOfInt(n); got.Kind != want {
			t.Errorf("%d is %s", n, got)
		}
	}
	g(-128, value.Int8)
	g(-129, value.Int16)
	g(127, value.Int8)
	g(-1<<31, value.Int32)
	g(-1<<31-1, value.Int64)
	g(math.MinInt64, value.Int64)
}

func TestCommon(t *testing.T) {
	i8, u16, i16, i32, u32 := value.Of(value.Int8), value.Of(value.UInt16), value.Of(value.Int16), value.Of(value.Int32), value.Of(value.UInt32)
	date, dateTime, null := value.Of(value.Date), value.Of(value.DateTime), value.Of(value.Nothing).Null()
	lisbon := value.DateTimeIn(zone(t, "Europe/Lisbon"))
	f := func(want string, types ...value.Type) {
		t.Helper()
		for range 2 {
			got, err := value.Common(types...)
			if err != nil && want != "" || err == nil && got.String() != want {
				t.Errorf("%v: %s (%v), want %q", types, got, err, want)
			}
			slices.Reverse(types)
		}
	}
	f("UInt8", u8)
	f("UInt16", u8, u16)
	f("Int16", u8, i8)
	f("Int32", u16, i16)
	f("Int32", u16, i32)
	f("Int64", u32, i8)
	f("Int64", u64, i8)
	f("Float64", u8, float)
	f("Float64", value.Of(value.Weight), u8)
	f("String", text, text)
	f("DateTime", date, dateTime)
	f("DateTime('Europe/Lisbon')", dateTime, lisbon)
	f("DateTime64(3)", dateTime, value.Type{Kind: value.DateTime64, Scale: 3})
	f("Nullable(UInt8)", null, u8)
	f("Nullable(String)", text.Null(), text)
	f("Nullable(Nothing)", null, null)
	f("Array(Int16)", value.ArrayOf(u8), value.ArrayOf(i8))
	f("Array(String)", value.ArrayOf(value.Of(value.Nothing).Null().NotNull()), value.ArrayOf(text))
	f("", text, u8)
	f("", dateTime, u8)
	f("", value.ArrayOf(text), value.ArrayOf(u8))
	f("", value.ArrayOf(text), text)
}

func TestTexts(t *testing.T) {
	f := func(typ value.Type, v value.Value, want string) {
		t.Helper()
		if got := string(typ.AppendText([]byte("x"), v)); got != "x"+want {
			t.Errorf("%s: %q, want %q", typ, got[1:], want)
		}
	}
	for n, want := range map[float64]string{
		0: "0", 1: "1", 0.1: "0.1", -2.5: "-2.5", 100000: "100000", 1e20: "100000000000000000000", 1e21: "1e21", 1.5e300: "1.5e300",
		1e-6: "0.000001", 1.25e-7: "1.25e-7", 5e-324: "5e-324", math.Inf(1): "inf", math.Inf(-1): "-inf", 1.0 / 3: "0.3333333333333333",
	} {
		f(float, value.Float(n), want)
	}
	f(float, value.Float(math.NaN()), "nan")
	f(value.Of(value.Weight), value.Float(1.5), "1.5")
	f(value.Of(value.WeightSum), value.Float(12), "12")
	f(u64, value.Uint(math.MaxUint64), "18446744073709551615")
	f(i64, value.Int(math.MinInt64), "-9223372036854775808")
	f(text, value.Text("a\tb"), "a\tb")
	f(value.Of(value.Date), value.Int(0), "1970-01-01")
	f(value.Of(value.Date), value.Int(65535), "2149-06-06")
	f(value.Of(value.DateTime), value.Int(0), "1970-01-01 00:00:00")
	f(value.Of(value.DateTime), value.Int(value.MaxDateTime), "2106-02-07 06:28:15")
	f(value.DateTimeIn(zone(t, "Asia/Kathmandu")), value.Int(0), "1970-01-01 05:30:00")
	f(value.Type{Kind: value.DateTime64, Scale: 3}, value.Int(-1), "1969-12-31 23:59:59.999")
	f(value.Type{Kind: value.DateTime64}, value.Int(5), "1970-01-01 00:00:05")
	f(value.Type{Kind: value.Interval, Unit: value.Day}, value.Int(-3), "-3")
	f(float.Null(), value.None(), "NULL")
	f(value.ArrayOf(text), value.List([]value.Value{value.Text("it's"), value.Text("a\\b\n\t")}), `['it\'s','a\\b\n\t']`)
	f(value.ArrayOf(text), value.Value{}, "[]")
	f(value.ArrayOf(value.Of(value.Date)), value.List([]value.Value{value.Int(1)}), "['1970-01-02']")
	f(value.Type{Kind: value.Tuple, Elems: []value.Type{u8, text.Null()}}, value.List([]value.Value{value.Uint(1), value.None()}), "(1,NULL)")
}

// ordered are values of one type in ascending order.
func checkOrder(t *testing.T, typ value.Type, ordered ...value.Value) {
	t.Helper()
	for i, a := range ordered {
		for j, b := range ordered {
			if got := typ.Compare(a, b); got != cmp.Compare(i, j) {
				t.Errorf("%s: %s against %s is %d", typ, typ.AppendText(nil, a), typ.AppendText(nil, b), got)
			}
			sameKey := bytes.Equal(typ.AppendKey(nil, a), typ.AppendKey(nil, b))
			if sameKey != (i == j) {
				t.Errorf("%s: %s and %s have the same key: %v", typ, typ.AppendText(nil, a), typ.AppendText(nil, b), sameKey)
			}
		}
	}
}

func TestOrder(t *testing.T) {
	nan, inf := value.Float(math.NaN()), value.Float(math.Inf(1))
	checkOrder(t, float, value.Float(math.Inf(-1)), value.Float(-1), value.Float(0), value.Float(1), inf, nan)
	checkOrder(t, float.Null(), value.Float(-1), value.Float(0), nan, value.None())
	checkOrder(t, u64, value.Uint(0), value.Uint(1<<63), value.Uint(math.MaxUint64))
	checkOrder(t, i64, value.Int(math.MinInt64), value.Int(-1), value.Int(0), value.Int(math.MaxInt64))
	checkOrder(t, text, value.Text(""), value.Text("A"), value.Text("a"), value.Text("aa"), value.Text("ä"))
	checkOrder(t, value.ArrayOf(u8), value.Value{}, value.List([]value.Value{value.Uint(1)}),
		value.List([]value.Value{value.Uint(1), value.Uint(0)}), value.List([]value.Value{value.Uint(2)}))
	checkOrder(t, value.Type{Kind: value.Tuple, Elems: []value.Type{text, i64}},
		value.List([]value.Value{value.Text("a"), value.Int(5)}), value.List([]value.Value{value.Text("ab"), value.Int(-5)}))
	minus, other := value.Float(math.Copysign(0, -1)), value.Value{Bits: math.Float64bits(math.NaN()) | 7}
	if float.Key(minus) != float.Key(value.Float(0)) || float.Compare(minus, value.Float(0)) != 0 || float.Key(other) != float.Key(nan) {
		t.Error("0 and -0 are two values, or NaN is several")
	}
}

func TestSortPutsNaNAndNullLast(t *testing.T) {
	typ := float.Null()
	f := func(descending bool, want string) {
		t.Helper()
		vs := []value.Value{value.None(), value.Float(2), value.Float(math.NaN()), value.Float(math.Inf(1)), value.Float(1)}
		slices.SortFunc(vs, func(a, b value.Value) int { return typ.Sort(a, b, descending) })
		var got []string
		for _, v := range vs {
			got = append(got, string(typ.AppendText(nil, v)))
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("descending %v: %s, want %s", descending, s, want)
		}
	}
	f(false, "1 2 inf nan NULL")
	f(true, "inf 2 1 nan NULL")
}

func TestKeysOfSeveralColumnsDoNotRunTogether(t *testing.T) {
	f := func(a, b [2]string) {
		t.Helper()
		key := func(v [2]string) string {
			return string(text.AppendKey(text.AppendKey(nil, value.Text(v[0])), value.Text(v[1])))
		}
		if key(a) == key(b) {
			t.Errorf("%q and %q are one group", a, b)
		}
	}
	f([2]string{"a", "bc"}, [2]string{"ab", "c"})
	f([2]string{"", "a"}, [2]string{"a", ""})
	f([2]string{"\x01a", ""}, [2]string{"", "\x01a"})
}

func TestCloneSharesNothing(t *testing.T) {
	buffer := []byte("Lisboa")
	typ := value.ArrayOf(text)
	v := value.List([]value.Value{value.Text(viewOf(buffer))})
	kept := typ.Clone(v)
	clear(buffer)
	if got := string(typ.AppendText(nil, kept)); got != "['Lisboa']" {
		t.Error(got)
	}
	if typ.Size(kept) < 6 {
		t.Error("an array has no size")
	}
}

func TestTrue(t *testing.T) {
	f := func(typ value.Type, v value.Value, want bool) {
		t.Helper()
		if got := typ.True(v); got != want {
			t.Errorf("%s %s: %v", typ, typ.AppendText(nil, v), got)
		}
	}
	f(u8, value.Bool(true), true)
	f(u8, value.Bool(false), false)
	f(i64, value.Int(-1), true)
	f(float, value.Float(math.Copysign(0, -1)), false)
	f(float, value.Float(0.1), true)
	f(float, value.Float(math.NaN()), true)
	f(float.Null(), value.None(), false)
}
