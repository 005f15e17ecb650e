package ingest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/store"
)

// again returns a batch of the same spans in another body.
func again(b *edge.Batch) *edge.Batch {
	c := &edge.Batch{Tenant: b.Tenant, Events: make([]edge.Event, len(b.Events))}
	for i := range b.Events {
		e := b.Events[i]
		e.Facts, e.Record = edge.Facts{}, nil
		c.Events[i] = e
	}
	return c
}

// TestASpanInTwoBodiesIsStoredOnce: also when the process is killed in between, and when it is replayed after that.
func TestASpanInTwoBodiesIsStoredOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, dir := &engine{}, t.TempDir()
		p := begin(t, e, dir, 1)
		first := spans("a", "b")
		send := func(what string, b *edge.Batch, wantRows int) {
			t.Helper()
			if err := p.Events(t.Context(), b); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if len(e.rows) != wantRows {
				t.Errorf("%s: %d rows are stored, want %d", what, len(e.rows), wantRows)
			}
		}
		second := again(first)
		send("first", first, 2)
		forked := again(second)
		forked.Events = append(forked.Events, spans("c").Events...)
		send("again, with a new one", forked, 3)
		p.end(t, e, true, func() { e.rows = nil })
		p = begin(t, e, dir, 2)
		if len(e.rows) != 3 {
			t.Errorf("after the replay %d rows are stored, want 3", len(e.rows))
		}
		send("again after a kill", again(second), 3)
		p.Flush(t.Context())
		if n := e.total("edge_service_requests"); n != 3 {
			t.Errorf("%v requests are counted, want 3", n)
		}
		p.end(t, e, false, nil)
	})
}

// TestASpanOfARefusedBodyIsTakenLater: only what was acknowledged is known.
func TestASpanOfARefusedBodyIsTakenLater(t *testing.T) {
	full := true
	m, set := &memory{}, metrics.NewSet()
	p := open(t, m, func(o *ingest.Options) {
		o.Metrics = set
		o.Writable = func() error {
			if full {
				return store.ErrReadOnly
			}
			return nil
		}
	})
	defer p.Close(t.Context())
	first := spans("a")
	second, third := again(first), again(first)
	var later *edge.UnavailableError
	if err := p.Events(t.Context(), first); !errors.As(err, &later) {
		t.Fatalf("got %v, want a refusal", err)
	}
	full = false
	for _, b := range []*edge.Batch{second, third} {
		if err := p.Events(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(m.names); got != "[a]" {
		t.Errorf("stored %s, want it once", got)
	}
	var text strings.Builder
	set.WritePrometheus(&text)
	if want := "edgescope_ingest_repeated_spans_total 1\n"; !strings.Contains(text.String(), want) {
		t.Errorf("no %q in\n%s", want, text.String())
	}
}

// TestWhatIsBoundedIsCounted: numbers that were brought within their bounds show on /metrics.
func TestWhatIsBoundedIsCounted(t *testing.T) {
	m, set := &memory{}, metrics.NewSet()
	p := open(t, m, func(o *ingest.Options) { o.Metrics = set })
	defer p.Close(t.Context())
	b := spans("a", "b")
	b.Events[0].TraceState = "ot=th:ffffffffffffff"
	b.Events[1].Duration = int64(edge.MaxDuration) + 1
	if err := p.Events(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	set.WritePrometheus(&text)
	for _, want := range []string{
		`edgescope_ingest_salvaged_total{reason="weight or count above --max-weight"} 1`,
		`edgescope_ingest_salvaged_total{reason="length of time above 30 days"} 1`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
}
