package workers_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/edge/route"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/ingest/workers"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is when all requests of these tests arrive.
var arrival = time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)

// row is what a store keeps of an event: its fields by name, with $kind and _time_ns beside them.
type row map[string]string

// sink keeps rows, as a store behind the pipeline would, and returns err.
type sink struct {
	normalizer *normalize.Normalizer

	mu   sync.Mutex
	rows []row
	// tenant and body are those of the last batch, warnings of all.
	tenant   edge.Tenant
	body     edge.BodyHash
	warnings int
	err      error
	// refuse is why no event is taken, "" to take all.
	refuse string
}

func newSink() *sink { return &sink{normalizer: normalize.New(normalize.Options{})} }

func (s *sink) Events(_ context.Context, b *edge.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.tenant, s.body = b.Tenant, b.Body
	for _, n := range b.Warnings {
		s.warnings += n
	}
	s.normalizer.Normalize(b.Events)
	var renderer store.RowRenderer
	for i := range b.Events {
		e := &b.Events[i]
		if s.refuse != "" {
			b.Reject(e.Index, s.refuse)
			continue
		}
		kept := row{"$kind": e.Kind.String(), "_time_ns": strconv.FormatInt(e.Time, 10)}
		fields, _ := renderer.Render(e)
		for _, f := range fields {
			kept[strings.Clone(f.Name)] = strings.Clone(f.Value)
		}
		s.rows = append(s.rows, kept)
	}
	return nil
}

func (s *sink) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// kept returns the rows of that kind.
func (s *sink) kept(kind string) (rows []row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.rows {
		if r["$kind"] == kind {
			rows = append(rows, r)
		}
	}
	return rows
}

func (s *sink) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.rows)
}

// options are those of a receiver and of the door before it.
type options struct {
	workers.Options
	door door.Options
}

// port is a receiver behind the ingest port.
type port struct {
	*workers.Receiver
	door door.Options
}

func open(t testing.TB, to edge.Sink, change ...func(*options)) *port {
	t.Helper()
	o := options{Options: workers.Options{
		Sink: to, Now: func() time.Time { return arrival },
		Route: func(_, path string) string { return string(route.Append(nil, path)) },
	}}
	for _, f := range change {
		f(&o)
	}
	rc, err := workers.Open(t.Context(), o.Options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rc.Close(context.WithoutCancel(t.Context())) })
	o.door.Tails, o.door.Logger = rc, slog.New(slog.DiscardHandler)
	if o.door.OTLP, err = otlp.New(otlp.Options{Sink: to, Logger: o.door.Logger}); err != nil {
		t.Fatal(err)
	}
	return &port{rc, o.door}
}

// serve returns the ingest port with that reader of bodies.
func (p *port) serve(bodies *body.Reader) http.Handler {
	o := p.door
	o.Bodies = bodies
	d, err := door.New(o)
	if err != nil {
		panic(err) // all is there
	}
	return d.HTTP(door.Port{Elsewhere: func(*http.Request) string { return "" }})
}

// post sends a body to the port.
func post(rc *port, text string) (code int, answer string) {
	return postTo(rc, usualBodies, text)
}

var usualBodies = body.NewReader(body.Options{Budget: body.NewBudget(256 << 20), MaxBody: 64 << 20})

func postTo(rc *port, bodies *body.Reader, text string, path ...string) (code int, answer string) {
	w := httptest.NewRecorder()
	rc.serve(bodies).ServeHTTP(w, httptest.NewRequest(http.MethodPost, strings.Join(append(path, "/"), ""),
		strings.NewReader(text)))
	return w.Code, w.Body.String()
}

// mustPost fails the test unless everything was taken.
func mustPost(t testing.TB, rc *port, body string) {
	t.Helper()
	if code, answer := post(rc, body); code != http.StatusOK || strings.Contains(answer, `"errors"`) {
		t.Fatalf("%s: %d %s", body, code, answer)
	}
}

// one returns the only row of a kind.
func (s *sink) one(t testing.TB, kind string) row {
	t.Helper()
	rows := s.kept(kind)
	if len(rows) != 1 {
		t.Fatalf("%d rows of kind %s, want 1: %v", len(rows), kind, rows)
	}
	return rows[0]
}

// want compares the fields "name", "value", ...; the value "" means that there is none.
func (r row) want(t testing.TB, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := r[pairs[i]]; got != pairs[i+1] {
			t.Errorf("%s = %q, want %q", pairs[i], got, pairs[i+1])
		}
	}
}
