package grammar_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/query/aesql/grammar"
)

// expression parses the first item of a SELECT.
func expression(t *testing.T, text string) grammar.Expr {
	t.Helper()
	s, err := grammar.Parse("SELECT " + text)
	if err != nil {
		t.Fatalf("parse %s: %v", text, err)
	}
	if len(s.Select.Items) != 1 {
		t.Fatalf("%s has %d items", text, len(s.Select.Items))
	}
	return s.Select.Items[0].Expr
}

// shape prints an expression with all its parentheses.
func shape(e grammar.Expr) string {
	all := func(list []grammar.Expr) string {
		var b []string
		for _, e := range list {
			b = append(b, shape(e))
		}
		return strings.Join(b, " ")
	}
	switch e := e.(type) {
	case *grammar.Unary:
		return fmt.Sprintf("(%s %s)", e.Op, shape(e.X))
	case *grammar.Binary:
		return fmt.Sprintf("(%s %s %s)", e.Op, shape(e.Left), shape(e.Right))
	case *grammar.Between:
		return fmt.Sprintf("(between %t %s %s %s)", !e.Not, shape(e.X), shape(e.Low), shape(e.High))
	case *grammar.In:
		return fmt.Sprintf("(in %t %s [%s])", !e.Not, shape(e.X), all(e.List))
	case *grammar.IsNull:
		return fmt.Sprintf("(null %t %s)", !e.Not, shape(e.X))
	case *grammar.Call:
		distinct := ""
		if e.Distinct {
			distinct = "distinct "
		}
		return fmt.Sprintf("%s<%s>[%s%s]", e.Name, all(e.Params), distinct, all(e.Args))
	case *grammar.Lambda:
		return fmt.Sprintf("(%s -> %s)", strings.Join(e.Params, " "), shape(e.Body))
	}
	return grammar.Name(e, nil)
}

func TestOperatorsBindAsDocumented(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := shape(expression(t, text)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	f("1 + 2 * 3 - 4 / 2", "(- (+ 1 (* 2 3)) (/ 4 2))")
	f("1 - 2 - 3", "(- (- 1 2) 3)")
	f("8 / 4 / 2 % 3", "(% (/ (/ 8 4) 2) 3)")
	f("(1 + 2) * 3", "(* (+ 1 2) 3)")
	f("-a * b", "(* (- a) b)")
	f("- -1", "(- (- 1))")
	f("+1", "1")
	f("a - -1", "(- a (- 1))")
	f("a or b and not c = 1", "(OR a (AND b (NOT (= c 1))))")
	f("not a and b", "(AND (NOT a) b)")
	f("NOT NOT a", "(NOT (NOT a))")
	f("NOT (1 = 2)", "(NOT (= 1 2))")
	f("a <> 1 and b == 2", "(AND (!= a 1) (= b 2))")
	f("a + 1 >= b - 1", "(>= (+ a 1) (- b 1))")
	f("a BETWEEN 1 AND 3 AND b", "(AND (between true a 1 3) b)")
	f("a not between 1 + 1 and 3 * 2 or b", "(OR (between false a (+ 1 1) (* 3 2)) b)")
	f("a IN (1, 2, -3) AND b NOT IN ('x')", "(AND (in true a [1 2 (- 3)]) (in false b ['x']))")
	f("a LIKE 'x%' OR b NOT ILIKE '%y'", "(OR (LIKE a 'x%') (NOT ILIKE b '%y'))")
	f("NOT a LIKE 'x'", "(NOT (LIKE a 'x'))")
	f("a IS NULL OR b IS NOT NULL", "(OR (null true a) (null false b))")
	f("a = b = c", "(= (= a b) c)")
	f("timestamp > NOW() - INTERVAL '1' DAY", "(> timestamp (- NOW<>[] INTERVAL '1' DAY))")
	f("intDiv(toUInt32(timestamp),300)*300", "(* intDiv<>[toUInt32<>[timestamp] 300] 300)")
	f("if(a, b, c) + 1", "(+ if<>[a b c] 1)")
}

func TestSpecialForms(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := shape(expression(t, text)); got != want {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	f("position(':' IN 'hello: world')-1", "(- position<>['hello: world' ':'] 1)")
	f("position('ab', 'c')", "position<>['ab' 'c']")
	f("extract(SECOND from toDateTime('2022-06-06 11:30:15'))", "toSecond<>[toDateTime<>['2022-06-06 11:30:15']]")
	f("EXTRACT(day FROM t)", "toDayOfMonth<>[t]")
	f("quantileExactWeighted(0.5)(double1,_sample_interval)", "quantileExactWeighted<0.5>[double1 _sample_interval]")
	f("f()(x)", "f<>[x]")
	f("count(*)", "count<>[*]")
	f("COUNT(DISTINCT blob1)", "COUNT<>[distinct blob1]")
	f("topK(3)(DISTINCT x)", "topK<3>[distinct x]")
	f("toStartOfInterval(timestamp, INTERVAL 5 minute, 'Etc/UTC')",
		"toStartOfInterval<>[timestamp INTERVAL '5' MINUTE 'Etc/UTC']")
	f("INTERVAL '42' YEAR", "INTERVAL '42' YEAR")
	f("INTERVAL -2 HOURS", "INTERVAL '-2' HOUR")
	f("interval", "interval")
	f("interval - 1", "(- interval 1)")
	f("interval - INTERVAL - 1 DAY", "(- interval INTERVAL '-1' DAY)")
	f("interval + 1", "(+ interval 1)")
	f("format('{}', format)", "format<>['{}' format]")
	f("offset", "offset")
	f("(a, 'b')", "tuple<>[a 'b']")
	f("[1, 2]", "array<>[1 2]")
	f("[]", "array<>[]")
	f("a.1 + t.b", "(+ tupleElement<>[a 1] t.b)")
	f("(a, b).2.1", "tupleElement<>[tupleElement<>[tuple<>[a b] 2] 1]")
	f("arrayMap(x -> x + 1, a)", "arrayMap<>[(x -> (+ x 1)) a]")
	f("arrayMap((x, y) -> x.1, a, b)", "arrayMap<>[(x y -> tupleElement<>[x 1]) a b]")
	f("arrayMap((x) -> 1, a)", "arrayMap<>[(x -> 1) a]")
	f(`"odd name" = 1`, "(= `odd name` 1)")
	f("cloud.region", "cloud.region")
	f("true AND FALSE", "(AND true false)")
	f("coalesce(NULL, x)", "coalesce<>[NULL x]")
	f(".5 + 1. + 1e3 + 2.5E-2", "(+ (+ (+ .5 1.) 1e3) 2.5E-2)")
	f("if(a, NaN, inf)", "if<>[a nan inf]")
	f("f(distinct)", "f<>[distinct]")
}

func TestTexts(t *testing.T) {
	f := func(written, want string) {
		t.Helper()
		e, ok := expression(t, written).(*grammar.Literal)
		if !ok || e.Kind != grammar.String || e.Text != want {
			t.Errorf("%s is %q, want %q", written, e.Text, want)
		}
	}
	f(`'plain'`, "plain")
	f(`''`, "")
	f(`'it''s'`, "it's")
	f(`'it\'s'`, "it's")
	f(`'a\\b'`, `a\b`)
	f(`'100\%'`, `100\%`)
	f(`'a\_b'`, `a\_b`)
	f(`'a\n\t\0'`, "a\n\t\x00")
	f(`'-- no comment /* */'`, "-- no comment /* */")
	f("'two\nlines'", "two\nlines")
	f(`'"quoted"'`, `"quoted"`)
	f(`'é😀'`, "é😀")
}

func TestClauses(t *testing.T) {
	s, err := grammar.Parse("/* all */ select *, blob1 as city, count() n, sum(x) AS count -- of it\nfrom WEATHER AS w where a group by b, c\n" +
		"having n > 1 order by d desc, e asc, f limit 10 offset 5 format JSONEachRow;")
	if err != nil {
		t.Fatal(err)
	}
	q := s.Select
	var items, aliases, order []string
	for _, i := range q.Items {
		items = append(items, grammar.Name(i.Expr, nil))
		aliases = append(aliases, i.Alias)
	}
	for _, o := range q.OrderBy {
		order = append(order, fmt.Sprintln(grammar.Name(o.Expr, nil), o.Desc))
	}
	got := []any{
		items, aliases, order, q.From.Table, q.From.Alias, grammar.Name(q.Where, nil), len(q.GroupBy),
		grammar.Name(q.Having, nil), *q.Limit, q.Offset, s.Format.Name, len(s.Extensions),
	}
	want := []any{
		[]string{"*", "blob1", "count()", "sum(x)"},
		[]string{"", "city", "n", "count"},
		[]string{"d true\n", "e false\n", "f false\n"},
		"WEATHER", "w", "a", 2, "n > 1", uint64(10), uint64(5), "JSONEachRow", 0,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestStatements(t *testing.T) {
	ok := func(text string) *grammar.Statement {
		t.Helper()
		s, err := grammar.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return s
	}
	if s := ok("SHOW TABLES"); s.Show != grammar.ShowTables || s.Select != nil {
		t.Error("SHOW TABLES", s)
	}
	if s := ok("show timezones format TabSeparated ;"); s.Show != grammar.ShowTimezones || s.Format.Name != "TabSeparated" {
		t.Error("SHOW TIMEZONES", s)
	}
	if s := ok("SHOW TIMEZONE"); s.Show != grammar.ShowTimezone {
		t.Error("SHOW TIMEZONE", s)
	}
	if s := ok("SELECT 1 LIMIT ALL OFFSET 2"); s.Select.Limit != nil || s.Select.Offset != 2 {
		t.Error("LIMIT ALL", s.Select)
	}
	if s := ok("SELECT 1 OFFSET 3"); s.Select.Limit != nil || s.Select.Offset != 3 {
		t.Error("OFFSET alone", s.Select)
	}
	if s := ok("SELECT 1 OFFSET 3 LIMIT 0"); *s.Select.Limit != 0 || s.Select.Offset != 3 {
		t.Error("OFFSET LIMIT", s.Select)
	}
	if s := ok("SELECT 1 LIMIT 3, 7"); *s.Select.Limit != 7 || s.Select.Offset != 3 || len(s.Extensions) != 1 {
		t.Error("LIMIT 3, 7", s.Select)
	}
	if s := ok("SELECT 1; FORMAT JSON"); s.Format.Name != "JSON" {
		t.Error("FORMAT added behind the semicolon", s.Format)
	}
	if s := ok("SELECT DISTINCT a, b AS c FROM t"); len(s.Select.GroupBy) != 2 || len(s.Extensions) != 1 {
		t.Error("DISTINCT", s.Select)
	}
	if s := ok(`SELECT a FROM "my-table" ORDER BY a`); s.Select.From.Table != "my-table" {
		t.Error("quoted table", s.Select.From)
	}
	if s := ok("SELECT a FROM `default`.`t`"); s.Select.From.Table != "default.t" {
		t.Error("table with database", s.Select.From)
	}
	s := ok("SELECT sum(n) FROM (SELECT count() AS n FROM t GROUP BY a LIMIT 3) AS x WHERE n > 1")
	if in := s.Select.From; in.Table != "" || in.Select == nil || in.Alias != "x" || *in.Select.Limit != 3 {
		t.Error("subquery", s.Select.From)
	}
	for _, alias := range []string{"date", "timestamp", "count", "left", "interval", "format", "limit", "FROM", "`odd one`"} {
		if s := ok("SELECT blob1 AS " + alias + " FROM t"); s.Select.Items[0].Alias != strings.Trim(alias, "`") {
			t.Error("alias", alias, s.Select.Items[0])
		}
	}
}

func TestErrorsSayWhereAndWhatWouldBeRight(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := grammar.Parse(text)
		var told *grammar.Error
		if !errors.As(err, &told) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		} else if got := err.Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%s\n got %s\nwant %s", text, got, want)
		}
	}
	f("", "1:1: the query is empty")
	f(" \n -- nothing\n", "3:1: the query is empty")
	f("SELEC 1", `1:1: want SELECT or SHOW, found "SELEC" (did you mean "SELECT"?)`)
	f("INSERT INTO t VALUES (1)", `1:1: want SELECT or SHOW, found "INSERT"`)
	f("DROP TABLE t", `1:1: want SELECT or SHOW, found "DROP"`)
	f("DESCRIBE t", "1:1: DESCRIBE is not supported: want SELECT or SHOW")
	for _, text := range []string{
		`{"query":"SELECT 1"}`, `"SELECT 1"`, `["SELECT 1"]`, "'SELECT 1'", "query=SELECT%201", "query=SELECT%20%27x%27%3B", "sql=",
	} {
		f(text, "1:1: want SELECT or SHOW: the body is the SQL itself, no JSON and no form")
	}
	f("query=SELECT+1", "1:1: want SELECT or SHOW: the body is the SQL itself")
	f("SHOW DATABASES", `1:6: want SHOW TABLES, SHOW TIMEZONES or SHOW TIMEZONE, found "DATABASES"`)
	f("SELECT 1; SELECT 2", "1:11: a second statement begins here: ask one at a time")
	f("SELECT", `1:7: an expression is missing behind "SELECT", found the end of the query`)
	f("SELECT\n  a,\n  FROM t", `3:3: an expression is missing behind ",", found "FROM"`)
	f("SELECT é", `1:8: 'é' can't stand here`)
	f("SELECT 'ééé', CASE", "1:15: CASE is not supported: use if(condition, then, else) (unsupported expression type: CASE")
	f("SELECT CASE WHEN a THEN b END FROM t", "1:8: CASE is not supported: use if(condition, then, else)")
	f("SELECT CAST(a AS String) FROM t", "1:8: CAST is not supported: use toString")
	f("SELECT a::Int32 FROM t", "1:9: :: is not supported: use toString")
	f("SELECT a || b FROM t", "1:10: || is not supported: use format('{}{}', a, b)")
	f("SELECT count(DISTINCT a) OVER (PARTITION BY b)", "1:26: OVER is not supported: there are no window functions")
	f("SELECT sum(a) FILTER (WHERE b)", "1:15: FILTER is not supported: use countIf")
	f("SELECT a FROM t WHERE b = DATE '2026-01-01'", "1:27: DATE is not supported: use toDateTime(")
	f("SELECT a FROM t WHERE EXISTS (SELECT 1)", "1:23: EXISTS is not supported")
	f("SELECT a FROM t WHERE a IN (SELECT 1)", "1:29: a subquery behind IN is not supported: write the values out")
	f("SELECT a FROM t WHERE a IN ()", "1:29: IN () has no values")
	f("SELECT a FROM t WHERE a IN 'x'", "1:28: want ( behind IN, found 'x'")
	f("SELECT (SELECT 1)", "1:9: a subquery stands in FROM only")
	f("WITH x AS (SELECT 1) SELECT * FROM x", "1:1: WITH is not supported: write the expression out, or a subquery in FROM")
	f("SELECT a FROM t UNION ALL SELECT b FROM u", "1:17: UNION is not supported: ask two questions")
	f("SELECT a FROM t LEFT JOIN u ON t.a = u.a", "1:17: LEFT is not supported: a question has one table")
	f("SELECT a FROM t, u", "1:16: FROM takes one table")
	f("SELECT a FROM my-table", `1:17: a name with - stands between ": FROM "my-..."`)
	f("SELECT a FROM 'table'", "1:15: a table is a name, not a text")
	f("SELECT a FROM numbers(10)", "1:22: there are no table functions")
	f("SELECT a FROM", "1:14: want the name of a table behind FROM")
	f("SELECT a FROM WHERE b", `1:15: want the name of a table behind FROM, or (SELECT ...), found "WHERE"`)
	f("SELECT a FROM (t)", `1:16: want SELECT behind FROM (, found "t"`)
	f("SELECT a FROM (SELECT a FROM t", "1:31: want ) at the end of the subquery, which begins at 1:15")
	f("SELECT a FROM (SELECT a FROM t FORMAT JSON)", "1:32: FORMAT stands at the end of the whole query")
	f("SELECT a FROM t GROUP a", `1:23: want BY behind GROUP, found "a"`)
	f("SELECT a FROM t LIMIT 10 ORDER BY a", "1:26: ORDER can't stand here: the order is SELECT, FROM, WHERE")
	f("SELECT a FROM t LIMIT -1", `1:23: LIMIT takes a whole number from 0, found "-"`)
	f("SELECT a FROM t LIMIT 1 BY a", "1:25: LIMIT BY is not supported")
	f("SELECT a FROM t LIMIT 1.5", `1:23: LIMIT takes a whole number from 0, found "1.5"`)
	f("SELECT a FROM t FORMAT", "1:23: want JSON, JSONEachRow or TabSeparated behind FORMAT")
	f("SELECT a FROM t FORMAT JSON FORMAT JSON", "1:29: FORMAT stands twice")
	f("SELECT a AS 'x'", "1:13: an alias is a name, not a text")
	f("SELECT a, * + 1", "1:13: ")
	f("SELECT count(a) * FROM t", `1:19: an expression is missing behind "*", found "FROM"`)
	f("SELECT max(a FROM t", "1:14: FROM can't stand among the arguments of max")
	f("SELECT max(a", "1:13: want ) at the end of the arguments of max, which begins at 1:11")
	f("SELECT max(a))", "1:14: ) closes nothing")
	f("SELECT 'open", "1:8: the text that begins here has no end: close it with '")
	f("SELECT /* open", "1:8: the comment has no end")
	f("SELECT 12abc", "1:8: 12abc is no number")
	f("SELECT 0x1F", "1:8: 0x1F is no number")
	f("SELECT ‘a’", "1:8: ‘ is no quote of SQL: put texts between '")
	f("SELECT a – b", "1:10: – is no minus: write -")
	f("SELECT a WHRE b", `1:15: "b" can't stand here: "WHRE" before it is taken for a name (did you mean "WHERE"?)`)
	f("SELECT a FROM t GRUOP BY a", `1:23: "BY" can't stand here: "GRUOP" before it is taken for a name (did you mean "GROUP"?)`)
	f("SELECT a FROM t x WHRE b = 1", `1:19: "WHRE" can't stand here (did you mean "WHERE"?)`)
	f("SELECT a IS 1", "1:13: IS takes NULL or NOT NULL")
	f("SELECT a NOT 1", "1:10: NOT stands before an expression")
	f("SELECT a BETWEEN 1", "1:19: want AND between the two bounds of BETWEEN")
	f("SELECT now() - INTERVAL '7 days'", "1:25: the unit stands outside of the quotes: INTERVAL '7' DAY")
	f("SELECT now() - INTERVAL 'x' DAY", "1:25: an interval takes a whole number and a unit")
	f("SELECT now() - INTERVAL '1' FORTNIGHT", "1:29: want YEAR, MONTH, DAY, HOUR, MINUTE or SECOND")
	f("SELECT extract(WEEK FROM t)", "1:16: WEEK can't be extracted")
	f("SELECT $timeSeries AS t", "1:8: a name that begins with $ is a macro of Grafana's plugin")
	f("SELECT a FROM t WHERE a = $1", "1:27: $1 is not supported: write the value itself")
	f("SELECT a & b", "1:10: & is not supported: use bitAnd(a, b)")
	f("SELECT a[1]", "1:9: elements of arrays are not supported")
	f("SELECT DISTINCT * FROM t", "1:8: SELECT DISTINCT * is not supported")
	f("SELECT a = ANY(b), 1 = NOT 2", `1:24: put NOT and what it denies between ( and )`)
	f(`SELECT ""`, "1:8: a name is empty")
	f("SELECT '\xff'", "1:8: this is no UTF-8")
	f("SELECT t.* FROM t", "1:10: t.* is not supported: use *")
	f("SELECT a FROM t ORDER BY a NULLS LAST", "1:28: NULLS is not supported")
	f("SELECT a FROM t SETTINGS max_threads = 1", "1:17: SETTINGS is not supported")
	f("SELECT a FROM t GROUP BY a WITH TOTALS", "1:28: WITH TOTALS is not supported: ask a second question")
}

func TestWhatIsDeepOrLongIsRefused(t *testing.T) {
	deep := func(n int) string { return "SELECT " + strings.Repeat("(", n) + "1" + strings.Repeat(")", n) }
	if _, err := grammar.Parse(deep(grammar.MaxNesting)); err != nil {
		t.Error(err)
	}
	for _, text := range []string{
		deep(grammar.MaxNesting + 1),
		"SELECT " + strings.Repeat("- ", 20_000) + "1",
		"SELECT " + strings.Repeat("NOT ", 10_000) + "1",
		"SELECT " + strings.Repeat("f(", 20_000),
		strings.Repeat("SELECT 1 FROM (", 4_000),
		"SELECT " + strings.Repeat("[", 20_000),
		"SELECT 1 IN " + strings.Repeat("(1 IN ", 9_000),
		"SELECT f(" + strings.Repeat("x -> f(", 9_000),
	} {
		if _, err := grammar.Parse(text); err == nil || !strings.Contains(err.Error(), "more than 32") {
			t.Errorf("%.30s...: %v", text, err)
		}
	}
	if _, err := grammar.Parse("SELECT '" + strings.Repeat("x", grammar.MaxText) + "'"); err == nil ||
		!strings.Contains(err.Error(), "more than 65536 bytes") {
		t.Error(err)
	}
	if _, err := grammar.Parse("SELECT 1" + strings.Repeat(" + 1", 10_000)); err != nil {
		t.Error("a long sum is not deep:", err)
	}
}

func TestStrictRefusals(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		s, err := grammar.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, e := range s.Extensions {
			got = append(got, fmt.Sprintf("%d %s", e.At, e.Text[:strings.IndexByte(e.Text+" ", ' ')]))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", text, d)
		}
	}
	f("SELECT blob1 AS a, count() FROM t WHERE NOT b IN (1) GROUP BY a")
	f("SELECT a == 1", "9 ==")
	f("SELECT a IS NULL, NULL", "9 IS", "18 NULL")
	f("SELECT (1, 2), [1]", "7 tuples", "15 arrays")
	f("SELECT INTERVAL 1 WEEK, INTERVAL 2 DAYS", "18 WEEK", "35 DAYS")
	f("SELECT position(a, b), position(a IN b)", "15 position(haystack,")
}
