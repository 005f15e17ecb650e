package aggregate_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"edgescope/query/aesql/aggregate"
	"edgescope/query/aesql/value"
)

// table is rows of columns.
type table struct {
	types []value.Type
	rows  [][]value.Value
}

var (
	float   = value.Of(value.Float64)
	text    = value.Of(value.String)
	uint8s  = value.Of(value.UInt8)
	uint64s = value.Of(value.UInt64)
	int64s  = value.Of(value.Int64)
	weight  = value.Of(value.Weight)
)

// column makes a table of one column of floats.
func column(fs ...float64) table {
	t := table{types: []value.Type{float}}
	for _, f := range fs {
		t.rows = append(t.rows, []value.Value{value.Float(f)})
	}
	return t
}

// with adds a column.
func (t table) with(typ value.Type, vs ...value.Value) table {
	t.types = append(t.types[:len(t.types):len(t.types)], typ)
	rows := make([][]value.Value, len(t.rows))
	for i := range rows {
		rows[i] = append(t.rows[i][:len(t.rows[i]):len(t.rows[i])], vs[i])
	}
	t.rows = rows
	return t
}

func floats(fs ...float64) []value.Value {
	var vs []value.Value
	for _, f := range fs {
		vs = append(vs, value.Float(f))
	}
	return vs
}

func ints(ns ...int64) []value.Value {
	var vs []value.Value
	for _, n := range ns {
		vs = append(vs, value.Int(n))
	}
	return vs
}

func textValues(ss ...string) []value.Value {
	var vs []value.Value
	for _, s := range ss {
		vs = append(vs, value.Text(s))
	}
	return vs
}

// texts makes a table of one column of texts.
func texts(ss ...string) table {
	t := table{types: []value.Type{text}, rows: make([][]value.Value, len(ss))}
	t.types = nil
	return t.with(text, textValues(ss...)...)
}

// question is an aggregate of all columns of a table: "sum", "quantile(0.5)", "count(DISTINCT)".
type question struct {
	name     string
	params   []float64
	distinct bool
}

// ask parses a question as tests write it.
func ask(s string) question {
	name, rest, _ := strings.Cut(s, "(")
	q := question{name: name}
	switch rest = strings.TrimSuffix(rest, ")"); rest {
	case "":
	case "DISTINCT":
		q.distinct = true
	default:
		a := value.Text(rest)
		f, err := value.Converter(text, float)
		if err != nil {
			panic(err)
		}
		v, err := f(a)
		if err != nil {
			panic(err)
		}
		q.params = []float64{v.Float()}
	}
	return q
}

func (q question) bind(t table) (aggregate.Bound, error) {
	a := aggregate.Lookup(q.name)
	if a == nil {
		panic("no aggregate " + q.name)
	}
	var params, args []value.Arg
	for _, p := range q.params {
		typ, v := float, value.Float(p)
		if p == math.Trunc(p) && p > 0 {
			typ, v = value.TypeOfUint(uint64(p)), value.Uint(uint64(p))
		}
		params = append(params, value.Arg{Type: typ, Const: &v})
	}
	for _, typ := range t.types {
		args = append(args, value.Arg{Type: typ})
	}
	return a.Bind(params, args, q.distinct)
}

// add gives rows to a state, with their places, from texts that are gone afterwards.
func add(t testing.TB, b aggregate.Bound, s aggregate.State, rows [][]value.Value, places []int) {
	t.Helper()
	for i, row := range rows {
		args := make([]value.Value, len(row), len(row)+1)
		var buffers [][]byte
		for j, v := range row {
			if v.Text != "" {
				buffer := []byte(v.Text)
				buffers = append(buffers, buffer)
				v.Text = viewOf(buffer)
			}
			args[j] = v
		}
		if b.Ordered {
			args = append(args, value.Int(int64(places[i])))
		}
		if err := s.Add(args); err != nil {
			t.Fatal(err)
		}
		for _, buffer := range buffers {
			clear(buffer)
		}
	}
}

// result is what an aggregate comes to in one pass.
func result(t testing.TB, q question, tab table) (aggregate.Bound, string) {
	t.Helper()
	b, err := q.bind(tab)
	if err != nil {
		t.Fatalf("%v of %v: %v", q, tab.types, err)
	}
	s := b.New()
	places := make([]int, len(tab.rows))
	for i := range places {
		places[i] = i
	}
	add(t, b, s, tab.rows, places)
	v, err := s.Result()
	if err != nil {
		t.Fatalf("%v: %v", q, err)
	}
	return b, string(b.Type.AppendText(nil, v))
}

// want checks an aggregate of all columns, "value Type", in one pass, and in random orders over parts that are merged.
func want(t *testing.T, s string, tab table, expected string) {
	t.Helper()
	q := ask(s)
	b, got := result(t, q, tab)
	if got += " " + b.Type.String(); got != expected {
		t.Errorf("%s of %d rows: %q, want %q", s, len(tab.rows), got, expected)
	}
	for seed := range uint64(8) {
		if shuffled := inParts(t, q, tab, seed) + " " + b.Type.String(); shuffled != got {
			t.Errorf("%s in another order (%d): %q, in one pass %q", s, seed, shuffled, got)
		}
	}
}

// inParts is result over parts in random order.
func inParts(t testing.TB, q question, tab table, seed uint64) string {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	b, err := q.bind(tab)
	if err != nil {
		t.Fatal(err)
	}
	parts := []aggregate.State{b.New(), b.New(), b.New()}
	for _, i := range r.Perm(len(tab.rows)) {
		add(t, b, parts[r.IntN(len(parts))], tab.rows[i:i+1], []int{i})
	}
	r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
	for _, p := range parts[1:] {
		if err := parts[0].Merge(p); err != nil {
			t.Fatal(err)
		}
	}
	if parts[0].Size() <= 0 {
		t.Errorf("%v holds %d bytes", q, parts[0].Size())
	}
	v, err := parts[0].Result()
	if err != nil {
		t.Fatal(err)
	}
	return string(b.Type.AppendText(nil, v))
}

func refused(t *testing.T, s string, tab table, part string) {
	t.Helper()
	if _, err := ask(s).bind(tab); err == nil || !strings.Contains(err.Error(), part) {
		t.Errorf("%s of %v: error %v, want one with %q", s, tab.types, err, part)
	}
}
