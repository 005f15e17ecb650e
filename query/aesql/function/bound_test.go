package function_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/query/aesql/function"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

func TestFunctionsAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range function.Functions() {
		if f.Result == "" {
			t.Errorf("%s does not say what it gives", f.Name)
		}
		for _, name := range append(f.Aliases, f.Name) {
			if seen[strings.ToLower(name)] {
				t.Errorf("there are two %s", name)
			}
			seen[strings.ToLower(name)] = true
			if function.Lookup(strings.ToUpper(name)) != f {
				t.Errorf("%s is not found in capitals", name)
			}
		}
		_, err := f.Bind(env, make([]value.Arg, 40)[:0])
		if f.Args != "" && f.Args[0] != '[' && f.Name != "array" && err == nil {
			t.Errorf("%s(%s) takes no arguments at all", f.Name, f.Args)
		}
	}
}

// What Cloudflare documents, by the reference.
func TestCloudflaresFunctionsAreMarked(t *testing.T) {
	documented := `now today toDateTime toUnixTimestamp formatDateTime toYear toMonth toDayOfMonth toDayOfWeek toHour toMinute toSecond
		toYYYYMM toStartOfInterval toStartOfYear toStartOfMonth toStartOfWeek toStartOfDay toStartOfHour toStartOfFifteenMinutes
		toStartOfTenMinutes toStartOfFiveMinutes toStartOfMinute intDiv log pow round floor ceil length empty lower upper lowerUTF8
		upperUTF8 toLower toUpper startsWith endsWith position substring format bitAnd bitOr bitXor bitNot bitCount
		bitHammingDistance bitTest bitShiftLeft bitShiftRight bitRotateLeft bitRotateRight bin hex toUInt8 toUInt32 if
		plus minus multiply divide modulo negate equals notEquals less lessOrEquals greater greaterOrEquals in notIn like notLike
		ilike notILike and or not`
	want := map[*function.Function]bool{}
	for name := range strings.FieldsSeq(documented) {
		f := function.Lookup(name)
		if f == nil {
			t.Errorf("there is no %s", name)
			continue
		}
		want[f] = true
	}
	for _, f := range function.Functions() {
		if f.Cloudflare != want[f] {
			t.Errorf("%s: Cloudflare %v, want %v", f.Name, f.Cloudflare, want[f])
		}
	}
}

// run evaluates a call as an executor does that asks for no argument before its time, and returns which it asked for.
func run(t *testing.T, text string, vs map[string]value.Value) (string, string) {
	t.Helper()
	s, err := grammar.Parse("SELECT " + text)
	if err != nil {
		t.Fatal(err)
	}
	call := s.Select.Items[0].Expr.(*grammar.Call)
	args, names := make([]value.Arg, len(call.Args)), make([]string, len(call.Args))
	for i, a := range call.Args {
		names[i] = a.(*grammar.Column).Name
		args[i].Type = value.Of(value.UInt8)
	}
	b, err := function.Lookup(call.Name).Bind(env, args)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	got := make([]value.Value, len(args))
	for i := 0; i < len(args); i++ {
		if i = b.Next(got, i); i < len(args) {
			got[i] = vs[names[i]]
			asked = append(asked, names[i])
		}
	}
	for i := range got {
		if got[i] == (value.Value{}) && vs[names[i]] != got[i] {
			got[i] = value.Uint(99) // what was not asked for may be anything
		}
	}
	v, err := b.Eval(got)
	if err != nil {
		t.Fatal(err)
	}
	return string(b.Type.AppendText(nil, v)), strings.Join(asked, " ")
}

func TestArgumentsAreAskedForInTime(t *testing.T) {
	vs := map[string]value.Value{"no": value.Uint(0), "yes": value.Uint(1), "a": value.Uint(10), "b": value.Uint(20), "c": value.Uint(30)}
	f := func(text, value, asked string) {
		t.Helper()
		if v, names := run(t, text, vs); v != value || names != asked {
			t.Errorf("%s: %s after %q, want %s after %q", text, v, names, value, asked)
		}
	}
	f("if(yes, a, b)", "10", "yes a")
	f("if(no, a, b)", "20", "no b")
	f("multiIf(no, a, yes, b, c)", "20", "no yes b")
	f("multiIf(yes, a, yes, b, c)", "10", "yes a")
	f("multiIf(no, a, no, b, c)", "30", "no no c")
	f("or(no, yes, yes)", "1", "no yes")
	f("or(no, no, no)", "0", "no no no")
	f("or(yes, no)", "1", "yes")
	f("coalesce(a, b)", "10", "a")
}

func TestRowsBefore(t *testing.T) {
	f := func(text string, in []int64, want string) {
		t.Helper()
		s, err := grammar.Parse("SELECT " + text)
		if err != nil {
			t.Fatal(err)
		}
		call := s.Select.Items[0].Expr.(*grammar.Call)
		w := world{columns: map[string]column{"x": {t: value.Of(value.UInt8)}}}
		args := make([]value.Arg, len(call.Args))
		for i, e := range call.Args {
			a, _, err := w.eval(e)
			if err != nil {
				t.Fatal(err)
			}
			args[i] = a
		}
		for range 2 { // each Bound begins anew
			b, err := function.Lookup(call.Name).Bind(env, args)
			if err != nil || !b.Ordered {
				t.Fatalf("%s: ordered %v, %v", text, b.Ordered, err)
			}
			var got []string
			for _, x := range in {
				v, err := b.Eval([]value.Value{value.Int(x), {}, {}}[:len(args)])
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, string(b.Type.AppendText(nil, v)))
			}
			if s := strings.Join(got, " "); s != want {
				t.Errorf("%s of %v: %s, want %s", text, in, s, want)
			}
		}
	}
	f("runningDifference(x)", []int64{10, 12, 5, 5}, "0 2 -7 0")
	f("neighbor(x, -1)", []int64{10, 12, 5}, "0 10 12")
	f("neighbor(x, -2)", []int64{10, 12, 5, 7}, "0 0 10 12")
	f("neighbor(x, 0)", []int64{10, 12}, "10 12")
}

// Times of day in random zones are what package time says.
func TestTimesInZones(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 7))
	zones := value.Zones()
	for range 3000 {
		name, second := zones[r.IntN(len(zones))], r.Int64N(value.MaxDateTime)
		z, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		at := time.Unix(second, 0).In(z)
		ts := map[string]column{"ts": {value.Of(value.DateTime), value.Int(second)}}
		f := func(text, want string) {
			t.Helper()
			_, got, err := world{columns: ts}.ask(fmt.Sprintf(text, "'"+name+"'"))
			if err != nil || got != want {
				t.Fatalf("%s of %d in %s: %q (%v), want %q", text, second, name, got, err, want)
			}
		}
		f("formatDateTime(ts, '%%Y-%%m-%%d %%H:%%i:%%S', %s)", at.Format(time.DateTime))
		f("toString(toDateTime(ts, %s))", at.Format(time.DateTime))
		f("toHour(ts, %s)", strconv.Itoa(at.Hour()))
		f("toDayOfYear(ts, %s)", strconv.Itoa(at.YearDay()))
		f("toDate(ts, %s)", at.Format(time.DateOnly))
		f("toYYYYMM(ts, %s)", at.Format("200601"))
		if _, offset := at.Zone(); offset%60 == 0 {
			f("formatDateTime(ts, '%%z', %s)", at.Format("-0700"))
		}
	}
}

// hot are calls that scans make for each row.
var hot = []string{
	"double > 5", "double + weight", "weight * double", "intDiv(toUInt32(ts), 300) * 300", "toStartOfInterval(ts, INTERVAL '5' MINUTE)",
	"toStartOfDay(ts, 'Europe/Berlin')", "ts > now() - INTERVAL '1' DAY", "blob = 'Lisboa'", "blob LIKE '%boa'", "blob IN ('a', 'b', 'Lisboa')",
	"if(double > 1, double, 0)", "lower(absent)", "substring(blob, 2, 3)", "toHour(ts)", "double BETWEEN 1 AND 5", "round(double, 1)",
}

// compile turns an expression into a function of a row, without laziness, as fast as a simple executor does.
func compile(t testing.TB, text string) func() value.Value {
	t.Helper()
	s, err := grammar.Parse("SELECT " + text)
	if err != nil {
		t.Fatal(err)
	}
	w := world{columns: columns}
	var node func(e grammar.Expr) (value.Arg, func() value.Value)
	call := func(name string, exprs ...grammar.Expr) (value.Arg, func() value.Value) {
		args, evals := make([]value.Arg, len(exprs)), make([]func() value.Value, len(exprs))
		for i, e := range exprs {
			args[i], evals[i] = node(e)
		}
		b, err := function.Lookup(name).Bind(env, args)
		if err != nil {
			t.Fatal(err)
		}
		vs := make([]value.Value, len(exprs))
		return value.Arg{Type: b.Type}, func() value.Value {
			for i, eval := range evals {
				vs[i] = eval()
			}
			v, err := b.Eval(vs)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	node = func(e grammar.Expr) (value.Arg, func() value.Value) {
		switch e := e.(type) {
		case *grammar.Call:
			return call(e.Name, e.Args...)
		case *grammar.Binary:
			return call(operators[e.Op], e.Left, e.Right)
		case *grammar.In:
			return call("in", append([]grammar.Expr{e.X}, e.List...)...)
		case *grammar.Between:
			return call("and", &grammar.Binary{Op: grammar.GreaterEqual, Left: e.X, Right: e.Low},
				&grammar.Binary{Op: grammar.LessEqual, Left: e.X, Right: e.High})
		}
		a, v, err := w.eval(e)
		if err != nil {
			t.Fatal(err)
		}
		return a, func() value.Value { return v }
	}
	_, eval := node(s.Select.Items[0].Expr)
	return eval
}

func TestHotFunctionsAllocateNothing(t *testing.T) {
	for _, text := range hot {
		eval := compile(t, text)
		if n := testing.AllocsPerRun(100, func() { eval() }); n != 0 {
			t.Errorf("%s allocates %v times a row", text, n)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	for _, text := range hot {
		b.Run(text, func(b *testing.B) {
			eval := compile(b, text)
			b.ReportAllocs()
			for b.Loop() {
				eval()
			}
		})
	}
}

func TestAnElementBeforeAllIsNotThere(t *testing.T) {
	n := value.Int(math.MinInt64)
	list := value.List([]value.Value{value.Uint(1), value.Uint(2)})
	b, err := function.Lookup("arrayElement").Bind(function.Env{}, []value.Arg{
		{Type: value.ArrayOf(value.Of(value.UInt8)), Const: &list}, {Type: value.Of(value.Int64), Const: &n},
	})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := b.Eval([]value.Value{list, n}); err != nil || v.Bits != 0 {
		t.Errorf("got %v, %v", v, err)
	}
}
