package vercel_test

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
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/ingest/vercel"
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
	body edge.BodyHash
	err  error
}

func newSink() *sink { return &sink{normalizer: normalize.New(normalize.Options{})} }

func (s *sink) Events(_ context.Context, b *edge.Batch) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	s.body = b.Body
	s.normalizer.Normalize(b.Events)
	var renderer store.RowRenderer
	for i := range b.Events {
		e := &b.Events[i]
		kept := row{"$kind": e.Kind.String(), "_time_ns": strconv.FormatInt(e.Time, 10)}
		fields, _ := renderer.Render(e)
		for _, f := range fields {
			kept[strings.Clone(f.Name)] = strings.Clone(f.Value)
		}
		s.rows = append(s.rows, kept)
	}
	return nil
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

// options are those of a receiver and of the door before it.
type options struct {
	vercel.Options
	door door.Options
}

// port is a receiver behind the ingest port.
type port struct{ door door.Options }

func open(t testing.TB, to edge.Sink, change ...func(*options)) *port {
	t.Helper()
	o := options{
		Options: vercel.Options{Sink: to, Now: func() time.Time { return arrival }},
		door:    door.Options{Bodies: bodies},
	}
	for _, f := range change {
		f(&o)
	}
	rc, err := vercel.New(o.Options)
	if err != nil {
		t.Fatal(err)
	}
	o.door.Drains, o.door.Logger = rc, slog.New(slog.DiscardHandler)
	if o.door.OTLP, err = otlp.New(otlp.Options{Sink: to, Logger: o.door.Logger}); err != nil {
		t.Fatal(err)
	}
	return &port{o.door}
}

var bodies = body.NewReader(body.Options{Budget: body.NewBudget(256 << 20), MaxBody: 64 << 20})

// post sends a body to the port.
func post(rc *port, path, text string) (code int, answer string) {
	d, err := door.New(rc.door)
	if err != nil {
		panic(err) // all is there
	}
	w := httptest.NewRecorder()
	d.HTTP(door.Port{Elsewhere: func(*http.Request) string { return "" }}).ServeHTTP(w,
		httptest.NewRequest(http.MethodPost, path, strings.NewReader(text)))
	return w.Code, w.Body.String()
}

// mustPost fails the test unless everything was taken.
func mustPost(t testing.TB, rc *port, text string) {
	t.Helper()
	if code, answer := post(rc, "/", text); code != http.StatusOK || answer != "{}" {
		t.Fatalf("%s: %d %s", text, code, answer)
	}
}
