package promql_test

import (
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/promql"
	"edgescope/store"
)

var exported = []store.Samples{
	{
		Labels: []edge.Attr{{Key: "__name__", Value: "a_total"}, {Key: "path", Value: "/x,\"y\"\n\\"}},
		Times:  []int64{1000, 2500, 4000}, Values: []float64{1, 2.5, math.Inf(1)},
	},
	{Labels: []edge.Attr{{Key: "__name__", Value: "a_total"}}, Times: []int64{5000}, Values: []float64{1e21}},
	{Labels: []edge.Attr{{Key: "__name__", Value: "b"}}, Times: []int64{6000}, Values: []float64{math.NaN()}},
	{Labels: []edge.Attr{{Key: "__name__", Value: "c"}}, Times: []int64{7000}, Values: []float64{math.Inf(-1)}},
}

func TestExports(t *testing.T) {
	h := promql.New(fake{samples: exported}, promql.Options{})
	f := func(target, contentType, want string) {
		t.Helper()
		w := get(t, h, target)
		if w.Code != http.StatusOK || w.Header().Get("Content-Type") != contentType || w.Body.String() != want {
			t.Errorf("%s: %d %s (-want +got):\n%s", target, w.Code, w.Header(), gocmp.Diff(want, w.Body.String()))
		}
	}
	const lines, text = "application/stream+json; charset=utf-8", "text/plain; version=0.0.4; charset=utf-8"
	f("/api/v1/export?match[]=a", lines, ""+
		`{"metric":{"__name__":"a_total","path":"/x,\"y\"\n\\"},"values":[1,2.5,"Infinity"],"timestamps":[1000,2500,4000]}`+"\n"+
		`{"metric":{"__name__":"a_total"},"values":[1e+21],"timestamps":[5000]}`+"\n"+
		`{"metric":{"__name__":"b"},"values":[null],"timestamps":[6000]}`+"\n"+
		`{"metric":{"__name__":"c"},"values":["-Infinity"],"timestamps":[7000]}`+"\n")
	f("/prometheus/api/v1/export?match[]=a&max_rows_per_line=2", lines, ""+
		`{"metric":{"__name__":"a_total","path":"/x,\"y\"\n\\"},"values":[1,2.5],"timestamps":[1000,2500]}`+"\n"+
		`{"metric":{"__name__":"a_total","path":"/x,\"y\"\n\\"},"values":["Infinity"],"timestamps":[4000]}`+"\n"+
		`{"metric":{"__name__":"a_total"},"values":[1e+21],"timestamps":[5000]}`+"\n"+
		`{"metric":{"__name__":"b"},"values":[null],"timestamps":[6000]}`+"\n"+
		`{"metric":{"__name__":"c"},"values":["-Infinity"],"timestamps":[7000]}`+"\n")
	f("/api/v1/export?match[]=a&format=prometheus", text, ""+
		`a_total{path="/x,\"y\"\n\\"} 1 1000`+"\n"+`a_total{path="/x,\"y\"\n\\"} 2.5 2500`+"\n"+
		`a_total{path="/x,\"y\"\n\\"} +Inf 4000`+"\na_total 1e+21 5000\nb NaN 6000\nc -Inf 7000\n")
	f("/api/v1/export?match[]=a&format=promapi", "application/json", ""+
		`{"status":"success","data":{"resultType":"matrix","result":[`+
		`{"metric":{"__name__":"a_total","path":"/x,\"y\"\n\\"},"values":[[1,"1"],[2.5,"2.5"],[4,"+Inf"]]},`+
		`{"metric":{"__name__":"a_total"},"values":[[5,"1e+21"]]},{"metric":{"__name__":"b"},"values":[[6,"NaN"]]},`+
		`{"metric":{"__name__":"c"},"values":[[7,"-Inf"]]}]}}`)
	f("/api/v1/export/csv?match[]=a&format=__name__,path,__value__,__timestamp__,nothing",
		"text/csv; charset=utf-8", "__name__,path,__value__,__timestamp__,nothing\n"+
			"a_total,\"/x,\"\"y\"\"\n\\\",1,1000,\na_total,\"/x,\"\"y\"\"\n\\\",2.5,2500,\na_total,\"/x,\"\"y\"\"\n\\\",+Inf,4000,\n"+
			"a_total,,1e+21,5000,\nb,,NaN,6000,\nc,,-Inf,7000,\n")
	f("/api/v1/export/native?match[]=a&start=1&end=7", "VictoriaMetrics/native", "1000-7000:[1000 2500 4000];[5000];[6000];[7000];")
	f("/federate?match[]=a", text, "# TYPE a_total untyped\n"+`a_total{path="/x,\"y\"\n\\"} +Inf 4000`+"\n"+
		"a_total 1e+21 5000\n# TYPE c untyped\nc -Inf 7000\n") // NaN is the end of b

	none := promql.New(fake{}, promql.Options{})
	if w := get(t, none, "/api/v1/export?match[]=a&format=promapi"); w.Body.String() !=
		`{"status":"success","data":{"resultType":"matrix","result":[]}}` {
		t.Errorf("no series: %s", w.Body)
	}
	if w := get(t, none, "/federate?match[]=a"); w.Code != 200 || w.Body.Len() != 0 {
		t.Errorf("no series: %d %s", w.Code, w.Body)
	}
}

func TestTimesOfCSV(t *testing.T) {
	h := promql.New(fake{samples: []store.Samples{
		{Labels: []edge.Attr{{Key: "__name__", Value: "a"}}, Times: []int64{1796071158123}, Values: []float64{1}},
	}}, promql.Options{})
	f := func(unit, want string) {
		t.Helper()
		w := get(t, h, "/api/v1/export/csv?match[]=a&format="+url.QueryEscape("__timestamp__:"+unit))
		if _, got, _ := strings.Cut(w.Body.String(), "\n"); got != want+"\n" {
			t.Errorf("%s: %d %q, want %s", unit, w.Code, w.Body, want)
		}
	}
	f("unix_s", "1796071158")
	f("unix_ms", "1796071158123")
	f("unix_ns", "1796071158123000000")
	f("rfc3339", "2026-11-30T20:39:18.123Z")
	f("custom:2006-01-02", "2026-11-30")
	f("custom:15h04", "20h39")
}

func TestWhatIsExported(t *testing.T) {
	now := time.UnixMilli(1796071158000)
	f := func(query string, want store.SamplesQuestion) {
		t.Helper()
		var got store.SamplesQuestion
		h := promql.New(fake{asked: &got}, promql.Options{Options: optionsAt(now)})
		w := get(t, h, "/api/v1/export?"+query)
		want.Tenant = 7
		if diff := gocmp.Diff(want, got); w.Code != 200 || diff != "" {
			t.Errorf("%s: %d (-want +got):\n%s", query, w.Code, diff)
		}
	}
	all := store.SamplesQuestion{Selectors: []string{"a"}, From: time.Unix(0, 0), To: now}
	with := func(change func(q *store.SamplesQuestion)) store.SamplesQuestion {
		q := all
		change(&q)
		return q
	}
	f("match[]=a", all)
	f(`match[]={"a.b"}&match=c`, with(func(q *store.SamplesQuestion) { q.Selectors = []string{"a_b", "c"} }))
	f("match[]=a&start=1796070000&end=1796071000.5", with(func(q *store.SamplesQuestion) {
		q.From, q.To = time.UnixMilli(1796070000000), time.UnixMilli(1796071000500)
	}))
	f("match[]=a&start=1796070000123&end=now", with(func(q *store.SamplesQuestion) {
		q.From = time.UnixMilli(1796070000123)
	}))
	f("match[]=a&start=2026-11-30T20:00:00Z", with(func(q *store.SamplesQuestion) {
		q.From = time.Date(2026, 11, 30, 20, 0, 0, 0, time.UTC)
	}))
	for _, hour := range []string{"-1h", "1h", "now-1h"} {
		f("match[]=a&start="+hour, with(func(q *store.SamplesQuestion) { q.From = now.Add(-time.Hour) }))
	}
	f(`match[]=a&extra_label=cloud.region=x"y&extra_label=b=c&extra_filters[]={d="e"}&extra_filters={f="g"}`,
		with(func(q *store.SamplesQuestion) {
			q.Narrow = [][]string{{`{"cloud_region"="x\"y"}`}, {`{"b"="c"}`}, {`{d="e"}`, `{f="g"}`}}
		}))
}

func optionsAt(now time.Time) query.Options {
	return query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return 7, nil }, Now: func() time.Time { return now },
	}
}

// TestWhatIsWrongIsSaid in Prometheus' shape, with the parameter and where in it.
func TestWhatIsWrongIsSaid(t *testing.T) {
	f := func(target string, code int, want string) {
		t.Helper()
		w := get(t, promql.New(fake{next: http.NotFoundHandler()}, promql.Options{}), target)
		if w.Code != code || !strings.Contains(w.Body.String(), want) || !strings.HasPrefix(w.Body.String(),
			`{"status":"error","errorType":"`) {
			t.Errorf("%s: %d %s, want %d with %s", target, w.Code, w.Body, code, want)
		}
	}
	f("/api/v1/query?query=sum(a", 400, `invalid parameter \"query\": 1:6: parse error`)
	f("/api/v1/query?query=sum(%0A++é+b)", 400, `\"query\": 2:`)
	f("/api/v1/query?query=sum(a)+b", 400, `\"query\": 1:8: parse error: unexpected text`)
	f("/api/v1/query?query=é%2B1%0A+1", 400, `\"query\": 2:2: parse error: unexpected text`)
	f("/api/v1/query?query=1%2B%0Afoo(a)", 400, `\"query\": 2:1: unsupported function \"foo\"`)
	f("/api/v1/query?query=foo(foo(a))", 400, `\"query\": unsupported function \"foo\"`)
	f("/api/v1/query?query=sum(a{b=~\"(\"})", 400, `\"query\": 1:10: invalid regexp in b=\"(\"`)
	for _, path := range []string{"query_range?query=a", "series?match[]=a", "labels?x", "label/a/values?x"} {
		f("/api/v1/"+path+"&start=20&end=10", 400, `\"end\": it is before the start`)
		f("/api/v1/"+path+"&start=now&end=-1h", 400, `\"end\": it is before the start`)
		f("/api/v1/"+path+"&start=20&end=20", 404, "") // reaches the engine, which this one has not
		f("/api/v1/"+path+"&start=20", 404, "")
		f("/api/v1/"+path+"&end=20", 404, "")
		f("/api/v1/"+path+"&start=1796000000&end=-1", 404, "")
		f("/api/v1/"+path+"&start=x&end=20", 404, "")
	}
	f("/api/v1/query?query=%ff%fe", 400, `\"query\"`)
	f("/api/v1/query?query=a%ff(b)", 400, `\"query\"`)
	f("/api/v1/query?query=\"%ff", 400, `\"query\"`)
	f("/api/v1/query", 400, `\"query\": it is missing`)
	f("/api/v1/query_range?start=1", 400, `\"query\": it is missing`)
	f("/api/v1/query?query=%25zz", 400, `\"query\": 1:1: parse error`)
	f("/api/v1/query?query=%zz", 400, `"read the form: `)
	f("/api/v1/query_range?query={a=}", 400, `\"query\": 1:4`)
	f("/api/v1/series?match[]={a", 400, `invalid parameter \"match[]\": 1:3`)
	f("/api/v1/labels?extra_filters[]=(", 400, `extra_filters[]`)
	f("/api/v1/series?match[]=a[5m]", 400, `\"match[]\": a[5m] selects no series`)
	f("/api/v1/export?match[]=a%2Bb", 400, `\"match[]\": a+b selects no series`)
	f("/federate?match[]={}", 400, `\"match[]\": {} selects no series`)
	f("/api/v1/format_query", 400, "missing")
	f("/api/v1/format_query?query=(", 400, "1:2")
	f("/api/v1/export", 400, "match[]")
	f("/api/v1/export?match[]=a&format=xml", 400, "json, prometheus or promapi")
	f("/api/v1/export?match[]=a&start=yesterday", 400, `\"start\": \"yesterday\" is not a time`)
	f("/api/v1/export?match[]=a&start=NaN", 400, "out of range")
	f("/api/v1/export?match[]=a&end=1e300", 400, "out of range")
	f("/api/v1/export?match[]=a&start=20&end=10", 400, "before the start")
	f("/api/v1/export?match[]=a&extra_label=a", 400, "name=value")
	f("/api/v1/export?match[]=a&max_rows_per_line=x", 400, "whole number")
	f("/api/v1/export/csv?match[]=a", 400, "format")
	f("/api/v1/export/native", 400, "match[]")
	f("/api/v1/export/csv?match[]=a&format=a,,b", 400, "without a name")
	f("/api/v1/export/csv?match[]=a&format=__timestamp__:days", 400, "unix_ms")
	f("/api/v1/nothing", 404, "not_found")
	f("/vmui/", 404, "several")
	f("/prometheus/graph/", 404, "several")
	f("/api/v1/status/tsdb", 404, "several")
}

// TestHalfAnExportDoesNotLookWhole: an error behind the first bytes cuts the connection.
func TestHalfAnExportDoesNotLookWhole(t *testing.T) {
	big := store.Samples{
		Labels: []edge.Attr{{Key: "__name__", Value: "a"}}, Times: make([]int64, 100_000), Values: make([]float64, 100_000),
	}
	f := func(e fake, want any, code int) {
		t.Helper()
		defer func() {
			if got := recover(); got != want {
				t.Errorf("panics with %v, want %v", got, want)
			}
		}()
		if w := get(t, promql.New(e, promql.Options{}), "/api/v1/export?match[]=a"); w.Code != code {
			t.Errorf("got %d %s, want %d", w.Code, w.Body, code)
		}
	}
	f(fake{samples: []store.Samples{big}, after: errors.New("x")}, http.ErrAbortHandler, 0)
	f(fake{after: store.ErrTooMuch}, nil, 422)
	f(fake{after: store.ErrBadQuery}, nil, 400)
	f(fake{cost: store.ErrTooMuch}, nil, 422)
	f(fake{samples: exported}, nil, 200)
}

func TestFederationSpellsNamesAsAsked(t *testing.T) {
	h := promql.New(fake{samples: exported[:1]}, promql.Options{})
	f := func(accept, contentType, name string) {
		t.Helper()
		w := get(t, h, "/federate?match[]=a", "Accept", accept)
		if got := w.Header().Get("Content-Type"); got != contentType || !strings.HasPrefix(w.Body.String(), "# TYPE "+name+" ") {
			t.Errorf("%s: %s %s", accept, got, w.Body)
		}
	}
	const old = "text/plain; version=0.0.4; charset=utf-8"
	f("", old, "a_total")
	f("*/*", old, "a_total")
	f("text/plain;version=0.0.4;q=0.3", old, "a_total")
	f("application/openmetrics-text;version=1.0.0;escaping=dots,text/plain;version=0.0.4", old, "a_total")
	f("text/plain;version=1.0.0;escaping=nothing", old, "a_total")
	f(";;,text/plain;version=1.0.0;escaping=values", "text/plain; version=1.0.0; charset=utf-8; escaping=values", "a_total")
	f("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4", "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
		"a_total")
	f("text/plain; version=1.0.0; escaping=dots", "text/plain; version=1.0.0; charset=utf-8; escaping=dots", "a__total")
}

func TestOnlyReadingMethods(t *testing.T) {
	h := promql.New(fake{}, promql.Options{})
	for _, method := range []string{http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions} {
		r, err := http.NewRequestWithContext(t.Context(), method, "/api/v1/export?match[]=a", nil)
		if err != nil {
			t.Fatal(err)
		}
		w := recorder(h, r)
		if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: %d %v", method, w.Code, w.Header())
		}
	}
}

// TestAnExportEndsInTime with the reason, or cut when something was sent before.
func TestAnExportEndsInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := promql.New(fake{waits: true}, promql.Options{Options: query.Options{Timeout: time.Minute}})
		w := get(t, h, "/api/v1/export?match[]=a")
		if want := `{"status":"error","errorType":"timeout","error":"timeout: the question was ended after 1m0s: ask for a ` +
			`shorter range or less"}`; w.Code != http.StatusServiceUnavailable || strings.TrimSpace(w.Body.String()) != want {
			t.Errorf("%d %s", w.Code, w.Body)
		}
	})
}

// FuzzParameters: whatever an export is asked with, it is answered, or refused in Prometheus' shape.
func FuzzParameters(f *testing.F) {
	f.Add("a", "-1h", "now", "__name__,__timestamp__:custom:2006,__value__", "a=b", "3")
	f.Add(`{"x.y"=~"a|b" or c="d"}`, "1796070000.5", "2026-11-30T20:00:00Z", "promapi", "", "")
	f.Add("a[5m]", "1e300", "now+", "prometheus", "=", "-1")
	h := promql.New(fake{samples: exported}, promql.Options{})
	f.Fuzz(func(t *testing.T, match, start, end, format, label, most string) {
		if len(match) > 200 || strings.Count(match, "(") > 20 { // a guard before refuses what doubles itself
			return
		}
		form := url.Values{
			"match[]": {match}, "start": {start}, "end": {end}, "format": {format}, "extra_label": {label}, "limit": {most},
			"max_rows_per_line": {most}, "metric": {match}, "query": {match},
		}
		for _, path := range []string{
			"export", "export/csv", "export/native", "metadata", "format_query", "parse_query",
		} {
			w := get(t, h, "/api/v1/"+path+"?"+form.Encode())
			if w.Code != http.StatusOK && (w.Code != http.StatusBadRequest || !strings.HasPrefix(w.Body.String(),
				`{"status":"error","errorType":"bad_data"`)) {
				t.Errorf("%s %v: %d %.300s", path, form, w.Code, w.Body)
			}
		}
	})
}
