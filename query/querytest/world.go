// Package querytest is a store with invocations in it, for tests of what answers questions: the real store with the real
// rollups before it, and a clock that stands still.
package querytest

import (
	"context"
	"encoding/binary"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/query"
	"edgescope/query/client"
	"edgescope/query/tables"
	"edgescope/store/embedded"
)

// Tenant is whose invocations a World has.
const Tenant edge.Tenant = 7

// noon is the time of a World: a Wednesday in the middle of a month, 17 minutes and 30 seconds after an hour, so that no
// bucket, day, week or month begins near it.
var noon = time.Date(2026, 3, 18, 12, 17, 30, 0, time.UTC)

// forever keeps what happened before noon, whenever a test runs.
const forever = 99 * 365 * 24 * time.Hour

// World is a real store with the real rollups before it, and a clock that stands still.
type World struct {
	T      testing.TB
	Store  *embedded.Store
	Rollup *rollup.Rollup
	// Read asks the store, on the clock of Now.
	Read *tables.Reader
	Now  time.Time

	spans uint64 // how many ids were given out
}

// New makes an empty World, which ends with the test.
func New(t testing.TB) *World {
	t.Helper()
	s, err := embedded.Open(context.Background(), embedded.Options{
		Dir: t.TempDir(), RetentionEvents: forever, RetentionSamples: forever,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	w := &World{T: t, Store: s, Now: noon}
	w.Read = tables.New(s, w.Clock, tables.AtOnce)
	w.Rollup = rollup.New(rollup.Options{Collector: "test", Now: w.Clock})
	return w
}

// Clock returns Now.
func (w *World) Clock() time.Time { return w.Now }

// Write takes events the way a collector does: rows and rollups, visible at once.
func (w *World) Write(tenant edge.Tenant, events ...edge.Event) {
	w.T.Helper()
	w.Add(tenant, events...)
	w.Store.Flush()
}

// Add takes events as write does, visible some time.
func (w *World) Add(tenant edge.Tenant, events ...edge.Event) {
	w.T.Helper()
	ctx := context.Background()
	if err := w.Store.WriteEvents(ctx, tenant, events); err != nil {
		w.T.Fatal(err)
	}
	w.Rollup.Add(&edge.Batch{Tenant: tenant, Arrival: w.Now.UnixNano(), Part: w.Rollup.Part(), Events: events})
	if err := w.Rollup.Flush(ctx, w.Store); err != nil {
		w.T.Fatal(err)
	}
}

// IDs makes the next trace and span id.
func (w *World) IDs() (t edge.TraceID, s edge.SpanID) {
	w.spans++
	binary.BigEndian.PutUint64(t[8:], w.spans)
	binary.BigEndian.PutUint64(s[:], w.spans)
	return t, s
}

// Invocation makes a span that is an invocation and ends at that time.
func (w *World) Invocation(end time.Time, d time.Duration, facts edge.Facts) edge.Event {
	e := edge.Event{
		Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "fetch", Time: end.UnixNano(),
		Duration: int64(d), HasDuration: true,
	}
	e.TraceID, e.SpanID = w.IDs()
	facts.Invocation = true
	if facts.Outcome == "" {
		facts.Outcome = edge.OutcomeOK
	}
	if facts.Weight == 0 {
		facts.Weight = 1
	}
	if facts.Source == "" {
		facts.Source = edge.SourceOTLP
	}
	e.Facts = facts
	return e
}

// Serve starts the API with these answers on loopback and returns a client of it.
func (w *World) Serve(answers query.Answers) (*httptest.Server, *client.Client) {
	w.T.Helper()
	h := query.NewHandler(answers, query.Options{
		Tenant: func(*http.Request) (edge.Tenant, error) { return Tenant, nil },
		Now:    w.Clock,
		Logger: slog.New(slog.NewTextHandler(w.T.Output(), nil)),
	})
	s := httptest.NewServer(h)
	w.T.Cleanup(s.Close)
	c, err := client.New(s.URL, s.Client())
	if err != nil {
		w.T.Fatal(err)
	}
	return s, c
}

// Ask parses a question from the text of a URL query.
func (w *World) Ask(text string) query.Question {
	w.T.Helper()
	v, err := url.ParseQuery(text)
	if err != nil {
		w.T.Fatal(err)
	}
	q, err := query.Parse(v, w.Now)
	if err != nil {
		w.T.Fatal(err)
	}
	return q
}
