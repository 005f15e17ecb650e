package clients_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// duckDBSeed makes other questions of TestSQLAgainstDuckDB.
var duckDBSeed = flag.Uint64("duckdb-seed", 13, "seed of the random questions to DuckDB")

const (
	sqlPath = "/client/v4/accounts/e2e/analytics_engine/sql"
	// points and questions are how many rows there are, and how many questions are asked about them.
	points, questions = 400, 600
)

// TestSQLAgainstDuckDB asks random questions of the collector and of DuckDB, over the same rows: filters, groups, HAVING,
// LIKE, IN, BETWEEN, order, limits and subqueries mean the same in both.
//
// What the two mean differently is not asked, or is asked in other words. Sums over no rows are 0 here and NULL there, so
// are other aggregates; a comparison is a number here; a percent sign has no escape there; round is to even here; ILIKE
// folds all letters there and those of ASCII here; weights, quantiles and dates of Analytics Engine DuckDB does not have.
func TestSQLAgainstDuckDB(t *testing.T) {
	t.Parallel()
	need(t, "@duckdb/node-api")
	r := rand.New(rand.NewPCG(1, *duckDBSeed))
	c := startCollector(t)
	create := sendRows(t, c, r)
	asked := make([]both, questions)
	theirs := make([]string, questions)
	g := generator{r}
	for i := range asked {
		asked[i] = g.question()
		theirs[i] = asked[i].theirs
	}
	answers := askDuckDB(t, create, theirs)
	rows := 0
	for i, q := range asked {
		if answers[i].Error != "" {
			t.Errorf("%s\nDuckDB: %s", q.theirs, answers[i].Error)
			continue
		}
		got := askSQL(t, c, q.ours)
		if !slices.EqualFunc(got, answers[i].Rows, sameRow) {
			t.Errorf("%s\nis answered %v\nDuckDB, %s, %v", q.ours, got, q.theirs, answers[i].Rows)
		}
		rows += len(got)
	}
	if rows < questions {
		t.Errorf("%d questions have %d rows together: they ask for nothing", questions, rows)
	}
}

// sendRows sends data points to a collector, waits for them, and returns what makes the same table in DuckDB.
func sendRows(t *testing.T, c collector, r *rand.Rand) (create []string) {
	t.Helper()
	start := time.Now().UTC().Truncate(time.Hour).Add(-5 * time.Hour)
	var body bytes.Buffer
	values := make([]string, points)
	pick := func(from ...string) string { return from[r.IntN(len(from))] }
	for i := range values {
		at := start.Add(time.Duration(r.IntN(4*3600)) * time.Second)
		texts := []string{
			pick("u1", "u2", "u3"), pick("Oslo", "oslo", "Lima", "Río", ""), pick("/a/b", "/a", "x_y", "50%", "it's", "A\\B"),
			pick("", "z"),
		}
		numbers := []float64{float64(r.IntN(64)-32) / 4, float64(r.IntN(5)), float64(r.IntN(100000))}
		weight := []int{1, 1, 2, 10}[r.IntN(4)]
		sent := numbers[:3-r.IntN(2)*r.IntN(4)] // what a point does not have is 0
		clear(numbers[len(sent):])
		line, err := json.Marshal(map[string]any{
			"timestamp": at.Unix(), "_sample_interval": weight, "indexes": texts[:1], "blobs": texts[1:], "doubles": sent,
		})
		if err != nil {
			t.Fatal(err)
		}
		body.Write(append(line, '\n'))
		for i := range texts {
			texts[i] = "'" + strings.ReplaceAll(texts[i], "'", "''") + "'"
		}
		values[i] = fmt.Sprintf("(%d, %d, %s, %v, %v, %v)", at.Unix(), weight, strings.Join(texts, ", "), numbers[0],
			numbers[1], numbers[2])
	}
	res, err := http.Post(c.URL("ingest")+"/v1/datapoints/points", "application/x-ndjson", &body) //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	eventually(t, func() string { return "the points are not there" }, func() bool {
		got := askSQL(t, c, "SELECT count() AS n FROM (SELECT timestamp FROM points)")
		return len(got) == 1 && number(got[0][0]) == points
	})
	return []string{
		"CREATE TABLE points (ts BIGINT, _sample_interval DOUBLE, index1 VARCHAR, blob1 VARCHAR, blob2 VARCHAR, blob3 VARCHAR, double1 DOUBLE, " +
			"double2 DOUBLE, double3 DOUBLE)",
		"INSERT INTO points VALUES " + strings.Join(values, ", "),
	}
}

type duckAnswer struct {
	Columns []string
	Rows    [][]any
	Error   string
}

func askDuckDB(t *testing.T, create, queries []string) (answers []duckAnswer) {
	t.Helper()
	in, err := json.Marshal(map[string]any{"create": create, "queries": queries})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), node(t), "js/duckdb.mjs")
	cmd.Stdin = bytes.NewReader(in)
	var told strings.Builder
	cmd.Stderr = &told
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("duckdb.mjs: %v: %s", err, told.String())
	}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var a duckAnswer
		if err := json.Unmarshal(lines.Bytes(), &a); err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
	if len(answers) != len(queries) {
		t.Fatalf("DuckDB answered %d of %d queries: %v", len(answers), len(queries), lines.Err())
	}
	return answers
}

// askSQL returns the rows of an answer, none while the table is not there.
func askSQL(t *testing.T, c collector, query string) (rows [][]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.URL("query")+sqlPath, strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusUnprocessableEntity && bytes.Contains(body, []byte("unknown table")) {
		return nil
	}
	var answer struct {
		Meta []struct{ Name string }
		Data []map[string]any
	}
	if err := json.Unmarshal(body, &answer); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", query, res.StatusCode, body)
	}
	for _, object := range answer.Data {
		var row []any
		for _, m := range answer.Meta {
			row = append(row, object[m.Name])
		}
		rows = append(rows, row)
	}
	return rows
}

func sameRow(a, b []any) bool { return slices.EqualFunc(a, b, sameValue) }

func sameValue(a, b any) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := number(a), number(b)
	if !math.IsNaN(x) && !math.IsNaN(y) {
		return math.Abs(x-y) <= 1e-9*max(1, math.Abs(x))
	}
	return fmt.Sprint(a) == fmt.Sprint(b)
}

// number reads a number, quoted or not; NaN for anything else.
func number(v any) float64 {
	f, err := strconv.ParseFloat(fmt.Sprint(v), 64)
	if err != nil {
		return math.NaN()
	}
	return f
}

// both is a piece of SQL as we and as DuckDB write it.
type both struct{ ours, theirs string }

// same writes a piece that both write alike, around others.
func same(format string, parts ...both) both { return twice(format, format, parts...) }

func twice(ours, theirs string, parts ...both) both {
	x, y := make([]any, len(parts)), make([]any, len(parts))
	for i, p := range parts {
		x[i], y[i] = p.ours, p.theirs
	}
	return both{fmt.Sprintf(ours, x...), fmt.Sprintf(theirs, y...)}
}

func joined(separator string, parts []both) both {
	var x, y []string
	for _, p := range parts {
		x, y = append(x, p.ours), append(y, p.theirs)
	}
	return both{strings.Join(x, separator), strings.Join(y, separator)}
}

// generator makes random questions.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) both { return same(from[g.IntN(len(from))]) }

func (g generator) one(from ...func() both) both { return from[g.IntN(len(from))]() }

// number is an expression of numbers.
func (g generator) number(depth int) both {
	if depth == 0 {
		return g.one(
			func() both { return g.pick("double1", "double2", "double3") },
			func() both { return same(strconv.Itoa(g.IntN(20))) },
			func() both { return same("%s.25", same(strconv.Itoa(g.IntN(9)))) })
	}
	return g.one(
		func() both { return g.number(0) },
		func() both {
			return same("(%s "+[]string{"+", "-", "*"}[g.IntN(3)]+" %s)", g.number(depth-1), g.number(depth-1))
		},
		func() both { return same("(%s / 4)", g.number(depth-1)) },
		func() both { return same("-%s", g.number(0)) },
		func() both { return same("if(%s, %s, %s)", g.condition(depth-1), g.number(depth-1), g.number(depth-1)) },
		func() both { return same("length(%s)", g.text(depth-1)) },
		func() both { return same("position('o' IN %s)", g.text(0)) },
		func() both { return twice("intDiv(toUInt32(timestamp), 600)", "(ts // 600)") },
		func() both { return same("floor(%s)", g.number(depth-1)) },
		func() both { return same("ceil(%s)", g.number(depth-1)) })
}

// text is an expression of texts.
func (g generator) text(depth int) both {
	if depth <= 0 {
		return g.one(
			func() both { return g.pick("index1", "blob1", "blob2", "blob3") },
			func() both { return g.pick("'Oslo'", "'/a'", "''", "'it''s'", "'Río'") })
	}
	return g.one(
		func() both { return g.text(0) },
		func() both { return twice("lowerUTF8(%s)", "lower(%s)", g.text(depth-1)) },
		func() both { return twice("upperUTF8(%s)", "upper(%s)", g.text(depth-1)) },
		func() both { return same("substring(%s, %s)", g.text(depth-1), g.pick("1", "2", "4")) },
		func() both { return same("substring(%s, %s, 2)", g.text(depth-1), g.pick("1", "2")) },
		func() both {
			return twice("format('<{}|{}>', %s, %s)", "('<' || %s || '|' || %s || '>')", g.text(0), g.text(0))
		},
		func() both { return same("if(%s, %s, %s)", g.condition(depth-1), g.text(0), g.text(0)) })
}

var comparisons = []string{"=", "!=", "<>", "<", "<=", ">", ">="}

// condition is true or false.
func (g generator) condition(depth int) both {
	if depth > 0 && g.IntN(2) == 0 {
		return g.one(
			func() both { return same("(%s AND %s)", g.condition(depth-1), g.condition(depth-1)) },
			func() both { return same("(%s OR %s)", g.condition(depth-1), g.condition(depth-1)) },
			func() both { return same("NOT %s", g.condition(depth-1)) },
			func() both { return same("(NOT %s OR %s AND %s)", g.condition(0), g.condition(0), g.condition(0)) })
	}
	not := same([]string{"", "NOT "}[g.IntN(2)])
	operator := same(comparisons[g.IntN(len(comparisons))])
	return g.one(
		func() both { return same("%s %s %s", g.number(depth), operator, g.number(depth)) },
		func() both { return same("%s %s %s", g.text(depth), operator, g.text(depth)) },
		func() both { return same("%s %sIN ('Oslo', '', '/a', 'u1')", g.text(depth), not) },
		func() both { return same("%s %sIN (0, 1, 2.5, -4)", g.number(0), not) },
		func() both { return same("%s %sBETWEEN %s AND %s", g.number(depth), not, g.number(0), g.number(0)) },
		func() both { return same("%s %sBETWEEN 'M' AND 'p'", g.text(0), not) },
		func() both {
			return same("%s %sLIKE %s", g.text(depth), not, g.pick("'%%o'", "'/a%%'", "'_slo'", "'%%_y'", "''", "'%%'", "'a.b'"))
		},
		func() both {
			return same("%s %sILIKE %s", g.pick("blob2", "index1"), not, g.pick("'A%%'", "'%%_Y'", "'/A/_'"))
		},
		func() both { return twice("startsWith(%s, %s)", "starts_with(%s, %s)", g.text(0), g.text(0)) },
		func() both { return twice("endsWith(%s, %s)", "ends_with(%s, %s)", g.text(0), g.text(0)) },
		func() both { return twice("empty(%s)", "(%s = '')", g.text(0)) })
}

// aggregate is an aggregate, with what it is of no rows here.
func (g generator) aggregate() both {
	return g.one(
		func() both { return twice("count()", "count(*)") },
		func() both { return same("count(*)") },
		func() both { return same("count(DISTINCT %s)", g.text(0)) },
		func() both { return same("count(DISTINCT %s)", g.number(0)) },
		func() both { return twice("sum(%s)", "coalesce(sum(%s), 0)", g.number(1)) },
		func() both { return twice("sum(DISTINCT %s)", "coalesce(sum(DISTINCT %s), 0)", g.number(0)) },
		func() both { return same("avg(%s)", g.number(1)) },
		func() both { return twice("min(%s)", "coalesce(min(%s), 0)", g.number(1)) },
		func() both { return twice("max(%s)", "coalesce(max(%s), 0)", g.number(1)) },
		func() both { return twice("max(%s)", "coalesce(max(%s), '')", g.text(1)) },
		func() both { return twice("countIf(%s)", "count(*) FILTER (WHERE %s)", g.condition(1)) },
		func() both {
			return twice("sumIf(%s, %s)", "coalesce(sum(%s) FILTER (WHERE %s), 0)", g.number(0), g.condition(1))
		},
		func() both { return twice("avgIf(%s, %s)", "avg(%s) FILTER (WHERE %s)", g.number(0), g.condition(1)) })
}

// question is a SELECT whose rows have one order.
func (g generator) question() both {
	return g.one(g.raw, g.grouped, g.grouped, g.all, g.nested, g.plain, g.plain)
}

// plain groups by columns and asks for aggregates of columns: what may be added up where the rows are.
func (g generator) plain() both {
	var keys, aliases []both
	for i, k := range []both{
		same("index1"), same("blob1"), same("blob3"),
		twice("toUnixTimestamp(toStartOfInterval(timestamp, INTERVAL '5' MINUTE))", "(ts // 300) * 300"),
		twice("toUnixTimestamp(toStartOfHour(timestamp))", "(ts // 3600) * 3600"),
		twice("intDiv(toUInt32(timestamp), 900) * 900", "(ts // 900) * 900"),
	} {
		if g.IntN(3) == 0 {
			alias := same("abcdef"[i : i+1])
			keys, aliases = append(keys, same("%s AS %s", k, alias)), append(aliases, alias)
		}
	}
	column := func() both { return g.pick("double1", "double2", "double3", "_sample_interval") }
	sums, of := g.columns(1+g.IntN(4), func() both {
		return g.one(
			func() both { return twice("count()", "count(*)") },
			func() both { return twice("sum(%s)", "coalesce(sum(%s), 0)", column()) },
			func() both { return twice("sum(%s * %s)", "coalesce(sum(%s * %s), 0)", column(), column()) },
			func() both {
				return twice("sum(double1 * 2.5 * _sample_interval)",
					"coalesce(sum(double1 * 2.5 * _sample_interval), 0)")
			},
			func() both {
				return twice("sum(%[1]s * _sample_interval) / sum(_sample_interval)",
					"sum(%[1]s * _sample_interval) / sum(_sample_interval)", column())
			},
			func() both { return same("avg(%s)", column()) },
			func() both { return twice("min(%s)", "coalesce(min(%s), 0)", column()) },
			func() both { return twice("max(%s)", "coalesce(max(%s), 0)", column()) },
			func() both { return same("count(DISTINCT %s)", g.pick("index1", "blob1", "blob2", "blob3")) })
	}, "uvwx")
	where := g.one(
		func() both { return both{} },
		func() both {
			return same(" WHERE %s %s %s", g.pick("double1", "double2"), g.pick("=", "!=", "<", ">="), g.pick("0", "1", "-2.5", "2"))
		},
		func() both {
			return same(" WHERE %s %s %s", g.pick("blob1", "blob3", "index1"), g.pick("=", "!="), g.pick("''", "'Oslo'", "'u1'", "'z'"))
		},
		func() both { return same(" WHERE blob1 IN ('Oslo', 'Lima') AND double3 < 50000") },
		func() both { return same(" WHERE blob2 LIKE '/a%%' AND NOT index1 = 'u2'") },
		func() both {
			return twice(" WHERE timestamp >= toDateTime(%[1]s)", " WHERE ts >= %[1]s",
				same(strconv.FormatInt(time.Now().Unix()/3600*3600-4*3600+g.Int64N(7200), 10)))
		})
	if keys == nil {
		return same("SELECT %s FROM points%s", joined(", ", sums), where)
	}
	return same("SELECT %s FROM points%s GROUP BY %s%s", joined(", ", append(keys, sums...)), where,
		joined(", ", aliases), g.order(append(slices.Clone(aliases), of...)))
}

// columns names some expressions a, b, c.
func (g generator) columns(n int, make func() both, names string) (columns, aliases []both) {
	for i := range n {
		alias := same(names[i : i+1])
		columns = append(columns, same("%s AS %s", make(), alias))
		aliases = append(aliases, alias)
	}
	return columns, aliases
}

func (g generator) value() both {
	return g.one(func() both { return g.text(2) }, func() both { return g.number(2) },
		func() both { return twice("(%s)", "(%s)::INT", g.condition(1)) })
}

func (g generator) where() both {
	if g.IntN(4) == 0 {
		return both{}
	}
	return same(" WHERE %s", g.condition(2))
}

// order sorts by all columns, so that the order is one, from some on backwards.
func (g generator) order(aliases []both) both {
	keys := slices.Clone(aliases)
	g.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for i := range keys {
		keys[i] = same("%s"+[]string{"", " ASC", " DESC"}[g.IntN(3)], keys[i])
	}
	limit := both{}
	if g.IntN(2) == 0 {
		limit = same(" LIMIT %s", same(strconv.Itoa(g.IntN(30))))
	}
	if g.IntN(3) == 0 {
		limit = same("%s OFFSET %s", limit, same(strconv.Itoa(g.IntN(10))))
	}
	return same(" ORDER BY %s%s", joined(", ", keys), limit)
}

func (g generator) raw() both {
	columns, aliases := g.columns(1+g.IntN(3), g.value, "abc")
	return same("SELECT %s FROM points%s%s", joined(", ", columns), g.where(), g.order(aliases))
}

func (g generator) grouped() both {
	keys, aliases := g.columns(1+g.IntN(2), g.value, "kl")
	sums, of := g.columns(1+g.IntN(3), g.aggregate, "xyz")
	having := both{}
	if g.IntN(2) == 0 {
		having = same(" HAVING %s %s %s", same("count(*)"), same(comparisons[g.IntN(len(comparisons))]),
			same(strconv.Itoa(g.IntN(40))))
	}
	return same("SELECT %s FROM points%s GROUP BY %s%s%s", joined(", ", append(slices.Clone(keys), sums...)), g.where(),
		joined(", ", aliases), having, g.order(append(slices.Clone(aliases), of...)))
}

// all is one group of all rows, of none too.
func (g generator) all() both {
	sums, _ := g.columns(1+g.IntN(3), g.aggregate, "xyz")
	return same("SELECT %s FROM points%s", joined(", ", sums), g.where())
}

// nested asks about the groups of a subquery.
func (g generator) nested() both {
	keys, aliases := g.columns(1, func() both { return g.text(1) }, "k")
	sums, _ := g.columns(2, func() both {
		return g.one(func() both { return twice("count()", "count(*)") },
			func() both { return same("avg(%s)", g.number(0)) }, func() both { return same("max(%s)", g.number(0)) })
	}, "xy")
	inner := same("SELECT %s FROM points%s GROUP BY %s", joined(", ", append(keys, sums...)), g.where(), aliases[0])
	return g.one(
		func() both {
			return same("SELECT k, x + y AS s FROM (%s) WHERE x > %s%s", inner, same(strconv.Itoa(g.IntN(9)-4)),
				g.order([]both{same("k"), same("s")}))
		},
		func() both {
			return twice("SELECT count() AS n, sum(x) AS s, max(y) AS m FROM (%s)",
				"SELECT count(*) AS n, coalesce(sum(x), 0) AS s, coalesce(max(y), 0) AS m FROM (%s)", inner)
		})
}
