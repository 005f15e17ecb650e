package logsql_test

import (
	stdcmp "cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/logsql"
	"edgescope/store/embedded"
)

// now is the clock of the handlers: a full minute, so that buckets are known.
var now = time.Now().UTC().Truncate(time.Hour)

var reader *embedded.Store

func TestMain(m *testing.M) {
	flag.Parse() // before the engines, which would parse no arguments
	before := goleak.IgnoreCurrent()
	dir, err := os.MkdirTemp("", "logsql")
	if err != nil {
		panic(err)
	}
	reader, err = embedded.Open(context.Background(), embedded.Options{Dir: dir, MemoryLimit: 256 << 20})
	if err != nil {
		panic(err)
	}
	code := m.Run()
	if err := errors.Join(reader.Close(), os.RemoveAll(dir)); err != nil {
		panic(err)
	}
	if err := goleak.Find(before); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

var lastTenant edge.Tenant

// world is a tenant of its own, asked over HTTP.
type world struct {
	t      *testing.T
	tenant edge.Tenant
	h      http.Handler
}

func newWorld(t *testing.T, events ...edge.Event) *world {
	t.Helper()
	lastTenant++
	w := &world{t: t, tenant: lastTenant}
	w.h = logsql.New(reader, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return w.tenant, nil },
		Now:    func() time.Time { return now },
	})
	if err := reader.WriteEvents(t.Context(), w.tenant, events); err != nil {
		t.Fatal(err)
	}
	reader.Flush()
	return w
}

func span(name string, age time.Duration, attrs ...edge.Attr) edge.Event {
	return edge.Event{
		Time: now.Add(-age).UnixNano(), Name: name, Duration: 1000, HasDuration: true, Attrs: attrs,
		Facts: edge.Facts{Service: "shop", Region: "FRA"},
	}
}

// get asks a path; its parameters are pairs.
func (w *world) get(path string, params ...string) (status int, body string) {
	w.t.Helper()
	rec := w.do(http.MethodGet, path, params...)
	return rec.Code, rec.Body.String()
}

func (w *world) do(method, path string, params ...string) *httptest.ResponseRecorder {
	w.t.Helper()
	form := url.Values{}
	for i := 0; i < len(params); i += 2 {
		form.Add(params[i], params[i+1])
	}
	r := httptest.NewRequest(method, "/select/logsql/"+path+"?"+form.Encode(), nil)
	if method == http.MethodPost {
		r = httptest.NewRequest(method, "/select/logsql/"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return w.serve(r)
}

func (w *world) serve(r *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.h.ServeHTTP(rec, r)
	return rec
}

// names asks query and returns the names of the rows, in their order.
func (w *world) names(params ...string) string {
	w.t.Helper()
	status, body := w.get("query", params...)
	if status != http.StatusOK {
		w.t.Fatalf("%v: status is %d: %s", params, status, body)
	}
	var names []string
	for line := range strings.Lines(body) {
		var row map[string]string
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			w.t.Fatalf("line %q: %v", line, err)
		}
		names = append(names, row["name"])
	}
	return strings.Join(names, " ")
}

func TestQueryWritesRowsAsLines(t *testing.T) {
	w := newWorld(t, span("GET \"x\"\n", 1500*time.Millisecond, edge.Attr{Key: "ключ", Value: "\x01"}))
	rec := w.do(http.MethodGet, "query", "query", "* | delete _stream, _stream_id")
	at := now.Add(-1500 * time.Millisecond).Format(time.RFC3339Nano)
	want := `{"_time":"` + at +
		`","cloud.region":"FRA","duration":"1000","kind":"internal","name":"GET \"x\"\n","service.name":"shop",` +
		`"ключ":"\u0001"}` + "\n"
	if diff := cmp.Diff(want, rec.Body.String()); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
	if got := rec.Header().Get("Content-Type"); got != "application/stream+json" {
		t.Errorf("content type is %q", got)
	}
	if post := w.do(http.MethodPost, "query", "query", "* | delete _stream, _stream_id"); post.Body.String() != want {
		t.Errorf("POST answers %s", post.Body)
	}
	_, body := w.get("query", "query", "* | fields name, kind, cloud.region")
	if want := `{"name":"GET \"x\"\n","kind":"internal","cloud.region":"FRA"}` + "\n"; body != want {
		t.Errorf("fields come as %s, want them in the order of the text: %s", body, want)
	}
	if status, body := w.get("query", "query", "nothing"); status != http.StatusOK || body != "" {
		t.Errorf("no rows: %d %q, want 200 and nothing", status, body)
	}
}

func TestLimitAnswersTheNewest(t *testing.T) {
	w := newWorld(t, span("d", 20*24*time.Hour), span("a", time.Second), span("c", time.Hour),
		span("b", 30*time.Second), span("ahead", -time.Hour))
	f := func(want string, params ...string) {
		t.Helper()
		if got := w.names(append(params, "query", "*")...); got != want {
			t.Errorf("%v: rows are %q, want %q", params, got, want)
		}
	}
	f("ahead", "limit", "1")
	f("ahead a b", "limit", "3")
	f("a b", "limit", "2", "offset", "1")
	f("d", "limit", "5", "offset", "4")
	f("", "limit", "5", "offset", "5")
	f("ahead a b c d", "limit", "60000")
	f("a b c", "limit", "9", "start", "2h", "end", "now")
	f("c", "limit", "1", "end", "now-1m")

	g := func(want, query string) {
		t.Helper()
		if got := w.names("query", query, "limit", "2"); got != want {
			t.Errorf("%s: rows are %q, want %q", query, got, want)
		}
	}
	g("b c", "name:in(b,c) # a comment")
	g("a ahead", "* | sort by (name)")
	g("c", "* | filter name:=c")
	g("d c", "* | sort by (name) desc")
}

func TestNewestIsWhatSortingFinds(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var events []edge.Event
	var ages []time.Duration
	for i := range 300 {
		age := time.Duration(rng.ExpFloat64() * float64(time.Hour))
		ages = append(ages, age)
		events = append(events, span(strconv.Itoa(i), age))
	}
	w := newWorld(t, events...)
	order := make([]int, len(ages))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(ages[a] - ages[b]) })
	for _, limit := range []int{1, 7, 299, 300, 301} {
		offset := rng.IntN(50)
		var want []string
		for _, i := range order[offset:min(offset+limit, len(order))] {
			want = append(want, strconv.Itoa(i))
		}
		got := w.names("query", "*", "limit", strconv.Itoa(limit), "offset", strconv.Itoa(offset))
		if got != strings.Join(want, " ") {
			t.Errorf("limit %d offset %d: rows are %s, want %s", limit, offset, got, want)
		}
	}
}

// TestFormsAreRead holds the ways in which clients send parameters: a form of a page or of curl -F is one.
func TestFormsAreRead(t *testing.T) {
	w := newWorld(t, span("a", time.Minute), span("b", time.Second))
	part := func(name, value string) string {
		return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	for _, f := range [][3]string{
		{"?query=name:a", "", ""},
		{"?query=name:a", "application/json", "{}"},
		{"", "application/x-www-form-urlencoded", "query=name:a"},
		{"?limit=5", "multipart/form-data; boundary=x", part("query", "name:a") + "--x--\r\n"},
	} {
		r := httptest.NewRequest(http.MethodPost, "/select/logsql/query"+f[0], strings.NewReader(f[2]))
		r.Header.Set("Content-Type", f[1])
		if rec := w.serve(r); rec.Code != 200 || strings.Count(rec.Body.String(), `"name":"a"`) != 1 {
			t.Errorf("%q: %d %s", f, rec.Code, rec.Body)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/select/logsql/query", strings.NewReader("--x\r\n"))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	if rec := w.serve(r); rec.Code != 400 {
		t.Errorf("half a form: %d %s", rec.Code, rec.Body)
	}
	r = httptest.NewRequest(http.MethodGet, "/select/logsql/query?query=name:a&limit=%zz", nil)
	if rec := w.serve(r); rec.Code != 400 {
		t.Errorf("a parameter that does not unescape: %d %s", rec.Code, rec.Body)
	}
}

// TestPagesFollowEachOther holds that pages of rows of one moment, as the points of a batch are, neither repeat nor lose
// one, and that there may be more rows of a moment than are brought into an order.
func TestPagesFollowEachOther(t *testing.T) {
	events := []edge.Event{span("newest", time.Second), span("oldest", time.Hour)}
	for i := range 90 {
		events = append(events, span(fmt.Sprintf("tie%02d", i), time.Minute))
	}
	w := newWorld(t, events...)
	for _, text := range []string{"*", "* | fields _time, name", "name:*"} {
		want := w.names("query", text, "limit", "92")
		if !strings.HasPrefix(want, "newest tie00 tie01 ") || !strings.HasSuffix(want, " tie88 tie89 oldest") {
			t.Fatalf("%s: rows are %s", text, want)
		}
		for _, length := range []int{1, 7, 45, 90, 91} {
			var pages []string
			for offset := 0; offset < 92; offset += length {
				pages = append(pages, w.names("query", text, "limit", strconv.Itoa(length), "offset", strconv.Itoa(offset)))
			}
			if got := strings.Join(pages, " "); got != want {
				t.Errorf("%s: pages of %d are %s", text, length, got)
			}
		}
	}
	events = nil
	for range 2100 {
		events = append(events, span("many", time.Minute))
	}
	w = newWorld(t, append(events, span("newest", time.Second))...)
	if got := strings.Fields(w.names("query", "*", "limit", "5")); len(got) != 5 || got[0] != "newest" {
		t.Errorf("of many rows of one moment: %s", got)
	}
}

func TestRangeIsHalfOpen(t *testing.T) {
	w := newWorld(t, span("before", time.Second+1), span("from", time.Second), span("last", 1), span("to", 0))
	f := func(want string, params ...string) {
		t.Helper()
		if got := w.names(append(params, "query", "* | sort by (_time)")...); got != want {
			t.Errorf("%v: rows are %q, want %q", params, got, want)
		}
	}
	f("before from last to")
	f("from last", "start", "1s", "end", "now")
	f("from last", "start", now.Add(-time.Second).Format(time.RFC3339Nano), "end", strconv.FormatInt(now.Unix(), 10))
	f("from last", "start", strconv.FormatInt(now.UnixMilli()-1000, 10), "end", strconv.FormatInt(now.UnixNano(), 10))
	f("from last to", "start", "now-1s")
	f("before from last", "end", strconv.FormatInt(now.UnixMicro(), 10))
}

func TestTimeIsWhatNowMeans(t *testing.T) {
	w := newWorld(t, span("old", time.Hour), span("new", time.Second))
	if got := w.names("query", "_time:1m"); got != "new" {
		t.Errorf("without time: %q", got)
	}
	if got := w.names("query", "_time:1m", "time", "now-59m30s"); got != "old" {
		t.Errorf("with time: %q", got)
	}
	if got := w.names("query", "_time:1m", "end", "now-59m30s"); got != "old" {
		t.Errorf("with end: %q", got)
	}
}

func TestCSV(t *testing.T) {
	w := newWorld(t, span("a,b", 2*time.Second, edge.Attr{Key: "x", Value: "1"}), span("c\"d", time.Second))
	rec := w.do(http.MethodGet, "query", "query", "* | sort by (_time) | fields name, x", "format", "csv")
	if got, want := rec.Body.String(), "name,x\n\"a,b\",1\n\"c\"\"d\",\n"; got != want {
		t.Errorf("body is %q, want %q", got, want)
	}
	if got := rec.Header().Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
		t.Errorf("content type is %q", got)
	}
	_, body := w.get("query", "query", "* | delete _stream, _stream_id", "format", "csv", "limit", "1")
	want := "_msg,_time,cloud.region,duration,kind,name,service.name,x\n," +
		now.Add(-time.Second).Format(time.RFC3339Nano) + ",FRA,1000,internal,\"c\"\"d\",shop,\n"
	if body != want {
		t.Errorf("all columns: %q, want %q", body, want)
	}
	if status, _ := w.get("query", "query", "*", "format", "xml"); status != http.StatusBadRequest {
		t.Errorf("format=xml: status is %d, want 400", status)
	}
}

func TestFiltersFromOutside(t *testing.T) {
	other := span("other", time.Second, edge.Attr{Key: `we"ird`, Value: `v"1`})
	other.Facts.Service = "cart"
	third := span("third", time.Second)
	third.Facts.Service = "pay"
	w := newWorld(t, span("one", time.Second, edge.Attr{Key: "x", Value: "1"}), other, third)
	f := func(want string, params ...string) {
		t.Helper()
		if got := w.names(append(params, "query", "* | sort by (name)")...); got != want {
			t.Errorf("%v: rows are %q, want %q", params, got, want)
		}
	}
	f("one other third")
	f("one", "extra_filters", `x:=1`)
	f("other", "extra_filters", `{"service.name":"cart"}`)
	f("one other", "extra_filters", `{"service.name":["cart","shop"]}`)
	f("other", "extra_filters", `{"service.name":["cart","shop"]}`, "extra_filters", `-x:=1`)
	f("other", "extra_filters", `{"we\"ird":"v\"1"}`)
	f("", "extra_filters", `{"name":"one or *"}`)
	f("one", "extra_stream_filters", `{service.name="shop"}`)
	f("one other", "extra_stream_filters", `{"service.name":["cart","shop"]}`)
	f("third", "extra_stream_filters", `{"service.name":"pay"}`)
	f("one other third", "extra_filters", "", "extra_stream_filters", "")

	_, body := w.get("query", "query", "* | fields name, x, service.name | filter x:*", "hidden_fields_filters",
		"x,service.*")
	if body != "" {
		t.Errorf("a hidden field is found: %s", body)
	}
	_, body = w.get("query", "query", "name:=one | fields name, x, service.name", "hidden_fields_filters",
		`["x","service.*"]`)
	if want := `{"name":"one"}` + "\n"; body != want {
		t.Errorf("hidden fields: %s, want %s", body, want)
	}
	_, body = w.get("query", "query", "name:=one | fields name", "ignore_pipes", "1")
	if !strings.Contains(body, `"x":"1"`) {
		t.Errorf("ignore_pipes keeps the pipe: %s", body)
	}
}

// threeKinds is a world with an event of each kind.
func threeKinds(t *testing.T) *world {
	t.Helper()
	return newWorld(t, span("a span", time.Second),
		edge.Event{Kind: edge.KindLog, Time: now.Add(-time.Second).UnixNano() - 1, Body: "a log"},
		edge.Event{
			Kind: edge.KindDataPoint, Time: now.Add(-time.Second).UnixNano() - 2, Dataset: "d",
			Attrs: []edge.Attr{{Key: "blob2", Value: "point"}, {Key: "blob1", Value: "a"}, {Key: "blob20", Value: "!"}},
		})
}

func TestKindIsChosen(t *testing.T) {
	w := threeKinds(t)
	f := func(want, kinds string, projects ...string) {
		t.Helper()
		r := w.request("/select/logsql/query?query=*&limit=9&kind=" + url.QueryEscape(kinds))
		for _, project := range projects {
			r.Header.Add("ProjectID", project)
		}
		r.Header.Set("AccountID", "99999")
		var got []string
		for line := range strings.Lines(w.serve(r).Body.String()) {
			for _, text := range []string{"a span", "a log", "a point !"} {
				if strings.Contains(line, `"_msg":"`+text) {
					got = append(got, text)
				}
			}
		}
		if strings.Join(got, ", ") != want {
			t.Errorf("kind=%q and ProjectID: %q answer %q, want %q", kinds, projects, got, want)
		}
	}
	f("a span, a log, a point !", "") // newest first
	f("a span, a log, a point !", "all")
	f("a span, a log, a point !", "2,1,0")
	f("a span, a log, a point !", "log,all")
	f("a span", "0")
	f("a span", "span")
	f("a log", "1")
	f("a log", "log")
	f("a point !", "2")
	f("a point !", "datapoint")
	f("a span, a log", "span,log")
	f("a log, a point !", "datapoint, log")
	f("a log", "log,log")
	f("a span", "", "0")
	f("a log", "", "1")
	f("a point !", "", "2")
	f("a log, a point !", "", "1,2")
	f("a span, a point !", "", "0", "2")
	f("a log", "log", "0") // the parameter wins
}

// TestAllKindsAreAskedOnEveryPath holds that nothing is left out where no kind is chosen.
func TestAllKindsAreAskedOnEveryPath(t *testing.T) {
	w := threeKinds(t)
	f := func(want, path string, params ...string) {
		t.Helper()
		if status, body := w.get(path, params...); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s %q: %d %s, want %s", path, params, status, body, want)
		}
	}
	f(`"values":[3],"total":3`, "hits", "query", "*", "step", "1d")
	f(`{"fields":{"dataset":"d"},`, "hits", "query", "*", "step", "1d", "field", "dataset")
	f(`,"3"]`, "stats_query", "query", "* | count() n")
	f(`,"3"]`, "stats_query_range", "query", "* | count() n", "step", "1d")
	f(`{"value":"_time","hits":3}`, "field_names", "query", "*")
	f(`{"value":"dataset","hits":1}`, "field_names", "query", "*")
	f(`{"values":[{"value":"a log","hits":1}]}`, "field_values", "query", `_msg:!""`, "field", "_msg")
	f(`{"value":"{}","hits":1}`, "streams", "query", "*")
	f(`{"value":"dataset","hits":1},{"value":"kind","hits":1}`, "stream_field_names", "query", "*")
	f(`{"values":[{"value":"d","hits":1}]}`, "stream_field_values", "query", "*", "field", "dataset")
	f(`{"field_name":"dataset","values":[{"field_value":"d","hits":1}]}`, "facets", "query", "*", "keep_const_fields", "1")
	f("\na span,,\n", "query", "query", "* | fields name, _msg, dataset | sort by (name)", "format", "csv")
	_, body := w.get("stream_ids", "query", "*")
	if strings.Count(body, `"hits":1`) != 3 {
		t.Errorf("stream_ids: %s, want those of three streams", body)
	}
}

// TestRowsHaveMessages holds that a client that shows nothing but messages shows something of every row.
func TestRowsHaveMessages(t *testing.T) {
	slow := span("GET /cart", 2*time.Second)
	slow.Duration = 12_345_678
	bare := span("", 3*time.Second)
	bare.Duration = 0
	point := func(age time.Duration, attrs ...edge.Attr) edge.Event {
		return edge.Event{Kind: edge.KindDataPoint, Time: now.Add(-age).UnixNano(), Dataset: "hits", Attrs: attrs}
	}
	w := newWorld(t, span("a", time.Second), slow, bare, point(4*time.Second, edge.Attr{Key: "double1", Value: "5"}),
		point(5*time.Second, edge.Attr{Key: "index1", Value: "key"}, edge.Attr{Key: "double1", Value: "5"}),
		point(6*time.Second, edge.Attr{Key: "blob3", Value: "c"}, edge.Attr{Key: "blob1", Value: "a"}),
		edge.Event{Kind: edge.KindLog, Time: now.Add(-7 * time.Second).UnixNano(), Body: "hello"},
		edge.Event{
			Kind: edge.KindLog, Time: now.Add(-8 * time.Second).UnixNano(), SeverityText: "INFO",
			Attrs: []edge.Attr{{Key: "blob1", Value: "of a log"}},
		})
	f := func(want string, params ...string) {
		t.Helper()
		_, body := w.get("query", params...)
		var got []string
		for line := range strings.Lines(body) {
			var row map[string]string
			if err := json.Unmarshal([]byte(line), &row); err != nil {
				t.Fatalf("line %q: %v", line, err)
			}
			got = append(got, stdcmp.Or(row["_msg"], "-"))
		}
		if diff := cmp.Diff(want, strings.Join(got, "; ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", params, diff)
		}
	}
	const all = "a 1µs; GET /cart 12.35ms; 0s; hits; key; a c; hello; -"
	f(all, "query", "*", "limit", "10")
	f(all, "query", "* | sort by (_time) desc") // as Grafana's data source asks
	f(all, "query", "* | sort by (_time) desc", "limit", "1000")
	f("a 1µs; GET /cart 12.35ms", "query", "* | sort by (_time desc)", "limit", "2")
	f("-; hello", "query", "* | sort by (_time)", "limit", "2")
	f("GET /cart 12.35ms", "query", "name:cart | stream_context before 0")
	f("-; -; -; -; -; -; hello; -", "query", "*", "limit", "10", "raw_msg", "1")
	f("-", "query", "name:cart | fields name, kind, duration")
	f("-", "query", "name:cart | format \"x\" as y")
	f("-", "query", "name:cart", "hidden_fields_filters", "_msg")
	f("12.35ms", "query", "duration:>1000000", "hidden_fields_filters", "name")
	if status, body := w.get("query", "query", "*", "raw_msg", "maybe"); status != http.StatusBadRequest {
		t.Errorf("raw_msg=maybe: %d %s", status, body)
	}
	_, body := w.get("query", "query", "blob1:* dataset:*", "format", "csv")
	if !strings.HasPrefix(body, "_msg,") || !strings.Contains(body, "\na c,") {
		t.Errorf("CSV: %s", body)
	}
}

func TestBadRequests(t *testing.T) {
	w := newWorld(t)
	f := func(says string, params ...string) {
		t.Helper()
		status, body := w.get("query", params...)
		if status != http.StatusBadRequest || !strings.Contains(body, says) {
			t.Errorf("%v: %d %s, want 400 with %q", params, status, body, says)
		}
	}
	f("query is missing")
	f("bad query", "query", "name:(")
	f(`limit="x"`, "query", "*", "limit", "x")
	f(`limit="-1"`, "query", "*", "limit", "-1")
	f(`offset="99999999999999999999"`, "query", "*", "offset", "99999999999999999999")
	f(`start="yesterday"`, "query", "*", "start", "yesterday")
	f(`end="1h1"`, "query", "*", "end", "1h1")
	f(`timeout="-1s"`, "query", "*", "timeout", "-1s")
	f(`kind (or`, "query", "*", "kind", "metric")
	f(`is "": it must be`, "query", "*", "kind", "log,")
	f(`is "3"`, "query", "*", "kind", "0,3")
	f(`ignore_pipes="x"`, "query", "*", "ignore_pipes", "x")
	f(`extra_filters=`, "query", "*", "extra_filters", `{"a":1}`)
	f(`extra filter`, "query", "*", "extra_filters", `a:(`)
	f(`extra filter`, "query", "*", "extra_filters", `* | delete name`)
	f(`extra filter`, "query", "* | fields name", "extra_filters", `a:(`, "format", "csv")
	f(`extra_stream_filters=`, "query", "*", "extra_stream_filters", `{"a":[]}`)
	f(`hidden_fields_filters=`, "query", "*", "hidden_fields_filters", `["a"`)

	if rec := w.do(http.MethodDelete, "query", "query", "*"); rec.Code != http.StatusMethodNotAllowed ||
		rec.Header().Get("Allow") == "" {
		t.Errorf("DELETE: status is %d, want 405 with Allow", rec.Code)
	}
	if rec := w.do(http.MethodPost, "query", "query", strings.Repeat("x", 2<<20)); rec.Code != http.StatusBadRequest {
		t.Errorf("a query of 2 MiB: status is %d, want 400", rec.Code)
	}
	if rec := w.do(http.MethodGet, "delete"); rec.Code != http.StatusNotFound {
		t.Errorf("an unknown path: status is %d, want 404", rec.Code)
	}
	if status, body := w.get("tail", "query", "* | count()"); status != http.StatusBadRequest ||
		!strings.Contains(body, "follow") {
		t.Errorf("tail of stats: %d %s", status, body)
	}
	if status, body := w.get("tail", "query", "*", "refresh_interval", "1ms"); status != http.StatusBadRequest ||
		!strings.Contains(body, "refresh_interval") {
		t.Errorf("tail without rest: %d %s", status, body)
	}
}

func TestTenantDecides(t *testing.T) {
	a, b := newWorld(t, span("of a", time.Second)), newWorld(t, span("of b", time.Second))
	for w, want := range map[*world]string{a: "of a", b: "of b"} {
		for path, params := range map[string][]string{
			"query": {"query", "*", "raw_msg", "1"}, "field_values": {"query", "*", "field", "name"},
			"hits":              {"query", "*", "step", "1m", "field", "name"},
			"stats_query":       {"query", "* | stats by (name) count() n"},
			"stats_query_range": {"query", "* | stats by (name) count() n", "step", "1m"},
		} {
			_, body := w.get(path, params...)
			if strings.Count(body, `"of `) != 1 || !strings.Contains(body, `"`+want+`"`) {
				t.Errorf("%s shows %s, want %s only", path, body, want)
			}
		}
	}
	refused := logsql.New(reader,
		query.Options{Tenant: func(*http.Request) (edge.Tenant, error) { return 0, errors.New("no token") }})
	rec := httptest.NewRecorder()
	refused.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/select/logsql/query?query=*", nil))
	if rec.Code != http.StatusForbidden || !strings.Contains(rec.Body.String(), "no token") {
		t.Errorf("no tenant: %d %s, want 403", rec.Code, rec.Body)
	}
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []url.Values{
		{"query": {"*"}, "limit": {"3"}},
		{"query": {"* | sort by (_time) desc"}, "kind": {"span,log", "2"}, "raw_msg": {"1"}, "limit": {"2"}},
		{"query": {"*"}, "field": {"kind"}, "filter": {"a"}, "keep_const_fields": {"0"}, "max_value_len": {"3"}},
		{"query": {"*"}, "start": {"now-1h"}, "end": {"1700000000"}},
		{"query": {"name:=x | fields name"}, "format": {"csv"}, "extra_filters": {`{"a":["b"]}`}},
		{"query": {"* | count() n"}, "step": {"1h30m"}, "offset": {"-1m"}, "extra_stream_filters": {`{"a":"b"}`}},
		{
			"query": {"_time:5m # c"}, "time": {"2026-01-31T15:04"}, "timeout": {"2s"},
			"hidden_fields_filters": {`["a"]`},
		},
	} {
		f.Add(seed.Encode())
	}
	h := logsql.New(reader, query.Options{Now: func() time.Time { return now }, Timeout: time.Second})
	paths := slices.Sorted(maps.Keys(map[string]bool{
		"query": true, "hits": true, "field_names": true,
		"field_values": true, "stats_query": true, "stats_query_range": true, "facets": true, "streams": true,
		"stream_ids": true, "stream_field_names": true, "stream_field_values": true, "query_time_range": true,
	}))
	f.Fuzz(func(t *testing.T, query string) {
		for _, path := range paths {
			r := httptest.NewRequest(http.MethodGet, "/select/logsql/"+path, nil)
			r.URL.RawQuery = query
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code == http.StatusInternalServerError {
				t.Errorf("%s?%s: %s", path, query, rec.Body)
			}
		}
	})
}
