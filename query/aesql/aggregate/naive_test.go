package aggregate_test

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"edgescope/query/aesql/value"
)

// naive is a second evaluator, straight from the definitions: a row of weight 3 is three rows, and sums are fractions.
type naive struct {
	x, w []float64
	s    []string
}

func random(r *rand.Rand, n int) naive {
	var rows naive
	for range n {
		rows.x = append(rows.x, float64(r.IntN(12))/4-1)
		rows.w = append(rows.w, []float64{1, 1, 2, 10, 0, -1, 2.5, 3.5}[r.IntN(8)])
		rows.s = append(rows.s, []string{"", "a", "b", "ä", "B"}[r.IntN(5)])
	}
	return rows
}

// expanded returns values as often as their weights say.
func expanded[T any](of []T, weights []float64) []T {
	var all []T
	for i, v := range of {
		whole := int(weights[i])
		if half := weights[i] - float64(whole); half > 0.5 || half == 0.5 && whole%2 == 1 {
			whole++
		}
		for range whole {
			all = append(all, v)
		}
	}
	return all
}

func (n naive) quantile(q float64) string {
	all := expanded(n.x, n.w)
	if len(all) == 0 {
		return "nan"
	}
	slices.Sort(all)
	at := max(int(math.Ceil(q*float64(len(all))))-1, 0)
	return fmt.Sprint(all[at])
}

func (n naive) top(k int) string {
	all := expanded(n.s, n.w)
	times := map[string]int{}
	for _, s := range all {
		times[s]++
	}
	var names []string
	for s := range times {
		names = append(names, s)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(times[b]-times[a], strings.Compare(a, b)) })
	return "['" + strings.Join(names[:min(k, len(names))], "','") + "']"
}

func (n naive) sum() string {
	total := new(big.Rat)
	for i, x := range n.x {
		part := new(big.Rat).SetFloat64(x)
		total.Add(total, part.Mul(part, new(big.Rat).SetFloat64(n.w[i])))
	}
	f, _ := total.Float64()
	return fmt.Sprint(f)
}

func TestWeightsAsTheDefinitionSays(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 2))
	for n := range 200 {
		rows := random(r, n)
		tab := column(rows.x...).with(weight, floats(rows.w...)...)
		q := float64(r.IntN(101)) / 100
		if _, got := result(t, question{name: "quantileExactWeighted", params: []float64{q}}, tab); got != rows.quantile(q) {
			t.Fatalf("quantile %v of %v by %v: %s, want %s", q, rows.x, rows.w, got, rows.quantile(q))
		}
		named := texts(rows.s...).with(weight, floats(rows.w...)...)
		if len(expanded(rows.s, rows.w)) > 0 {
			want(t, "topKWeighted(3)", named, rows.top(3)+" Array(String)")
		}
		products := make([]float64, n)
		for i := range products {
			products[i] = rows.x[i] * rows.w[i]
		}
		want(t, "sum", column(products...), rows.sum()+" Float64")
	}
}

// A sum of floats is the true sum, rounded once.
func TestSumsOfFloatsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 3))
	for range 300 {
		n, spread := r.IntN(200), r.IntN(2000)
		xs, total := make([]float64, n), new(big.Rat)
		for i := range xs {
			xs[i] = math.Ldexp(r.Float64()-0.5, r.IntN(spread+1)-spread/2)
			if i > 0 && r.IntN(3) == 0 {
				xs[i] = -xs[i-1] // cancellation
			}
			total.Add(total, new(big.Rat).SetFloat64(xs[i]))
		}
		f, _ := total.Float64()
		want(t, "sum", column(xs...), string(value.AppendFloat(nil, f))+" Float64")
	}
}

func FuzzSumIsExact(f *testing.F) {
	f.Add(1e308, 1e308, -1e308, 5e-324)
	f.Add(0.1, 0.2, -0.3, 1e16)
	f.Add(math.MaxFloat64, math.SmallestNonzeroFloat64, -math.MaxFloat64, 1.0)
	f.Fuzz(func(t *testing.T, a, b, c, d float64) {
		xs, total := []float64{a, b, c, d}, new(big.Rat)
		for _, x := range xs {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return
			}
			total.Add(total, new(big.Rat).SetFloat64(x))
		}
		sum, _ := total.Float64()
		want(t, "sum", column(xs...), string(value.AppendFloat(nil, sum))+" Float64")
	})
}

// What is added row by row must not allocate, once a value was seen.
func TestAddAllocatesNothing(t *testing.T) {
	rows := texts("Lisboa", "Porto").with(float, floats(1.5, 2)...).with(weight, floats(1, 2)...).with(uint8s, ints(1, 1)...)
	of := func(columns ...int) table {
		var tab table
		tab.rows = make([][]value.Value, len(rows.rows))
		for _, c := range columns {
			var vs []value.Value
			for _, row := range rows.rows {
				vs = append(vs, row[c])
			}
			tab = tab.with(rows.types[c], vs...)
		}
		return tab
	}
	f := func(s string, tab table) {
		t.Helper()
		b, err := ask(s).bind(tab)
		if err != nil {
			t.Fatal(err)
		}
		state, args := b.New(), make([]value.Value, 8)
		place := int64(0)
		once := func() {
			for _, row := range tab.rows {
				n := copy(args, row)
				if b.Ordered {
					place++
					args[n] = value.Int(place)
					n++
				}
				if err := state.Add(args[:n]); err != nil {
					t.Fatal(err)
				}
			}
		}
		once()
		if n := testing.AllocsPerRun(100, once); n != 0 {
			t.Errorf("%s allocates %v times in two rows", s, n)
		}
	}
	f("count", of(0))
	f("sum", of(1))
	f("sumIf", of(1, 3))
	f("avg", of(1))
	f("min", of(1))
	f("max", of(0))
	f("argMax", of(0, 1))
	f("last_value", of(0))
	f("uniq", of(0))
	f("uniq", of(0, 1))
	f("count(DISTINCT)", of(1))
	f("topK", of(0))
	f("topKWeighted", of(0, 2))
	f("quantileExactWeighted(0.9)", of(1, 2))
}

func BenchmarkAdd(b *testing.B) {
	const rows = 1 << 12
	r := rand.New(rand.NewPCG(1, 1))
	xs, names := make([]float64, rows), make([]string, rows)
	for i := range xs {
		xs[i] = math.Round(r.ExpFloat64()*1e6) / 1e4
		names[i] = fmt.Sprintf("/api/route/%d", r.IntN(200))
	}
	ones := make([]float64, rows)
	for i := range ones {
		ones[i] = []float64{1, 10}[r.IntN(2)]
	}
	x, w, s := column(xs...), column(ones...), texts(names...)
	w.types = []value.Type{weight}
	weighted := x.with(weight, floats(ones...)...)
	for name, tab := range map[string]table{
		"count": w, "sum": x, "avg": x, "min": x, "max": s, "uniq": s, "topK(10)": s, "quantileExactWeighted(0.95)": weighted,
		"argMax": s.with(float, floats(xs...)...), "last_value": s,
	} {
		b.Run(name, func(b *testing.B) { benchmarkAdd(b, ask(name), tab) })
	}
}

func benchmarkAdd(b *testing.B, q question, tab table) {
	bound, err := q.bind(tab)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	state := bound.New()
	args := make([]value.Value, 4)
	for i := 0; b.Loop(); i++ {
		n := copy(args, tab.rows[i%len(tab.rows)])
		if bound.Ordered {
			args[n] = value.Int(int64(i))
			n++
		}
		if err := state.Add(args[:n]); err != nil {
			b.Fatal(err)
		}
	}
}
