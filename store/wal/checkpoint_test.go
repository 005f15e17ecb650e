package wal

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// latest returns the state that Restore gives first.
func latest(t *testing.T, l *Log) (position uint64, state string, found bool) {
	t.Helper()
	found, err := l.Restore(func(p uint64, s []byte) error {
		position, state = p, string(s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return position, state, found
}

func TestCheckpointComesBack(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	if _, _, found := latest(t, l); found {
		t.Error("a new log has a checkpoint")
	}
	for position, state := range []string{"zero", "", "two"} {
		if err := l.Checkpoint(uint64(position), []byte(state)); err != nil {
			t.Fatal(err)
		}
		if p, s, found := latest(t, l); !found || p != uint64(position) || s != state {
			t.Errorf("got %d %q %v, want %d %q", p, s, found, position, state)
		}
	}
	refused := 0
	found, err := l.Restore(func(p uint64, s []byte) error {
		if p == 2 {
			refused++
			return errors.New("makes no sense")
		}
		if p != 1 || string(s) != "" {
			t.Errorf("after the newest was refused: got %d %q, want the one before", p, s)
		}
		return nil
	})
	if !found || err != nil || refused != 1 {
		t.Errorf("got %v %v, %d refused", found, err, refused)
	}
}

func TestDamagedCheckpointGivesWayToTheOneBefore(t *testing.T) {
	dir := t.TempDir()
	l := open(t, dir)
	for _, state := range []string{"before", "newest"} {
		if err := l.Checkpoint(uint64(len(state)), []byte(state)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, checkpointFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	check := func(what string, data []byte) {
		t.Helper()
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, state, found := latest(t, l); !found || state != "before" {
			t.Errorf("%s: got %q %v, want \"before\"", what, state, found)
		}
	}
	for i := range good {
		damaged := slices.Clone(good)
		damaged[i] ^= 0x20
		check(fmt.Sprintf("byte %d flipped", i), damaged)
		check(fmt.Sprintf("cut at %d", i), good[:i])
	}
	closed(t, l)
	l = open(t, dir)
	if err := l.Checkpoint(20, []byte("after")); err != nil {
		t.Fatal(err)
	}
	check("the damaged one must not become the one before", nil)
}

// TestSegmentsGoWhenTheEnginesHaveThem follows the clock.
func TestSegmentsGoWhenTheEnginesHaveThem(t *testing.T) {
	now := time.Unix(1_795_219_200, 0)
	dir := t.TempDir()
	l := open(t, dir, func(o *Options) { o.Now = func() time.Time { return now } })
	last := uint64(0)
	fill := func() { // a segment's worth
		for range 3 {
			b := named(strings.Repeat("x", 60_000))
			if err := l.Append(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			last = b.Record.Seq
		}
	}
	want := func(when string, segments int) {
		t.Helper()
		if got := len(segmentFiles(t, dir)); got != segments {
			t.Errorf("%s: %d segments, want %d", when, got, segments)
		}
	}
	checkpoint := func() {
		t.Helper()
		if err := l.Checkpoint(last, nil); err != nil {
			t.Fatal(err)
		}
	}
	fill()
	checkpoint()
	want("at once", 3)
	now = now.Add(59 * time.Second)
	fill()
	checkpoint()
	want("59 s after the first checkpoint", 6)
	now = now.Add(time.Second)
	checkpoint()
	want("60 s after it", 3)
	now = now.Add(time.Minute)
	checkpoint()
	want("60 s after the second", 1) // which is being written to
	closed(t, l)
	if err := l.Settled(); err != nil {
		t.Fatal(err)
	}
	want("when the engines are closed", 0)

	l = open(t, dir, func(o *Options) { o.Epoch = 2 })
	b := named("a")
	if err := l.Append(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if b.Record.Seq != last+1 {
		t.Errorf("the next process begins with record %d, want %d: a number is never used twice", b.Record.Seq, last+1)
	}
}
