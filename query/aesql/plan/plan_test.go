package plan_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"edgescope/query/aesql/grammar"
	"edgescope/query/aesql/plan"
	"edgescope/query/aesql/value"
)

// now is 2026-11-30 12:34:56 UTC.
var now = time.Date(2026, 11, 30, 12, 34, 56, 7, time.UTC)

func options() plan.Options {
	return plan.Options{
		Now: now,
		Tables: func() ([]string, error) {
			return []string{"WEATHER", "my_dataset", "temperatures", "sql_dev", "My_Dataset", "a.b"}, nil
		},
		Virtual: map[string]plan.Virtual{"system.tables": {
			Columns: []plan.Column{{Name: "name", Type: value.Of(value.String)}},
			Rows:    [][]value.Value{{value.Text("sql_dev")}},
		}},
	}
}

func build(text string, o plan.Options) (*plan.Query, error) {
	s, err := grammar.Parse(text)
	if err != nil {
		return nil, err
	}
	return plan.Build(s, o)
}

func planned(t *testing.T, text string) *plan.Query {
	t.Helper()
	q, err := build(text, options())
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return q
}

func TestColumnsHaveNamesAndTypes(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		var got []string
		for _, c := range planned(t, text).Columns {
			got = append(got, c.Name+" "+c.Type.String())
		}
		if g := strings.Join(got, ", "); g != want {
			t.Errorf("%s: %s, want %s", text, g, want)
		}
	}
	f("SELECT 'Hello' AS message", "message String")
	f("SELECT 1, -1, 300, 70000, 5000000000, 1.5, true",
		"1 UInt8, -1 Int8, 300 UInt16, 70000 UInt32, 5000000000 UInt64, 1.5 Float64, true UInt8")
	f("SELECT timestamp, blob1 AS city, double1, _sample_interval, index1, dataset FROM WEATHER",
		"timestamp DateTime, city String, double1 Float64, _sample_interval UInt32, index1 String, dataset String")
	f("SELECT COUNT(), max(double3) FROM sql_dev", "count() UInt64, max(double3) Float64")
	f("SELECT blob1 = 'x' AS is FROM sql_dev", "is UInt8")
	f("SELECT SUM(_sample_interval) AS n FROM sql_dev", "n UInt64")
	f("SELECT SUM(_sample_interval * double1) / SUM(_sample_interval) AS a FROM sql_dev", "a Float64")
	f("SELECT intDiv(toUInt32(timestamp), 300) * 300 AS t FROM sql_dev", "t UInt64")
	f("SELECT c + 1 AS d FROM (SELECT double1 AS c FROM sql_dev)", "d Float64")
	f("SELECT * FROM (SELECT blob1 AS x, count() AS n FROM sql_dev GROUP BY x)", "x String, n UInt64")
	f("SELECT x.double1, sql_dev.blob1 FROM sql_dev AS x", "double1 Float64, blob1 String")
	f("SELECT i.n FROM (SELECT count() AS n FROM sql_dev) AS i", "n UInt64")
	f("SELECT name FROM system.tables", "name String")
	f("SELECT `cloud.region`, index2, duration FROM sql_dev", "cloud.region String, index2 String, duration Float64")

	star := planned(t, "SELECT * FROM my_dataset").Columns
	if len(star) != 44 || star[0].Name != "dataset" || star[1].Name != "timestamp" || star[2].Name != "_sample_interval" ||
		star[3].Name != "index1" || star[4].Name != "blob1" || star[24].Name != "double1" || star[43].Name != "double20" {
		t.Errorf("SELECT * is %v", star)
	}
}

func TestOnlyWhatIsNeededIsRead(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		var got []string
		for _, c := range planned(t, text).Source.Scan.Columns {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("%s: reads %v, want %v", text, got, want)
		}
	}
	f("SELECT count() FROM sql_dev")
	f("SELECT count(*) FROM sql_dev")
	f("SELECT 1 FROM sql_dev")
	f("SELECT double1 + double2 * double1 AS x FROM sql_dev WHERE blob1 LIKE '%a%'", "blob1", "double1", "double2")
	f("SELECT blob1 AS x FROM sql_dev WHERE x = 'a' AND timestamp > now() - INTERVAL '1' DAY ORDER BY x",
		"blob1", "_time")
	f("SELECT first_value(blob1) FROM sql_dev", "blob1", "_time")
}

func TestAliasesStandForExpressionsEverywhere(t *testing.T) {
	same := func(a, b string) {
		t.Helper()
		x, y := planned(t, a), planned(t, b)
		if x.Source.Scan.Filter != y.Source.Scan.Filter || len(x.Where) != len(y.Where) ||
			len(x.Source.Scan.Columns) != len(y.Source.Scan.Columns) ||
			x.Group != nil && (len(x.Group.Keys) != len(y.Group.Keys) ||
				len(x.Group.Aggregates) != len(y.Group.Aggregates)) {
			t.Errorf("%s and %s are planned differently", a, b)
		}
	}
	same("SELECT index1 AS id, count() AS n FROM sql_dev WHERE id = 'x' GROUP BY id",
		"SELECT index1 AS id, count() AS n FROM sql_dev WHERE index1 = 'x' GROUP BY index1")
	same("SELECT sum(double1) AS s, s / count() AS a FROM sql_dev HAVING a > 1 AND s > 1 ORDER BY a",
		"SELECT sum(double1) AS s, sum(double1) / count() AS a FROM sql_dev HAVING a > 1")
	same("SELECT blob1 AS a, a AS b, b AS c FROM sql_dev WHERE c = 'x'", "SELECT blob1 FROM sql_dev WHERE blob1 = 'x'")
	// An alias comes before the column of its name, but in what it stands for.
	same("SELECT blob2 AS blob1 FROM sql_dev WHERE blob1 = 'x'", "SELECT blob2 FROM sql_dev WHERE blob2 = 'x'")
	same("SELECT lower(blob1) AS blob1 FROM sql_dev WHERE blob1 = 'x'",
		"SELECT lower(blob1) AS b FROM sql_dev WHERE lower(blob1) = 'x'")
	// Where it can't stand the column is meant.
	same("SELECT max(double1) AS double1 FROM sql_dev WHERE double1 > 0", "SELECT max(double1) AS m FROM sql_dev WHERE double1 > 0")
	same("SELECT sum(double1) AS double1, avg(double1) AS a FROM sql_dev",
		"SELECT sum(double1) AS s, avg(double1) AS a FROM sql_dev")
	same("SELECT blob1, count() FROM sql_dev GROUP BY 1 ORDER BY 2 DESC",
		"SELECT blob1, count() FROM sql_dev GROUP BY blob1 ORDER BY count() DESC")
	same("SELECT toStartOfHour(timestamp) AS timestamp, count() FROM sql_dev GROUP BY timestamp",
		"SELECT toStartOfHour(timestamp) AS h, count() FROM sql_dev GROUP BY toStartOfHour(timestamp)")
}

func TestConditionsArePushedDown(t *testing.T) {
	f := func(where, want string) {
		t.Helper()
		q := planned(t, "SELECT 1 FROM sql_dev WHERE "+where)
		if got := q.Source.Scan.Filter; got != want {
			t.Errorf("%s: %s, want %s", where, got, want)
		}
	}
	f("blob1 = 'x'", `"blob1":="x"`)
	f("'x' = blob1", `"blob1":="x"`)
	f("blob1 = ''", `"blob1":=""`)
	f("blob1 != 'x'", `!("blob1":="x")`)
	f("blob1 IN ('a', 'b')", `("blob1":in("a","b"))`)
	f("blob1 NOT IN ('a', '')", `!(("blob1":="" or "blob1":in("a")))`)
	f("blob1 LIKE 'a%'", `"blob1":="a"*`)
	f("blob1 NOT LIKE 'a%'", `!("blob1":="a"*)`)
	f("startsWith(blob1, 'a')", `"blob1":="a"*`)
	f("index1 = 'a' AND (blob1 = 'b' OR NOT blob2 = 'c') AND double1 > 5",
		`"index1":="a" ("blob1":="b" or !("blob2":="c")) ("double1":>=4.999999995 or "double1":=Infinity)`)
	f("blob1 = lower('X') AND blob2 = substring('abc', 2, 1)", `"blob1":="x" "blob2":="b"`)
	f("double1 < 5", `("double1":<=5.000000005 or "double1":=-Infinity or "double1":="")`)
	f("0 = double1", `("double1":range[0, 0] or "double1":="")`)
	f("_sample_interval <= 1", `("_sample_interval":<=1.000000001 or "_sample_interval":=-Infinity or "_sample_interval":="")`)
	f("blob1 = 'x' OR double1 > 5", `("blob1":="x" or ("double1":>=4.999999995 or "double1":=Infinity))`)
	f("blob1 = 'x' AND lower(blob1) = 'x' OR blob2 = 'y' AND 2 > 1", `("blob1":="x" or "blob2":="y")`)
	f(`blob1 = '") or *'`, `"blob1":="\") or *"`)
	for _, where := range []string{
		"blob1 LIKE '%a%'", "blob1 LIKE 'a_%'", `blob1 LIKE 'a\\%%'`, "blob1 LIKE '%'", "blob1 ILIKE 'a%'",
		"blob1 = blob2", "double1 != 5", "lower(blob1) = 'x'", "blob1 = 'x' OR double1 > double2", "blob1 > 'x'",
		"if(blob2 = 'f', (double1 - 32) / 1.8, double1) <= 0", "blob1 IN ('a', blob2)", "startsWith(blob1, '')", "1 = 1",
	} {
		f(where, "")
	}
	sub := planned(t, "SELECT x FROM (SELECT blob1 AS x, double1 FROM sql_dev WHERE blob2 = 'a') WHERE x = 'b' AND double1 != 1")
	if got := sub.Source.Sub.Source.Scan.Filter; got != `"blob2":="a" "blob1":="b"` {
		t.Errorf("the scan of a subquery has the filter %s", got)
	}
	grouped := planned(t, "SELECT x FROM (SELECT blob1 AS x, count() AS n FROM sql_dev GROUP BY x) WHERE x = 'b' AND n > 1")
	if got := grouped.Source.Sub.Source.Scan.Filter; got != `"blob1":="b"` {
		t.Errorf("the scan of a subquery with groups has the filter %s", got)
	}
	for _, text := range []string{
		"SELECT x FROM (SELECT blob1 AS x FROM sql_dev LIMIT 5) WHERE x = 'b'",
		"SELECT x FROM (SELECT blob1 AS x FROM sql_dev OFFSET 5) WHERE x = 'b'",
		"SELECT x FROM (SELECT blob1 AS x, runningDifference(double1) AS d FROM sql_dev) WHERE x = 'b'",
	} {
		if got := planned(t, text).Source.Sub.Source.Scan.Filter; got != "" {
			t.Errorf("%s: needs all rows, and the scan has the filter %s", text, got)
		}
	}
}

func TestTimesBoundTheScan(t *testing.T) {
	const end = int64(value.MaxDateTime) + 1
	sec := now.Unix()
	f := func(where string, from, to int64) {
		t.Helper()
		q := planned(t, "SELECT 1 FROM sql_dev WHERE "+where)
		if s := q.Source.Scan; s.From != from || s.To != to {
			t.Errorf("%s: [%d, %d), want [%d, %d)", where, s.From, s.To, from, to)
		}
	}
	f("1", 0, end)
	f("timestamp > NOW() - INTERVAL '1' DAY", sec-86400+1, end)
	f("timestamp >= NOW() - INTERVAL '1' DAY AND timestamp < NOW()", sec-86400, sec)
	f("timestamp <= NOW()", 0, sec+1)
	f("NOW() >= timestamp", 0, sec+1)
	f("timestamp = toDateTime(1700000000)", 1700000000, 1700000001)
	f("timestamp BETWEEN toDateTime(1700000000) AND toDateTime(1700000009)", 1700000000, 1700000010)
	f("timestamp > '2026-11-30 00:00:00'", 1795996801, end)
	f("timestamp >= toDateTime('2026-11-30 00:00:00', 'America/New_York')", 1795996800+5*3600, end)
	f("toUInt32(timestamp) >= 1700000000 AND toUnixTimestamp(timestamp) < 1700000060", 1700000000, 1700000060)
	f("intDiv(toUInt32(timestamp), 60) * 60 >= 1700000001", 1700000040, end)
	f("intDiv(toUInt32(timestamp), 60) * 60 * 1000 < 1700000040000", 0, 1700000040)
	f("toStartOfHour(timestamp) = '2026-11-30 11:00:00'", 1796036400, 1796040000)
	f("toStartOfInterval(timestamp, INTERVAL '5' MINUTE) < toDateTime('2026-11-30 11:02:00')", 0, 1796036700)
	f("timestamp + INTERVAL '1' DAY > now()", sec-86400+1, end)
	// What does not grow with the time bounds nothing, and neither does a condition beside an OR.
	f("toHour(timestamp) > 5", 0, end)
	f("toStartOfMinute(timestamp, 'Europe/Berlin') > '2026-10-25 02:30:00'", 0, end) // that hour comes twice
	f("toStartOfMinute(toDateTime(timestamp, 'Europe/Berlin')) > '2026-10-25 02:30:00'", 0, end)
	f("toUInt32(toUInt32(timestamp) * 1000) > 5", 0, end)
	f("timestamp > toDateTime(1700000000) OR blob1 = 'x'", 0, end)
	f("timestamp != toDateTime(1700000000)", 0, end)
	f("double1 > 5", 0, end)
	f("timestamp > toDateTime(double1)", 0, end)
	// Nothing is in it.
	f("timestamp < toDateTime(0)", 0, 0)
	f("timestamp > toDateTime(100) AND timestamp < toDateTime(50)", 101, 50)

	sub := planned(t, "SELECT h FROM (SELECT toStartOfHour(timestamp) AS h, count() FROM sql_dev GROUP BY h) "+
		"WHERE h >= toDateTime('2026-11-30 11:00:00')")
	if got := sub.Source.Sub.Source.Scan.From; got != 1796036400 {
		t.Errorf("the scan of a subquery begins at %d", got)
	}
}

func TestNewestRowsAreKnown(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		if got := planned(t, text).Newest; got != want {
			t.Errorf("%s: newest is %t", text, got)
		}
	}
	f("SELECT timestamp, blob1 FROM sql_dev ORDER BY timestamp DESC, blob1 LIMIT 5", true)
	f("SELECT timestamp AS t FROM sql_dev ORDER BY t DESC LIMIT 5", true)
	f("SELECT timestamp FROM sql_dev ORDER BY timestamp LIMIT 5", false)
	f("SELECT timestamp FROM sql_dev ORDER BY blob1, timestamp DESC LIMIT 5", false)
	f("SELECT toStartOfHour(timestamp) AS timestamp FROM sql_dev ORDER BY timestamp DESC LIMIT 5", false)
	f("SELECT timestamp FROM sql_dev GROUP BY timestamp ORDER BY timestamp DESC LIMIT 5", false)
	f("SELECT timestamp FROM (SELECT * FROM sql_dev) ORDER BY timestamp DESC LIMIT 5", false)
}

func TestTablesAreFoundInAnyCase(t *testing.T) {
	f := func(from, want string) {
		t.Helper()
		if got := planned(t, "SELECT 1 FROM "+from).Source.Scan.Dataset; got != want {
			t.Errorf("%s is %s, want %s", from, got, want)
		}
	}
	f("weather", "WEATHER")
	f("WEATHER", "WEATHER")
	f("my_dataset", "my_dataset")
	f("My_Dataset", "My_Dataset")
	f("default.sql_dev", "sql_dev")
	f("DEFAULT.SQL_DEV", "sql_dev")
	f("`a.b`", "a.b")
	f(`"Temperatures"`, "temperatures")
}

func TestErrorsSayTheWayOut(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		_, err := build(text, options())
		var bad *grammar.Error
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v, want an error of the text", text, err)
			return
		}
		for _, w := range want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %s", text, err, w)
			}
		}
	}
	f("SELECT blob99 FROM sql_dev", "1:8: unable to find type of column: blob99: there are index1, blob1 to blob20 and double1 to double20")
	f("SELECT 1\nFROM sql_dev\nWHERE Blob1 = 'x'", "3:7: unable to find type of column: Blob1", `"blob1"`)
	f(`SELECT 1 FROM sql_dev WHERE blob1 = "some text"`, "unable to find type of column: some text", "single quotes")
	f("SELECT blob1", "unable to find type of column: blob1", "there is no FROM")
	f("SELECT *", "FROM")
	f("SELECT nosuchfn(double1) FROM sql_dev", "unknown function call: NOSUCHFN")
	f("SELECT DATE_TRUNC(hour, timestamp) FROM sql_dev", "DATE_TRUNC: use toStartOfInterval(t, INTERVAL '1' HOUR)")
	f("SELECT count() FROM sql_dev WHERE timestamp > date_sub(DAY, 1, now())", "DATE_SUB: use t - INTERVAL '1' DAY")
	f("SELECT arrayMap(x -> nosuchfn(x), [1]) FROM sql_dev", "unknown function call: NOSUCHFN")
	f("SELECT tolowr(blob1) FROM sql_dev", "TOLOWR", `did you mean "toLower"`)
	f("SELECT 1 FROM sql_devs", "unknown table: sql_devs", `did you mean "sql_dev"`)
	f("SELECT 1 FROM nothing_like_it", "unknown table: nothing_like_it", "SHOW TABLES")
	f("SELECT blob1, count() FROM sql_dev", "1:8: the column blob1 is neither in GROUP BY nor in an aggregate", "any(blob1)")
	f("SELECT * FROM sql_dev GROUP BY blob1", "neither in GROUP BY")
	f("SELECT count() FROM sql_dev WHERE count() > 5", "in WHERE: put it into HAVING")
	f("SELECT count() AS n FROM sql_dev WHERE n > 5", "in WHERE: put it into HAVING")
	f("SELECT count() AS n FROM sql_dev GROUP BY n", "in GROUP BY")
	f("SELECT sum(count()) FROM sql_dev", "inside of the aggregate sum", "subquery")
	f("SELECT count() AS n, sum(n) FROM sql_dev", "inside of the aggregate sum")
	f("SELECT blob1 FROM sql_dev HAVING blob1 = 'x'", "WHERE")
	f("SELECT 1 FROM sql_dev WHERE blob1", "WHERE needs a condition", "String")
	f("SELECT count() FROM sql_dev HAVING blob1 = 'x'", "neither in GROUP BY")
	f("SELECT blob1 AS x, blob2 AS x FROM sql_dev", "two different expressions")
	f("SELECT blob2 AS blob1, blob1 AS blob2 FROM sql_dev", "stand for each other")
	f("SELECT b AS a, a AS b FROM sql_dev", "stand for each other")
	f("SELECT blob1 FROM sql_dev ORDER BY 2", "ORDER BY 2 is no column of the answer")
	f("SELECT blob1 FROM sql_dev GROUP BY 0", "GROUP BY 0")
	f("SELECT count() FROM sql_dev ORDER BY timestamp", "neither in GROUP BY")
	f("SELECT lower(5)", "1:8:", "lower")
	f("SELECT intDiv(1, 0)", "1:8:")
	f("SELECT INTERVAL '1' DAY", "INTERVAL is no value")
	f("SELECT lower(*) FROM sql_dev", "*")
	f("SELECT toDateTime('2026-11-30T00:00:00Z')", "1:8:")
	f("SELECT quantileExactWeighted(double1)(double2, _sample_interval) FROM sql_dev", "the same for all rows")
	f("SELECT round(1)(2)", "one pair of parentheses")
	f("SELECT lower(DISTINCT blob1) FROM sql_dev", "DISTINCT")
}

func TestConstantsAreEvaluatedOnce(t *testing.T) {
	q := planned(t, "SELECT now() - INTERVAL '1' DAY AS a, lower('X') AS b, if(1, 2, intDiv(1, 0)) AS c, double1 + 1 AS d FROM sql_dev")
	for i, want := range []bool{true, true, true, false} {
		if got := q.Select[i].Const != nil; got != want {
			t.Errorf("%s is constant: %t", q.Columns[i].Name, got)
		}
	}
}

func TestAliasesThatDoubleAreRefused(t *testing.T) {
	var text strings.Builder
	text.WriteString("SELECT double1 AS a0")
	name := func(i int) string { return "a" + strings.Repeat("x", i) }
	for i := range 40 {
		text.WriteString(", " + name(i) + " + " + name(i) + " AS " + name(i+1))
	}
	_, err := build(strings.Replace(text.String(), "a0", "a", 1)+" FROM sql_dev", options())
	if err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("got %v", err)
	}
}
