package jaeger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/query/jaeger"
	"edgescope/store"
	"edgescope/store/embedded"
)

// shelf is a store in which each trace has a letter.
type shelf struct {
	s   *embedded.Store
	now time.Time
	n   byte
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &shelf{s: s, now: time.Now().UTC()}
}

// put writes a span of the trace of a letter, of the service shop and ten minutes ago, unless change says otherwise.
func (s *shelf) put(t testing.TB, letter byte, change func(*edge.Event)) {
	t.Helper()
	s.n++
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "op", Time: s.now.Add(-10 * time.Minute).UnixNano(),
		Duration: int64(50 * time.Millisecond), HasDuration: true, TraceID: edge.TraceID{letter},
		SpanID: edge.SpanID{1, s.n}, Facts: edge.Facts{Service: "shop"},
	}
	if change != nil {
		change(&e)
	}
	if err := s.s.WriteEvents(t.Context(), tenant, []edge.Event{e}); err != nil {
		t.Fatal(err)
	}
}

// letters asks and returns the letters of the traces that were found, in their order.
func letters(t testing.TB, h http.Handler, path string) string {
	t.Helper()
	status, body := ask(t, h, path)
	if status == http.StatusNotFound && strings.Contains(body, "No traces found") {
		return ""
	}
	var a struct {
		Data      []struct{ TraceID string }
		Summaries []struct{ TraceID string }
		Result    struct {
			ResourceSpans []struct {
				ScopeSpans []struct{ Spans []struct{ TraceID string } }
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &a); err != nil || status != http.StatusOK {
		t.Fatalf("%s: %d %s, %v", path, status, body, err)
	}
	var ids []string
	for _, d := range append(a.Data, a.Summaries...) {
		ids = append(ids, d.TraceID)
	}
	for _, r := range a.Result.ResourceSpans {
		for _, scope := range r.ScopeSpans {
			for _, span := range scope.Spans {
				ids = append(ids, span.TraceID)
			}
		}
	}
	var out strings.Builder
	for _, id := range slices.Compact(ids) {
		c, err := strconv.ParseUint(id[:2], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		out.WriteByte(byte(c))
	}
	return out.String()
}

func ask(t testing.TB, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	h.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

func sorted(text string) string {
	b := []byte(text)
	slices.Sort(b)
	return string(b)
}

func attrs(pairs ...string) []edge.Attr {
	var list []edge.Attr
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, edge.Attr{Key: pairs[i], Value: pairs[i+1]})
	}
	return list
}

// TestSearchesFindWhatOneSpanMeets holds each condition of a search, in both versions and as summaries.
func TestSearchesFindWhatOneSpanMeets(t *testing.T) {
	s := newShelf(t)
	s.put(t, 'a', func(e *edge.Event) {
		e.Name, e.Status, e.Duration = "GET /cart", edge.StatusError, int64(100*time.Millisecond)
		e.Attrs = attrs("plan", "gold", "star", "a*b", "quote", `say "x\y" '`, "items", "3")
	})
	s.put(t, 'b', func(e *edge.Event) {
		e.Name, e.SpanKind, e.Status = `x" or *`, edge.SpanClient, edge.StatusOK
		e.Attrs = attrs("plan", "golden", "star", "axb", "items", "30")
		e.SpanEvents = `[{"name":"exception","time":1,"attrs":{"kind.of":"Poor","left":-3,"ok":true,"text":"7","say":"\"n\":3,"}},` +
			`{"name":"second","time":2,"attrs":{"left":4,"list":[1,"b",{"c":2}],"map":{"k":[]},"event":"own","tail":"x"}}]`
	})
	s.put(t, 'c', func(e *edge.Event) { e.Facts.Service, e.SpanKind = "", edge.SpanConsumer })
	s.put(t, 'd', func(e *edge.Event) { e.Facts.Service, e.Name = "a/b ☃ {\"x\"}", "" })
	s.put(t, 'e', func(e *edge.Event) {
		e.Attrs = attrs("name", "inner", "duration", "long", "kind", "k", "_stream", "s", "_time", "5m", "events", "none", "",
			"nameless", "tier", "own", "plan ", "blank", "plan\x00", "zero", "error", "true")
		e.Resource = attrs("tier", "gold", "host.name", "h1", "trace_id", "r")
		e.ScopeName, e.ScopeVersion, e.TraceState = "lib", "0.1", "a=b"
	})
	s.put(t, 'f', func(e *edge.Event) {
		e.Facts.Method, e.Facts.Status, e.Facts.Environment, e.Duration = "POST", 404, "prod", 0
		e.Attrs = attrs("url.full", "https://x/y")
	})
	s.put(t, 'g', func(e *edge.Event) { e.HasDuration = false })
	s.s.Flush()
	h := over(s.s, s.now)
	f := func(want string, params ...string) {
		t.Helper()
		one, three := url.Values{}, url.Values{}
		names := map[string]string{
			"service": "serviceName", "operation": "operationName", "tags": "attributes",
			"minDuration": "durationMin", "maxDuration": "durationMax",
		}
		for i := 0; i < len(params); i += 2 {
			one.Set(params[i], params[i+1])
			three.Set("query."+names[params[i]], params[i+1])
		}
		three.Set("query.startTimeMin", s.now.Add(-time.Hour).Format(time.RFC3339Nano))
		three.Set("query.startTimeMax", s.now.Format(time.RFC3339Nano))
		paths := []string{"/api/v3/trace-summaries?" + three.Encode(), "/api/v3/traces?" + three.Encode()}
		if one.Get("service") != "" {
			paths = append(paths, "/api/traces?"+one.Encode())
		}
		for _, path := range paths {
			if got := sorted(letters(t, h, path)); got != want {
				t.Errorf("%s: found %q, want %q", path, got, want)
			}
		}
	}
	tag := func(want, key, value string) {
		t.Helper()
		text, _ := json.Marshal(map[string]string{key: value})
		f(want, "tags", string(text))
	}
	f("abcdefg")
	f("abefg", "service", "shop")
	f("d", "service", "a/b ☃ {\"x\"}")
	f("c", "service", "missing-service-name")
	f("", "service", "sho")
	f("", "service", "shop*")
	f("", "service", `shop","a/b`)
	f("a", "service", "shop", "operation", "GET /cart")
	f("b", "service", "shop", "operation", `x" or *`)
	f("", "service", "shop", "operation", "GET*")
	f("a", "minDuration", "51ms")
	f("abcde", "minDuration", "50ms")
	f("fg", "maxDuration", "49.9ms")
	f("bcdefg", "service", "", "maxDuration", "50ms")
	f("bcde", "minDuration", "50ms", "maxDuration", "50ms")
	f("a", "service", "shop", "tags", `{"plan":"gold","items":"3"}`)
	f("", "service", "shop", "tags", `{"plan":"gold","items":"30"}`) // of one span
	f("abcdefg", "tags", "{}")
	tag("a", "plan", "gold")
	tag("", "plan", "GOLD")
	tag("", "plan", "gol*")
	tag("", "pla*", "gold")
	tag("a", "star", "a*b")
	tag("a", "quote", `say "x\y" '`)
	tag("e", "plan ", "blank")
	tag("e", "plan\x00", "zero")
	tag("ae", "error", "true")
	tag("bcdefg", "error", "false")
	tag("", "error", "maybe")
	tag("b", "span.kind", "client")
	tag("c", "span.kind", "consumer")
	tag("b", "otel.status_code", "OK")
	tag("a", "otel.status_code", "ERROR")
	tag("e", "otel.scope.name", "lib")
	tag("e", "otel.library.version", "0.1")
	tag("e", "w3c.tracestate", "a=b")
	tag("f", "http.method", "POST")
	tag("f", "http.request.method", "POST")
	tag("f", "http.status_code", "404")
	tag("f", "http.url", "https://x/y")
	tag("f", "deployment.environment", "prod")
	tag("e", "host.name", "h1")
	tag("e", "tier", "own")
	tag("e", "tier", "gold") // of the resource
	tag("e", "trace_id", "r")
	for key, value := range map[string]string{
		"name": "inner", "duration": "long", "kind": "k", "_stream": "s", "_time": "5m", "events": "none", "": "nameless",
	} {
		tag("e", key, value) // attributes whose names are those of a row's own fields
	}
	tag("", "name", "op")
	tag("", "kind", "server")
	tag("", "service", "shop")
	tag("abefg", "service.name", "shop")
	tag("cdefg", "plan", "") // what one span has not
	tag("b", "event", "exception")
	tag("b", "event", "second")
	tag("", "event", "excep")
	tag("b", "kind.of", "Poor")
	tag("b", "left", "-3")
	tag("b", "left", "4")
	tag("", "left", "3")
	tag("b", "ok", "true")
	tag("b", "text", "7")
	tag("b", "tail", "x")
	tag("", "n", "3") // within a text
	tag("b", "say", `"n":3,`)
	tag("b", "event", "own") // an attribute of that name
	tag("b", "list", `[1,"b",{"c":2}]`)
	tag("b", "map", `{"k":[]}`)
	tag("", "list", `[1]`)
	tag("", "list", `[1,"b"`)
	tag("", "nothing", "x")
	tag("", `x":=y or *`, "z")
	if got := sorted(letters(t, h, "/api/traces?service=shop&tag=plan:gold&tag=items:3")); got != "a" {
		t.Errorf("tag=key:value finds %q", got)
	}
}

// TestAnOperationOfTheMonitorIsFound holds that the operations which the tab Monitor shows, the routes of invocations, lead to
// their traces, and that the names of spans come first.
func TestAnOperationOfTheMonitorIsFound(t *testing.T) {
	s := newShelf(t)
	put := func(letter byte, name, route string, invocation bool) {
		s.put(t, letter, func(e *edge.Event) {
			e.Name, e.Facts.Route, e.Facts.Invocation = name, route, invocation
		})
	}
	put('a', "GET /cart/7", "/cart/:id", true)
	put('b', "GET", "/cart/:id", false) // of a client, say
	put('c', "fetch", "", true)
	put('d', "/img", "/x", true)
	put('e', "GET /img", "/img", true)
	s.s.Flush()
	h := over(s.s, s.now)
	for operation, want := range map[string]string{
		"/cart/:id": "a", "unknown": "c", "/img": "d", "/x": "d", "GET": "b", "/nothing": "", "": "abcde",
	} {
		path := "/api/traces?service=shop&operation=" + url.QueryEscape(operation)
		if got := sorted(letters(t, h, path)); got != want {
			t.Errorf("%s: found %q, want %q", path, got, want)
		}
	}
}

// TestSearchesAreBoundedByStart holds the range and the order of a search: by when a span started, however long it
// lasted, the newest first.
func TestSearchesAreBoundedByStart(t *testing.T) {
	s := newShelf(t)
	span := func(letter byte, start, length time.Duration) {
		s.put(t, letter, func(e *edge.Event) {
			e.Time, e.Duration = s.now.Add(start+length).UnixNano(), int64(length)
		})
	}
	span('a', -3*time.Hour, 2*time.Hour) // starts before the range and ends in it
	span('b', -2*time.Hour, 0)
	span('c', -110*time.Minute, 90*time.Minute) // ends after it
	span('d', -100*time.Minute, 5*time.Second)
	span('e', -90*time.Minute, 30*time.Second)
	span('f', -89*time.Minute, 0)
	span('g', -time.Minute, 0)
	span('h', time.Hour, 0) // a clock ahead
	s.s.Flush()
	h := over(s.s, s.now)
	us := func(ago time.Duration) string { return strconv.FormatInt(s.now.Add(-ago).UnixNano()/1000, 10) }
	f := func(want, params string) {
		t.Helper()
		if got := letters(t, h, "/api/traces?service=shop&"+params); got != want {
			t.Errorf("%s: found %q, want %q", params, got, want)
		}
	}
	f("edcb", "start="+strconv.FormatInt(s.now.Add(-2*time.Hour).UnixNano(), 10)+"&end="+us(90*time.Minute-time.Microsecond))
	f("edc", "limit=3&start="+us(2*time.Hour+time.Second)+"&end="+us(90*time.Minute-time.Second))
	f("e", "limit=1&start="+us(2*time.Hour+time.Second)+"&end="+us(90*time.Minute-time.Second))
	f("g", "")
	f("g", "lookback=2d&maxDuration&minDuration&tags")
	f("hgfedcba", "start="+us(4*time.Hour)+"&end="+us(-2*time.Hour))
	f("gfedcba", "start="+us(4*time.Hour))
	f("h", "start="+us(-time.Minute)+"&end="+us(-2*time.Hour))
	f("ca", "minDuration=1h&start="+us(24*time.Hour))
	f("c", "minDuration=1h&limit=1&start="+us(24*time.Hour))
	f("", "start="+us(4*time.Hour)+"&end="+us(3*time.Hour+time.Second))
	// Milliseconds and nanoseconds are told by their size.
	f("gfedcba", "start="+strconv.FormatInt(s.now.Add(-4*time.Hour).UnixMilli(), 10))
	f("gfedcba", "start="+strconv.FormatInt(s.now.Add(-4*time.Hour).UnixNano(), 10)+"&end="+
		strconv.FormatInt(s.now.UnixNano(), 10))
	f("hgfedcba", "start=0&end=9223372036854775807")
	f("hgfedcba", "start=-5&end=99999999999999999")
	f("", "start=0&end=0")
	three := func(want, from, to string) {
		t.Helper()
		if got := letters(t, h, "/api/v3/trace-summaries?query.start_time_min="+from+"&query.start_time_max="+to); got != want {
			t.Errorf("from %s to %s: found %q, want %q", from, to, got, want)
		}
	}
	three("hgfedcba", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999999Z")
	local := s.now.In(time.FixedZone("", 5*60*60+30*60))
	three("gfedcba", local.Add(-4*time.Hour).Format(time.RFC3339Nano), local.Format(time.RFC3339Nano)) // + is a blank
}

// TestTheNewestOfManyTracesAreFound holds that ids of many traces are kept right while they are forgotten and found
// again.
func TestTheNewestOfManyTracesAreFound(t *testing.T) {
	s := newShelf(t)
	var events []edge.Event
	for i := range 3000 {
		for n := range 3 {
			events = append(events, edge.Event{
				Kind: edge.KindSpan, Name: "op", Time: s.now.Add(-time.Hour+time.Duration(i)*time.Millisecond).UnixNano() - int64(n),
				TraceID: edge.TraceID{byte(i >> 8), byte(i), 1}, SpanID: edge.SpanID{1, byte(n)}, Facts: edge.Facts{Service: "shop"},
			})
		}
	}
	if err := s.s.WriteEvents(t.Context(), tenant, events); err != nil {
		t.Fatal(err)
	}
	s.s.Flush()
	h := over(s.s, s.now)
	for _, limit := range []int{1, 7, 1000, 1_000_000_000} {
		_, body := ask(t, h, fmt.Sprintf("/api/traces?service=shop&limit=%d&start=1", limit))
		var a struct {
			Data []struct {
				TraceID string
				Spans   []struct{ SpanID string }
			}
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil || len(a.Data) != min(limit, 1000) {
			t.Fatalf("limit %d: %d traces, %v", limit, len(a.Data), err)
		}
		for i, d := range a.Data {
			if want := fmt.Sprintf("%04x01", 2999-i); d.TraceID[:6] != want || len(d.Spans) != 3 {
				t.Fatalf("limit %d: trace %d is %s with %d spans, want %s", limit, i, d.TraceID, len(d.Spans), want)
			}
		}
	}
}

// TestSearchesLookAtWhatIsNewestFirst holds that a search of a long time does not read it when it need not.
func TestSearchesLookAtWhatIsNewestFirst(t *testing.T) {
	s := newShelf(t)
	for i := range byte(30) {
		s.put(t, 'A'+i, func(e *edge.Event) {
			e.Time, e.Duration = s.now.Add(-time.Duration(i)*100*time.Millisecond).UnixNano(), int64(time.Millisecond)
		})
	}
	s.s.Flush()
	asked := &counting{Reader: s.s}
	h := over(asked, s.now)
	if got := letters(t, h, "/api/traces?service=shop&limit=5&start=1"); got != "ABCDE" {
		t.Errorf("found %q", got)
	}
	for _, q := range asked.questions {
		if strings.HasPrefix(q.LogsQL, "{") && !strings.Contains(q.LogsQL, "duration:") && q.To.Sub(q.From) > 3*time.Second {
			t.Errorf("it read %s: %s", q.To.Sub(q.From), q.LogsQL)
		}
	}
}

// counting notes what a store is asked.
type counting struct {
	store.Reader
	questions []store.RowsQuestion
}

func (c *counting) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	c.questions = append(c.questions, q)
	return c.Reader.Rows(ctx, q, emit)
}

// TestATraceOfManyHoursIsShownWhole holds that spans which ended hours before the one that was found first are there too.
func TestATraceOfManyHoursIsShownWhole(t *testing.T) {
	s := newShelf(t)
	s.put(t, 'a', func(e *edge.Event) { e.Name, e.Duration = "root", int64(5*time.Hour) })
	root := edge.SpanID{1, s.n}
	put := func(name string, ago time.Duration) {
		s.put(t, 'a', func(e *edge.Event) { e.Time, e.Name, e.ParentID = s.now.Add(-ago).UnixNano(), name, root })
	}
	put("first", 5*time.Hour)
	put("second", 3*time.Hour)
	put("last", 10*time.Minute)
	s.s.Flush()
	h := over(s.s, s.now)
	id := fmt.Sprintf("%x%030d", 'a', 0)
	early := strconv.FormatInt(s.now.Add(-6*time.Hour).UnixMicro(), 10)
	late := strconv.FormatInt(s.now.Add(-5*time.Hour+time.Minute).UnixMicro(), 10)
	from, to := s.now.Add(-6*time.Hour).Format(time.RFC3339), s.now.Format(time.RFC3339)
	for path, want := range map[string]string{
		"/api/traces/" + id:                                       `"operationName":`,
		"/api/v3/traces/" + id:                                    `"startTimeUnixNano":`,
		"/api/traces?traceID=" + id:                               `"operationName":`,
		"/api/traces?service=shop&operation=last":                 `"operationName":`,
		"/api/traces?service=shop&operation=first&start=" + early: `"operationName":`,
		"/api/traces/" + id + "?start=" + early + "&end=" + late:  `"operationName":`,
	} {
		if status, body := ask(t, h, path); status != 200 || strings.Count(body, want) != 4 {
			t.Errorf("%s: %d, %d spans: %s", path, status, strings.Count(body, want), body)
		}
	}
	path := "/api/v3/trace-summaries?query.operationName=last&query.startTimeMin=" + from + "&query.startTimeMax=" + to
	if status, body := ask(t, h, path); status != 200 || !strings.Contains(body, `"spanCount":4,`) {
		t.Errorf("%d %s", status, body)
	}
}

// TestATimeHintNeverHidesATrace holds that a trace is found wherever it is, and near the hint with fewer questions.
func TestATimeHintNeverHidesATrace(t *testing.T) {
	s := newShelf(t)
	old := s.now.Add(-20 * 24 * time.Hour)
	s.put(t, 'a', func(e *edge.Event) { e.Time = old.UnixNano() })
	s.put(t, 'a', func(e *edge.Event) { e.Time = old.Add(50 * time.Minute).UnixNano() })
	s.put(t, 'b', func(e *edge.Event) { e.Time = s.now.Add(30 * time.Hour).UnixNano() })
	s.s.Flush()
	asked := &counting{Reader: s.s}
	h := over(asked, s.now)
	id := func(letter byte) string { return fmt.Sprintf("%x%030d", letter, 0) }
	f := func(path string, spans, questions int) {
		t.Helper()
		asked.questions = nil
		status, body := ask(t, h, path)
		if got := strings.Count(body, `"spanID":"`) + strings.Count(body, `"spanId":"`); status != 200 || got != spans {
			t.Errorf("%s: %d, %d spans, want %d: %s", path, status, got, spans, body)
		}
		if len(asked.questions) > questions {
			t.Errorf("%s: %d questions, want at most %d", path, len(asked.questions), questions)
		}
	}
	ms := func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) }
	us := func(at time.Time) string { return strconv.FormatInt(at.UnixMicro(), 10) }
	f("/api/traces/"+id('a'), 2, 10)
	f("/api/traces/"+strings.ToUpper(id('a')), 2, 10)
	f("/api/traces/"+id('b'), 1, 2)
	f("/api/traces/"+id('a')+"?start="+ms(old.Add(-time.Minute))+"&end="+ms(old.Add(time.Minute)), 2, 2)
	f("/api/traces/"+id('a')+"?start="+us(old.Add(-time.Minute))+"&end="+us(old.Add(time.Minute)), 2, 2)
	f("/api/traces/"+id('a')+"?start="+us(old.Add(-time.Minute)), 2, 2)
	f("/api/traces/"+id('a')+"?start="+us(s.now.Add(-time.Hour))+"&end="+us(s.now), 2, 11)
	f("/api/traces/"+id('a')+"?start="+us(s.now)+"&end="+us(old), 2, 10)
	f("/api/v3/traces/"+id('a')+"?startTime="+old.Format(time.RFC3339)+"&endTime="+old.Add(time.Hour).Format(time.RFC3339), 2, 2)
	f("/api/v3/traces/"+id('a')+"?start_time="+s.now.Format(time.RFC3339)+"&raw_traces=true", 2, 11)
	f("/api/traces?traceID="+id('a')+"&traceID="+id('b')+"&traceID="+id('a'), 3, 12)
}

// TestTracesAreThoseOfTheTenant holds that nothing of another tenant is found, whatever a request says of whose it is.
func TestTracesAreThoseOfTheTenant(t *testing.T) {
	s := newShelf(t)
	s.put(t, 'a', nil)
	theirs := []edge.Event{{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "zebra", Time: s.now.Add(-10 * time.Minute).UnixNano(),
		TraceID: edge.TraceID{'b'}, SpanID: edge.SpanID{1}, Facts: edge.Facts{Service: "shop"},
		Attrs: attrs("stripes", "many"),
	}, {
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "zebra", Time: s.now.Add(-10 * time.Minute).UnixNano(),
		TraceID: edge.TraceID{'a'}, SpanID: edge.SpanID{2}, Facts: edge.Facts{Service: "shop"}, // the same id as ours
	}}
	if err := s.s.WriteEvents(t.Context(), tenant+1, theirs); err != nil {
		t.Fatal(err)
	}
	s.s.Flush()
	h := over(s.s, s.now)
	id := func(letter byte) string { return fmt.Sprintf("%x%030d", letter, 0) }
	times := "&query.startTimeMin=2000-01-01T00:00:00Z&query.startTimeMax=2100-01-01T00:00:00Z"
	for path, want := range map[string]int{
		"/api/traces?service=shop": 200, "/api/traces?service=shop&operation=zebra": 200, "/api/traces/" + id('a'): 200,
		"/api/traces/" + id('b'): 404, "/api/traces?traceID=" + id('b'): 200, "/api/v3/traces/" + id('a'): 200,
		"/api/v3/traces/" + id('b'): 404, "/api/v3/traces?query.serviceName=shop" + times: 200,
		"/api/v3/traces?query.operationName=zebra" + times: 404, "/api/v3/trace-summaries?query.serviceName=shop" + times: 200,
		"/api/v3/trace-summaries?query.attributes=%7B%22stripes%22%3A%22many%22%7D" + times: 200,
		"/api/v3/operations?service=shop": 200, "/api/services/shop/operations": 200,
	} {
		for _, prefix := range []string{jaeger.Prefix, ""} {
			code, body := get(t, h, http.MethodGet, prefix+path, "x-tenant", "8", "AccountID", "8", "X-Scope-OrgID", "8")
			if code != want || strings.Contains(body, "zebra") {
				t.Errorf("%s: %d %.300s", prefix+path, code, body)
			}
		}
	}
}

func TestWrongParametersAreTold(t *testing.T) {
	h := over(newShelf(t).s, time.Now())
	one := func(path, want string) {
		t.Helper()
		status, body := ask(t, h, path)
		text, _ := json.Marshal(want)
		if whole := `{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":` + string(text) + "}]}\n"; status != 400 ||
			body != whole {
			t.Errorf("%s: got  %d %s\nwant 400 %s", path, status, body, whole)
		}
	}
	one("/api/traces", "parameter 'service' is required")
	one("/api/traces?service=", "parameter 'service' is required")
	one("/api/traces?service=s&start=now", `unable to parse param 'start': strconv.ParseInt: parsing "now": invalid syntax`)
	one("/api/traces?service=s&end=1.5", `unable to parse param 'end': strconv.ParseInt: parsing "1.5": invalid syntax`)
	one("/api/traces?service=s&start=2000000000000000&end=1900000000000000", "'end' should be greater than 'start'")
	one("/api/traces?service=s&limit=0", "the limit is 0: it must be 1 or more")
	one("/api/traces?service=s&limit=-1", "the limit is -1: it must be 1 or more")
	one("/api/traces?service=s&limit=1e9", `strconv.ParseInt: parsing "1e9": invalid syntax`)
	one("/api/traces?service=s&limit=99999999999", `strconv.ParseInt: parsing "99999999999": value out of range`)
	one("/api/traces?service=s&minDuration=1", `unable to parse param 'minDuration': time: missing unit in duration "1"`)
	one("/api/traces?service=s&maxDuration=x", `unable to parse param 'maxDuration': time: invalid duration "x"`)
	one("/api/traces?service=s&minDuration=2s&maxDuration=1s", "'maxDuration' should be greater than 'minDuration'")
	one("/api/traces?service=s&tag=x", "malformed 'tag' parameter, expecting key:value, received: x")
	one("/api/traces?service=s&tags=%5B1%5D", "malformed 'tags' parameter, cannot unmarshal JSON: json: cannot unmarshal "+
		"array into Go value of type map[string]string")
	one("/api/traces?service=s&raw=perhaps", `unable to parse param 'raw': strconv.ParseBool: parsing "perhaps": invalid syntax`)
	one("/api/traces/zz", `strconv.ParseUint: parsing "zz": invalid syntax`)
	one("/api/traces/1?start=x", `unable to parse param 'start': strconv.ParseInt: parsing "x": invalid syntax`)
	one("/api/traces/1?raw=x", `unable to parse param 'raw': strconv.ParseBool: parsing "x": invalid syntax`)
	one("/api/traces/"+strings.Repeat("a", 33), "TraceID cannot be longer than 32 hex characters: "+strings.Repeat("a", 33))
	one("/api/traces?traceID=zz", `unable to parse param 'traceID': strconv.ParseUint: parsing "zz": invalid syntax`)
	one("/api/traces?traceID=1"+strings.Repeat("&traceID=1", 100), "101 parameters 'traceID': at most 100 are taken")
	three := func(path, want string) {
		t.Helper()
		status, body := ask(t, h, "/api/v3/"+path)
		text, _ := json.Marshal(want)
		if whole := `{"error":{"httpCode":400,"message":` + string(text) + "}}\n"; status != 400 || body != whole {
			t.Errorf("%s: got  %d %s\nwant 400 %s", path, status, body, whole)
		}
	}
	const camel = "query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-02T00:00:00Z"
	const snake = "query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2026-01-02T00:00:00Z"
	for _, path := range []string{"traces", "trace-summaries"} {
		three(path, "query.startTimeMin and query.startTimeMax are required")
		three(path+"?query.service_name=x", "query.start_time_min and query.start_time_max are required")
		three(path+"?query.startTimeMin=2026-01-01T00:00:00Z", "query.startTimeMin and query.startTimeMax are required")
		three(path+"?query.startTimeMin=1&query.startTimeMax=2", `malformed parameter query.startTimeMin: parsing time "1" as `+
			`"2006-01-02T15:04:05.999999999Z07:00": cannot parse "1" as "2006"`)
		three(path+"?query.start_time_min=2026-01-01T00:00:00Z&query.start_time_max=2025-01-01T00:00:00Z",
			"malformed parameter query.start_time_max: it is before query.start_time_min")
		three(path+"?"+camel+"&query.searchDepth=0", "malformed parameter query.searchDepth: the limit is 0: it must be 1 or more")
		three(path+"?"+snake+"&query.num_traces=x",
			`malformed parameter query.num_traces: strconv.ParseInt: parsing "x": invalid syntax`)
		three(path+"?"+snake+"&query.search_depth=-1",
			"malformed parameter query.search_depth: the limit is -1: it must be 1 or more")
		three(path+"?"+camel+"&query.durationMin=5", `malformed parameter query.durationMin: time: missing unit in duration "5"`)
		three(path+"?"+snake+"&query.duration_max=5", `malformed parameter query.duration_max: time: missing unit in duration "5"`)
		three(path+"?"+camel+"&query.durationMin=2s&query.durationMax=1s",
			"malformed parameter query.durationMax: it is less than query.durationMin")
		three(path+"?"+camel+"&query.attributes=x",
			"malformed parameter query.attributes: invalid character 'x' looking for beginning of value")
		three(path+"?"+camel+"&query.rawTraces=x",
			`malformed parameter query.rawTraces: strconv.ParseBool: parsing "x": invalid syntax`)
		three(path+"?"+camel+"&query.filter=%7B%7D", "query.filter is not supported: use query.attributes")
	}
	three("traces/zz", `malformed parameter trace_id: strconv.ParseUint: parsing "zz": invalid syntax`)
	three("traces/1?startTime=x", `malformed parameter startTime: parsing time "x" as `+
		`"2006-01-02T15:04:05.999999999Z07:00": cannot parse "x" as "2006"`)
	three("traces/1?end_time=x", `malformed parameter end_time: parsing time "x" as `+
		`"2006-01-02T15:04:05.999999999Z07:00": cannot parse "x" as "2006"`)
	three("traces/1?raw_traces=x", `malformed parameter raw_traces: strconv.ParseBool: parsing "x": invalid syntax`)
	three("operations", "parameter 'service' is required")
}

// TestEachVersionTellsErrorsInItsShape holds what a client gets when the store fails, refuses or takes too long.
func TestEachVersionTellsErrorsInItsShape(t *testing.T) {
	const camel = "query.startTimeMin=2026-01-01T00:00:00Z&query.startTimeMax=2026-01-02T00:00:00Z"
	f := func(failure error, status int, want string) {
		t.Helper()
		h := over(failing{err: failure}, time.Now())
		for _, path := range []string{"/api/traces?service=s", "/api/traces/1", "/api/traces?traceID=1", "/api/services"} {
			code, body := ask(t, h, path)
			if code != status || !strings.Contains(body, `"errors":[{"code":`+strconv.Itoa(status)+`,"msg":"`+want) {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
		for _, path := range []string{
			"/api/v3/services", "/api/v3/operations?service=s", "/api/v3/traces/1", "/api/v3/traces?" + camel,
			"/api/v3/trace-summaries?" + camel,
		} {
			code, body := ask(t, h, path)
			if code != status || !strings.HasPrefix(body, `{"error":{"httpCode":`+strconv.Itoa(status)+`,"message":"`+want) {
				t.Errorf("%s: %d %s", path, code, body)
			}
		}
	}
	f(errors.New("disk on fire"), 500, "internal error")
	f(&gate.RefusedError{Status: 503, Reason: "busy", RetryAfter: time.Second}, 503, "busy")
	f(&gate.RefusedError{Status: 422, Reason: "too much"}, 422, "too much")
	h := jaeger.New(failing{}, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return 0, errors.New("nobody") },
	}, nil)
	if code, body := ask(t, h, "/api/v3/services"); code != 403 || body != `{"error":{"httpCode":403,"message":"nobody"}}`+"\n" {
		t.Errorf("nobody: %d %s", code, body)
	}
}

// endless is a store that answers when nobody waits any more.
type endless struct{ store.Reader }

func (endless) Rows(ctx context.Context, _ store.RowsQuestion, _ func(store.Row) error) error {
	<-ctx.Done()
	return fmt.Errorf("question to spans: %w", ctx.Err())
}

// TestQuestionsEnd holds that a question has ten seconds, after which Jaeger UI no longer waits, and that its client is
// told.
func TestQuestionsEnd(t *testing.T) {
	for path, want := range map[string]string{
		"/api/traces?service=s": `"errors":[{"code":503,"msg":"the question was ended after 10s: ask for a shorter range or less"}]`,
		"/api/v3/traces/1":      `{"error":{"httpCode":503,"message":"the question was ended after 10s: ask for a shorter range or less"}}`,
	} {
		synctest.Test(t, func(t *testing.T) {
			asked := time.Now()
			code, body := ask(t, over(endless{}, asked), path)
			if code != http.StatusServiceUnavailable || !strings.Contains(body, want) || time.Since(asked) != 10*time.Second {
				t.Errorf("%s: %d %s after %s", path, code, body, time.Since(asked))
			}
		})
	}
}

// TestTracesAreHeldInTheMemoryOfQuestions holds that an answer asks the gate for what it keeps.
func TestTracesAreHeldInTheMemoryOfQuestions(t *testing.T) {
	s := newShelf(t)
	for range byte(200) {
		s.put(t, 'a', func(e *edge.Event) { e.Attrs = attrs("text", strings.Repeat("x", 20_000)) })
	}
	s.s.Flush()
	f := func(memory int64, want int) {
		t.Helper()
		g := gate.New(gate.Options{AtOnce: 1, Memory: memory, Duration: time.Minute})
		defer g.Stop(t.Context())
		if code, body := ask(t, g.Question(gate.Tongue{Name: "jaeger"}, over(s.s, s.now)), "/api/traces?service=shop"); code != want {
			t.Errorf("with %d bytes: %d %.300s", memory, code, body)
		}
	}
	f(64<<20, 200)
	f(4<<20, 422)
}

// TestPrettyAndRaw holds what people ask for.
func TestPrettyAndRaw(t *testing.T) {
	s := newShelf(t)
	s.put(t, 'a', func(e *edge.Event) { e.ParentID = edge.SpanID{9} })
	s.s.Flush()
	h := over(s.s, s.now)
	id := fmt.Sprintf("%x%030d", 'a', 0)
	for params, want := range map[string][2]bool{ // whether it is indented, whether it warns
		"": {false, true}, "?prettyPrint=true": {true, true}, "?prettyPrint=false": {false, true}, "?raw=true": {false, false},
		"?raw=1&prettyPrint=1": {true, false}, "?raw=false": {false, true}, "?raw": {false, true},
	} {
		_, body := ask(t, h, "/api/traces/"+id+params)
		if got := [2]bool{strings.Contains(body, "\n    \"data\": ["), strings.Contains(body, "invalid parent")}; got != want {
			t.Errorf("%q: indented and warns: %v, want %v", params, got, want)
		}
	}
}

// FuzzParameters holds that no parameter breaks out of its place: every question that is asked of the store is one that
// it understands, and what is not there is not found.
func FuzzParameters(f *testing.F) {
	for _, seed := range []string{"gold", "", "*", `" or *`, `\`, "a|b", "_time:5m", "missing-service-name", "\xff", "\x00", "true"} {
		f.Add(seed, seed, seed)
	}
	s := newShelf(f)
	s.put(f, 'a', func(e *edge.Event) { e.Facts.Service = "here" })
	s.s.Flush()
	h := over(s.s, s.now)
	f.Fuzz(func(t *testing.T, service, key, value string) {
		tags, err := json.Marshal(map[string]string{key: value})
		if err != nil {
			t.Skip(err)
		}
		form := url.Values{"service": {service}, "operation": {value}, "tags": {string(tags)}}
		status, body := ask(t, h, "/api/traces?"+form.Encode())
		if status == http.StatusBadRequest && service == "" {
			return
		}
		if status != http.StatusOK || !strings.HasPrefix(body, `{"data":[],`) {
			t.Errorf("service %q, tag %q=%q: %d %s", service, key, value, status, body)
		}
	})
}
