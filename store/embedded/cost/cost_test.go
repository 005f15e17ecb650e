package cost

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"
	"github.com/VictoriaMetrics/metricsql"

	"edgescope/store"
)

func TestMain(m *testing.M) {
	flag.Parse() // the engine asks how much memory it may take, which is a flag of its own
	if err := flag.Set("memory.allowedBytes", strconv.Itoa(400<<20)); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

func ofLogsQL(text string) (LogsQL, error) {
	if err := Text(text); err != nil {
		return LogsQL{}, err
	}
	q, err := logstorage.ParseQueryAtTimestamp(text, 1)
	if err != nil {
		return LogsQL{}, err
	}
	return OfLogsQL(q)
}

// most is what a collector of 1 GiB gives to one question, in bytes.
const most = 96 << 20

func TestTextsThatGrowAreFound(t *testing.T) {
	f := func(text string) {
		t.Helper()
		c, err := ofLogsQL(text)
		if err != nil {
			t.Fatalf("%.100s: %v", text, err)
		}
		if c.Text <= most {
			t.Errorf("%.100s: makes %d bytes", text, c.Text)
		}
	}
	f(`* | format "<name>" as a` + strings.Repeat(` | format "<a><a>" as a`, 36))
	f(`* | format "<name>" as a | format "<a>" as b` + strings.Repeat(` | format "<a><b>" as a | format "<b><a>" as b`,
		20))
	f(`* | limit 3` + strings.Repeat(` | format "<hexencode:name>" as name`, 36))
	f(`*` + strings.Repeat(` | format if (name:x) "<name><name>" as name`, 36))
	f(`*` + strings.Repeat(` | replace ("e", "ee") at name`, 36))
	f(`*` + strings.Repeat(` | replace_regexp ("(.+)", "$1$1") at name`, 36))
	f(`*` + strings.Repeat(` | pack_json as a`, 10))
	f(`*` + strings.Repeat(` | pack_logfmt fields (a, n*) as a`, 10))
	f(`*` + strings.Repeat(` | split "" from a as a`, 10))
	f(`*` + strings.Repeat(` | json_array_concat "-----" from a as a`, 12))
	f(`*` + strings.Repeat(` | extract "<x>" from a | format "<x><a>" as a`, 20))
	f(`*` + strings.Repeat(` | unpack_json from a | format "<x><y>" as a`, 20))
	f(`*` + strings.Repeat(` | copy a as b | format "<a><b>" as a`, 20))
	f(`*` + strings.Repeat(` | collapse_nums at a`, 20))
	f(`* | union (* ` + strings.Repeat(` | format "<a><a>" as a`, 36) + `)`)
	f(`* | join by (a) (* ` + strings.Repeat(` | format "<a><a>" as a`, 36) + `)`)
	f(`a:in(x:y ` + strings.Repeat(` | format "<a><a>" as a`, 36) + ` | fields a)`)
	f(`* | stats values(a) as a` + strings.Repeat(` | format "<a><a>" as a`, 36))
	f(`* | format "` + strings.Repeat("x", 100_000) + `" as a`)
}

func TestUsualTextsAreTaken(t *testing.T) {
	f := func(text string) {
		t.Helper()
		c, err := ofLogsQL(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if c.Text > most {
			t.Errorf("%s: is taken for one that makes %d bytes", text, c.Text)
		}
	}
	f(`*`)
	f(`_time:5m error -(debug or info) {service.name="shop"} | sort by (_time) desc | limit 10`)
	f(`* | format "<http.request.method> <http.route> took <duration:duration> in <cloud.region>" as line | fields ` +
		`_time, line`)
	f(`* | extract "user=<user> " from _msg | stats by (user) count() n, sum(duration) d | sort by (n desc) | limit 10`)
	f(`* | unpack_json from _msg | filter level:=error | stats by (level) count()`)
	f(`* | replace ("-", "_") at name | replace_regexp ("[0-9]+", "N") at name | collapse_nums at _msg | top 10 by (_msg)`)
	f(`* | pack_json as row | fields row`)
	f(`* | stats by (service.name) uniq_values(name) names | format "<service.name>: <names>" as line`)
	f(`* | math duration / 1e6 as ms, ms * 2 as twice | stats quantile(0.9, ms)`)
	f(`trace_id:in(name:x | fields trace_id) | stats by (_time:1m, service.name) count()`)
	f(`parent_span_id:* | fields trace_id, parent_span_id | rename parent_span_id as span_id | join by (trace_id, ` +
		`span_id) (* | fields trace_id, span_id) inner | stats count()`)
	f(`trace_id:in(` + strings.TrimSuffix(strings.Repeat(`"0123456789abcdef0123456789abcdef",`, 3000), ",") + `)`)
	f(`name:"((((((" or name:'[{(' or _msg:~"(a|b)+" # ((((`)
}

func TestWhatTheParserOrTheEngineCantBear(t *testing.T) {
	f := func(text string, want error) {
		t.Helper()
		if _, err := ofLogsQL(text); !errors.Is(err, want) {
			t.Errorf("%.60s: got %v, want %v", text, err, want)
		}
	}
	f(strings.Repeat("(", maxDepth+1), store.ErrTooMuch)
	f(strings.Repeat("!", maxDepth+1)+"a", store.ErrTooMuch)
	f(strings.Repeat("not ", maxDepth+1)+"a", store.ErrTooMuch)
	f(strings.Repeat("a:(", maxDepth+1), store.ErrTooMuch)
	f(strings.Repeat(`"\z(" `, maxDepth+1), store.ErrTooMuch) // no text in quotes: the escape is wrong
	f(strings.Repeat("(#)\n", maxDepth+1), store.ErrTooMuch)
	f("* | math "+strings.Repeat("1^", maxDepth+1)+"1 as a", nil) // a word between
	f(strings.Repeat("a ", maxTokens+1), store.ErrTooMuch)
	f(`"`+strings.Repeat("a", maxText)+`"`, store.ErrTooMuch)
	f("*"+strings.Repeat(" | delete a", maxPipes+1), store.ErrTooMuch)
	f("*"+strings.Repeat(" | union (*)", maxQueries), store.ErrTooMuch)
	f("options(parallel_readers=9) *", store.ErrTooMuch)
	f(`name:~"`+strings.Repeat("(a{1000})", 100)+`"`, store.ErrTooMuch)
	f(strings.Repeat(`name:~"xxxxxxxxxx{1000}" or `, 30)+"a", store.ErrTooMuch)
	f(`name:~"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$" or name:~"a{2,1000}"`, nil)
	f("a:in(options(concurrency=9) x:y | fields a)", store.ErrTooMuch)
	f("a:in(x:y | uniq by (a) with hits)", store.ErrBadQuery)
	f("a:contains_any(x:y | uniq by (a) with hits)", store.ErrBadQuery)
	f("_stream_id:in(x:y | uniq by (_stream_id) with hits)", store.ErrBadQuery)
	f("a:in(x:y | uniq by (a))", nil)
	f("a:eq_field(_time)", store.ErrBadQuery)
	f("* | copy _t* as x* | filter a:lt_field(b)", store.ErrBadQuery)
	f("* | extract if (*:len_range(1,2)) \"<x>\"", store.ErrBadQuery)
	f("* | rename _time as t | filter t:len_range(1,2)", store.ErrBadQuery)
	f("a:len_range(1,2) b:le_field(c)", nil)
	f("* | hash(a) as b | block_stats", store.ErrBadQuery)
	f("a | block_stats", nil)
	f(`* | extract_regexp "(?P<x>.)" from a | offset 2 | replace ("b", "c") at a`, store.ErrBadQuery)
	f(`* | extract "<x>" from a | limit 2 | math a + 1 as n`, store.ErrBadQuery)
	f(`* | limit 2 | extract "<x>" from a | replace ("b", "c") at a`, nil)
	f(`* | extract "<x>" from a | sort by (a) | limit 2 | replace ("b", "c") at a`, nil)
	f(`* | replace ("b", "c") at a | limit 2`, nil)
	for _, maker := range []string{
		"stats by (a) count()", "uniq by (a) | copy a as b", "sort by (a) limit 5 | copy a as b", "unroll (a)", "unpack_json from a",
		"unpack_logfmt from a", "unpack_words from a as b", "join by (a) rows({a=b})", "total_stats count() as c", "facets",
		"union (x)", "field_names", `split "," from a as b`,
	} {
		f("* | "+maker+" | limit 2 | decolorize _time | fields a", store.ErrBadQuery)
		f("* | "+maker+" | limit 2 | decolorize z", nil)
	}
	f("* | stats by (_time:1h) count() n | limit 2 | decolorize _time", nil)
	f("* | uniq by (_time) | limit 2 | decolorize _time", nil)
	f("* | filter a:b | limit 2 | decolorize _time | fields a", nil)
}

func TestWhatPipesDoToRows(t *testing.T) {
	f := func(text string, whole, rowByRow, stats bool) {
		t.Helper()
		q, err := logstorage.ParseQueryAtTimestamp(text, 1)
		if err != nil {
			t.Fatal(err)
		}
		c, err := OfLogsQL(q)
		if err != nil || c.Whole != whole || RowByRow(q) != rowByRow || EndsInStats(q) != stats {
			t.Errorf("%s: whole %v, row by row %v, stats %v, %v", text, c.Whole, RowByRow(q), EndsInStats(q), err)
		}
	}
	f("*", true, true, false)
	f("* | filter a:b | sample 3", true, true, false)
	f("* | sort by (_time) desc | limit 3", true, false, false)
	f("a | stream_context before 2", true, false, false)
	f(`* | format "<a>" as b`, false, true, false)
	f("* | fields a", false, true, false)
	f("* | stats count()", false, false, true)
	f("* | stats count() | fields a", false, false, false)
	f("a:in(b | fields a)", true, false, false)
	f("* | filter a:in(b | fields a)", true, false, false)
	f("* | union (a | limit 1)", false, false, false)
	f("* | join by (a) rows({a=b,c=d})", false, false, false)

	g := func(text string, want bool) {
		t.Helper()
		q, err := logstorage.ParseQueryAtTimestamp(text, 1)
		if err != nil {
			t.Fatal(err)
		}
		if MustNotSplit(q) != want {
			t.Errorf("%s: must not split: %v", text, !want)
		}
	}
	g("* | stats uniq_values(a) u", true)
	g("* | format \"x\" as a | limit 2 | stats by (b) count(), uniq_values(a) if (c:d) u", true)
	g("* | stats by (b) count_uniq(a) u, values(a) v", false)
	g("* | stats by (b, b) count() n", true)
	g("* | stats by (_time:1m, _time) count() n", true)
	g("a | stream_context before 1 | stats uniq_values(a) u", false)
	g("a:in(* | stats by (a) uniq_values(b) b | fields a) | stats count()", false)
}

func TestStatesAreThoseOfAllPipes(t *testing.T) {
	one, err := ofLogsQL("* | stats by (a) count()")
	if err != nil || one.State == 0 {
		t.Fatal(one, err)
	}
	two, err := ofLogsQL("* | union (* | stats by (a) count()) | uniq by (a)")
	if err != nil || two.State < 2*one.State-1 || two.Subqueries != 1 {
		t.Errorf("a subquery and a pipe: %+v, %v, want twice %d", two, err, one.State)
	}
	around, err := ofLogsQL("a | stream_context before 2")
	if err != nil || !around.StreamContext {
		t.Errorf("%+v, %v", around, err)
	}
}

func TestSubqueriesInFilters(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		filter, err := logstorage.ParseFilterAtTimestamp(text, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := HasSubquery(filter); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
	f(`a:=b`, false)
	f(`a:in(b,c) {x="y"} -(d or e)`, false)
	f(`a:in(b:c | fields a)`, true)
	f(`x or not (y a:contains_all(b:c | fields a))`, true)
	f(`_stream_id:in(b:c | fields _stream_id)`, true)
}

// TestTypesOfTheEngine holds the names that reflect reads: a new version of the engine may have others.
func TestTypesOfTheEngine(t *testing.T) {
	text := `options(concurrency=1) a:in(b:c | uniq by (a)) _stream_id:in(x:y | fields _stream_id)
		| format "<a>" as b | pack_json fields (a) as b | pack_logfmt as b | replace ("a", "b") at c | replace_regexp ("a", "b") at c
		| collapse_nums at a | split "," from a as b | unpack_words from a as b | json_array_concat "," from a as b | extract "<x>y" from a
		| extract_regexp "(?P<x>.)" from a | unpack_json from a | unpack_logfmt from a | unpack_syslog from a | copy a as b | rename a as b
		| coalesce (a, b) as c | join by (a) rows({a=b}) | union (x) | math 1 as n | hash(a) as h | len(a) as l | json_array_len(a) as l
		| running_stats count() c | total_stats count() c | uniq by (a) | top 5 by (a) | sort by (a) | facets | field_values a | first 1 by (a)
		| last 1 by (a) | stats by (a) values(x) v, uniq_values(x) u, json_values(x) j, json_values(x) sort by (a) s, json_values(x) sort by (a) limit 1 k
		| stream_context before 1`
	q, err := logstorage.ParseQueryAtTimestamp(text, 1)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := OfLogsQL(q); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	var visit func(reflect.Value)
	visit = func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface:
			if !v.IsNil() {
				visit(v.Elem())
			}
		case reflect.Slice:
			for i := range v.Len() {
				visit(v.Index(i))
			}
		case reflect.Struct:
			if v.Type().PkgPath() == enginePath {
				seen[v.Type().Name()] = true
				for _, field := range v.Fields() {
					visit(field)
				}
			}
		}
	}
	visit(reflect.ValueOf(q))
	for name := range strings.FieldsSeq(`Query queryOptions inValues filterStreamID pipeFormat pipePackJSON pipePackLogfmt pipeReplace
		pipeReplaceRegexp pipeCollapseNums pipeSplit pipeUnpackWords pipeJSONArrayConcat pipeExtract pipeExtractRegexp pipeUnpackJSON
		pipeUnpackLogfmt pipeUnpackSyslog pipeCopy pipeRename pipeCoalesce pipeJoin pipeUnion pipeMath pipeHash pipeLen pipeJSONArrayLen
		pipeStats pipeRunningStats pipeUniq pipeTop pipeSort pipeFacets pipeFieldValues pipeFirst pipeLast pipeStreamContext
		statsValues statsUniqValues statsJSONValues`) {
		if !seen[name] {
			t.Errorf("the engine has no type %s: see what takes its place", name)
		}
	}
}

func TestTemplatesThatDoubleAreFound(t *testing.T) {
	doubling := func(n int, first string) string {
		var text strings.Builder
		fmt.Fprintf(&text, "WITH (a0=%s", first)
		for i := range n {
			fmt.Fprintf(&text, ",a%d=a%d+a%d", i+1, i, i)
		}
		fmt.Fprintf(&text, ") a%d", n)
		return text.String()
	}
	within := func(format, leaf string, n int) string {
		for range n {
			leaf = strings.ReplaceAll(format, "%", leaf)
		}
		return leaf
	}
	for _, text := range []string{
		doubling(29, "up"), doubling(29, `"x"`),
		within("ru(1, %)", "up", 30), within("ttf(%)", "up", 30), within("ru(%, ttf(%))", "up", 9),
		"WITH (f(x)=x+x) " + within("f(%)", "up", 29),
		"WITH (f(x)=x+x, g(x)=f(f(f(f(x)))), h(x)=g(g(g(g(g(x)))))) h(h(up))",
		"WITH (w=1, l={a=\"b\"}) WITH (a=up{l}+up{l}) " + within("union(%, %)", "a", 17),
		within("alias(%, q+q)", "up", 29), "WITH (f(a,b)=b+b) " + within("f(%, a+a)", "up", 20), "WITH (f=1) f\\6fo",
		within("r\\u(1, %)", "up", 30),
	} {
		if n, err := Expanded(text); err == nil {
			t.Errorf("%.100s: taken for %d bytes", text, n)
		}
	}
	for _, text := range []string{
		`up`, `sum(rate(http_requests_total{job=~"a|b"}[5m])) by (job) / 2`, `ru(free, max)`, `ttf(free)`,
		`alias(up, "x")`, `range_median(q)`,
		`WITH (f(x) = sum(x) by (job)) f(a) / f(b)`,
		`WITH (common={job="x"}, w=5m) rate(a{common}[w]) + rate(b{common, c="d"}[w])`,
		`{"a metric with quotes", b="c"}`, `label_replace(up, "a", "$1", "b", "(.*)")`,
		`max_over_time(a[5m:1m] offset 1h) @ end()`, `foo\-bar{x="y"}`,
	} {
		if _, err := Expanded(text); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestMetricsQLThatGrowsIsRefused(t *testing.T) {
	day := Points{From: time.Unix(0, 0), To: time.Unix(86400, 0), Step: 10 * time.Second}
	within := func(format string, n int) string {
		text := `label_set(up, "a", "x")`
		for range n {
			text = strings.ReplaceAll(format, "%", text)
		}
		return text
	}
	for _, text := range []string{
		within(`label_join(%, "a", "", "a", "a")`, 34), within(`label_replace(%, "a", "$1$1", "a", "(.*)")`, 34),
		within(`label_transform(%, "a", ".", "$0$0")`, 34), within(`label_copy(label_join(%, "b", "-", "a", "a"), "b", "a")`,
			20),
		`quantile_over_time(0.9, up[30d])`, `sum_over_time(up[10y])`, `max_over_time(sum_over_time(up[1y])[1d:10s])`,
		`up{a=~"` + strings.Repeat("(a{1000})", 100) + `"}`, strings.TrimSuffix(strings.Repeat("a+", maxNodes), "+"),
		"union(" + strings.TrimSuffix(strings.Repeat("a,", maxArgs+1), ",") + ")",
	} {
		if c, err := OfMetricsQL(text, day); !errors.Is(err, store.ErrTooMuch) {
			t.Errorf("%.100s: %+v, %v", text, c, err)
		}
	}
	for _, text := range []string{
		`sum(sum_over_time(edge_service_requests:10s[1m])) by (service_name)`, `quantile_over_time(0.9, up[1h])`,
		`increase(up[1d])`,
		within(`label_join(%, "c", "-", "a", "b")`, 3), within(`label_replace(%, "a", "$1-x", "a", "(.*)")`, 10),
		`up + on (a) group_left up`,
		`absent_over_time(x[1d])`, `max_over_time(rate(a[5m])[1h:1m])`,
		`histogram_quantile(0.9, sum(rate(b[5m])) by (le))`,
	} {
		if _, err := OfMetricsQL(text, day); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	one, _ := OfMetricsQL("rand()", day)
	two, err := OfMetricsQL("rand() + rand()", day)
	if err != nil || one.Values == 0 || two.Values < 2*one.Values {
		t.Errorf("values of two series that the text makes: %d of one, %d, %v", one.Values, two.Values, err)
	}
	if _, err := OfMetricsQL("(", day); !errors.Is(err, store.ErrBadQuery) {
		t.Errorf("not readable: %v", err)
	}
}

// FuzzExpanded holds that the bound is one: what the engine makes of a text that is let through is no longer.
func FuzzExpanded(f *testing.F) {
	for _, text := range []string{
		"WITH (a=b+b, c=a+a) c", "WITH (f(x,y)=x+y*x) f(f(1,2),f(a,b))", "ru(1, ru(2, up))",
		`WITH (l={a="b"}) x{l, c=~"d"+"e"} offset 5m`,
		`WITH (w = 5m, f(q) = WITH (z = q+q) z) f(rate(a[w]))`, "sum(a) by (b) / c{d=\"e\"}[1m:2s] @ 3", "ttf(ttf(x))",
		`alias(x, "y")`,
		"WITH (f(a,b)=b+b) f(x, a)", "WITH (q=1) range_median(q)", "`a` + 'b' # c",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := Expanded(text)
		if err != nil {
			return
		}
		expanded, err := metricsql.ExpandWithExprs(text)
		// The engine writes brackets, blanks, operators and escapes in full: less than ten bytes for one.
		if err == nil && int64(len(expanded)) > 10*n+100 {
			t.Errorf("%q becomes %d bytes, taken for %d: %.200q", text, len(expanded), n, expanded)
		}
	})
}

// FuzzLogsQL holds that what Text lets through neither ends the parser nor what reads the parsed text.
func FuzzLogsQL(f *testing.F) {
	for _, text := range []string{
		`a:in(x:y | uniq by (a) with hits)`, `* | format "<a><q:b>" as a | stats by (_time:1m) count()`,
		`'\'' "\z(" {a="b"} # (`,
		`options(parallel_readers=99) * | join by (a) rows({a=b,c="d"}) prefix x`, `!!-not a:>5 | math (a+b)^-c as d`,
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ofLogsQL(text)
		if err == nil && (c.Text < 0 || c.State < 0) {
			t.Errorf("%q: %+v", text, c)
		}
	})
}
