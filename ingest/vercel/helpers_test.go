package vercel_test

import (
	"context"
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
	"edgescope/ingest/normalize"
	"edgescope/ingest/vercel"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// arrival is when all requests of these tests arrive.
var arrival = time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC)

// row is what a store keeps of an event: its fields by name, with $kind and _time_ns beside them.
type row map[string]string

// sink keeps rows, as a store behind the pipeline would, and answers err.
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

func open(t testing.TB, to vercel.Sink, change ...func(*vercel.Options)) *vercel.Receiver {
	t.Helper()
	o := vercel.Options{Sink: to, Now: func() time.Time { return arrival }}
	for _, f := range change {
		f(&o)
	}
	rc, err := vercel.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return rc
}

var bodies = body.NewReader(body.Options{Budget: body.NewBudget(256 << 20), MaxBody: 64 << 20})

// post offers a body to the receiver; code 0 means that it is not its own.
func post(rc *vercel.Receiver, path, text string) (code int, answer string) {
	b, err := bodies.Read(context.Background(), body.Source{From: strings.NewReader(text), Length: -1})
	if err != nil {
		panic(err) // a test with bodies that can't be read
	}
	defer b.Release()
	w := httptest.NewRecorder()
	if !rc.Logs(w, httptest.NewRequest(http.MethodPost, path, http.NoBody), b) {
		return 0, ""
	}
	return w.Code, w.Body.String()
}

// mustPost fails the test unless everything was taken.
func mustPost(t testing.TB, rc *vercel.Receiver, text string) {
	t.Helper()
	if code, answer := post(rc, "/", text); code != http.StatusOK || answer != "{}" {
		t.Fatalf("%s: %d %s", text, code, answer)
	}
}
