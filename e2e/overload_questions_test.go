package e2e_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/internal/run/runtest"
)

// question is one that asks for more than it should get, and the statuses with which it may be answered.
type question struct {
	name, path string
	params     []string
	statuses   []int
}

// greedyQuestions are those that an engine would work on for ever, or with all memory, if it got them.
func greedyQuestions() []question {
	const (
		logs, jaeger = "/select/logsql/", "/select/jaeger/api/"
		sql          = "/client/v4/accounts/x/analytics_engine/sql"
	)
	repeat := func(head, part string, n int) string { return head + strings.Repeat(part, n) }
	within := func(format, leaf string, n int) string {
		for range n {
			leaf = strings.ReplaceAll(format, "%", leaf)
		}
		return leaf
	}
	label := `label_set(vector(1), "a", "xxxxxxxx")`
	refused, bad, any, anyOrBad := []int{422}, []int{400}, []int{200, 422, 503}, []int{200, 400, 414, 422, 431, 503}
	return []question{
		{"a subquery in extra_filters", logs + "query", []string{
			"query", "*", "extra_filters",
			"name:in(x:y | fields name)",
		}, bad},
		{"hits of many fields and buckets", logs + "hits", []string{
			"query", "*", "step", "100ms", "field", "span_id",
			"start", "-1h", "end", "now",
		}, any},
		{"hits by a field without a name", logs + "hits", []string{"query", "*", "step", "1m", "field", ""}, bad},
		{
			"rows around rows without their stream", logs + "query",
			[]string{"query", "* | stream_context before 2", "hidden_fields_filters", "_stream_id"},
			bad,
		},
		{"a list of two columns", logs + "query", []string{"query", "name:in(x:y | uniq by (name) with hits)"}, bad},
		{"fields beside times", logs + "query", []string{"query", "name:eq_field(_time)"}, bad},
		{"times of rows that were cut off", logs + "query", []string{
			"query", "* | unroll (name) | limit 2 | decolorize _time | fields name",
		}, bad},
		{"what is known of made fields", logs + "query", []string{"query", "* | hash(name) as h | block_stats"}, bad},
		{"format that doubles", logs + "query", []string{
			"query",
			repeat(`* | format "<name>" as a`, ` | format "<a><a>" as a`, 36),
		}, refused},
		{"replace that doubles", logs + "query", []string{
			"query",
			repeat("*", ` | replace_regexp ("(.+)", "$1$1") at name`, 36),
		}, refused},
		{"rows packed into rows", logs + "query", []string{"query", repeat("*", " | pack_json as a", 40)}, refused},
		{"a sequence without end", logs + "stats_query", []string{
			"query",
			"* | generate_sequence 1e15 | stats count_uniq(_msg)", "timeout", "5s",
		}, any},
		{"all rows with all rows", logs + "query", []string{
			"query",
			`* | format "x" as k | join by (k) (* | format "x" as k) | stats count()`, "timeout", "5s",
		}, any},
		{"everything of every row", logs + "query", []string{
			"query",
			"* | stats by (trace_id) json_values() v, row_any() r, uniq_values(name) u",
		}, any},
		{"all values of all fields", logs + "facets", []string{
			"query", "*", "limit", "1000000", "max_values_per_field",
			"1000000",
		}, any},
		{"brackets", logs + "query", []string{"query", strings.Repeat("(", 100_000)}, refused},
		{"pipes", logs + "query", []string{"query", repeat("*", " | delete a", 10_000)}, refused},
		{
			"templates that double", "/api/v1/query",
			[]string{"query", "WITH (a0=up+up" + doubled(29) + ") a29"},
			refused,
		},
		{"templates within each other", "/api/v1/query", []string{"query", within("ru(1, %)", "up", 30)}, refused},
		{
			"templates in a selector", "/api/v1/series",
			[]string{"match[]", "WITH (a0=up+up" + doubled(29) + ") a29"},
			refused,
		},
		{
			"templates that are only shown", "/prometheus/expand-with-exprs",
			[]string{"query", within("ttf(%)", "up", 30)},
			refused,
		},
		{"label_join that doubles", "/api/v1/query", []string{
			"query",
			within(`label_join(%, "a", "", "a", "a")`, label, 34),
		}, refused},
		{"label_replace that doubles", "/api/v1/query", []string{
			"query",
			within(`label_replace(%, "a", "$1$1", "a", "(.*)")`, label, 34),
		}, refused},
		{
			"a window of a year by the millisecond", "/api/v1/query",
			[]string{"query", "max_over_time(rand()[1y:1ms])"},
			refused,
		},
		{
			"a year by the millisecond", "/api/v1/query_range",
			[]string{"query", "rand()", "start", "-1y", "end", "now", "step", "1ms"},
			refused,
		},
		{
			"a long window at many points", "/api/v1/query_range",
			[]string{"query", "quantile_over_time(0.9, up[1y])", "start", "-1d", "end", "now", "step", "3"},
			refused,
		},
		{
			"all series at many points", "/api/v1/query_range",
			[]string{"query", `{__name__!=""}`, "start", "-1d", "end", "now", "step", "3"},
			any,
		},
		{"all series many times", "/api/v1/query_range", []string{
			"query", "union(" + strings.TrimSuffix(strings.Repeat(`{__name__!=""}+1,`, 100), ",") + ")", "start", "-1d",
			"end", "now", "step", "10",
		}, any},
		{"many arguments", "/api/v1/query", []string{
			"query",
			"union(" + strings.TrimSuffix(strings.Repeat("up,", 1000), ",") + ")",
		}, refused},
		{"all traces", jaeger + "traces?service=shop&limit=1000000000&start=0&end=9000000000000000", nil, anyOrBad},
		{"many traces by id", jaeger + "traces?" + strings.Repeat("traceID=1&", 20_000), nil, anyOrBad},
		{"many conditions", jaeger + "traces?service=shop" + strings.Repeat("&tag=a:b", 20_000), nil, anyOrBad},
		{"the graph of all time", jaeger + "dependencies?lookback=9000000000000000", nil, anyOrBad},
		{
			"calls by the millisecond", jaeger + "metrics/calls?service=shop&step=1&ratePer=1&lookback=90000000000", nil,
			anyOrBad,
		},
		{"groups without end", sql, []string{
			"query", "SELECT index1, blob2, double1, topK(1000)(blob2) FROM points GROUP BY index1, blob2, double1",
		}, any},
		{"all rows, for JSON", sql, []string{"query", "SELECT * FROM points ORDER BY blob2 FORMAT JSON"}, any},
		{"values without end", sql, []string{
			"query", "SELECT quantileExactWeighted(0.5)(double1, _sample_interval), count(DISTINCT blob2) FROM points",
		}, any},
		{"questions within questions", sql, []string{
			"query", within("SELECT * FROM (%)", "SELECT * FROM points", 2000),
		}, refused},
		{"brackets in SQL", sql, []string{"query", "SELECT " + strings.Repeat("(", 30_000)}, refused},
		{"text that grows", sql, []string{
			"query", "SELECT " + within("concat(%,%)", "blob2", 11) + " AS a FROM points",
		}, any},
		{"a question of 2 MiB", sql, []string{"query", "SELECT '" + strings.Repeat("x", 2<<20) + "'"}, []int{413, 414, 422}},
		{"all series as they are", "/api/v1/export", []string{"match[]", `{__name__!=""}`, "start", "-30d"}, any},
	}
}

// doubled names templates, each twice the one before.
func doubled(n int) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, ",a%d=a%d+a%d", i+1, i, i)
	}
	return text.String()
}

// ask posts a question, or gets it when all of it stands in the path, waits for the answer to its end and returns the
// status, 0 when there was none.
func (o *overload) ask(ctx context.Context, q question) (status int, retry, body string) {
	form, method := url.Values{}, http.MethodPost
	for i := 0; i < len(q.params); i += 2 {
		form.Add(q.params[i], q.params[i+1])
	}
	body = form.Encode()
	switch {
	case len(form) == 0:
		method = http.MethodGet
	case strings.HasSuffix(q.path, "/sql"): // the body is the query
		body = form.Get("query")
	}
	req, err := http.NewRequestWithContext(ctx, method, o.c.URL("query")+q.path, strings.NewReader(body))
	if err != nil {
		o.Error(err)
		return 0, "", ""
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := o.client.Do(req)
	if err != nil {
		return 0, "", err.Error()
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, 1<<10)) // the beginning tells why
	_, _ = io.Copy(io.Discard, res.Body)                   // the status has told what came of it
	return res.StatusCode, res.Header.Get("Retry-After"), string(text)
}

// page asks what a page asks while others ask for too much.
func (o *overload) page(during string) {
	o.Helper()
	ctx, cancel := context.WithTimeout(o.Context(), slowest)
	defer cancel()
	status, body, err := runtest.Get(ctx, o.c.URL("query")+"/api/edge/v1/overview?range=15m")
	if err != nil || status != http.StatusOK {
		o.Errorf("a page during %s: %d %v %.200s", during, status, err, body)
	}
}

// points sends data points that SQL is asked of.
func (o *overload) points() {
	o.each(4, o.amount(20, 100), func(i int) {
		var body bytes.Buffer
		for j := range 1000 {
			n := i*1000 + j
			fmt.Fprintf(&body, `{"indexes":["i%d"],"blobs":["b%d","%0*d"],"doubles":[%d,%[5]d.5]}`+"\n", n, n%7, 50, n, n)
		}
		o.send("/v1/datapoints/points", "", body.Bytes(), 0)
	})
}

// greedyQuestioners ask one greedy question after the other, and all of them again at once.
func (o *overload) greedyQuestioners() {
	o.each(4, o.amount(40, 200), func(i int) { o.send("/v1/traces", "", spanBatch(i, 500, nil), 500) })
	o.points()
	o.kept()
	questions := greedyQuestions()
	for _, q := range questions {
		if status, _, body := o.ask(o.Context(), q); !slices.Contains(q.statuses, status) {
			o.Errorf("%s: status %d, want one of %v: %.300s", q.name, status, q.statuses, body)
		}
		o.page(q.name)
	}
	o.each(len(questions), o.amount(1, 4)*len(questions), func(i int) {
		q := questions[i%len(questions)]
		status, retry, body := o.ask(o.Context(), q)
		if status != http.StatusServiceUnavailable && !slices.Contains(q.statuses, status) {
			o.Errorf("%s beside others: status %d, want one of %v: %.300s", q.name, status, q.statuses, body)
		}
		if status == http.StatusServiceUnavailable && strings.Contains(body, "again") && retry == "" {
			o.Errorf("%s: 503 does not say when to come again: %s", q.name, body)
		}
	})
	o.served("greedy questions")
}

// manyQuestioners ask heavy questions all at once, and half of them leave before they are answered.
func (o *overload) manyQuestioners() {
	o.each(4, o.amount(40, 400), func(i int) { o.send("/v1/traces", "", spanBatch(i, 500, nil), 500) })
	o.points()
	o.kept()
	heavy := []question{
		{path: "/select/logsql/query", params: []string{"query", "* | sort by (trace_id)"}},
		{path: "/select/logsql/query", params: []string{"query", "* | stats by (span_id) json_values() v"}},
		{path: "/select/logsql/query", params: []string{"query", "*"}},
		{path: "/select/logsql/hits", params: []string{"query", "*", "step", "100ms", "field", "span_id"}},
		{path: "/api/v1/query_range", params: []string{
			"query", `{__name__!=""}`, "start", "-1h", "end", "now", "step",
			"1",
		}},
		{path: "/api/v1/series", params: []string{"match[]", `{__name__!=""}`}},
		{path: "/api/edge/v1/traces?range=1h"},
		{path: "/select/jaeger/api/traces?service=shop&limit=1500"},
		{path: "/select/jaeger/api/dependencies"},
		{
			path: "/client/v4/accounts/x/analytics_engine/sql", params: []string{
				"query", "SELECT index1, blob2, sum(double1), topK(3)(blob1) FROM points GROUP BY index1, blob2",
			},
		},
	}
	var answered, refused atomic.Int64
	var pages sync.WaitGroup
	pages.Go(func() {
		for range 5 {
			o.page("256 questions at once")
		}
	})
	o.each(256, o.amount(256, 1024), func(i int) {
		ctx, cancel := context.WithTimeout(o.Context(), 2*slowest)
		defer cancel()
		if i%2 == 1 {
			time.AfterFunc(time.Duration(i)*time.Millisecond, cancel)
		}
		q := heavy[i/2%len(heavy)]
		switch status, retry, body := o.ask(ctx, q); status {
		case http.StatusOK:
			answered.Add(1)
		case http.StatusUnprocessableEntity:
			refused.Add(1)
		case http.StatusServiceUnavailable:
			refused.Add(1)
			if retry == "" && !strings.Contains(body, "ended after") {
				o.Errorf("%s %q: 503 without Retry-After: %s", q.path, q.params, body)
			}
		case 0: // it left
		default:
			o.Errorf("%s %q: status %d: %s", q.path, q.params, status, body)
		}
	})
	pages.Wait()
	if answered.Load() == 0 {
		o.Error("no question was answered")
	}
	o.Logf("%d answered, %d refused", answered.Load(), refused.Load())
	o.served("many questions")
}
