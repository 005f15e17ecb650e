package aggregate_test

import (
	"math"
	"testing"
	"unsafe"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/value"
)

// viewOf returns a text that is gone when the buffer is.
func viewOf(b []byte) string { return unsafe.String(&b[0], len(b)) }

var nan, inf = math.NaN(), math.Inf(1)

func TestOfNoRows(t *testing.T) {
	none, noTexts := column(), texts()
	pairs := none.with(weight)
	want(t, "count", none, "0 UInt64")
	want(t, "sum", none, "0 Float64")
	want(t, "avg", none, "nan Float64")
	want(t, "min", none, "0 Float64")
	want(t, "max", none, "0 Float64")
	want(t, "max", noTexts, " String")
	want(t, "any", noTexts, " String")
	want(t, "first_value", noTexts, " String")
	want(t, "argMax", noTexts.with(float), " String")
	want(t, "quantileExactWeighted(0.5)", pairs, "nan Float64")
	want(t, "quantileExactWeighted(0.5)", table{types: []value.Type{uint8s, weight}}, "0 UInt8")
	want(t, "quantile(0.5)", none, "nan Float64")
	want(t, "topK", noTexts, "[] Array(String)")
	want(t, "topKWeighted(3)", noTexts.with(weight), "[] Array(String)")
	want(t, "uniq", noTexts, "0 UInt64")
	want(t, "groupArray", noTexts, "[] Array(String)")
	want(t, "count(DISTINCT)", noTexts, "0 UInt64")
	want(t, "sumIf", table{types: []value.Type{float, uint8s}}, "0 Float64")
	want(t, "avgIf", table{types: []value.Type{float, uint8s}}, "nan Float64")
}

func TestSums(t *testing.T) {
	of := func(typ value.Type, ns ...int64) table {
		return table{rows: make([][]value.Value, len(ns))}.with(typ, ints(ns...)...)
	}
	want(t, "sum", column(1, 2.5), "3.5 Float64")
	want(t, "sum", column(0.1, 0.2, 0.3, -0.6), "2.7755575615628914e-17 Float64")
	want(t, "sum", column(1e308, 1e308, -1e308), "1e308 Float64")
	want(t, "sum", column(1e308, 1e308), "inf Float64")
	want(t, "sum", column(1e16, 1, -1e16), "1 Float64")
	want(t, "sum", column(1e300, 1, 5e-324, -1e300, -1), "5e-324 Float64")
	want(t, "sum", column(1, nan), "nan Float64")
	want(t, "sum", column(inf, 1), "inf Float64")
	want(t, "sum", column(inf, -inf), "nan Float64")
	want(t, "sum", column(-inf, -5), "-inf Float64")
	want(t, "sum", of(uint8s, 255, 255), "510 UInt64")
	want(t, "sum", of(value.Of(value.Int8), -128, 1), "-127 Int64")
	want(t, "sum", of(int64s, math.MaxInt64, math.MaxInt64, math.MinInt64, math.MinInt64), "-2 Int64")
	want(t, "sum", of(uint64s, math.MaxInt64, math.MaxInt64, 1), "18446744073709551615 UInt64")
	want(t, "sum", texts("", "").with(weight, floats(1.5, 2.5)...).column(1), "4 UInt64")
	want(t, "sum", texts("", "").with(weight, floats(1.5, 2)...).column(1), "3.5 UInt64")
	want(t, "avg", of(uint8s, 1, 2), "1.5 Float64")
	want(t, "avg", of(int64s, math.MinInt64, math.MinInt64), "-9223372036854776000 Float64")
	want(t, "avg", of(int64s, -3, 2), "-0.5 Float64")
	want(t, "avg", column(1e308, 1e308), "inf Float64")
	want(t, "avg", column(2, 4, 6), "4 Float64")
	want(t, "sum(DISTINCT)", column(2, 2, 3), "5 Float64")
	want(t, "avg(DISTINCT)", column(2, 2, 4), "3 Float64")
	want(t, "sum(DISTINCT)", column(0, math.Copysign(0, -1), nan, nan), "nan Float64")

	s, err := ask("sum").bind(of(uint64s))
	if err != nil {
		t.Fatal(err)
	}
	state := s.New()
	for range 2 {
		if err := state.Add([]value.Value{value.Uint(math.MaxUint64)}); err != nil {
			t.Fatal(err)
		}
	}
	if v, err := state.Result(); err == nil {
		t.Errorf("a sum beyond UInt64 is %d", v.Bits)
	}
}

// column returns a table of the i-th column alone.
func (t table) column(i int) table {
	one := table{types: t.types[i : i+1]}
	for _, row := range t.rows {
		one.rows = append(one.rows, row[i:i+1])
	}
	return one
}

func TestExtremes(t *testing.T) {
	want(t, "min", column(3, 1, 2), "1 Float64")
	want(t, "max", column(3, 1, 2), "3 Float64")
	want(t, "min", column(nan, 1, nan), "1 Float64")
	want(t, "max", column(nan, 1, nan), "1 Float64")
	want(t, "max", column(nan, -inf), "-inf Float64")
	want(t, "min", column(nan, nan), "nan Float64")
	want(t, "max", column(nan), "nan Float64")
	want(t, "min", texts("b", "", "a"), " String")
	want(t, "max", texts("b", "ä", "a"), "ä String")
	want(t, "any", texts("", "Lisboa", ""), "Lisboa String")
	want(t, "argMax", texts("a", "b", "c").with(float, floats(1, 3, 2)...), "b String")
	want(t, "argMin", texts("a", "b", "c").with(float, floats(1, 3, 2)...), "a String")
	want(t, "argMax", texts("a", "b", "c").with(float, floats(3, 3, nan)...), "b String")
	want(t, "argMax", texts("a", "b").with(float, floats(nan, nan)...), "b String")
	want(t, "first_value", texts("x", "b", "a"), "x String")
	want(t, "last_value", texts("x", "b", "a"), "a String")
	want(t, "firstValue", column(nan, 1), "nan Float64")
}

func TestCounts(t *testing.T) {
	want(t, "count", texts("a", "", "a"), "3 UInt64")
	want(t, "count", table{rows: make([][]value.Value, 4)}, "4 UInt64")
	want(t, "count(DISTINCT)", texts("a", "", "a"), "2 UInt64")
	want(t, "uniq", column(0, math.Copysign(0, -1), nan, -nan, 1), "3 UInt64")
	want(t, "uniq", texts("a", "ab", "a").with(text, textValues("bc", "c", "bc")...), "2 UInt64")
	want(t, "count(DISTINCT)", texts("a", "ab", "a").with(text, textValues("bc", "c", "bc")...), "2 UInt64")
	want(t, "countIf", texts("", "", "").with(uint8s, ints(1, 0, 1)...).column(1), "2 UInt64")
	want(t, "countIf", texts("", "", "").with(float, floats(0.5, 0, nan)...).column(1), "2 UInt64")
}

func TestConditions(t *testing.T) {
	rows := column(1, 2, 4).with(uint8s, ints(1, 0, 1)...)
	want(t, "sumIf", rows, "5 Float64")
	want(t, "avgIf", rows, "2.5 Float64")
	want(t, "maxIf", column(1, 2, 9).with(uint8s, ints(1, 1, 0)...), "2 Float64")
	want(t, "first_valueIf", texts("a", "b", "c").with(uint8s, ints(0, 1, 1)...), "b String")
	want(t, "groupArrayIf", texts("c", "b", "a").with(uint8s, ints(1, 0, 1)...), "['c','a'] Array(String)")
	want(t, "uniqIf", texts("c", "c", "a").with(uint8s, ints(1, 1, 0)...), "1 UInt64")
	want(t, "quantileExactWeightedIf(0.5)", column(1, 2, 3).with(weight, floats(1, 1, 1)...).with(uint8s, ints(0, 0, 1)...), "3 Float64")
}

func TestNull(t *testing.T) {
	maybe := float.Null()
	rows := func(vs ...value.Value) table {
		return table{rows: make([][]value.Value, len(vs))}.with(maybe, vs...)
	}
	want(t, "sum", rows(value.Float(1), value.None()), "1 Nullable(Float64)")
	want(t, "sum", rows(value.None()), "NULL Nullable(Float64)")
	want(t, "avg", rows(value.Float(1), value.None()), "1 Nullable(Float64)")
	want(t, "count", rows(value.Float(1), value.None()), "1 UInt64")
	want(t, "uniq", rows(value.Float(1), value.None()), "1 UInt64")
	want(t, "count(DISTINCT)", rows(value.Float(1), value.None()), "1 UInt64")
	want(t, "topK", rows(value.Float(1), value.None()), "[1] Array(Float64)")
	want(t, "first_value", rows(value.None(), value.Float(7)), "7 Nullable(Float64)")
	want(t, "sumIf", rows(value.Float(1), value.None(), value.Float(2)).with(uint8s.Null(), value.Bool(true), value.Bool(true), value.None()), "1 Nullable(Float64)")
	want(t, "count", table{rows: make([][]value.Value, 1)}.with(value.Of(value.Nothing).Null(), value.None()), "0 UInt64")
}

func TestQuantiles(t *testing.T) {
	rows := column(10, 20, 30, 40)
	even := rows.with(weight, floats(1, 1, 1, 1)...)
	want(t, "quantileExactWeighted(0.5)", even, "20 Float64")
	want(t, "quantileExactWeighted(0.51)", even, "30 Float64")
	want(t, "quantileExactWeighted(0)", even, "10 Float64")
	want(t, "quantileExactWeighted(1)", even, "40 Float64")
	want(t, "quantileExactWeighted", even, "20 Float64")
	want(t, "quantileExactWeighted(0.5)", rows.with(weight, floats(1, 1, 1, 10)...), "40 Float64")
	want(t, "quantileExactWeighted(0.5)", rows.with(weight, floats(0, -3, 0.4, 1)...), "40 Float64")
	want(t, "quantileExactWeighted(0.5)", rows.with(weight, floats(1.5, 1.5, 2.5, nan)...), "20 Float64")
	want(t, "quantileExactWeighted(0.5)", rows.with(weight, floats(0, 0, 0, 0)...), "nan Float64")
	want(t, "quantileExactWeighted(0.9)", column(nan, 5, nan).with(weight, floats(9, 1, 9)...), "5 Float64")
	want(t, "quantileExactWeighted(0.5)", rows.with(uint64s, ints(-1, -1, -1, -1)...), "10 Float64") // 2^64-1 each
	want(t, "quantile(0.5)", rows, "25 Float64")
	want(t, "quantile(0)", rows, "10 Float64")
	want(t, "quantile(0.25)", rows, "17.5 Float64")
	want(t, "median", column(3, 1, 2), "2 Float64")
	want(t, "quantile(0.5)", column(-inf, inf), "nan Float64")
	want(t, "quantile(0.9)", column(inf, inf), "inf Float64")
}

func TestQuantileWeightedTakesItsLevelFirst(t *testing.T) {
	q := value.Float(0.99)
	args := []value.Arg{{Type: float, Const: &q}, {Type: float}, {Type: weight}}
	b, err := aggregate.Lookup("quantileWeighted").Bind(nil, args, false)
	if err != nil {
		t.Fatal(err)
	}
	one, two := b.New(), b.New()
	for i := range 100 {
		s := []aggregate.State{one, two}[i%2]
		if err := s.Add([]value.Value{q, value.Float(float64(i)), value.Float(1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Merge(two); err != nil {
		t.Fatal(err)
	}
	if v, err := one.Result(); err != nil || v.Float() != 98 {
		t.Errorf("the 99th percentile of 0 to 99 is %v (%v)", v.Float(), err)
	}
}

func TestTop(t *testing.T) {
	want(t, "topK", texts("b", "a", "b", "c", "a", "b"), "['b','a','c'] Array(String)")
	want(t, "topK(2)", texts("d", "c", "b", "a"), "['a','b'] Array(String)")
	want(t, "topK", column(1, 1, nan, nan, nan), "[nan,1] Array(Float64)")
	want(t, "topKWeighted(1)", texts("a", "b", "a").with(weight, floats(1, 9, 1)...), "['b'] Array(String)")
	want(t, "topKWeighted(5)", texts("a", "b", "a").with(weight, floats(0, 9, -1)...), "['b'] Array(String)")
}

func TestArrays(t *testing.T) {
	want(t, "groupArray", texts("b", "a", "b"), "['b','a','b'] Array(String)")
	want(t, "groupArray(2)", column(3, 2, 1), "[3,2] Array(Float64)")
	want(t, "groupUniqArray", column(3, 2, 3), "[2,3] Array(Float64)")
	pair := value.Type{Kind: value.Tuple, Elems: []value.Type{text, float}}
	rows := table{rows: make([][]value.Value, 2)}.with(pair,
		value.List([]value.Value{value.Text("k"), value.Float(1)}), value.List([]value.Value{value.Text("a"), value.Float(2)}))
	want(t, "groupArray", rows, "[('k',1),('a',2)] Array(Tuple(String, Float64))")
	want(t, "uniq", rows, "2 UInt64")
	want(t, "max", rows, "('k',1) Tuple(String, Float64)")
}

func TestRefusals(t *testing.T) {
	refused(t, "sum", texts(), "sum: argument 1 is String: a number is needed: convert it with toFloat64(x)")
	refused(t, "sum", column().with(float), "sum takes 1, not 2: sum(x)")
	refused(t, "sum(5)", column(), "sum has 1 parameters, and takes none: sum(x)")
	refused(t, "topK(0.5)", texts(), "the parameter is how many values, 1 to 65536")
	refused(t, "topK(70000)", texts(), "the parameter is how many values")
	refused(t, "quantileExactWeighted(2)", column().with(weight), "the quantile must be 0 to 1, not 2")
	refused(t, "quantileExactWeighted(0.5)", texts().with(weight), "a number or time is needed")
	refused(t, "quantileExactWeighted(0.5)", column(), "quantileExactWeighted takes 2, not 1: quantileExactWeighted(q)(x, weight)")
	refused(t, "quantileWeighted", column().with(weight), "has no quantile: write quantileWeighted(0.5, x, weight)")
	refused(t, "countIf", texts(), "a condition is needed")
	refused(t, "argMax(DISTINCT)", texts().with(float), "argMax(DISTINCT ...) is not supported")
	refused(t, "count", texts().with(float), "count takes one argument, or several with DISTINCT")
}

func TestNamesAreKnownInAnyCase(t *testing.T) {
	for _, name := range aggregate.Names() {
		if aggregate.Lookup(name) == nil {
			t.Errorf("%s is not found", name)
		}
	}
	for _, name := range []string{"COUNT", "quantileexactweighted", "TOPKWEIGHTED", "SumIf"} {
		if aggregate.Lookup(name) == nil {
			t.Errorf("%s is not found", name)
		}
	}
	if aggregate.Lookup("summ") != nil {
		t.Error("summ is an aggregate")
	}
}
