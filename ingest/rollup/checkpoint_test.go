package rollup_test

import (
	_ "embed"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
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
			add(old, 0, c.at.UnixNano(), []edge.Event{invocation(day + 1), invocation(day + 2)})
			flush(t, old, m)
			fresh := newRollup(c, func(o *rollup.Options) { o.Epoch = 2 })
			if err := next(old, fresh); err != nil {
				t.Fatal(err)
			}
			add(fresh, 0, c.at.UnixNano(), []edge.Event{invocation(day + 3)})
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
	add(old, 7, c.at.UnixNano(), []edge.Event{invocation(day + 1)})
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
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day)})
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
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day)})
	f.Add(r.AppendCheckpoint(nil))
	f.Add(windowsCheckpoint)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) >= 8 { // or the checksum refuses all but one in four billion
			data = slices.Clone(data)
			binary.LittleEndian.PutUint32(data[4:], crc32.Checksum(data[8:], crc32.MakeTable(crc32.Castagnoli)))
		}
		r := newRollup(&clock{time.Unix(day, 0)})
		_ = r.Again(data)
		if r.Restore(data) != nil {
			return
		}
		if err := r.Flush(t.Context(), drain{}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestReplayGivesTheSameParts adds the same batches at another time, in the order of their parts, after a checkpoint
// that the first process made at any moment: late, early and usual ones must add to the same samples.
func TestReplayGivesTheSameParts(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	c, first := &clock{time.Unix(day+4*3600, 0)}, &memory{}
	r := newRollup(c)
	var log []edge.Batch
	var states [][]byte // states[i] is the checkpoint before the i-th batch
	for i := range 2000 {
		at := day + random.Int64N(4*3600)
		states = append(states, r.AppendCheckpoint(nil))
		log = append(log, edge.Batch{Arrival: c.at.UnixNano(), Part: r.Part(), Events: []edge.Event{invocation(at)}})
		r.Add(&log[i])
		switch i % 100 {
		case 50:
			flush(t, r, first)
		case 70:
			r.Turn()
		case 90:
			forget(t, r, first)
		}
	}
	flush(t, r, first)
	for range 20 {
		from := random.IntN(len(log))
		again := &memory{}
		again.copy(first)
		r := newRollup(&clock{c.at.Add(90 * time.Hour)})
		if err := r.Restore(states[from]); err != nil {
			t.Fatal(err)
		}
		for i := range log[from:] {
			r.Add(&log[from+i])
		}
		flush(t, r, again)
		if n := len(again.series); n != len(first.series) {
			t.Errorf("from batch %d: %d series, want %d", from, n, len(first.series))
		}
		for _, w := range edge.Widths {
			again.want(t, 0, math.MaxInt64/1000, 2000, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
		}
	}
}

// copy makes m hold what another store holds.
func (m *memory) copy(o *memory) {
	m.series = map[string]map[int64]float64{}
	for name, points := range o.series {
		m.series[name] = maps.Clone(points)
	}
}

// TestForgottenPartIsWrittenAgain kills a store that was given a part just before it was forgotten: the pieces that are
// in the log bring it back.
func TestForgottenPartIsWrittenAgain(t *testing.T) {
	c := &clock{time.Unix(day+5, 0)}
	old := newRollup(c)
	for i := range int64(3000) { // of which 20,000 cells are one piece
		add(old, 3, c.at.UnixNano(), []edge.Event{invocation(day - i*3600)})
	}
	old.Turn()
	var pieces [][]byte
	if err := old.Unsettled(func(piece []byte) error {
		pieces = append(pieces,
			slices.Clone(piece))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	flush(t, old, &memory{}) // and this store is gone
	old.Drop()
	if old.Over() {
		t.Fatal("the part is still held")
	}
	m, fresh := &memory{}, newRollup(c)
	if err := fresh.Restore(old.AppendCheckpoint(nil)); err != nil {
		t.Fatal(err)
	}
	for _, piece := range pieces {
		if err := fresh.Again(piece); err != nil {
			t.Fatal(err)
		}
		if err := fresh.FlushOver(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		fresh.Drop()
	}
	if len(pieces) != 2 || fresh.Over() {
		t.Errorf("%d pieces, want 2; held: %v", len(pieces), fresh.Over())
	}
	for _, w := range edge.Widths {
		m.want(t, 0, day+3600, 3000, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
	}
}

// TestSettledTotalsAreNotLoggedAgain has a part that the store was given long ago.
func TestSettledTotalsAreNotLoggedAgain(t *testing.T) {
	c := &clock{time.Unix(day+5, 0)}
	r := newRollup(c)
	add(r, 0, c.at.UnixNano(), []edge.Event{invocation(day)})
	flush(t, r, &memory{})
	c.at = c.at.Add(time.Minute)
	r.Turn()
	if err := r.Unsettled(func([]byte) error { t.Error("it is given to the log"); return nil }); err != nil {
		t.Fatal(err)
	}
	if r.Drop(); r.Over() {
		t.Error("it is still held")
	}
}

// windowsCheckpoint is a checkpoint of the version before parts: tenant 7, service shop, made at 2026-11-21T00:40:00Z.
// It has a window of 00:39:50 with two requests, and of 00:10:00, that came late, one with one; all are to be written
// again.
//
//go:embed testdata/windows.checkpoint
var windowsCheckpoint []byte

// TestCheckpointOfTheVersionBefore goes on with its windows by its rule: what it logged later goes to the same samples.
func TestCheckpointOfTheVersionBefore(t *testing.T) {
	c, m := &clock{time.Unix(day+2410, 0)}, &memory{}
	r := newRollup(c)
	if err := r.Restore(windowsCheckpoint); err != nil {
		t.Fatal(err)
	}
	if r.Part() != 0 {
		t.Fatalf("part %d, want 0", r.Part())
	}
	logged := func(at int64) { // by the version before, at 00:40:05
		r.Add(&edge.Batch{Tenant: 7, Arrival: (day + 2405) * 1e9, Events: []edge.Event{invocation(at)}})
	}
	logged(day + 2391)
	logged(day + 601)
	flush(t, r, m)
	r.Drop()
	logged(day + 602)
	r.Turn()
	forget(t, r, m)
	add(r, 7, c.at.UnixNano(), []edge.Event{invocation(day + 603), invocation(day + 2392)})
	flush(t, r, m)

	late := fmt.Sprint("edge_part=", strconv.FormatInt((day+2400)/900, 36))
	for _, w := range edge.Widths {
		m.want(t, day, day+3600, 8, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w))
	}
	m.want(t, day+600, day+610, 3, "__name__=edge_colo_requests", late)
	m.want(t, day+2390, day+2400, 4, "__name__=edge_colo_requests")
	for _, w := range edge.Widths[:2] {
		m.want(t, day+600, day+900, 3, "__name__="+edge.Metric(edge.FamilyColo, edge.MetricRequests, w), late)
	}
	m.want(t, day, day+3600, 0, "__name__=edge_colo_requests:1h", late) // it was open for all
}

// TestRestoreWritesAgainWhatMayBeLost kills a store that was given totals just before the checkpoint.
func TestRestoreWritesAgainWhatMayBeLost(t *testing.T) {
	c := &clock{time.Unix(day+5, 0)}
	old := newRollup(c)
	add(old, 0, c.at.UnixNano(), []edge.Event{invocation(day + 1)})
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

// BenchmarkCheckpoint is of ten busy windows; batches wait meanwhile.
func BenchmarkCheckpoint(b *testing.B) {
	c, m := &clock{time.Unix(day, 0)}, &memory{}
	r := newRollup(c)
	events := realSize()
	for range 10 {
		add(r, 0, c.at.UnixNano(), events)
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
