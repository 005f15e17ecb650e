package jaeger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/query/jaeger"
	"edgescope/store"
	"edgescope/store/embedded"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) }

const tenant = edge.Tenant(7)

// world is a store with spans of a shop, of pay, of nobody, and of another tenant.
func world(t *testing.T) (*embedded.Store, time.Time) {
	t.Helper()
	s, err := embedded.Open(t.Context(), embedded.Options{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	now := time.Now().UTC()
	span := func(service, name string, kind edge.SpanKind, ago time.Duration) edge.Event {
		return edge.Event{
			Kind: edge.KindSpan, SpanKind: kind, Name: name, Time: now.Add(-ago).UnixNano(),
			Facts:   edge.Facts{Service: service},
			TraceID: edge.TraceID{1}, SpanID: edge.SpanID{byte(len(name)), byte(kind)},
		}
	}
	write := func(of edge.Tenant, events ...edge.Event) {
		if err := s.WriteEvents(t.Context(), of, events); err != nil {
			t.Fatal(err)
		}
	}
	write(tenant,
		span("shop", "GET /cart", edge.SpanServer, time.Minute), span("shop", "GET /cart", edge.SpanServer, time.Hour),
		span("shop", "GET /cart", edge.SpanClient, time.Minute), span("shop", "call pay", edge.SpanClient, time.Minute),
		span("shop", "orphan", edge.SpanInternal, time.Minute),
		span("shop", "yesterday's", edge.SpanServer, 25*time.Hour),
		span("pay", "POST /pay", edge.SpanServer, time.Minute), span("", "nameless", edge.SpanInternal, time.Minute),
		span(`a/b "c"`, "GET /", edge.SpanServer, time.Minute),
		edge.Event{Kind: edge.KindLog, Time: now.UnixNano(), Body: "x", Facts: edge.Facts{Service: "only-logs"}})
	write(tenant+1, span("zebra", "GET /zebra", edge.SpanServer, time.Minute))
	total := func(name, service, signal string, of edge.Tenant) {
		labels := []edge.Attr{
			{Key: edge.LabelName, Value: name},
			{Key: edge.LabelSignal, Value: signal},
			{Key: edge.LabelService, Value: service},
		}
		at := now.Add(-50 * time.Hour).Truncate(time.Hour).UnixMilli()
		if err := s.WriteSamples(t.Context(), of,
			[]edge.Sample{{Series: &edge.Series{Labels: labels}, Time: at, Value: 3}}); err != nil {
			t.Fatal(err)
		}
	}
	total("edge_service_events:1h", "seldom", edge.SignalSpan, tenant)
	total("edge_service_events:1h", "points", edge.SignalDataPoint, tenant)
	total("edge_service_events:1h", "zebra", edge.SignalSpan, tenant+1)
	s.Flush()
	return s, now
}

// asked is the world with the trace of a request.
func asked(t *testing.T) (http.Handler, time.Time) {
	t.Helper()
	s, now := world(t)
	if err := s.WriteEvents(t.Context(), tenant, requestOf(now.Add(-10*time.Minute))); err != nil {
		t.Fatal(err)
	}
	s.Flush()
	return over(s, now), now
}

// over is a handler over a store.
func over(reader store.Reader, now time.Time) http.Handler {
	return jaeger.New(reader, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return tenant, nil }, Now: func() time.Time { return now },
	}, nil)
}

// requestOf is a trace of four spans: the shop takes a request, asks pay, which fails, and pay's child.
func requestOf(start time.Time) []edge.Event {
	span := func(n, parent byte, service, name string, kind edge.SpanKind, from, to time.Duration) edge.Event {
		e := edge.Event{
			Kind: edge.KindSpan, SpanKind: kind, Name: name, Time: start.Add(to).UnixNano(), Duration: int64(to - from),
			HasDuration: true, TraceID: edge.TraceID{2}, SpanID: edge.SpanID{n}, ScopeName: "http", ScopeVersion: "1.30",
			Facts: edge.Facts{Service: service, Version: "1.2", Region: "FRA", Method: "GET", Status: 200},
			Attrs: []edge.Attr{
				{Key: "customer", Value: `o'neil "x"`},
				{Key: "items", Value: "3"},
				{Key: "price", Value: "1.5"},
				{Key: "first", Value: "true"},
			},
			Resource: []edge.Attr{{Key: "host.name", Value: service + "-1"}},
		}
		if parent != 0 {
			e.ParentID = edge.SpanID{parent}
		}
		return e
	}
	list := []edge.Event{
		span(1, 0, "shop", "GET /cart", edge.SpanServer, 0, 90*time.Millisecond),
		span(2, 1, "shop", "call pay", edge.SpanClient, 10*time.Millisecond, 80*time.Millisecond),
		span(3, 2, "pay", "POST /pay", edge.SpanServer, 20*time.Millisecond, 70*time.Millisecond),
		span(4, 3, "pay", "POST /pay", edge.SpanServer, 30*time.Millisecond, 40*time.Millisecond),
	}
	list[2].Status, list[2].StatusMessage = edge.StatusError, "no money"
	list[2].SpanEvents = fmt.Sprintf(`[{"name":"exception","time":%d,"attrs":{"exception.type":"Poor","left":-3}}]`,
		list[2].Time)
	list[3].Links = fmt.Sprintf(`[{"trace_id":"%032x","span_id":"%016x","attrs":{"l":"1"}}]`, 7, 8)
	return list
}

func get(t *testing.T, h http.Handler, method, path string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code != http.StatusNotFound && w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("%s: content type %s", path, w.Header().Get("Content-Type"))
	}
	return w.Code, w.Body.String()
}

func TestServicesAndOperationsAreThoseOfTheTenant(t *testing.T) {
	s, now := world(t)
	h := jaeger.New(s, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return tenant, nil }, Now: func() time.Time { return now },
	}, nil)
	f := func(path string, status int, want string) {
		t.Helper()
		for _, prefix := range []string{jaeger.Prefix, ""} {
			code, body := get(t, h, http.MethodGet, prefix+path, "x-tenant", "8", "AccountID", "8")
			if code != status || body != want+"\n" {
				t.Errorf("%s%s: got  %d %s\nwant %d %s", prefix, path, code, body, status, want)
			}
		}
	}
	const services = `{"data":["a/b \"c\"","missing-service-name","pay","seldom","shop"],"total":5,"limit":0,` +
		`"offset":0,"errors":null}`
	f("/api/services", 200, services)
	f("/api/services?start=1&end=2", 200, services) // there is no range
	f("/api/services/shop/operations", 200,
		`{"data":["GET /cart","call pay","orphan"],"total":3,"limit":0,"offset":0,"errors":null}`)
	f(`/api/services/a/b%20%22c%22/operations`, 200, `{"data":["GET /"],"total":1,"limit":0,"offset":0,"errors":null}`)
	f(`/api/services/a%2Fb%20%22c%22/operations`, 200,
		`{"data":["GET /"],"total":1,"limit":0,"offset":0,"errors":null}`)
	f("/api/services/missing-service-name/operations", 200,
		`{"data":["nameless"],"total":1,"limit":0,"offset":0,"errors":null}`)
	f("/api/services/zebra/operations", 200, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`)
	f(`/api/services/x"%20or%20*%20or%20"/operations`, 200, `{"data":[],"total":0,"limit":0,"offset":0,"errors":null}`)
	f("/api/operations?service=shop", 200,
		`{"data":[{"name":"GET /cart","spanKind":"client"},{"name":"GET /cart","spanKind":"server"},`+
			`{"name":"call pay","spanKind":"client"},{"name":"orphan","spanKind":"internal"}],"total":4,"limit":0,"offset":0,`+
			`"errors":null}`)
	f("/api/operations?service=shop&spanKind=server", 200,
		`{"data":[{"name":"GET /cart","spanKind":"server"}],"total":1,"limit":0,"offset":0,"errors":null}`)
	f("/api/operations", 400,
		`{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":400,"msg":"parameter 'service' is required"}]}`)
	f("/api/services/shop", 404,
		`{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,`+
			`"msg":"no such path: want services/{service}/operations"}]}`)
	f("/api/nothing", 404,
		`{"data":null,"total":0,"limit":0,"offset":0,"errors":[{"code":404,"msg":"no such path of Jaeger's API"}]}`)
	if code, _ := get(t, h, http.MethodPost, "/api/services"); code != http.StatusMethodNotAllowed {
		t.Errorf("POST: status %d", code)
	}
}

// failing is a store that can't answer.
type failing struct {
	store.Reader
	err error
}

func (f failing) Rows(context.Context, store.RowsQuestion, func(store.Row) error) error { return f.err }

func TestFailuresAreInTheEnvelope(t *testing.T) {
	f := func(o query.Options, failure error, status int, want string) {
		t.Helper()
		code, body := get(t, jaeger.New(failing{err: failure}, o, nil), http.MethodGet, "/api/services")
		var a struct {
			Errors []struct {
				Code int
				Msg  string
			}
		}
		if err := json.Unmarshal([]byte(body), &a); err != nil || code != status || len(a.Errors) != 1 ||
			a.Errors[0].Code != status || a.Errors[0].Msg != want {
			t.Errorf("got %d %s, %v; want %d %q", code, body, err, status, want)
		}
	}
	f(query.Options{}, errors.New("disk on fire"), 500, "internal error")
	f(query.Options{}, fmt.Errorf("%w: spans", store.ErrTooMuch), 422, "question is too expensive: spans")
	f(query.Options{}, &gate.RefusedError{Status: 503, Reason: "busy", RetryAfter: time.Second}, 503, "busy")
	f(query.Options{}, context.DeadlineExceeded, 503, "context deadline exceeded")
	f(query.Options{Tenant: func(*http.Request) (edge.Tenant, error) { return 0, errors.New("nobody") }}, nil, 403,
		"nobody")
}
