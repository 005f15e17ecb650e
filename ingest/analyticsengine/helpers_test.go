package analyticsengine_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
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
	"edgescope/ingest/door"
	"edgescope/ingest/otlp"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is when all requests of these tests arrive.
var arrival = time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)

// recorder is a sink that keeps a copy of the events, and returns err.
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

// options are those of a receiver and of the door before it.
type options struct {
	analyticsengine.Options
	door door.Options
}

// newReceiver makes a receiver with that sink and the clock of the tests, behind the ingest port; change may alter its
// options.
func newReceiver(t testing.TB, sink edge.Sink, change ...func(*options)) http.Handler {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	o := options{
		Options: analyticsengine.Options{Sink: sink, Now: func() time.Time { return arrival }},
		door: door.Options{Logger: logger, Bodies: body.NewReader(body.Options{
			Budget:  body.NewBudget(512 << 20),
			MaxBody: 64 << 20,
		})},
	}
	for _, f := range change {
		f(&o)
	}
	var err error
	if o.door.Points, err = analyticsengine.New(o.Options); err != nil {
		t.Fatal(err)
	}
	if o.door.OTLP, err = otlp.New(otlp.Options{Sink: sink, Logger: logger}); err != nil {
		t.Fatal(err)
	}
	d, err := door.New(o.door)
	if err != nil {
		t.Fatal(err)
	}
	return d.HTTP(door.Port{Elsewhere: func(*http.Request) string { return "" }})
}

// limits returns an option that bounds a body and the memory of all requests, in bytes.
func limits(maxBody, budget int64) func(*options) {
	return func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: body.NewBudget(budget), MaxBody: maxBody})
	}
}

// offer gives a body to the ingest port, and returns whether it is one of workerd's binding.
func offer(t testing.TB, port http.Handler, w *httptest.ResponseRecorder, text string) bool {
	t.Helper()
	port.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(text)))
	return !strings.Contains(w.Body.String(), `"message":"body is no valid telemetry`)
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

// points sends a body to dataset "d" and returns the events that came of it.
func points(t testing.TB, body string, change ...func(*options)) ([]edge.Event, answer) {
	t.Helper()
	sink := newRecorder()
	w := post(newReceiver(t, sink, change...), "/v1/datapoints/d", strings.NewReader(body))
	return sink.events, read(t, w)
}

// point sends one data point.
func point(t testing.TB, body string, change ...func(*options)) edge.Event {
	t.Helper()
	events, a := points(t, body, change...)
	if len(events) != 1 {
		t.Fatalf("%s: %d events, want 1: %+v", body, len(events), a)
	}
	return events[0]
}

// columns returns the attributes as "key=value key=value".
func columns(e edge.Event) string {
	var all []string
	for _, a := range e.Attrs {
		all = append(all, a.Key+"="+a.Value)
	}
	return strings.Join(all, " ")
}

func with(specs ...string) func(*options) {
	return func(o *options) {
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
