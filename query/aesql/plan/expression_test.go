package plan_test

import (
	"fmt"
	"strings"
	"testing"

	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// evaluate returns the columns of a question for one row of its source, in texts.
func evaluate(t *testing.T, text string, row ...value.Value) string {
	t.Helper()
	q := planned(t, text)
	out := make([]string, len(q.Select))
	for i, e := range q.Select {
		v, err := e.Eval(row)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		out[i] = string(e.Type.AppendText(nil, v))
	}
	return strings.Join(out, " ")
}

func TestLiteralsHaveTheSmallestTypeThatHoldsThem(t *testing.T) {
	f := func(literal, kind, want string) {
		t.Helper()
		q := planned(t, "SELECT "+literal)
		if got := q.Columns[0].Type.String(); got != kind {
			t.Errorf("%s is %s, want %s", literal, got, kind)
		}
		if got := evaluate(t, "SELECT "+literal); got != want {
			t.Errorf("%s is %s, want %s", literal, got, want)
		}
	}
	f("0", "UInt8", "0")
	f("255", "UInt8", "255")
	f("256", "UInt16", "256")
	f("4294967296", "UInt64", "4294967296")
	f("18446744073709551615", "UInt64", "18446744073709551615")
	f("18446744073709551616", "Float64", "18446744073709552000")
	f("-128", "Int8", "-128")
	f("-129", "Int16", "-129")
	f("-9223372036854775808", "Int64", "-9223372036854775808")
	f("1.50", "Float64", "1.5")
	f("1e3", "Float64", "1000")
	f("-0.5", "Float64", "-0.5")
	f("''", "String", "")
	f("'it''s'", "String", "it's")
	f("true", "UInt8", "1")
	f("FALSE", "UInt8", "0")
	f("NULL", "Nullable(Nothing)", "NULL")
	f("- 5", "Int8", "-5")
	f("-(5)", "Int8", "-5")
}

func TestExpressionsAreEvaluated(t *testing.T) {
	f := func(expression, want string, row ...value.Value) {
		t.Helper()
		if got := evaluate(t, "SELECT "+expression+" AS x FROM sql_dev", row...); got != want {
			t.Errorf("%s is %s, want %s", expression, got, want)
		}
	}
	f("1 + 2 * 3 - 4 / 2", "5")
	f("double1 + double2 * 2", "11", value.Float(1), value.Float(5))
	f("double1 * double1", "9", value.Float(3))
	f("double1 BETWEEN 1 AND 3", "1", value.Float(3))
	f("double1 NOT BETWEEN 1 AND 3", "0", value.Float(3))
	f("blob1 IN ('a', 'b')", "1", value.Text("b"))
	f("blob1 NOT IN ('a', 'b')", "0", value.Text("b"))
	f("NOT blob1 LIKE 'a%'", "1", value.Text("b"))
	f("blob1 IS NULL", "0", value.Text(""))
	f("blob1 IS NOT NULL", "1", value.Text(""))
	f("if(double1 = 0, 0, intDiv(10, double1))", "0", value.Float(0))
	f("if(double1 = 0, 0, intDiv(10, double1))", "3", value.Float(3))
	f("double1 != 0 AND intDiv(10, double1) > 1", "0", value.Float(0))
	f("double1 = 0 OR intDiv(10, double1) > 1", "1", value.Float(0))
	f("timestamp + INTERVAL '1' DAY", "1970-01-02 00:00:05", value.Int(5))
	f("_sample_interval * 2", "3", value.Float(1.5))
	f("extract(YEAR FROM timestamp)", "1970", value.Int(5))
	f("position('b' IN blob1)", "2", value.Text("abc"))
	f("upper(substring(blob1, 2))", "BC", value.Text("abc"))
	f("now()", "2026-11-30 12:34:56")
	f("today()", "2026-11-30")
}

// TestAQuestionKeepsItsOwnMemory: two plans of one text do not share the memory of arguments.
func TestAQuestionKeepsItsOwnMemory(t *testing.T) {
	a, b := planned(t, "SELECT double1 + double2 FROM sql_dev"), planned(t, "SELECT double1 + double2 FROM sql_dev")
	x, _ := a.Select[0].Eval([]value.Value{value.Float(1), value.Float(2)})
	y, _ := b.Select[0].Eval([]value.Value{value.Float(10), value.Float(20)})
	if x.Float() != 3 || y.Float() != 30 {
		t.Errorf("got %v and %v", x.Float(), y.Float())
	}
}

func TestWhatIsTheSameIsAskedOnce(t *testing.T) {
	f := func(text string, keys, aggregates, columns int) {
		t.Helper()
		q := planned(t, text)
		if len(q.Group.Keys) != keys || len(q.Group.Aggregates) != aggregates || len(q.Source.Scan.Columns) != columns {
			t.Errorf("%s: %d keys, %d aggregates, %d columns read, want %d, %d, %d", text, len(q.Group.Keys),
				len(q.Group.Aggregates), len(q.Source.Scan.Columns), keys, aggregates, columns)
		}
	}
	f("SELECT sum(double1) / count() AS a, SUM( double1 ) AS s, count() FROM sql_dev HAVING sum(double1) > 1 ORDER BY a", 0, 2, 1)
	f("SELECT blob1 AS b, blob1, count() FROM sql_dev GROUP BY b, blob1, 1", 1, 1, 1)
	f("SELECT lower(blob1) AS l, length(lower(blob1)) AS n, count() FROM sql_dev GROUP BY l", 1, 1, 1)
	f("SELECT (double1 + 1) * 2 AS x, max((double1+1)*2) FROM sql_dev GROUP BY x", 1, 1, 1)
	f("SELECT quantileExactWeighted(0.5)(double1, _sample_interval), quantileExactWeighted(0.9)(double1, _sample_interval) FROM sql_dev",
		0, 2, 2)
	f("SELECT sum(double1), sum(DISTINCT double1) FROM sql_dev", 0, 2, 1)
	f("SELECT 1 AS one, count() FROM sql_dev GROUP BY one", 1, 1, 0)
}

func TestColumnsOfGroupsAreThoseOfTheKeys(t *testing.T) {
	q := planned(t, "SELECT count() AS n, toStartOfHour(timestamp) AS h, concat(blob1, '!') AS b FROM sql_dev GROUP BY h, blob1")
	row := []value.Value{value.Int(3600), value.Text("x"), value.Uint(7)}
	want := []string{"7", "1970-01-01 01:00:00", "x!"}
	for i, e := range q.Select {
		v, err := e.Eval(row)
		if got := string(e.Type.AppendText(nil, v)); err != nil || got != want[i] {
			t.Errorf("%s is %s, %v, want %s", q.Columns[i].Name, got, err, want[i])
		}
	}
	kinds := []value.Kind{value.DateTime, value.String, value.UInt64}
	for i, typ := range q.RowTypes() {
		if typ.Kind != kinds[i] {
			t.Errorf("column %d of the groups is %s", i, typ)
		}
	}
}

func TestTheOrderOfRowsIsThatOfTimeOrOfOrderBy(t *testing.T) {
	// place evaluates the last argument of the first aggregate.
	place := func(text string, row ...value.Value) int64 {
		t.Helper()
		a := planned(t, text).Group.Aggregates[0]
		v, err := a.Args[len(a.Args)-1].Eval(row)
		if err != nil {
			t.Fatal(err)
		}
		return v.Int()
	}
	rises := func(text string, rows ...[]value.Value) {
		t.Helper()
		for i := 1; i < len(rows); i++ {
			if a, b := place(text, rows[i-1]...), place(text, rows[i]...); a >= b {
				t.Errorf("%s: row %d is at %d, row %d at %d", text, i-1, a, i, b)
			}
		}
	}
	blob, of := value.Text(""), func(v ...value.Value) []value.Value { return v }
	rises("SELECT first_value(blob1) FROM sql_dev", of(blob, value.Int(5)), of(blob, value.Int(6)))
	rises("SELECT first_value(blob1) FROM sql_dev ORDER BY timestamp", of(blob, value.Int(5)), of(blob, value.Int(6)))
	rises("SELECT first_value(blob1) FROM sql_dev ORDER BY timestamp DESC", of(blob, value.Int(6)), of(blob, value.Int(5)))
	var floats [][]value.Value
	for _, f := range []float64{-1e300, -2.5, -1e-300, 0, 1e-300, 1, 2, 1e300} {
		floats = append(floats, of(blob, value.Int(0), value.Float(f)))
	}
	rises("SELECT first_value(blob1) FROM sql_dev ORDER BY double1", floats...)
	rises("SELECT first_value(blob1) FROM sql_dev ORDER BY length(blob1) - 2",
		of(blob, value.Int(0)), of(value.Text("x"), value.Int(0)), of(value.Text("xyz"), value.Int(0)))
}

func TestVirtualTablesAndSubqueriesSayWhatTheirRowsAre(t *testing.T) {
	q := planned(t, "SELECT t.name, upper(name) FROM SYSTEM.Tables AS t WHERE name LIKE 'sql%'")
	if len(q.Source.Rows) != 1 || q.Source.Scan != nil || len(q.RowTypes()) != 1 {
		t.Errorf("the source is %+v", q.Source)
	}
	numbered := planned(t, "SELECT last_value(x) FROM (SELECT blob1 AS x, double1 AS y FROM sql_dev ORDER BY y)")
	if !numbered.Source.Numbered {
		t.Error("the rows of the subquery have no numbers")
	}
	raw := planned(t, "SELECT x FROM (SELECT blob1 AS x, double1 AS y FROM sql_dev) ORDER BY y")
	if kinds := raw.RowTypes(); len(kinds) != 2 || kinds[0].Kind != value.String || kinds[1].Kind != value.Float64 {
		t.Errorf("the rows of the subquery are %v", kinds)
	}
	one := planned(t, "SELECT 1 + 1")
	if len(one.Source.Rows) != 1 || len(one.Source.Rows[0]) != 0 {
		t.Errorf("without FROM there is one row of nothing, got %v", one.Source.Rows)
	}
}

func TestLimitsAreThoseOfTheText(t *testing.T) {
	f := func(tail string, limit, offset uint64) {
		t.Helper()
		q := planned(t, "SELECT blob1 FROM sql_dev "+tail)
		if q.Limit != limit || q.Offset != offset {
			t.Errorf("%s: limit %d, offset %d", tail, q.Limit, q.Offset)
		}
	}
	f("", plan.NoLimit, 0)
	f("LIMIT ALL", plan.NoLimit, 0)
	f("LIMIT 0", 0, 0)
	f("LIMIT 5", 5, 0)
	f("LIMIT 5 OFFSET 3", 5, 3)
	f("OFFSET 3", plan.NoLimit, 3)
}

func TestLongListsAreAskedInPart(t *testing.T) {
	var list []string
	for i := range 2000 {
		list = append(list, fmt.Sprintf("'value-%06d'", i))
	}
	in := strings.Join(list, ", ")
	q := planned(t, "SELECT 1 FROM sql_dev WHERE blob1 IN ("+in+") AND index1 = 'x'")
	if n := len(q.Source.Scan.Filter); n < 2000*14 || !strings.Contains(q.Source.Scan.Filter, `"index1":="x"`) {
		t.Errorf("the filter has %d bytes", n)
	}
	escaped := strings.ReplaceAll(in, "value-", "☃\x01\x02")
	q = planned(t, "SELECT count() FROM sql_dev WHERE blob1 IN ("+escaped+") AND index1 = 'x'")
	if q.Source.Scan.Filter != `"index1":="x"` || len(q.Where) != 2 || q.Stats != nil {
		t.Errorf("a list beyond what the store takes: the filter is %.100s, %d conditions", q.Source.Scan.Filter, len(q.Where))
	}
}

func TestConditionsReachThroughSubqueries(t *testing.T) {
	q := planned(t, "SELECT c FROM (SELECT b AS c, t FROM (SELECT lower(blob1) AS b, blob2 AS x, timestamp AS t FROM sql_dev "+
		"WHERE blob2 = 'y') WHERE x != 'z') WHERE t >= toDateTime(1700000000) AND c = 'q'")
	scan := q.Source.Sub.Source.Sub.Source.Scan
	if scan.Filter != `"blob2":="y" !("blob2":="z")` || scan.From != 1700000000 {
		t.Errorf("the scan begins at %d and has the filter %s", scan.From, scan.Filter)
	}
	if len(q.Where) != 2 || len(q.Source.Sub.Where) != 1 {
		t.Error("what has narrowed the scan is not asked any more")
	}
	named := planned(t, "SELECT n FROM (SELECT blob1 AS b, blob1, count() AS n FROM sql_dev GROUP BY b) WHERE blob1 = 'x'")
	if got := named.Source.Sub.Source.Scan.Filter; got != `"blob1":="x"` {
		t.Errorf("the filter is %s", got)
	}
}

// TestLongQuestionsArePlannedInTime: what 64 KiB can hold takes no time that grows with its square, and no text that
// the store refuses.
func TestLongQuestionsArePlannedInTime(t *testing.T) {
	join := func(n int, by string, one func(i int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = one(i)
		}
		return strings.Join(all, by)
	}
	same := func(text string) func(int) string { return func(int) string { return text } }
	either := join(1000, " OR ", func(i int) string { return fmt.Sprintf("blob1 = 'v%d'", i) })
	q := planned(t, "SELECT count() FROM sql_dev WHERE "+either)
	if q.Stats == nil || strings.Count(q.Source.Scan.Filter, "(") != 1 {
		t.Errorf("a thousand alternatives are not one list: %.200s", q.Source.Scan.Filter)
	}
	q = planned(t, "SELECT sum("+join(300, " + ", same("double1"))+") FROM sql_dev")
	if q.Stats != nil {
		t.Error("a sum of 300 parts goes to the store, which takes 100 parentheses")
	}
	for _, text := range []string{
		"SELECT 1 FROM sql_dev WHERE " + join(2500, " OR ", same("lower(blob1) = 'x'")),
		"SELECT 1 FROM sql_dev WHERE " + join(2500, " AND ", same("double1 > 5")),
		"SELECT 1 FROM sql_dev WHERE " + join(1200, " AND ", same("timestamp > now() - INTERVAL '1' DAY")),
		"SELECT blob1 = 'x' OR blob2 = 'y' AS k FROM sql_dev GROUP BY k HAVING " + join(2000, " OR ", same("count() > 5")),
		"SELECT " + join(6000, " + ", same("double1")) + " FROM sql_dev",
		"SELECT " + join(4000, ", ", same("double1 + 1")) + " FROM sql_dev",
	} {
		planned(t, text)
	}
	nested := "blob1 = 'x' AS x0, " + join(8, ", ", func(i int) string { // aliases nest deeper than parentheses may
		return fmt.Sprintf("%sx%d%s AS x%d", strings.Repeat("NOT (", 12), i, strings.Repeat(")", 12), i+1)
	})
	if q := planned(t, "SELECT "+nested+" FROM sql_dev WHERE x8 AND blob2 = 'y'"); q.Source.Scan.Filter != `"blob2":="y"` {
		t.Errorf("the filter is %.200s", q.Source.Scan.Filter)
	}
}
