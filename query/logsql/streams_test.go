package logsql_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
)

func TestStreams(t *testing.T) {
	cart := span("c", time.Second)
	cart.Facts.Service = `ca"rt`
	w := newWorld(t, span("a", time.Second), span("b", 2*time.Second), cart)
	f := func(path, want string, params ...string) {
		t.Helper()
		if status, body := w.get(path, append([]string{"query", "*"}, params...)...); status != http.StatusOK ||
			body != want {
			t.Errorf("%s %q: %d %s, want %s", path, params, status, body, want)
		}
	}
	f("stream_field_values", `{"values":[{"value":"shop","hits":2},{"value":"ca\"rt","hits":1}]}`, "field",
		"service.name")
	f("stream_field_values", `{"values":[{"value":"ca\"rt","hits":1}]}`, "field", "service.name", "filter", `a"r`)
	f("stream_field_values", `{"values":[{"value":"shop","hits":2}]}`, "field", "service.name", "limit", "1")
	f("stream_field_values", `{"values":[]}`, "field", "name")
	f("stream_field_names",
		`{"values":[{"value":"cloud.region","hits":3},{"value":"kind","hits":3},{"value":"service.name","hits":3}]}`)
	f("stream_field_names", `{"values":[{"value":"cloud.region","hits":3}]}`, "filter", "region")

	_, body := w.get("streams", "query", "*", "limit", "10")
	if !strings.Contains(body, `"hits":2`) || !strings.Contains(body, `service.name=\"shop\"`) {
		t.Errorf("streams: %s", body)
	}
	_, body = w.get("stream_ids", "query", "*")
	if strings.Count(body, `"value":"`) != 2 {
		t.Errorf("stream_ids: %s", body)
	}
	if status, body := w.get("stream_field_values", "query", "*"); status != http.StatusBadRequest ||
		!strings.Contains(body, "field") {
		t.Errorf("without a field: %d %s", status, body)
	}
}

func TestQueryTimeRange(t *testing.T) {
	w := newWorld(t)
	f := func(want string, params ...string) {
		t.Helper()
		if status, body := w.get("query_time_range", params...); status != http.StatusOK || body != want {
			t.Errorf("%q: %d %s, want %s", params, status, body, want)
		}
	}
	f(`{"start":"2026-01-01T00:00:00Z","end":"2026-01-01T23:59:59.999999999Z","hasTimeFilter":true}`, "query",
		"_time:2026-01-01", "start", "5")
	f(`{"start":"1970-01-01T00:00:05Z","end":"1970-01-01T00:00:09Z","hasTimeFilter":false}`, "query", "x", "start", "5",
		"end", "9")
	f(`{"start":"2026-01-01T00:00:00Z","end":"2026-02-01T00:00:00Z","hasTimeFilter":true}`, "query",
		"_time:>=2026-01-01Z", "end", "2026-02-01")
}

func TestFacets(t *testing.T) {
	w := newWorld(t, span("a", time.Second), span("a", 2*time.Second), span("b", 3*time.Second))
	_, body := w.get("facets", "query", "* | fields name, cloud.region")
	const want = `{"facets":[{"field_name":"name","values":[{"field_value":"a","hits":2},{"field_value":"b","hits":1}]}]}`
	if body != want {
		t.Errorf("got %s, want %s", body, want)
	}
	_, body = w.get("facets", "query", "* | fields name, cloud.region", "keep_const_fields", "1", "limit", "1")
	if !strings.Contains(body, `{"field_name":"cloud.region","values":[{"field_value":"FRA","hits":3}]}`) ||
		strings.Contains(body, `"b"`) {
		t.Errorf("with constant fields and a limit: %s", body)
	}
}

func TestTenantIDsAreThoseOfTheAsker(t *testing.T) {
	w := newWorld(t)
	r := w.request("/select/tenant_ids")
	r.Header.Set("AccountID", "4711")
	id := strconv.Itoa(int(w.tenant))
	want := `[{"account_id":` + id + `,"project_id":0},{"account_id":` + id + `,"project_id":1},{"account_id":` + id +
		`,"project_id":2}]` + "\n"
	if got := w.serve(r).Body.String(); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := w.serve(w.request("/select/buildinfo")).Body.String(); !strings.Contains(got, `"version":"v1.`) {
		t.Errorf("buildinfo: %s", got)
	}
}

func TestOwnFieldsAreHiddenUnlessNamed(t *testing.T) {
	e := span("a", time.Second)
	e.Record = &edge.Record{Log: "log-1", Seq: 7}
	w := newWorld(t, e)
	f := func(want bool, path string, params ...string) {
		t.Helper()
		status, body := w.get(path, params...)
		if got := strings.Contains(body, `"7"`) || strings.Contains(body, "wal.seq"); status != http.StatusOK ||
			got != want {
			t.Errorf("%s %q: %d %s", path, params, status, body)
		}
	}
	f(false, "query", "query", "*")
	f(false, "query", "query", "* | pack_json as row")
	f(false, "query", "query", "*", "format", "csv")
	f(false, "field_names", "query", "*")
	f(false, "facets", "query", "*", "keep_const_fields", "1")
	f(false, "hits", "query", "*", "step", "1m")
	f(true, "query", "query", "* | fields wal.seq")
	f(true, "query", "query", "wal.seq:*")
	f(true, "query", "query", "*", "extra_filters", "wal.seq:=7")
	f(true, "field_values", "query", "*", "field", "wal.seq")
	f(true, "field_names", "query", "* | filter wal.seq:*")
	f(false, "query", "query", "* | fields wal.seq", "hidden_fields_filters", "wal.*")
}

func TestQuestionsThatAreTooMuch(t *testing.T) {
	var events []edge.Event
	for i := range 400 {
		events = append(events,
			span(strconv.Itoa(i), time.Duration(i)*time.Second, edge.Attr{Key: "n", Value: strconv.Itoa(i)}))
	}
	w := newWorld(t, events...)
	f := func(status int, want, path string, params ...string) {
		t.Helper()
		if got, body := w.get(path, params...); got != status || !strings.Contains(body, want) {
			t.Errorf("%s %.200q: %d %s, want %d and %q", path, params, got, body, status, want)
		}
	}
	f(400, "must not have a subquery", "query", "query", "*", "extra_filters", "n:in(x:y | fields n)")
	f(400, "must not have a subquery", "hits", "query", "*", "extra_stream_filters",
		"_stream_id:in(x:y | fields _stream_id)", "step", "1m")
	f(400, "a field without a name", "hits", "query", "*", "step", "1m", "field", "")
	f(422, "400 lines of 1997 buckets", "hits", "query", "*", "step", "200ms", "field", "n")
	f(200, `"total":400`, "hits", "query", "*", "step", "1m")
	f(200, `"total":390`, "hits", "query", "*", "step", "200ms", "field", "n", "fields_limit", "10")
	f(400, "stream_context needs the field _stream_id", "query", "query", "n:=1 | stream_context before 2",
		"hidden_fields_filters", "_stream*")
	f(200, `"n":"2"`, "query", "query", "n:=1 | stream_context before 2", "hidden_fields_filters", "name")
	f(400, "with one field and without hits", "query", "query", "n:in(x:y | uniq by (n) with hits)")
	f(400, "can't be asked of _time", "query", "query", "name:eq_field(_time)")
	f(400, "can't be asked of _time", "query", "query", "* | copy _time as t | filter name:le_field(t)")
	f(400, "block_stats must stand right behind", "query", "query", "* | hash(n) as h | block_stats")
	f(200, `"field":"n"`, "query", "query", "* | block_stats")
	f(422, "nested more than", "query", "query", strings.Repeat("(", 200)+"a"+strings.Repeat(")", 200))
	f(422, "words and signs", "stats_query", "query", strings.Repeat("a ", 30_000)+"| count()")
	f(422, "readers", "query", "query", "options(parallel_readers=100) *")
}

func (w *world) request(path string) *http.Request {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, path, http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}
