package embedded_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
)

// TestRandomQuestionsDoNotEndTheProcess asks what nobody would: the engine panics in goroutines of its own, which ends
// the process, so that what it panics at must be refused. With -v the last question in the log is the one.
func TestRandomQuestionsDoNotEndTheProcess(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	now := time.Now()
	var events []edge.Event
	for i := range 200 {
		events = append(events, edge.Event{
			Kind: edge.Kind(i / 3 % 3), Dataset: "d", Body: "x y",
			Time: now.Add(-time.Duration(i) * time.Second).UnixNano(), Name: "GET /x", Duration: int64(i) * 1000,
			HasDuration: true,
			Attrs: []edge.Attr{
				{Key: "a", Value: fmt.Sprint("xyz", i%7)},
				{Key: "b", Value: strconv.Itoa(i)},
				{Key: "arr", Value: `[1,"x",{"a":2}]`},
				{Key: "js", Value: `{"u":1,"v":{"w":"x"},"a":"b"}`},
				{Key: "x.y", Value: fmt.Sprint("1.2.3.", i)},
			},
			Facts: edge.Facts{Service: []string{"shop", "cart", "pay"}[i%3], Region: "FRA"},
		})
	}
	if err := s.WriteEvents(t.Context(), 1, events); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	answered := 0
	for seed := range uint64(3000) {
		r := randomText{rand.New(rand.NewPCG(seed, 16))}
		q := store.RowsQuestion{Tenant: 1, LogsQL: r.query(2), From: now.Add(-time.Hour), To: now.Add(time.Hour)}
		q.Also = [][]edge.Kind{nil, {edge.KindLog}, {edge.KindDataPoint, edge.KindLog}}[r.IntN(3)]
		q.HiddenFields = [][]string{nil, nil, {"wal.*"}, {"a"}, {"_stream*"}, {"*"}, {"_time"}}[r.IntN(7)]
		if r.IntN(5) == 0 {
			q.ExtraFilters = []string{r.filter(1)}
		}
		t.Logf("%d: %v %s hidden %q extra %q", seed, q.Kinds(), q.LogsQL, q.HiddenFields, q.ExtraFilters)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if s.Rows(ctx, q, func(store.Row) error { return nil }) == nil {
			answered++
		}
		cancel()
		_, _ = s.HitsLogsQL(q.LogsQL, now, time.Minute, 0, []string{r.field()}) // that it returns is what counts
		_, _, _ = s.StatsLogsQL(q.LogsQL, now, time.Minute, 0)                  // as above
	}
	if answered < 1000 {
		t.Errorf("only %d questions were answered: the texts are not LogsQL", answered)
	}
}

// randomText makes LogsQL. Where % stands in a form, a part is put in: %n a field, %v a value, %f a filter, %q a
// question.
type randomText struct{ *rand.Rand }

func (r randomText) of(forms ...string) string { return forms[r.IntN(len(forms))] }

func (r randomText) field() string {
	return r.of("a", "b", "name", "_time", "_stream", "_stream_id", "trace_id", "duration", "_msg", "arr", "js", "kind",
		`"*"`, `"a*"`, "x.y", "t")
}

func (r randomText) fill(form string, depth int) string {
	var text strings.Builder
	for {
		before, after, more := strings.Cut(form, "%")
		text.WriteString(before)
		if !more {
			return text.String()
		}
		switch after[0] {
		case 'n':
			text.WriteString(r.field())
		case 'v':
			text.WriteString(r.of(`"xyz1"`, "x", "1", `""`, `"GET /x"`, "1.5", "-3", `"[1,2]"`, "5m", "2026-11-30",
				"1.2.3.4"))
		case 'f':
			text.WriteString(r.filter(depth - 1))
		case 'q':
			text.WriteString(r.query(depth - 1))
		}
		form = after[1:]
	}
}

func (r randomText) filter(depth int) string {
	if depth <= 0 {
		return r.of("*", "x:y", "a:*", `name:="GET /x"`)
	}
	return r.fill(r.of("(%f or %f)", "(%f %f)", "!%f", "%n:=%v", "%n:%v*", `%n:~"x.*"`, `%n:~"^$"`, "%n:>%v",
		"%n:range[%v,%v)", "%n:in(%v,%v)",
		"%n:contains_any(%v)", "%n:json_array_contains_any(%v)", "%n:in(%q | fields %n)", "%n:in(%q | uniq by (%n))",
		"%n:contains_all(%q | uniq by (%n) with hits)",
		"_stream_id:in(%q | fields %n)", "%n:i(%v)", "%n:len_range(0,5)", "%n:seq(%v,%v)", "%n:string_range(%v,%v)",
		"%n:ipv4_range(1.2.3.4/8)",
		"%n:ipv6_range(::/0)", "%n:eq_field(%n)", "%n:le_field(%n)", "%n:lt_field(%n)", "%n:value_type(dict)",
		`%n:pattern_match("xyz<N>")`, "_time:5m",
		"_time:day_range[08:00,20:00]", "_time:week_range[Mon,Fri]", `{service.name="shop"}`, `{kind=~".+"}`,
		"%n:equals_common_case(%v)", "%n:%v"), depth)
}

func (r randomText) query(depth int) string {
	var text strings.Builder
	text.WriteString(r.of("", "", "", "options(concurrency=1) ", "options(parallel_readers=4) ",
		"options(ignore_global_time_filter=true) ", "options(time_offset=1h) ",
		"options(global_filter=(a:*)) ") + r.filter(depth))
	if r.IntN(12) == 0 {
		text.WriteString(" | stream_context before 1 after 1")
	}
	for range r.IntN(4) {
		text.WriteString(" | " + r.pipe(depth))
	}
	return text.String()
}

func (r randomText) pipe(depth int) string {
	if r.IntN(4) == 0 {
		function := func() string {
			return r.of("count(%n)", "count_uniq(%n)", "count_uniq_hash(%n)", "count_empty(%n)", "sum(%n)",
				"avg(%n)", "min(%n)", "max(%n)", "median(%n)", "stddev(%n)", "any(%n)", "quantile(0.5, %n)",
				"uniq_values(%n) limit 2", "uniq_values(%n)", "values(*)", "values(%n) limit 3", "json_values(%n) limit 3",
				"json_values(%n) sort by (a)", "json_values(%n) sort by (%n) limit 2", "row_any(*)", "row_min(%n, %n)",
				"row_max(%n)", "field_max(%n, %n)", "field_min(%n, %n)", "histogram(%n)", "sum_len(%n)", "rate()",
				"rate_sum(%n)") + r.of("", " if (%f)")
		}
		text := r.of("stats by (%n, %n) ", "stats by (_time:1m, %n) ", "stats ") + function() + " as r"
		if r.IntN(3) == 0 {
			text += ", " + function() + " as s"
		}
		return r.fill(text, depth)
	}
	return r.fill(r.of("fields %n, %n", "delete %n", "copy %n as t", "rename %n as %n",
		`format "<a>-<q:b><time:duration>" as %n`,
		`format if (%f) "<a>" as %n keep_original_fields`, `extract if (%f) "x<u>z" from %n`,
		`extract_regexp "(?P<u>[a-z]+)" from %n`, "unpack_json from %n",
		"unpack_logfmt if (%f) from %n", "unpack_syslog from %n", "unpack_words from %n as %n",
		"unroll if (%f) (%n, %n)", "pack_json as %n",
		"pack_logfmt fields (%n) as %n", "replace (%v, %v) at %n", `replace_regexp ("(.)", "$1$1") at %n`,
		"collapse_nums at %n prettify", "math %n + 1 as %n",
		"len(%n) as %n", "hash(%n) as %n", "json_array_len(%n) as %n", `split "," from %n as %n`,
		"coalesce (%n, %n) as %n", "decolorize %n", "drop_empty_fields",
		"limit 5", "offset 2", "sort by (%n desc) limit 3", "sort by (%n) rank as k",
		"first 1 by (%n) partition by (%n)", "uniq by (%n) with hits",
		"top 3 by (%n) rank", "facets 2", "field_names", "field_values %n", "union (%q)", "union rows({a=b})",
		"join by (%n) (%q) inner", "join by (a) rows({a=xyz1,q=2})",
		"running_stats by (%n) sum(duration) as c", "total_stats count() as c", "filter %f", "block_stats",
		"blocks_count", "query_stats", "sample 2",
		"generate_sequence 5", "set_stream_fields %n", "time_add 1h at %n"), depth)
}

// unordered are words of texts whose answer may differ from time to time, or that name what differs between kinds.
var unordered = []string{
	"limit", "offset", "sample", "first", "top", "any(", "values(", "row_", "field_max", "field_min", "stats()",
	"_stats", "block", "generate", "field_names", "facets", "_stream", "service", `"*"`, "kind=~", "running", "sequence",
	"pack_", "query_stats", "rank", "value_type", "context", "quantile", "median",
	"stddev", "avg", "rate",
}

// TestSeveralKindsAnswerRandomQuestionsAsOneTable asks rows of which one kind has half and another the rest, and the same
// rows of one kind.
func TestSeveralKindsAnswerRandomQuestionsAsOneTable(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	now := time.Now()
	for i := range 300 {
		e := edge.Event{
			Kind: edge.KindLog, Time: now.Add(-time.Duration(i) * time.Second).UnixNano(), Duration: int64(i%9) * 1000,
			HasDuration: true,
			Attrs: []edge.Attr{
				{Key: "a", Value: fmt.Sprint("xyz", i%7)},
				{Key: "b", Value: strconv.Itoa(i % 20)},
				{Key: "arr", Value: `[1,"x",{"a":2}]`},
				{Key: "js", Value: `{"u":1,"v":{"w":"x"}}`},
				{Key: "x.y", Value: fmt.Sprint("1.2.3.", i%5)},
			},
			Facts: edge.Facts{Service: []string{"shop", "cart", "pay"}[i%3], Region: "FRA"},
		}
		if i%2 == 0 {
			e.Attrs = e.Attrs[:3+i%3]
		}
		write := func(tenant edge.Tenant) {
			if err := s.WriteEvents(t.Context(), tenant, []edge.Event{e}); err != nil {
				t.Fatal(err)
			}
		}
		write(2)
		e.Kind = edge.Kind(1 + i%2) // a log record or a data point
		write(1)
	}
	s.Flush()
	answered := 0
	for seed := range uint64(6000) {
		text := randomText{rand.New(rand.NewPCG(seed, 5))}.query(2)
		if slices.ContainsFunc(unordered, func(word string) bool { return strings.Contains(text, word) }) {
			continue
		}
		q := store.RowsQuestion{
			Tenant: 2, Kind: edge.KindLog, LogsQL: text, From: now.Add(-time.Hour), To: now.Add(time.Hour), At: now,
		}
		want, err := rowsOf(t, s, q)
		q.Tenant, q.Also = 1, []edge.Kind{edge.KindDataPoint}
		got, err2 := rowsOf(t, s, q)
		if (err == nil) != (err2 == nil) || !slices.Equal(got, want) {
			t.Errorf("%s:\n%d rows of two kinds, %v, %.1000q\n%d rows of one, %v, %.1000q", text, len(got), err2, got, len(want),
				err, want)
		}
		answered++
	}
	if answered < 300 {
		t.Errorf("only %d questions were asked", answered)
	}
}

// rowsOf returns the rows of a question as texts, sorted, without their streams.
func rowsOf(t *testing.T, s *embedded.Store, q store.RowsQuestion) (rows []string, err error) {
	t.Helper()
	err = s.Rows(t.Context(), q, func(r store.Row) error {
		var fields []string
		for _, f := range r {
			if !strings.HasPrefix(f.Name, "_stream") {
				fields = append(fields, f.Name+"="+f.Value)
			}
		}
		slices.Sort(fields)
		if len(fields) > 0 {
			rows = append(rows, strings.Join(fields, " "))
		}
		return nil
	})
	slices.Sort(rows)
	return rows, err
}
