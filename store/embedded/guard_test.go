package embedded_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded"
)

// disk is a file system whose free space a test sets.
type disk struct {
	free  atomic.Uint64
	asked chan struct{}
}

func newDisk(free uint64) *disk {
	d := &disk{asked: make(chan struct{})}
	d.free.Store(free)
	return d
}

func (d *disk) space(string) (uint64, error) {
	select {
	case d.asked <- struct{}{}:
	default:
	}
	return d.free.Load(), nil
}

// set changes the free space and waits until the guard has acted on it: it asks again only after that.
func (d *disk) set(free uint64) {
	d.free.Store(free)
	<-d.asked // may have read the old value
	<-d.asked // reads the new one
	<-d.asked // is done with it
}

func TestNearlyFullDiskMakesReadOnly(t *testing.T) {
	const reserve = 100 << 20
	d := newDisk(reserve)
	o := options(t.TempDir())
	o.MinFreeDisk, o.FreeSpace, o.GuardInterval = reserve, d.space, time.Millisecond
	s := mustOpen(t, o)
	now := time.Now()
	events := []edge.Event{{Time: now.UnixNano(), Name: "x"}}
	samples := []edge.Sample{{
		Series: &edge.Series{Labels: []edge.Attr{{Key: "__name__", Value: "full"}}},
		Time:   now.UnixMilli(), Value: 1,
	}}
	f := func(free uint64, want error) {
		t.Helper()
		d.set(free)
		if err := s.WriteEvents(t.Context(), 1, events); !errors.Is(err, want) {
			t.Errorf("%d MiB free: WriteEvents answers %v, want %v", free>>20, err, want)
		}
		if err := s.WriteSamples(t.Context(), 1, samples); err != nil { // of what was acknowledged before
			t.Errorf("%d MiB free: WriteSamples answers %v", free>>20, err)
		}
		if err := s.Rows(t.Context(), store.RowsQuestion{Tenant: 1, LogsQL: "*", From: now, To: now.Add(1)},
			func(store.Row) error { return nil }); err != nil {
			t.Errorf("%d MiB free: questions end with %v", free>>20, err)
		}
	}
	f(reserve, nil)
	f(reserve-1, store.ErrReadOnly)
	f(reserve, store.ErrReadOnly)
	f(reserve+reserve/10-1, store.ErrReadOnly)
	f(reserve+reserve/10, nil)
	f(reserve, nil)

	s.Flush()
	rows := 0
	q := store.RowsQuestion{Tenant: 1, LogsQL: "*", From: now.Add(-1), To: now.Add(1)}
	if err := s.Rows(t.Context(), q, func(store.Row) error { rows++; return nil }); err != nil || rows != 3 {
		t.Errorf("%d rows (%v), want the 3 that were taken", rows, err)
	}
}

func TestOldestDaysGoAboveMaxDisk(t *testing.T) {
	o := options(t.TempDir())
	o.MaxDisk = 1 // whatever there is, is too much
	s := mustOpen(t, o)
	now := time.Now().UTC().Truncate(24 * time.Hour).Add(time.Hour)
	for days := range 4 {
		at := now.Add(-time.Duration(days) * 24 * time.Hour)
		e := edge.Event{Time: at.UnixNano(), Name: fmt.Sprint("day", days)}
		l := edge.Event{Kind: edge.KindLog, Time: at.UnixNano(), Body: "b"}
		if err := s.WriteEvents(t.Context(), 0, []edge.Event{e, l}); err != nil {
			t.Fatal(err)
		}
	}
	s.Flush()
	embedded.Trim(s)

	for _, kind := range []edge.Kind{edge.KindSpan, edge.KindLog} {
		rows := 0
		q := store.RowsQuestion{Kind: kind, LogsQL: "*", From: now.Add(-240 * time.Hour), To: now.Add(24 * time.Hour)}
		if err := s.Rows(t.Context(), q, func(store.Row) error { rows++; return nil }); err != nil || rows != 2 {
			t.Errorf("%d %ss (%v) are left, want those of the last 2 days", rows, kind, err)
		}
	}
	old := edge.Event{Time: now.Add(-72 * time.Hour).UnixNano(), Name: "late"}
	if err := s.Check(&old); err == nil || !strings.Contains(err.Error(), "room") {
		t.Errorf("Check of a dropped day answers %v", err)
	}
	if err := s.WriteEvents(t.Context(), 0, []edge.Event{old}); err != nil {
		t.Error(err)
	}
	if got := metric(s, "edgescope_store_dropped_events_total"); got != "1" {
		t.Errorf("dropped events are %q, want 1", got)
	}
	left, err := filepath.Glob(filepath.Join(o.Dir, "*", "partitions", "*"))
	if err != nil || len(left) != 4 {
		t.Errorf("partitions on disk: %v (%v), want 2 of spans and 2 of logs", left, err)
	}
}

// TestOldDaysGoByAge opens a store again with a shorter retention, which is what the passing of time does too.
func TestOldDaysGoByAge(t *testing.T) {
	o := options(t.TempDir())
	s := mustOpen(t, o)
	now := time.Now().UTC()
	for _, days := range []int{0, 10} {
		e := edge.Event{Time: now.Add(-time.Duration(days) * 24 * time.Hour).UnixNano(), Name: fmt.Sprint("day", days)}
		if err := s.WriteEvents(t.Context(), 0, []edge.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	days := func() int {
		dirs, err := filepath.Glob(filepath.Join(o.Dir, "spans", "partitions", "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(dirs)
	}
	mustClose(t, s)
	if n := days(); n != 2 {
		t.Fatalf("%d days are on disk, want 2", n)
	}
	o.RetentionEvents = 48 * time.Hour
	s = mustOpen(t, o)
	deadline := time.After(time.Minute)
	for tick := time.Tick(10 * time.Millisecond); days() != 1; {
		select {
		case <-tick:
		case <-deadline:
			t.Fatalf("%d days are on disk after a minute, want 1", days())
		}
	}
	old := edge.Event{Time: now.Add(-240 * time.Hour).UnixNano()}
	if err := s.Check(&old); err == nil || !strings.Contains(err.Error(), "retention") {
		t.Errorf("Check of an event that is too old answers %v", err)
	}
	rows := 0
	q := store.RowsQuestion{LogsQL: "*", From: now.Add(-480 * time.Hour), To: now.Add(time.Hour)}
	if err := s.Rows(t.Context(), q, func(store.Row) error { rows++; return nil }); err != nil || rows != 1 {
		t.Errorf("%d rows are left (%v), want 1", rows, err)
	}
}
