package ingest_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/ingest/rollup"
)

// flushEvery is the usual time between two flushes.
const flushEvery = 1500 * time.Millisecond

// TestTotalsAreShownWithTheNextFlush holds our half of the promise that pages have an event within three seconds: the
// other half is for what answers remember (query/tables, sourcesLife) and for asking.
func TestTotalsAreShownWithTheNextFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, shown := &engine{}, 0.0
		p := open(t, nil, func(o *ingest.Options) {
			o.Store = m
			o.Show = func() { shown = m.total("edge_service_requests") }
		})
		for n := range 20 {
			if err := p.Events(t.Context(), spans("a")); err != nil {
				t.Fatal(err)
			}
			time.Sleep(flushEvery)
			synctest.Wait()
			if want := float64(n + 1); shown != want {
				t.Errorf("after a flush: %v of %v events are shown", shown, want)
			}
			time.Sleep(170 * time.Millisecond)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// stuck is an engine that takes no totals while it is stuck.
type stuck struct {
	engine
	stuck atomic.Bool
}

func (s *stuck) WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	if s.stuck.Load() {
		return errors.New("disk full")
	}
	return s.engine.WriteSamples(ctx, tenant, samples)
}

// TestBatchesWaitForTheTotals has a store that takes no totals until it is told to: what comes waits, and is asked to
// come again when that takes long.
func TestBatchesWaitForTheTotals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &stuck{}
		e.stuck.Store(true)
		p := open(t, nil, func(o *ingest.Options) {
			o.Store = e
			o.Rollup = rollup.New(rollup.Options{
				Collector: "c", MaxBytes: 512 << 10,
				Log: slog.New(slog.DiscardHandler),
			})
		})
		sent := 0
		send := func() error {
			b := spans(make([]string, 100)...)
			for i := range b.Events {
				b.Events[i].Time -= int64(100*sent+i) * int64(time.Minute)
			}
			return p.Events(t.Context(), b)
		}
		began := time.Now()
		var err error
		for ; err == nil && sent < 100; sent++ {
			err = send()
		}
		var later *edge.UnavailableError
		if !errors.As(err, &later) || !later.Busy || later.RetryAfter < time.Second {
			t.Fatalf("after %d batches: got %v, want to be told to come again", sent, err)
		}
		if waited := time.Since(began); waited != 10*time.Second {
			t.Errorf("told after %s, want 10 s", waited)
		}
		time.AfterFunc(5*time.Second, func() { e.stuck.Store(false) })
		if err := send(); err != nil {
			t.Errorf("a batch that waits while the store recovers: %v", err)
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got, want := e.total("edge_service_requests:1h"), float64(100*sent); got != want {
			t.Errorf("totals are %v, want %v", got, want)
		}
	})
}
