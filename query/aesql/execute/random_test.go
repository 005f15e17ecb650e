package execute_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/value"
)

// spelt are spellings of numbers as data points have them.
var spelt = []string{
	"5", "5.0", "5e0", "0", "-0", "0.0", "", "", "1", "-1", "2.5", "0.7", "0.1", "-3.25", "1e3", "1E-2", "100", "12345.678",
	"1e-7", "123456789012", "007", ".5", "99999999999999999999", "-17", "0.30000000000000004",
}

// fillRandom writes n points, and returns what an evaluator in memory needs of them. double1 has also what is no number,
// double2 and double3 have numbers only, and double3 has no fractions.
func fillRandom(w *world, n int, r *rand.Rand) []record {
	texts := []string{"", "", "a", "b", "Lisbon", "error: x", "/img/a.JPG", "log_in", "ä☃", "a%b", "0", `"quoted" \ and *`}
	var events []edge.Event
	var all []record
	pick := func(list []string) string { return list[r.IntN(len(list))] }
	for i := range n {
		columns := []string{
			"index1", pick([]string{"i1", "i2", "i3", ""}), "blob1", pick(texts), "blob2", pick(texts[:6]),
			"double1", pick(spelt), "double2", pick(spelt), "double3", pick([]string{"1", "2", "3", "40", "5.0", "6e0", "", "0"}),
			"_sample_interval", pick([]string{"1", "1", "10", "1.5", "100", ""}),
		}
		if r.IntN(20) == 0 {
			columns[7] = pick([]string{"NaN", "Infinity", "-Infinity", "1e300", "-1e300"})
		}
		// Several at one time, some at the edge of seconds, minutes and days. The place of each is its own.
		ago := float64(r.IntN(200_000)/7*7) + float64(i)/1e6
		if r.IntN(4) == 0 {
			ago = float64(r.IntN(60)*3600) + float64(i)/1e6
		}
		e := point("random", w.at(ago), columns...)
		events = append(events, e)
		row := record{"dataset": "random", "timestamp": clock(e.Time / 1e9), "place": float64(e.Time - w.now.UnixNano())}
		for i := 0; i < len(columns); i += 2 {
			row[columns[i]] = stored(columns[i], columns[i+1])
		}
		all = append(all, row)
	}
	w.write(events...)
	return all
}

// stored is the value of a column.
func stored(name, text string) any {
	switch {
	case !strings.HasPrefix(name, "double") && name != "_sample_interval":
		return text
	case text == "" && name == "_sample_interval":
		return 1.0
	case text == "":
		return 0.0
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic(err)
	}
	return f
}

// writer writes random questions.
type writer struct{ *rand.Rand }

func (w writer) of(list ...string) string { return list[w.IntN(len(list))] }

func (w writer) text() string {
	return w.of("blob1", "blob2", "index1", "lower(blob1)", "substring(blob1, 2, 3)", "if(double3 > 2, blob1, blob2)")
}

func (w writer) number() string {
	return w.of("double1", "double2", "double3", "_sample_interval", "double2 * 2 - 1", "-double3", "length(blob1)",
		"if(blob1 = 'a', double2, double3)", "double3 + _sample_interval", "toHour(timestamp)", "toDayOfWeek(timestamp)")
}

// sum is what the store may add up.
func (w writer) sum() string {
	return w.of("double1", "double2", "double3", "_sample_interval", "_sample_interval * double2", "double3 * 1.5",
		"_sample_interval * double1", "double2 - double3", "double3 / 2 + _sample_interval", "double2 * (double3 + 1.25)")
}

func (w writer) time() string {
	return w.of("toStartOfHour(timestamp)", "toStartOfDay(timestamp)", "toStartOfInterval(timestamp, INTERVAL '5' MINUTE)",
		"intDiv(toUInt32(timestamp), 300) * 300", "toHour(timestamp)", "toDayOfWeek(timestamp)", "toStartOfWeek(timestamp)",
		"toStartOfMonth(timestamp)", "toStartOfInterval(timestamp, INTERVAL '6' HOUR)", "toStartOfFifteenMinutes(timestamp)",
		"toYYYYMM(timestamp)", "formatDateTime(timestamp, '%Y-%m-%d')", "toStartOfInterval(timestamp, INTERVAL '1' DAY)")
}

func (w writer) condition(depth int) string {
	if depth > 0 && w.IntN(2) == 0 {
		a, b := w.condition(depth-1), w.condition(depth-1)
		return w.of("("+a+" AND "+b+")", "("+a+" OR "+b+")", "NOT ("+a+")")
	}
	ago := strconv.Itoa(w.IntN(70))
	return w.of(
		w.text()+" = "+w.of("'a'", "''", "'Lisbon'", `'"quoted" \\ and *'`),
		w.text()+" != "+w.of("'a'", "''"),
		w.text()+w.of(" IN ", " NOT IN ")+w.of("('a', 'b')", "('', 'error: x')", "('log_in')"),
		w.text()+w.of(" LIKE ", " NOT LIKE ", " ILIKE ")+w.of("'a%'", "'%.jpg'", "'log__n'", "'%'", "'error%'"),
		"startsWith("+w.text()+", "+w.of("'a'", "'err'")+")",
		w.number()+w.of(" > ", " <= ", " = ", " != ", " < ", " >= ")+w.of("0", "5", "2.5", "-1", "0.7"),
		w.number()+w.of(" BETWEEN ", " NOT BETWEEN ")+"0 AND 5",
		"timestamp "+w.of(">", ">=", "<", "<=", "=")+" NOW() - INTERVAL '"+ago+"' HOUR",
		"toStartOfHour(timestamp) >= NOW() - INTERVAL '"+ago+"' HOUR",
		"toUInt32(timestamp) % 2 = 0",
		"timestamp BETWEEN NOW() - INTERVAL '"+ago+"' HOUR AND NOW() - INTERVAL '3' HOUR",
	)
}

func (w writer) aggregate() string {
	return w.of("count()", "sum("+w.sum()+")", "avg("+w.sum()+")", "min("+w.of("double2", "double3", "double1")+")",
		"max("+w.of("double2", "double3", "double1")+")", "count(DISTINCT "+w.of("blob1", "index1", "double2")+")",
		"countIf("+w.condition(1)+")", "sumIf("+w.sum()+", "+w.condition(0)+")",
		"sum(_sample_interval * double3) / sum(_sample_interval)", "max("+w.number()+")", "sum("+w.number()+")",
		"quantileExactWeighted("+w.of("0.5", "0.95", "0", "1")+")(double3, _sample_interval)",
		"topKWeighted(3)(blob2, _sample_interval)", "first_value(blob1)", "last_value(double2)",
		"avgIf("+w.sum()+", "+w.condition(0)+")")
}

// where is empty half of the time.
func (w writer) where() string {
	if w.IntN(2) == 0 {
		return ""
	}
	return " WHERE " + w.condition(2)
}

// all orders by all of n columns, so that it decides.
func (w writer) all(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf("c%d%s", i, w.of("", " ASC", " DESC"))
	}
	w.Shuffle(n, func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	return " ORDER BY " + strings.Join(keys, ", ")
}

func (w writer) limit() string { return w.of("", " LIMIT 5", " LIMIT 7 OFFSET 2", " OFFSET 3") }

func (w writer) raw() string {
	var items []string
	for i := range 1 + w.IntN(3) {
		items = append(items, fmt.Sprintf("%s AS c%d", w.of(w.text(), w.number(), "timestamp", w.time()), i))
	}
	text := "SELECT " + strings.Join(items, ", ") + " FROM random" + w.where()
	if w.IntN(2) == 0 {
		text += w.all(len(items)) + w.limit()
	}
	return text
}

func (w writer) grouped() string {
	var items, keys []string
	for i := range w.IntN(3) {
		items = append(items, fmt.Sprintf("%s AS c%d", w.of("blob1", "index1", w.time(), w.time(), w.text(), w.number()), i))
		keys = append(keys, fmt.Sprintf("c%d", i))
	}
	for range 1 + w.IntN(3) {
		items = append(items, fmt.Sprintf("%s AS c%d", w.aggregate(), len(items)))
	}
	text := "SELECT " + strings.Join(items, ", ") + " FROM random" + w.where()
	if len(keys) > 0 {
		text += " GROUP BY " + strings.Join(keys, ", ")
		if w.IntN(3) == 0 {
			text += " HAVING count() > " + w.of("0", "2", "5")
		}
		// Sums of double1 and double2 are rounded, and so is which of two is the less.
		if !strings.Contains(text, "topK") && !strings.Contains(text, "double1") && !strings.Contains(text, "double2") {
			text += w.all(len(items)) + w.limit()
		}
	}
	return text
}

func (w writer) question() string {
	switch w.IntN(8) {
	case 0, 1:
		return w.raw()
	case 2:
		inner := "SELECT " + w.of("blob1", "index1", w.time()) + " AS k, count() AS n, sum(double3) AS s FROM random" + w.where() +
			" GROUP BY k"
		return "SELECT max(n) AS c0, sum(s) AS c1, count() AS c2 FROM (" + inner + ") WHERE n > 1"
	case 3:
		inner := "SELECT blob1 AS b, double3 AS d, timestamp AS t FROM random" + w.where()
		return "SELECT b AS c0, sum(d) AS c1 FROM (" + inner + ") WHERE " +
			w.of("b = 'a'", "t > NOW() - INTERVAL '20' HOUR", "d > 2", "b != '' AND d < 9") + " GROUP BY b"
	default:
		return w.grouped()
	}
}

// plain turns a value into one as the evaluator in memory has them.
func plain(t value.Type, v value.Value) any {
	switch {
	case t.Numeric():
		return t.Number(v)
	case t.Kind == value.DateTime:
		return clock(v.Int())
	case t.Kind == value.Date:
		return clock(v.Int() * 86400)
	case t.Kind == value.Array:
		var out []any
		for _, item := range v.Items() {
			out = append(out, plain(t.Elem(), item))
		}
		return out
	}
	return strings.Clone(v.Text)
}

// near tells whether two values are the same, numbers but for roundings.
func near(a, b any) bool {
	switch x := a.(type) {
	case nil:
		return b == "" || b == 0.0 || fmt.Sprint(b) == "NaN" // of no rows
	case float64:
		y, ok := b.(float64)
		return ok && (x == y || math.IsNaN(x) && math.IsNaN(y) || math.Abs(x-y) <= 1e-9*math.Max(math.Abs(x), math.Abs(y)))
	case []any:
		y, ok := b.([]any)
		return ok && slices.EqualFunc(x, y, near)
	}
	return a == b
}

// differ returns what differs between two answers, "" if nothing does. Without an order rows are sorted first.
func differ(got, want [][]any, ordered bool) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d rows, want %d", len(got), len(want))
	}
	if !ordered {
		got, want = inPlace(got), inPlace(want)
	}
	for i := range got {
		if !slices.EqualFunc(want[i], got[i], near) {
			return fmt.Sprintf("row %d is %v, want %v", i, got[i], want[i])
		}
	}
	return ""
}

// inPlace sorts rows by how they are written, each written once.
func inPlace(rows [][]any) [][]any {
	type written struct {
		text string
		row  []any
	}
	all := make([]written, len(rows))
	for i, row := range rows {
		all[i] = written{rounded(row), row}
	}
	slices.SortFunc(all, func(a, b written) int { return strings.Compare(a.text, b.text) })
	out := make([][]any, len(all))
	for i, w := range all {
		out[i] = w.row
	}
	return out
}

// rounded writes a row so that those that are near have one place.
func rounded(row []any) string {
	texts := make([]string, len(row))
	for i, v := range row {
		if f, ok := v.(float64); ok {
			v = strconv.FormatFloat(f+0, 'e', 11, 64)
		}
		texts[i] = fmt.Sprint(v)
	}
	return strings.Join(texts, "\x00")
}

// values asks, and returns the rows as the evaluator in memory has them.
func (w *world) values(text string) ([][]any, error) {
	var out [][]any
	err := w.each(context.Background(), text, func(types []value.Type, row []value.Value) {
		r := make([]any, len(row))
		for i, v := range row {
			r[i] = plain(types[i], v)
		}
		out = append(out, r)
	})
	return out, err
}

// TestRandomQuestionsHaveTheAnswersOfTheDefinition asks random questions over random points, by the plan that is made and
// by a scan, and compares both with an evaluator in memory that was written from the definitions.
func TestRandomQuestionsHaveTheAnswersOfTheDefinition(t *testing.T) {
	questions := 500 // others each time
	if testing.Short() {
		questions = 200
	}
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 1))
	w := newWorld(t)
	rows := fillRandom(w, 500, r)
	pushed := 0
	for range questions {
		text := writer{r}.question()
		s, err := grammar.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		_, want := oracleRows(s.Select, rows, w.now)
		for _, w.scans = range []bool{false, true} {
			w.reads = nil
			got, err := w.values(text)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, text, err)
			}
			if d := differ(got, want, len(s.Select.OrderBy) > 0); d != "" {
				t.Errorf("seed %d, scans %t: %s: %s", seed, w.scans, text, d)
			}
			if n := len(w.reads); !w.scans && n > 0 && strings.Contains(w.reads[n-1].LogsQL, "| stats") {
				pushed++
			}
		}
		if t.Failed() {
			return
		}
	}
	if pushed < questions/50 {
		t.Errorf("%d of %d questions were grouped by the store: the test shows little of that", pushed, questions)
	}
	t.Logf("seed %d: %d of %d questions were grouped by the store", seed, pushed, questions)
}
