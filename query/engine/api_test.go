package engine_test

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/client"
)

// TestClientAndHandlerAgreeWithTheEngine asks every question both ways.
func TestClientAndHandlerAgreeWithTheEngine(t *testing.T) {
	w := newWorld(t)
	w.fill(60)
	w.run(edge.Run{
		ID: strings.Repeat("a", 32), Name: "guide", Started: w.Now.Add(-time.Minute), Ended: w.Now,
		Updated: w.Now, Verdict: edge.VerdictPassed,
	})
	_, c := w.serve()
	q, ctx := w.Ask("range=1h&sort=-requests"), t.Context()
	list, err := c.Traces(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	trace, run := list.Traces[0].ID, strings.Repeat("a", 32)
	check(t, q, c.Overview, w.engine.Overview)
	check(t, q, c.Regions, w.engine.Regions)
	check(t, q, c.ColdStarts, w.engine.ColdStarts)
	check(t, q, c.Cache, w.engine.Cache)
	check(t, q, c.Routes, w.engine.Routes)
	check(t, q, c.Versions, w.engine.Versions)
	check(t, q, c.Traces, w.engine.Traces)
	check(t, q, c.Runs, w.engine.Runs)
	check(t, q, c.Datasets, w.engine.Datasets)
	checkOne(t, q, trace, c.Trace, w.engine.Trace)
	checkOne(t, q, run, c.Run, w.engine.Run)
	for _, code := range []string{"P001", "", ".", "a/b", "ü?#%", "unknown"} {
		checkOne(t, q, code, c.Region, w.engine.Region)
	}
}

type (
	asked[A any]    func(context.Context, query.Question) (*A, error)
	answered[A any] func(context.Context, edge.Tenant, query.Question) (*A, error)
)

func check[A any](t *testing.T, q query.Question, client asked[A], engine answered[A]) {
	t.Helper()
	got, err := client(t.Context(), q)
	if err != nil {
		t.Errorf("%T: client: %v", got, err)
		return
	}
	want, err := engine(t.Context(), tenant, q)
	if err != nil {
		t.Errorf("%T: engine: %v", want, err)
		return
	}
	if diff := cmp.Diff(want, got, cmp.Comparer(sameNum), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%T: engine - client +: %s", want, diff)
	}
}

// sameNum allows for sums of floating point numbers in another order.
func sameNum(a, b query.Num) bool {
	if !a.OK() || !b.OK() {
		return a.OK() == b.OK()
	}
	return math.Abs(float64(a-b)) <= 1e-9*math.Max(math.Abs(float64(a)), 1)
}

func checkOne[A any](t *testing.T, q query.Question, id string,
	client func(context.Context, string, query.Question) (*A, error),
	engine func(context.Context, edge.Tenant, string, query.Question) (*A, error),
) {
	t.Helper()
	check(t, q, func(ctx context.Context, q query.Question) (*A, error) { return client(ctx, id, q) },
		func(ctx context.Context, tenant edge.Tenant, q query.Question) (*A, error) {
			return engine(ctx, tenant, id, q)
		})
}

func TestClientKeepsTheServersError(t *testing.T) {
	w := newWorld(t)
	_, c := w.serve()
	q := w.Ask("")
	q.Text = "region:FRA colour:x"
	_, err := c.Overview(t.Context(), q)
	var e *query.APIError
	if !errors.As(err, &e) || e.Status != 400 || e.Key != "q" || e.Column != 12 ||
		!strings.Contains(e.Message, "colour") {
		t.Errorf("got %#v", err)
	}
	if _, err = c.Trace(t.Context(), strings.Repeat("0", 32), w.Ask("")); !errors.Is(err, query.ErrNotFound) {
		t.Errorf("unknown trace: %v, want ErrNotFound", err)
	}
}

func TestClientOfSomethingElse(t *testing.T) {
	f := func(status int, body, want string) {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer s.Close()
		c, err := client.New(s.URL+"/", s.Client())
		if err != nil {
			t.Fatal(err)
		}
		if _, err = c.Overview(t.Context(), query.Question{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d %q: %v, want %q", status, body, err, want)
		}
	}
	f(502, "<html>\nbad gateway", "502 Bad Gateway: <html>")
	f(200, "<html>", "read the collector's answer to overview")
	f(200, `{"requests":"x"}`, "read the collector's answer to overview")
	for _, address := range []string{"", "127.0.0.1:4320", "ftp://x", "http://", "http://[::1"} {
		if _, err := client.New(address, nil); err == nil {
			t.Errorf("NewClient(%q) takes it", address)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c, err := client.New("http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = c.Overview(ctx, query.Question{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestHandlerMethods(t *testing.T) {
	w := newWorld(t)
	h := query.NewHandler(w.engine.Answers(), query.Options{Now: func() time.Time { return w.Now }})
	f := func(method, path string, want int) *httptest.ResponseRecorder {
		t.Helper()
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest(method, path, nil))
		if rec.Code != want {
			t.Errorf("%s %s: %d, want %d: %s", method, path, rec.Code, want, rec.Body)
		}
		if got := rec.Header().Get("Content-Type"); got != "application/json" {
			t.Errorf("%s %s: content type %q", method, path, got)
		}
		return rec
	}
	f("GET", "/api/edge/v1/overview", 200)
	f("HEAD", "/api/edge/v1/overview", 200)
	if allow := f("POST", "/api/edge/v1/overview", 405).Header().Get("Allow"); allow != "GET, HEAD" {
		t.Errorf("Allow: %q", allow)
	}
	f("GET", "/api/edge/v1/overview?range=%zz", 400)
	f("GET", "/api/edge/v1/", 404)
	f("GET", "/api/edge/v1/traces/", 404)
	f("GET", "/elsewhere", 404)
	f("GET", "/api/edge/v1/trace?id="+strings.Repeat("0", 32), 404)
	f("GET", "/api/edge/v1/run?id=x", 400)
	f("GET", "/api/edge/v1/traces?id=x", 400)
	closed := query.NewHandler(w.engine.Answers(), query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return 0, errors.New("send a token") },
	})
	rec := httptest.NewRecorder()
	closed.ServeHTTP(rec, httptest.NewRequest("GET", "/api/edge/v1/overview", nil))
	if rec.Code != 401 || !strings.Contains(rec.Body.String(), "send a token") {
		t.Errorf("without a tenant: %d %s", rec.Code, rec.Body)
	}
}
