package ingest_test

import (
	"context"
	"encoding/binary"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/ingest/normalize"
	"edgescope/ingest/rollup"
	"edgescope/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// memory is a store.Writer that remembers.
type memory struct {
	mu     sync.Mutex
	names  []string
	totals map[string]float64 // by __name__ and window start, the greatest value of each series added
	fail   error
	block  chan struct{}
	inside chan struct{}
}

func (m *memory) WriteEvents(ctx context.Context, _ edge.Tenant, events []edge.Event) error {
	if m.block != nil {
		m.inside <- struct{}{}
		select {
		case <-m.block:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	for i := range events {
		m.names = append(m.names, strings.Clone(events[i].Name))
	}
	return nil
}

func (m *memory) WriteSamples(_ context.Context, _ edge.Tenant, samples []edge.Sample) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fail != nil {
		return m.fail
	}
	if m.totals == nil {
		m.totals = map[string]float64{}
	}
	for _, s := range samples {
		var name strings.Builder
		for _, l := range s.Series.Labels {
			name.WriteString(l.Key + "=" + l.Value + ",")
		}
		m.totals[name.String()] = max(m.totals[name.String()], s.Value)
	}
	return nil
}

func (m *memory) Check(e *edge.Event) error {
	if e.Name == "too old" {
		return errors.New("older than the retention of 30d")
	}
	return nil
}

func (m *memory) total(metric string) (sum float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, v := range m.totals {
		if strings.Contains(name, "__name__="+metric+",") {
			sum += v
		}
	}
	return sum
}

func open(t *testing.T, m *memory, change ...func(*ingest.Options)) *ingest.Pipeline {
	t.Helper()
	o := ingest.Options{
		Store:      m,
		Normalizer: normalize.New(normalize.Options{}),
		Rollup:     rollup.New(rollup.Options{Collector: "c", Log: slog.New(slog.DiscardHandler)}),
		Metrics:    metrics.NewSet(),
		Logger:     slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&o)
	}
	p, err := ingest.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// made counts the spans of the tests, which all are different ones.
var made atomic.Uint64

func spans(names ...string) *edge.Batch {
	b := &edge.Batch{}
	for i, name := range names {
		var id edge.SpanID
		binary.BigEndian.PutUint64(id[:], made.Add(1))
		b.Events = append(b.Events, edge.Event{
			Index: i, Name: name, Time: time.Now().UnixNano(), Duration: 1e6, HasDuration: true,
			SpanKind: edge.SpanServer,
			TraceID:  edge.TraceID{1}, SpanID: id, Resource: []edge.Attr{{Key: "service.name", Value: "shop"}},
		})
	}
	return b
}

func TestRefusedEventsAreNamedAndTheRestIsKept(t *testing.T) {
	m := &memory{}
	p := open(t, m)
	b := spans("a", "too old", "b")
	if err := p.Events(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(m.names, " "); got != "a b" {
		t.Errorf("kept %q, want \"a b\"", got)
	}
	if b.RejectedCount != 1 || b.Rejected[0] != (edge.Rejection{Index: 1, Reason: "older than the retention of 30d"}) {
		t.Errorf("rejected: got %+v", b.Rejected)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := m.total("edge_colo_requests"); got != 2 {
		t.Errorf("rollups count %v invocations, want 2: a refused event is not counted", got)
	}
}

func TestReadOnlyStoreMeansTryLater(t *testing.T) {
	f := func(fail error, want bool) {
		t.Helper()
		m := &memory{fail: fail}
		p := open(t, m)
		err := p.Events(t.Context(), spans("a"))
		var later *edge.UnavailableError
		if errors.As(err, &later) != want || want && (later.Busy || later.RetryAfter < time.Second) || err == nil {
			t.Errorf("%v: got %#v", fail, err)
		}
		m.fail = nil
		if err := p.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if got := m.total("edge_colo_requests"); got != 0 {
			t.Errorf("%v: rollups count %v, want 0: the batch was refused", fail, got)
		}
	}
	f(store.ErrReadOnly, true)
	f(errors.New("bug"), false)
}

func TestBatchInWorkIsKeptWhenItsClientLeaves(t *testing.T) {
	m := &memory{block: make(chan struct{}), inside: make(chan struct{})}
	p := open(t, m)
	client, leave := context.WithCancel(t.Context())
	answer := make(chan error)
	go func() { answer <- p.Events(client, spans("a")) }()
	<-m.inside
	leave()
	close(m.block)
	if err := errors.Join(<-answer, p.Close(t.Context())); err != nil {
		t.Error(err)
	}
	if len(m.names) != 1 || m.total("edge_colo_requests") != 1 {
		t.Errorf("stored %v, added up %v; want the batch", m.names, m.total("edge_colo_requests"))
	}
}
