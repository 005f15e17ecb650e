package aggregate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/value"
)

// pool are types with values from their edges and in between.
func pool() []table {
	of := func(t value.Type, vs ...value.Value) table {
		return table{rows: make([][]value.Value, len(vs))}.with(t, vs...)
	}
	pair := value.Type{Kind: value.Tuple, Elems: []value.Type{text, float}}
	return []table{
		of(uint8s, ints(0, 1, 255, 1)...),
		of(value.Of(value.Int8), ints(-128, 0, 127, -1)...),
		of(int64s, ints(math.MinInt64, 5, math.MaxInt64, -5)...),
		of(uint64s, ints(-1, 0, 1, math.MaxInt64)...),
		of(float, floats(nan, 0, math.Copysign(0, -1), -2.5, inf, -inf, 1e300, 0.1)...),
		of(weight, floats(1, 1.5, 10, 0, -1)...),
		of(value.Of(value.WeightSum), floats(1, 1e18)...),
		of(text, textValues("", "a", "ä", "\xff", strings.Repeat("x", 100))...),
		of(value.Of(value.Date), ints(0, 65535, 100)...),
		of(value.Of(value.DateTime), ints(0, value.MaxDateTime, 1_700_000_000)...),
		of(value.Type{Kind: value.DateTime64, Scale: 3}, ints(-1, 1_700_000_000_123)...),
		of(value.ArrayOf(text), value.Value{}, value.List(textValues("a", "b")), value.List(textValues("a"))),
		of(pair, value.List([]value.Value{value.Text("a"), value.Float(1)}), value.List([]value.Value{value.Text("a"), value.Float(nan)})),
		of(float.Null(), value.None(), value.Float(1), value.Float(-1)),
		of(text.Null(), value.None(), value.Text("a")),
		of(value.Of(value.Nothing).Null(), value.None()),
	}
}

// Every aggregate of every type, with DISTINCT and without: it does not panic, and the order of rows and how they are cut
// into parts change nothing.
func TestEveryAggregateOfEveryType(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	all := pool()
	for _, a := range aggregate.Aggregates() {
		for _, first := range all {
			tryAggregate(t, r, a, first)
			for range 4 {
				second := all[r.IntN(len(all))]
				tryAggregate(t, r, a, first, second)
				tryAggregate(t, r, a, first, second, all[r.IntN(len(all))])
			}
		}
	}
}

func tryAggregate(t *testing.T, r *rand.Rand, a *aggregate.Aggregate, columns ...table) {
	t.Helper()
	var tab table
	for range 12 {
		var row []value.Value
		for _, c := range columns {
			row = append(row, c.rows[r.IntN(len(c.rows))][0])
		}
		tab.rows = append(tab.rows, row)
	}
	for _, c := range columns {
		tab.types = append(tab.types, c.types[0])
	}
	q := question{name: a.Name, distinct: r.IntN(3) == 0}
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("%v of %v panics: %v", q, tab.types, p)
		}
	}()
	b, err := q.bind(tab)
	if err != nil {
		if !utf8.ValidString(err.Error()) || !strings.Contains(err.Error(), strings.TrimSuffix(a.Name, "If")) {
			t.Errorf("%v of %v: error %q", q, tab.types, err)
		}
		return
	}
	s := b.New()
	places := make([]int, len(tab.rows))
	for i := range places {
		places[i] = i
	}
	add(t, b, s, tab.rows, places)
	v, err := s.Result()
	if err != nil {
		if !strings.Contains(err.Error(), "a sum is beyond") {
			t.Errorf("%v of %v: %v", q, tab.types, err)
		}
		return
	}
	if v.Null && !b.Type.Nullable {
		t.Errorf("%v of %v is NULL, and a %s", q, tab.types, b.Type)
	}
	got := string(b.Type.AppendText(nil, v))
	for seed := range uint64(3) {
		if other := inParts(t, q, tab, seed); other != got {
			t.Errorf("%v of %v: %s in one pass, %s in parts", q, tab.types, got, other)
		}
	}
}

// What a state says that it holds grows with what it holds, and is near it.
func TestSizeGrowsWithWhatIsHeld(t *testing.T) {
	const rows, long = 2000, 50
	for _, s := range []string{"uniq", "topK", "groupArray", "groupUniqArray", "count(DISTINCT)"} {
		b, err := ask(s).bind(texts())
		if err != nil {
			t.Fatal(err)
		}
		state := b.New()
		before := state.Size()
		for i := range rows {
			args := []value.Value{value.Text(fmt.Sprintf("%0*d", long, i)), value.Int(int64(i))}
			if !b.Ordered {
				args = args[:1]
			}
			if err := state.Add(args); err != nil {
				t.Fatal(err)
			}
		}
		if grown := state.Size() - before; grown < rows*long || grown > rows*(long+400) {
			t.Errorf("%s says that %d texts of %d bytes take %d", s, rows, long, grown)
		}
	}
	b, err := ask("quantileExactWeighted(0.5)").bind(column().with(weight))
	if err != nil {
		t.Fatal(err)
	}
	state := b.New()
	for i := range 2 * rows {
		if err := state.Add([]value.Value{value.Float(float64(i % rows)), value.Float(1)}); err != nil {
			t.Fatal(err)
		}
	}
	if size := state.Size(); size < 16*rows || size > 64*rows {
		t.Errorf("%d values take %d bytes", rows, size)
	}
}

// A second evaluator of aggregates of texts and floats: rows in a slice, and loops over them.
func TestAggregatesAsLoops(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 15))
	for range 200 {
		rows := random(r, 1+r.IntN(30))
		xs, names := column(rows.x...), texts(rows.s...)
		sorted := slices.Sorted(slices.Values(rows.x))
		want(t, "min", xs, fmt.Sprint(sorted[0])+" Float64")
		want(t, "max", xs, fmt.Sprint(sorted[len(sorted)-1])+" Float64")
		different := map[string]bool{}
		for _, s := range rows.s {
			different[s] = true
		}
		want(t, "uniq", names, strconv.Itoa(len(different))+" UInt64")
		want(t, "count(DISTINCT)", names, strconv.Itoa(len(different))+" UInt64")
		want(t, "first_value", names, rows.s[0]+" String")
		want(t, "last_value", names, rows.s[len(rows.s)-1]+" String")
		want(t, "groupArray", names, "['"+strings.Join(rows.s, "','")+"'] Array(String)")
		best := 0
		for i := range rows.x {
			if rows.x[i] > rows.x[best] || rows.x[i] == rows.x[best] && rows.s[i] > rows.s[best] {
				best = i
			}
		}
		want(t, "argMax", names.with(float, floats(rows.x...)...), rows.s[best]+" String")
		above, sum := 0, 0.0
		var condition []value.Value
		for _, x := range rows.x {
			condition = append(condition, value.Bool(x > 0))
			if x > 0 {
				above, sum = above+1, sum+x // quarters add up without an error
			}
		}
		want(t, "countIf", xs.with(uint8s, condition...).column(1), strconv.Itoa(above)+" UInt64")
		want(t, "sumIf", xs.with(uint8s, condition...), fmt.Sprint(sum)+" Float64")
		middle := (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
		want(t, "median", xs, fmt.Sprint(middle)+" Float64")
	}
}
