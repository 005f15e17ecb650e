package value_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"edgescope/query/aesql/value"
)

// samples are values of all types at their edges.
func samples(t testing.TB) map[string][]value.Value {
	t.Helper()
	return map[string][]value.Value{
		"ints":   {value.Int(0), value.Int(1), value.Int(-1), value.Int(math.MaxInt64), value.Int(math.MinInt64)},
		"floats": {value.Float(0), value.Float(-2.5), value.Float(1e300), value.Float(-1e300), value.Float(math.NaN()), value.Float(math.Inf(1))},
		"texts":  {value.Text(""), value.Text("12"), value.Text("-7.5"), value.Text("2026-11-30 10:00:00"), value.Text("\xff")},
	}
}

func valuesOf(t testing.TB, typ value.Type) []value.Value {
	t.Helper()
	s := samples(t)
	switch {
	case typ.Floating():
		return s["floats"]
	case typ.Kind == value.String:
		return s["texts"]
	case typ.Signed():
		return clipped(s["ints"], -1<<(8*typ.Width()-1), 1<<(8*typ.Width()-1)-1)
	case typ.Unsigned() && typ.Width() < 8:
		return clipped(s["ints"], 0, 1<<(8*typ.Width())-1)
	case typ.Kind == value.DateTime:
		return clipped(s["ints"], 0, value.MaxDateTime)
	case typ.Kind == value.Date:
		return clipped(s["ints"], 0, math.MaxUint16)
	}
	return s["ints"]
}

func clipped(vs []value.Value, least, most int64) []value.Value {
	var out []value.Value
	for _, v := range vs {
		out = append(out, value.Int(min(max(v.Int(), least), most)))
	}
	return out
}

func types(t testing.TB) []value.Type {
	t.Helper()
	var all []value.Type
	for k := value.UInt8; k <= value.DateTime; k++ {
		all = append(all, value.Of(k))
	}
	return append(all, value.DateTimeIn(zone(t, "Asia/Tokyo")), value.Type{Kind: value.DateTime64, Scale: 3}, value.Type{Kind: value.DateTime64, Scale: 9})
}

// Any value becomes one of any type that is in the type's range, or an error; and what it has become stays as it is when
// it is converted to the same type again.
func TestAllConversionsStayInTheirType(t *testing.T) {
	for _, from := range types(t) {
		for _, to := range types(t) {
			f, err := value.Converter(from, to)
			if err != nil {
				t.Errorf("%s to %s: %v", from, to, err)
				continue
			}
			for _, v := range valuesOf(t, from) {
				got := v
				if f != nil {
					if got, err = f(v); err != nil {
						continue
					}
				}
				n := got.Int()
				switch w := 8 * to.Width(); {
				case to.Unsigned() && w < 64 && uint64(n)>>w != 0, to.Signed() && n<<(64-w)>>(64-w) != n,
					to.Kind == value.DateTime && (n < 0 || n > value.MaxDateTime), to.Kind == value.Date && (n < 0 || n > math.MaxUint16):
					t.Errorf("%s %s as %s is %d", from, from.AppendText(nil, v), to, n)
				}
				if text := to.AppendText(nil, got); to.Kind != value.String && len(text) == 0 {
					t.Errorf("%s %s as %s has no text", from, from.AppendText(nil, v), to)
				}
			}
		}
	}
}

// The common type of two holds the values of both: they become texts and back, and keep their order.
func TestCommonTypesHoldBoth(t *testing.T) {
	for _, a := range types(t) {
		for _, b := range types(t) {
			common, err := value.Common(a, b)
			if err != nil {
				continue
			}
			for _, v := range valuesOf(t, a) {
				f, err := value.Converter(a, common)
				if err != nil {
					t.Fatalf("%s does not become %s: %v", a, common, err)
				}
				got := v
				if f != nil {
					if got, err = f(v); err != nil {
						t.Errorf("%s %s as %s: %v", a, a.AppendText(nil, v), common, err)
					}
				}
				exact := a.Integer() && common.Integer() && (a.Kind != value.UInt64 || !common.Signed())
				if exact && string(common.AppendText(nil, got)) != string(a.AppendText(nil, v)) {
					t.Errorf("%s %s as %s is %s", a, a.AppendText(nil, v), common, common.AppendText(nil, got))
				}
			}
		}
	}
}

// Compare is an order: one way or the other, and through a third.
func TestCompareIsAnOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 16))
	for _, typ := range types(t) {
		vs := valuesOf(t, typ)
		for range 500 {
			a, b, c := vs[r.IntN(len(vs))], vs[r.IntN(len(vs))], vs[r.IntN(len(vs))]
			if typ.Compare(a, b) != -typ.Compare(b, a) {
				t.Fatalf("%s: %v and %v are ordered both ways", typ, a, b)
			}
			if typ.Compare(a, b) <= 0 && typ.Compare(b, c) <= 0 && typ.Compare(a, c) > 0 {
				t.Fatalf("%s: %v, %v and %v go in a circle", typ, a, b, c)
			}
			same := string(typ.AppendKey(nil, a)) == string(typ.AppendKey(nil, b))
			if same != (typ.Compare(a, b) == 0) {
				t.Fatalf("%s: %v and %v have the same key: %v", typ, a, b, same)
			}
			if typ.Fixed() && (typ.Key(a) == typ.Key(b)) != same {
				t.Fatalf("%s: %v and %v: Key and AppendKey differ", typ, a, b)
			}
		}
	}
}

// A unit is found by its name in any case and number, and nothing else is one.
func TestUnitByName(t *testing.T) {
	for u := value.Millisecond; u <= value.Year; u++ {
		for _, name := range []string{u.String(), u.String() + "s"} {
			if got, ok := value.UnitByName(name); !ok || got != u {
				t.Errorf("%s is %v %v", name, got, ok)
			}
		}
	}
	for _, name := range []string{"", "s", "fortnight", "dayss"} {
		if u, ok := value.UnitByName(name); ok {
			t.Errorf("%q is %s", name, u)
		}
	}
}
