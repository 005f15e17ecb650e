package rollup_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
)

func TestWindowsOfAnEndedProcess(t *testing.T) {
	f := func(name string, next func(old, fresh *rollup.Rollup) error) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			c, m := &clock{time.Unix(day+5, 0)}, &memory{}
			old := newRollup(c)
			old.Add(0, c.at.UnixNano(), []edge.Event{invocation(day + 1), invocation(day + 2)})
			flush(t, old, m)
			fresh := newRollup(c, func(o *rollup.Options) { o.Epoch = 2 })
			if err := next(old, fresh); err != nil {
				t.Fatal(err)
			}
			fresh.Add(0, c.at.UnixNano(), []edge.Event{invocation(day + 3)})
			flush(t, fresh, m)
			for _, w := range edge.Widths {
				m.want(t, day, day+3600, 3, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
			}
		})
	}
	f("continue from the checkpoint", func(old, fresh *rollup.Rollup) error {
		return fresh.Restore(old.AppendCheckpoint(nil))
	})
	f("open parts without one", func(_, fresh *rollup.Rollup) error {
		fresh.Forget()
		return nil
	})
}

func TestCheckpointKeepsWhatTheStoreDidNotTake(t *testing.T) {
	c, m := &clock{time.Unix(day+5, 0)}, &memory{fail: errors.New("disk full")}
	old := newRollup(c)
	old.Add(7, c.at.UnixNano(), []edge.Event{invocation(day + 1)})
	if err := old.Flush(t.Context(), m); !errors.Is(err, m.fail) {
		t.Fatalf("flush: got %v, want %v", err, m.fail)
	}
	fresh := newRollup(c)
	if err := fresh.Restore(old.AppendCheckpoint(nil)); err != nil {
		t.Fatal(err)
	}
	m.fail = nil
	flush(t, fresh, m)
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests")
}

func TestDamagedCheckpointIsRefused(t *testing.T) {
	c := &clock{time.Unix(day, 0)}
	r := newRollup(c)
	r.Add(0, c.at.UnixNano(), []edge.Event{invocation(day)})
	good := r.AppendCheckpoint(nil)
	for i := range good {
		damaged := slices.Clone(good)
		damaged[i] ^= 0x40
		if err := newRollup(c).Restore(damaged); !errors.Is(err, rollup.ErrCheckpoint) {
			t.Fatalf("byte %d flipped: got %v, want ErrCheckpoint", i, err)
		}
		if err := newRollup(c).Restore(good[:i]); !errors.Is(err, rollup.ErrCheckpoint) {
			t.Fatalf("cut at byte %d: got %v, want ErrCheckpoint", i, err)
		}
	}
}

func FuzzRestore(f *testing.F) {
	c := &clock{time.Unix(day, 0)}
	r := newRollup(c)
	r.Add(0, c.at.UnixNano(), []edge.Event{invocation(day)})
	f.Add(r.AppendCheckpoint(nil))
	f.Add([]byte{})
	f.Fuzz(func(_ *testing.T, data []byte) {
		_ = newRollup(&clock{time.Unix(day, 0)}).Restore(data)
	})
}

// TestReplayGivesTheSameWindows adds the same batches in another order and at another time, as a replay does: late ones, early
// ones and ones on the edge of a window's end must add to the same series.
func TestReplayGivesTheSameWindows(t *testing.T) {
	type batch struct {
		arrival int64
		event   edge.Event
	}
	var batches []batch
	random := rand.New(rand.NewPCG(5, 6))
	for range 2000 {
		at := day + random.Int64N(4*3600)
		batches = append(batches, batch{(day + 3*3600 + random.Int64N(3600)) * 1e9, invocation(at)})
	}
	totals := func(now int64) *memory {
		c, m := &clock{time.Unix(now, 0)}, &memory{}
		r := newRollup(c)
		for _, b := range batches {
			r.Add(0, b.arrival, []edge.Event{b.event})
		}
		flush(t, r, m)
		return m
	}
	first := totals(day + 4*3600)
	random.Shuffle(len(batches), func(i, j int) { batches[i], batches[j] = batches[j], batches[i] })
	again := totals(day + 90*3600)
	if len(first.series) != len(again.series) {
		t.Errorf("%d series, replayed %d", len(first.series), len(again.series))
	}
	for name, points := range first.series {
		if holds(name, []string{"__name__=" + edge.MetricDeploy}) {
			continue // a marker for each first sight: the earliest counts
		}
		for at, want := range points {
			if got := again.series[name][at]; math.Abs(got-want) > 1e-9*want {
				t.Errorf("%s at %d: %v, replayed %v", name, at, want, got)
			}
		}
	}
	for _, w := range edge.Widths {
		first.want(t, 0, math.MaxInt64/1000, 2000, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
	}
}

// TestRestoreWritesAgainWhatMayBeLost kills a store that was given totals just before the checkpoint.
func TestRestoreWritesAgainWhatMayBeLost(t *testing.T) {
	c := &clock{time.Unix(day+5, 0)}
	old := newRollup(c)
	old.Add(0, c.at.UnixNano(), []edge.Event{invocation(day + 1)})
	flush(t, old, &memory{}) // and this store is gone
	c.at = c.at.Add(50 * time.Second)
	state := old.AppendCheckpoint(nil)

	m, fresh := &memory{}, newRollup(c)
	if err := fresh.Restore(state); err != nil {
		t.Fatal(err)
	}
	flush(t, fresh, m)
	m.want(t, day, day+10, 1, "__name__=edge_colo_requests")

	c.at = c.at.Add(11 * time.Second) // a minute after the flush the store has had its time
	m, fresh = &memory{}, newRollup(c)
	if err := fresh.Restore(old.AppendCheckpoint(nil)); err != nil {
		t.Fatal(err)
	}
	flush(t, fresh, m)
	m.want(t, day, day+10, 0, "__name__=edge_colo_requests")
}

func TestWindowStaysUntilTheStoreHasHadItsTime(t *testing.T) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	r.Add(0, c.at.UnixNano(), []edge.Event{invocation(day)})
	c.at = c.at.Add(3 * time.Hour)
	flush(t, r, m)
	c.at = c.at.Add(59 * time.Second)
	if r.Retire(); r.Stats().Cells == 0 {
		t.Error("59 s after the flush: the window is forgotten, and a crash would lose its totals")
	}
	c.at = c.at.Add(time.Second)
	if r.Retire(); r.Stats().Cells != 0 {
		t.Errorf("60 s after the flush: %+v is still held", r.Stats())
	}
}

// BenchmarkCheckpoint is of ten busy windows; batches wait meanwhile.
func BenchmarkCheckpoint(b *testing.B) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	events := realSize()
	for range 10 {
		r.Add(0, c.at.UnixNano(), events)
		c.at = c.at.Add(10 * time.Second)
		for i := range events {
			events[i].Time += 10e9
		}
	}
	if err := r.Flush(b.Context(), m); err != nil {
		b.Fatal(err)
	}
	var state []byte
	for b.Loop() {
		state = r.AppendCheckpoint(state[:0])
	}
	b.ReportMetric(float64(r.Stats().Cells), "cells")
	b.ReportMetric(float64(len(state)), "bytes")
}
