package wal

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"edgescope/edge"
)

// faulty is a file whose calls fail or wait as a test wants.
type faulty struct {
	file
	sync  func() error
	write func() error
}

func (f *faulty) Sync() error {
	if f.sync != nil {
		if err := f.sync(); err != nil {
			return err
		}
	}
	return f.file.Sync()
}

func (f *faulty) WriteAt(b []byte, at int64) (int, error) {
	if f.write != nil && at > 0 {
		if err := f.write(); err != nil {
			return 0, err
		}
	}
	return f.file.WriteAt(b, at)
}

func withFile(f *faulty) func(*Options) {
	return func(o *Options) {
		o.create = func(path string, size int64) (file, error) {
			inner, err := createFile(path, size)
			f.file = inner
			return f, err
		}
	}
}

func TestFailedDiskEndsTheLog(t *testing.T) {
	broken := errors.New("input/output error")
	f := func(name string, disk *faulty, change ...func(*Options)) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := open(t, t.TempDir(), append(change, withFile(disk))...)
				first := l.Append(t.Context(), named("a"))
				<-l.Failed()
				if !errors.Is(l.Err(), broken) {
					t.Errorf("Err: got %v, want %v", l.Err(), broken)
				}
				if l.o.Durability == Commit && !errors.Is(first, broken) {
					t.Errorf("the batch that waited: got %v, want %v", first, broken)
				}
				disk.sync, disk.write = nil, nil
				if err := l.Append(t.Context(), named("b")); !errors.Is(err, broken) {
					t.Errorf("the next batch: got %v, want %v: a failed sync is not tried again", err, broken)
				}
				_ = l.Close()
			})
		})
	}
	fails := func() error { return broken }
	f("sync", &faulty{sync: fails})
	f("write", &faulty{write: fails})
	f("sync every second", &faulty{sync: fails}, func(o *Options) { o.Durability = Interval })
}

func TestDiskWithoutRoomIsToldAndTriedAgain(t *testing.T) {
	full := true
	l := open(t, t.TempDir(), func(o *Options) {
		o.create = func(path string, size int64) (file, error) {
			if full {
				return nil, errors.New("no space left on device")
			}
			return createFile(path, size)
		}
	})
	var later *edge.UnavailableError
	if err := l.Append(t.Context(), named("a")); !errors.As(err, &later) || later.Busy ||
		later.RetryAfter < time.Second {
		t.Errorf("got %v, want to be told to come again", err)
	}
	full = false
	add(t, l, "b")
	closed(t, l)
	if l.Err() != nil {
		t.Errorf("the log failed: %v", l.Err())
	}
}

// TestGroupsShareOneSync holds a sync until others wait, and counts.
func TestGroupsShareOneSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs atomic.Int64
		release := make(chan struct{})
		disk := &faulty{sync: func() error { syncs.Add(1); <-release; return nil }}
		dir := t.TempDir()
		l := open(t, dir, withFile(disk))
		var done sync.WaitGroup
		done.Go(func() { add(t, l, "first") })
		synctest.Wait() // it is in its sync
		for range 10 {
			done.Go(func() { add(t, l, "more") })
		}
		synctest.Wait()
		close(release)
		done.Wait()
		if syncs.Load() != 2 {
			t.Errorf("%d syncs for 11 batches, want 2: one for the first and one for those that came meanwhile",
				syncs.Load())
		}
		closed(t, l)
		if got := strings.Count(replayed(t, open(t, dir)), "more"); got != 10 {
			t.Errorf("%d of 10 batches came back", got)
		}
	})
}

func TestIntervalAnswersBeforeTheSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var syncs atomic.Int64
		l := open(t, t.TempDir(), withFile(&faulty{sync: func() error { syncs.Add(1); return nil }}),
			func(o *Options) { o.Durability = Interval })
		add(t, l, "a", "b")
		if syncs.Load() != 0 {
			t.Errorf("%d syncs before the second was over", syncs.Load())
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if syncs.Load() != 1 {
			t.Errorf("%d syncs after a second, want 1", syncs.Load())
		}
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if syncs.Load() != 1 {
			t.Errorf("%d syncs with nothing new, want 1", syncs.Load())
		}
		closed(t, l)
	})
}

func TestBoundsAreBusy(t *testing.T) {
	f := func(name string, l *Log) {
		t.Helper()
		var later *edge.UnavailableError
		for range 10_000 {
			err := l.Append(context.Background(), named(strings.Repeat("x", 1000)))
			if errors.As(err, &later) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		if later == nil || !later.Busy {
			t.Errorf("%s: got %v, want busy", name, later)
		}
	}
	f("the log is full", open(t, t.TempDir(), func(o *Options) { o.MaxSize = 2 << 16 }))

	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		l := open(t, t.TempDir(), func(o *Options) { o.MaxWaiting = 4000 },
			withFile(&faulty{sync: func() error { <-release; return nil }}))
		var waiting sync.WaitGroup
		var refused atomic.Int64
		for range 10 {
			waiting.Go(func() {
				var later *edge.UnavailableError
				if err := l.Append(t.Context(), named(strings.Repeat("x", 1000))); errors.As(err, &later) &&
					later.Busy {
					refused.Add(1)
				}
			})
			synctest.Wait()
		}
		close(release)
		waiting.Wait()
		if n := refused.Load(); n < 6 || n > 9 {
			t.Errorf("%d of 10 batches of 1 kB were refused with 4 kB of room", n)
		}
		closed(t, l)
	})
}
