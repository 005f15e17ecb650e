package function_test

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"edgescope/query/aesql/function"
	"edgescope/query/aesql/value"
)

// kinds are types of arguments, each with values that are at its edges.
func kinds(t testing.TB) []column {
	t.Helper()
	berlin, err := value.LoadZone("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	of := func(typ value.Type, vs ...value.Value) []column {
		cs := make([]column, len(vs))
		for i, v := range vs {
			cs[i] = column{typ, v}
		}
		return cs
	}
	text, float := value.Of(value.String), value.Of(value.Float64)
	var all []column
	for _, cs := range [][]column{
		of(value.Of(value.UInt8), value.Uint(0), value.Uint(1), value.Uint(255)),
		of(value.Of(value.UInt16), value.Uint(65535)),
		of(value.Of(value.UInt32), value.Uint(1<<32-1)),
		of(value.Of(value.UInt64), value.Uint(math.MaxUint64)),
		of(value.Of(value.Int8), value.Int(-128), value.Int(-1)),
		of(value.Of(value.Int64), value.Int(math.MinInt64), value.Int(math.MaxInt64)),
		of(float, value.Float(0), value.Float(-2.5), value.Float(1e300), value.Float(math.NaN()), value.Float(math.Inf(-1))),
		of(value.Of(value.Weight), value.Float(1.5)),
		of(value.Of(value.WeightSum), value.Float(1e18)),
		of(text, value.Text(""), value.Text("Ä%_\\"), value.Text("\xff\xfe"), value.Text("2026-03-29 02:30:00"), value.Text("day"), value.Text("Asia/Tokyo"), value.Text("%F {}")),
		of(value.Of(value.Date), value.Int(0), value.Int(65535)),
		of(value.DateTimeIn(berlin), value.Int(0), value.Int(value.MaxDateTime)),
		of(value.Type{Kind: value.DateTime64, Scale: 3}, value.Int(-1), value.Int(10413791999999)),
		of(value.Type{Kind: value.DateTime64, Scale: 9}, value.Int(math.MaxInt64)),
		of(value.Type{Kind: value.Interval, Unit: value.Month}, value.Int(1), value.Int(math.MinInt64)),
		of(value.Type{Kind: value.Interval, Unit: value.Millisecond}, value.Int(1500)),
		of(value.ArrayOf(text), value.Value{}, value.List([]value.Value{value.Text("a")})),
		of(value.Type{Kind: value.Tuple, Elems: []value.Type{value.Of(value.UInt8), text}}, value.List([]value.Value{value.Uint(1), value.Text("x")})),
		of(float.Null(), value.None(), value.Float(1)),
		of(text.Null(), value.None()),
		of(value.Of(value.Nothing).Null(), value.None()),
	} {
		all = append(all, cs...)
	}
	return all
}

// fits tells why a value is none of its type, "" if it is one.
func fits(t value.Type, v value.Value) string {
	if v.Null {
		if !t.Nullable {
			return "NULL in a type without it"
		}
		return ""
	}
	switch {
	case t.Unsigned() && t.Width() < 8 && v.Bits>>(8*t.Width()) != 0, t.Signed() && v.Int()<<(64-8*t.Width())>>(64-8*t.Width()) != v.Int():
		return fmt.Sprintf("%d is beyond it", v.Int())
	case t.Kind == value.DateTime && (v.Int() < 0 || v.Int() > value.MaxDateTime):
		return fmt.Sprintf("%d is no such time", v.Int())
	case t.Kind == value.Date && (v.Int() < 0 || v.Int() > math.MaxUint16):
		return fmt.Sprintf("%d is no such day", v.Int())
	case t.Kind != value.String && v.Text != "":
		return "it has a text"
	}
	for i, item := range v.Items() {
		if why := fits(t.Elems[min(i, len(t.Elems)-1)], item); why != "" {
			return why
		}
	}
	return ""
}

// tryCall binds a function to arguments and evaluates it, with constants and without, and checks what comes back.
func tryCall(t *testing.T, f *function.Function, args []column) {
	t.Helper()
	call := func() string {
		texts := make([]string, len(args))
		for i, a := range args {
			texts[i] = fmt.Sprintf("%s %.40q", a.t, a.t.AppendText(nil, a.v))
		}
		return f.Name + "(" + strings.Join(texts, ", ") + ")"
	}
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%s panics: %v", call(), p)
		}
	}()
	var results [2]string
	for i := range results {
		bound := make([]value.Arg, len(args))
		vs := make([]value.Value, len(args))
		for j, a := range args {
			bound[j].Type, vs[j] = a.t, a.v
			if i == 0 {
				bound[j].Const = &args[j].v
			}
		}
		b, err := f.Bind(env, bound)
		if err != nil {
			if !utf8.ValidString(err.Error()) || err.Error() == "" {
				t.Errorf("%s: error %q", call(), err)
			}
			continue
		}
		v, err := b.Eval(vs)
		if err != nil {
			continue
		}
		if why := fits(b.Type, v); why != "" && !beyond[f.Name] {
			t.Errorf("%s is a %s: %s", call(), b.Type, why)
		}
		results[i] = string(b.Type.AppendText(nil, v)) + " " + b.Type.String()
	}
	if results[0] != "" && results[1] != "" && results[0] != results[1] && f.Name != "negate" {
		t.Errorf("%s: %s of constants, %s of columns", call(), results[0], results[1])
	}
}

// beyond are functions whose results are the true ones where ClickHouse's type is too narrow.
var beyond = map[string]bool{
	"minus": true, "runningDifference": true, // times more than 68 years apart
	"negate": true, "intDiv": true, "round": true, "floor": true, "ceil": true,
}

// No function panics, whatever it is given; what it gives is of its type, and the same of constants and of columns.
func TestEveryFunctionOfEveryType(t *testing.T) {
	all := kinds(t)
	r := rand.New(rand.NewPCG(13, 8))
	for _, f := range function.Functions() {
		tryCall(t, f, nil)
		for _, a := range all {
			tryCall(t, f, []column{a})
			for _, b := range all {
				tryCall(t, f, []column{a, b})
			}
		}
		for range 400 {
			args := make([]column, 3+r.IntN(3))
			for i := range args {
				args[i] = all[r.IntN(len(all))]
			}
			tryCall(t, f, args)
		}
	}
}

// integer is a number of a type, and its own arithmetic in integers without bounds.
type integer struct {
	t value.Type
	v value.Value
}

func (n integer) big() *big.Int {
	if n.t.Unsigned() {
		return new(big.Int).SetUint64(n.v.Bits)
	}
	return big.NewInt(n.v.Int())
}

func randomInteger(r *rand.Rand) integer {
	t := value.IntegerOf(r.IntN(2) == 0, 1<<r.IntN(4))
	cut := 64 - 8*t.Width()
	bits := r.Uint64() >> r.IntN(64)
	if r.IntN(4) == 0 {
		bits = []uint64{0, 1, 127, 128, 255, 1 << 31, 1 << 63, math.MaxUint64}[r.IntN(8)]
	}
	if t.Signed() {
		return integer{t, value.Int(int64(bits<<cut) >> cut)}
	}
	return integer{t, value.Uint(bits << cut >> cut)}
}

// wrapped is a number in 64 bits, as a type reads them.
func wrapped(t value.Type, n *big.Int) string {
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	if t.Signed() {
		return strconv.FormatInt(int64(low), 10)
	}
	return strconv.FormatUint(low, 10)
}

// Operators of integers do what integers without bounds do, wrapped around in 64 bits.
func TestIntegersAsWithoutBounds(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 9))
	width := func(a, b integer) int { return min(2*max(a.t.Width(), b.t.Width()), 8) }
	either := func(a, b integer) bool { return a.t.Signed() || b.t.Signed() }
	for range 10_000 {
		a, b := randomInteger(r), randomInteger(r)
		x, y := a.big(), b.big()
		f := func(name string, typ value.Type, want *big.Int) {
			t.Helper()
			bound, err := function.Lookup(name).Bind(env, []value.Arg{{Type: a.t}, {Type: b.t}})
			if err != nil {
				t.Fatal(err)
			}
			v, err := bound.Eval([]value.Value{a.v, b.v})
			if want == nil {
				if err == nil {
					t.Fatalf("%s(%s %v, %s %v) is %d", name, a.t, x, b.t, y, v.Int())
				}
				return
			}
			if got := string(bound.Type.AppendText(nil, v)); err != nil || got != wrapped(typ, want) || bound.Type.Kind != typ.Kind {
				t.Fatalf("%s(%s %v, %s %v): %s %s (%v), want %s %s", name, a.t, x, b.t, y, got, bound.Type, err, wrapped(typ, want), typ)
			}
		}
		f("plus", value.IntegerOf(either(a, b), width(a, b)), new(big.Int).Add(x, y))
		f("minus", value.IntegerOf(true, width(a, b)), new(big.Int).Sub(x, y))
		f("multiply", value.IntegerOf(either(a, b), width(a, b)), new(big.Int).Mul(x, y))
		f("bitXor", value.IntegerOf(either(a, b), max(a.t.Width(), b.t.Width())), cutTo(value.IntegerOf(either(a, b), max(a.t.Width(), b.t.Width())), new(big.Int).Xor(x, y)))
		for i, name := range []string{"less", "equals", "greater"} {
			f(name, value.Of(value.UInt8), big.NewInt(map[bool]int64{true: 1}[x.Cmp(y) == i-1]))
		}
		quotientType := a.t
		if either(a, b) {
			quotientType = value.IntegerOf(true, a.t.Width())
		}
		restType := value.IntegerOf(a.t.Signed(), b.t.Width()*map[bool]int{true: 2, false: 1}[a.t.Signed()])
		if y.Sign() == 0 {
			f("intDiv", quotientType, nil)
			f("modulo", restType, nil)
			continue
		}
		quotient := new(big.Int).Quo(x, y)
		if fitsInt64 := quotient.IsInt64(); either(a, b) && !fitsInt64 {
			quotient = nil
		}
		f("intDiv", quotientType, quotient)
		f("modulo", restType, new(big.Int).Rem(x, y))
	}
}

// cutTo is the number that the low bits are in a type.
func cutTo(t value.Type, n *big.Int) *big.Int {
	cut := 64 - 8*t.Width()
	low := new(big.Int).And(n, new(big.Int).SetUint64(math.MaxUint64)).Uint64()
	if t.Signed() {
		return big.NewInt(int64(low<<cut) >> cut)
	}
	return new(big.Int).SetUint64(low << cut >> cut)
}

// A time moved there and back by what has a fixed length is where it was, and a month later is what package time says
// where the month is long enough.
func TestIntervalsAgreeWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 10))
	for range 3_000 {
		second, n := r.Int64N(1<<31)+1<<29, r.Int64N(400)
		at := time.Unix(second, 0).UTC()
		f := func(unit string, want time.Time) {
			t.Helper()
			if want.Unix() > value.MaxDateTime {
				return
			}
			got := eval(t, fmt.Sprintf("toString(toDateTime(%d) + INTERVAL %d %s)", second, n, unit))
			if got != want.Format(time.DateTime) {
				t.Fatalf("%v and %d %s: %s, want %v", at, n, unit, got, want)
			}
		}
		f("SECOND", at.Add(time.Duration(n)*time.Second))
		f("HOUR", at.Add(time.Duration(n)*time.Hour))
		f("DAY", at.AddDate(0, 0, int(n)))
		f("WEEK", at.AddDate(0, 0, 7*int(n)))
		if at.Day() <= 28 {
			f("MONTH", at.AddDate(0, int(n), 0))
			f("QUARTER", at.AddDate(0, 3*int(n%100), 0).AddDate(0, 3*int(n-n%100), 0))
		}
	}
}

func eval(t testing.TB, text string) string {
	t.Helper()
	_, got, err := world{}.ask(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return got
}

// Texts of random code points: parts put together are the whole.
func TestPartsOfTextsMakeTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 11))
	letters := []string{"a", "Z", "ä", "日", "\xff", "%", "é", "😀"}
	for range 1_000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(letters[r.IntN(len(letters))])
		}
		s, at := b.String(), r.IntN(14)
		w := world{columns: map[string]column{"s": {value.Of(value.String), value.Text(s)}}}
		f := func(text, want string) {
			t.Helper()
			if _, got, err := w.ask(text); err != nil || got != want {
				t.Fatalf("%s of %q: %q (%v), want %q", text, s, got, err, want)
			}
		}
		f(fmt.Sprintf("concat(substring(s, 1, %d), substring(s, %d + 1))", at, at), s)
		f("length(s)", strconv.Itoa(utf8.RuneCountInString(s)))
		f(fmt.Sprintf("startsWith(s, substring(s, 1, %d))", at), "1")
		f("position(s, s)", "1")
		f("s LIKE concat('%', s)", "1")
		if at > 0 {
			f(fmt.Sprintf("endsWith(s, substring(s, -%d))", at), "1")
		}
		f("lower(upper(lower(s))) = lower(s)", "1")
		f("length(hex(s))", strconv.Itoa(2*len(s)))
		f("length(bin(s))", strconv.Itoa(8*len(s)))
	}
}

// Rounded numbers are what decimal digits say, by package big.
func TestRoundedToPlaces(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 12))
	for range 1_000 {
		n, places := r.Int64N(2_000_000)-1_000_000, r.IntN(4)
		f := func(name string, want *big.Int) {
			t.Helper()
			got := eval(t, fmt.Sprintf("%s(%d, -%d)", name, n, places))
			if got != want.String() {
				t.Fatalf("%s(%d, -%d): %s, want %v", name, n, places, got, want)
			}
		}
		unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
		quotient, rest := new(big.Int).DivMod(big.NewInt(n), unit, new(big.Int)) // rest is never negative
		low := new(big.Int).Mul(quotient, unit)
		high := new(big.Int).Add(low, unit)
		if rest.Sign() == 0 {
			high = low
		}
		f("floor", low)
		f("ceil", high)
		twice := new(big.Int).Mul(rest, big.NewInt(2)).Cmp(unit)
		if twice > 0 || twice == 0 && n > 0 {
			low = high
		}
		f("round", low)
	}
}
