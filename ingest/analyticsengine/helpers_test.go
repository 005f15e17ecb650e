package analyticsengine_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/body"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is when all requests of these tests arrive.
var arrival = time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)

// recorder is a sink that keeps a copy of the events, and answers err.
type recorder struct {
	events   []edge.Event
	warnings map[string]int
	tenant   edge.Tenant
	calls    int
	err      error
	// reject is the index of a record that the store would drop, -1 for none.
	reject int
}

func (r *recorder) Events(_ context.Context, b *edge.Batch) error {
	r.calls++
	for i := range b.Events {
		e := b.Events[i]
		e.Attrs = slices.Clone(e.Attrs)
		r.events = append(r.events, e)
		if e.Index == r.reject {
			b.Reject(e.Index, "too old")
		}
	}
	r.warnings, r.tenant = maps.Clone(b.Warnings), b.Tenant
	return r.err
}

func newRecorder() *recorder { return &recorder{reject: -1} }

func newReceiver(t testing.TB, sink analyticsengine.Sink, change ...func(*analyticsengine.Options)) *analyticsengine.Receiver {
	t.Helper()
	o := analyticsengine.Options{Sink: sink, Now: func() time.Time { return arrival }}
	for _, f := range change {
		f(&o)
	}
	rc, err := analyticsengine.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

// limits answers an option that bounds a body and the memory of all requests, in bytes.
func limits(maxBody, budget int64) func(*analyticsengine.Options) {
	return func(o *analyticsengine.Options) {
		o.Bodies = body.NewReader(body.Options{Budget: body.NewBudget(budget), MaxBody: maxBody})
	}
}

// offer gives a body to the receiver as the ingest port does, and answers whether it is its own.
func offer(t testing.TB, rc *analyticsengine.Receiver, w http.ResponseWriter, text string) bool {
	t.Helper()
	reader := body.NewReader(body.Options{Budget: body.NewBudget(64 << 20), MaxBody: 16 << 20})
	b, err := reader.Read(t.Context(), body.Source{From: strings.NewReader(text), Length: -1})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Release()
	return rc.Workerd(w, httptest.NewRequest(http.MethodPost, "/", http.NoBody), b)
}

// post sends a body to a dataset.
func post(rc http.Handler, path string, body io.Reader, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, body)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	rc.ServeHTTP(w, r)
	return w
}

// answer is the body of every answer.
type answer struct {
	Accepted, Rejected int
	Errors             []struct {
		Index int
		Error string
	}
	Code    int
	Message string
}

func read(t testing.TB, w *httptest.ResponseRecorder) answer {
	t.Helper()
	var a answer
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		t.Fatalf("the answer is no JSON: %v: %q", err, w.Body)
	}
	return a
}

// points sends a body to dataset "d" and answers the events that came of it.
func points(t testing.TB, body string, change ...func(*analyticsengine.Options)) ([]edge.Event, answer) {
	t.Helper()
	sink := newRecorder()
	w := post(newReceiver(t, sink, change...), "/v1/datapoints/d", strings.NewReader(body))
	return sink.events, read(t, w)
}

// point sends one data point.
func point(t testing.TB, body string, change ...func(*analyticsengine.Options)) edge.Event {
	t.Helper()
	events, a := points(t, body, change...)
	if len(events) != 1 {
		t.Fatalf("%s: %d events, want 1: %+v", body, len(events), a)
	}
	return events[0]
}

// columns answers the attributes as "key=value key=value".
func columns(e edge.Event) string {
	var all []string
	for _, a := range e.Attrs {
		all = append(all, a.Key+"="+a.Value)
	}
	return strings.Join(all, " ")
}

func with(specs ...string) func(*analyticsengine.Options) {
	return func(o *analyticsengine.Options) {
		o.Layouts = make(map[string]analyticsengine.Layout)
		for _, spec := range specs {
			name, layout, err := analyticsengine.ParseLayout(spec)
			if err != nil {
				panic(err)
			}
			o.Layouts[name] = layout
		}
	}
}
