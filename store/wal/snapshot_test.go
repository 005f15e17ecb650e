package wal

import (
	"errors"
	"testing"
)

func TestASnapshotHoldsWhatWasTakenBefore(t *testing.T) {
	l := open(t, t.TempDir())
	add(t, l, "a", "b")
	if err := l.Checkpoint(1, []byte("state")); err != nil {
		t.Fatal(err)
	}
	add(t, l, "c")
	dir := t.TempDir()
	if err := l.Snapshot(dir); err != nil {
		t.Fatal(err)
	}
	add(t, l, "d") // to another segment: that of the snapshot has ended
	closed(t, l)

	copied := open(t, dir, func(o *Options) { o.Epoch = 2 })
	if got := replayed(t, copied); got != "a b c" {
		t.Errorf("the snapshot has %q, want \"a b c\"", got)
	}
	restored, err := copied.Restore(func(position uint64, state []byte) error {
		if position != 1 || string(state) != "state" {
			t.Errorf("its checkpoint is %q at %d", state, position)
		}
		return nil
	})
	if err != nil || !restored {
		t.Errorf("its checkpoint can't be read: %v", err)
	}
	add(t, copied, "e")
	closed(t, copied)
	if got := replayed(t, open(t, l.o.Dir, func(o *Options) { o.Epoch = 2 })); got != "a b c d" {
		t.Errorf("the log itself has %q after the copy was written to, want \"a b c d\"", got)
	}
	if err := l.Snapshot(t.TempDir()); !errors.Is(err, ErrClosed) {
		t.Errorf("of a closed log: got %v", err)
	}
}

func TestASnapshotOfAnEmptyLogIsEmpty(t *testing.T) {
	l := open(t, t.TempDir())
	dir := t.TempDir()
	if err := l.Snapshot(dir); err != nil {
		t.Fatal(err)
	}
	if files := segmentFiles(t, dir); len(files) != 0 {
		t.Errorf("it has %v", files)
	}
}
