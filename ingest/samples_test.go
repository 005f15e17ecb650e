package ingest_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/store"
)

func TestSamplesReachTheStoreAsTheyAre(t *testing.T) {
	m, set := &memory{}, metrics.NewSet()
	p := open(t, m, func(o *ingest.Options) { o.Metrics = set })
	series := &edge.Series{Labels: []edge.Attr{{Key: edge.LabelName, Value: "faas_coldstarts_total"}}}
	b := &edge.Batch{Tenant: 3, Samples: []edge.Sample{{Series: series, Time: 1000, Value: 4}}}
	if _, err := p.Samples(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if got := m.totals["__name__=faas_coldstarts_total,"]; got != 4 {
		t.Errorf("the store has %v, want 4", m.totals)
	}
	var text bytes.Buffer
	set.WritePrometheus(&text)
	if !strings.Contains(text.String(), "edgescope_ingest_samples_total 1\n") {
		t.Errorf("one sample is not counted:\n%s", text.String())
	}

	m.fail = store.ErrReadOnly
	var unavailable *edge.UnavailableError
	if _, err := p.Samples(t.Context(), b); !errors.As(err, &unavailable) || unavailable.Busy {
		t.Errorf("a read-only store answers %v, want to be told to come again later", err)
	}
	m.fail = nil
	if err := p.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// numbers is one batch of samples of a counter of tenant 3; the body tells it from others, 0 is none.
func numbers(body byte, at int64, value float64) *edge.Batch {
	series := &edge.Series{Labels: []edge.Attr{{Key: edge.LabelName, Value: "jobs_total"}, {Key: "zone", Value: "a"}}}
	b := &edge.Batch{Tenant: 3, Samples: []edge.Sample{{Series: series, Time: at, Value: value}}}
	b.Body[8] = body
	return b
}

// TestNumbersOfClientsAreShownWithTheNextFlush: questions have them as soon as totals, and nobody asks the engine for
// nothing.
func TestNumbersOfClientsAreShownWithTheNextFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shows := 0
		p := open(t, nil, func(o *ingest.Options) {
			o.Store = &engine{}
			o.Show = func() { shows++ }
		})
		for range 3 {
			before := shows
			if _, err := p.Samples(t.Context(), numbers(0, 1000, 4)); err != nil {
				t.Fatal(err)
			}
			time.Sleep(flushEvery)
			synctest.Wait()
			if shows != before+1 {
				t.Errorf("shown %d times until the next flush, want once", shows-before)
			}
			time.Sleep(4 * flushEvery)
			synctest.Wait()
			if shows != before+1 {
				t.Errorf("shown %d times without anything new", shows-before-1)
			}
		}
		if err := p.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAcknowledgedSamplesSurviveAKill loses all samples that the store had when the process is killed, and finds them
// again.
func TestAcknowledgedSamplesSurviveAKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, dir := &engine{}, t.TempDir()
		take := func(p *process, b *edge.Batch, wantRepeated bool) {
			t.Helper()
			if repeated, err := p.Samples(t.Context(), b); err != nil || repeated != wantRepeated {
				t.Errorf("got repeated %v, %v; want %v", repeated, err, wantRepeated)
			}
		}
		p := begin(t, e, dir, 1)
		take(p, numbers(1, 1000, 4), false)
		take(p, numbers(2, 2000, 5), false)
		take(p, numbers(0, 3000, 6), false)
		if err := p.Events(t.Context(), spans("a")); err != nil { // a record of each kind in one segment
			t.Fatal(err)
		}
		want := copied(e.totals)
		p.end(t, e, true, func() { e.totals, e.rows = nil, nil })

		p = begin(t, e, dir, 2)
		synctest.Wait() // the totals of the replay are written behind open doors
		for key, value := range want {
			if got := e.totals[key]; got != value {
				t.Errorf("%s is %v after the kill, want %v", key, got, value)
			}
		}
		if len(e.rows) != 1 {
			t.Errorf("%d rows are stored, want 1", len(e.rows))
		}
		take(p, numbers(1, 1000, 9), true) // what deltas were added up to is another number in a new process
		take(p, numbers(3, 4000, 7), false)
		p.end(t, e, false, nil)
		for value := range maps.Values(e.totals) {
			if value == 9 {
				t.Error("the samples of a repeated body were written")
			}
		}
	})
}

// TestReplayOfSamplesWaitsForRoomOnDisk: what was acknowledged is in the log, and no reason to end the process.
func TestReplayOfSamplesWaitsForRoomOnDisk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e, dir := &engine{}, t.TempDir()
		p := begin(t, e, dir, 1)
		if _, err := p.Samples(t.Context(), numbers(1, 1000, 4)); err != nil {
			t.Fatal(err)
		}
		p.end(t, e, true, func() { e.totals = nil })
		full := &fullDisk{engine: e}
		full.refuse.Store(true)
		opened := make(chan *process)
		go func() { opened <- begin(t, full, dir, 2) }()
		time.Sleep(time.Minute)
		select {
		case <-opened:
			t.Fatal("the log counts as replayed while the store took nothing")
		default:
		}
		full.refuse.Store(false)
		(<-opened).end(t, e, false, nil)
		if len(e.totals) != 1 {
			t.Errorf("the store has %v, want the sample of the log", e.totals)
		}
	})
}

// fullDisk is an engine that refuses samples while its disk is full.
type fullDisk struct {
	*engine
	refuse atomic.Bool
}

func (f *fullDisk) WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	if f.refuse.Load() {
		return store.ErrReadOnly
	}
	return f.engine.WriteSamples(ctx, tenant, samples)
}
