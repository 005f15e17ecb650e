package wal

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// threeSegments returns the directory of a log as a kill leaves it: three segments of some records each, and a
// checkpoint of the tenth record before the last.
func threeSegments(t *testing.T) (dir string, firsts []uint64, last uint64) {
	t.Helper()
	from := t.TempDir()
	l := open(t, from)
	for len(firsts) < 3 || last < firsts[2]+20 {
		add(t, l, "a")
		last++
		if first := l.current.header.first; len(firsts) == 0 || first != firsts[len(firsts)-1] {
			firsts = append(firsts, first)
		}
	}
	if err := l.Checkpoint(last-10, []byte("state")); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return dir, firsts, last
}

// TestLostSegmentsAreToldAndCounted takes segments of a killed log away, or parts of them: the log opens, tells, and
// counts what it lacks, as far as the numbers of records and the checkpoint tell. It does so once.
func TestLostSegmentsAreToldAndCounted(t *testing.T) {
	dir, firsts, last := threeSegments(t)
	f := func(name string, damage func(dir string) error, wantLost, wantLeft uint64, says string) {
		t.Helper()
		copied := t.TempDir()
		if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		if err := damage(copied); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		l := open(t, copied, func(o *Options) { o.Epoch, o.Logger = 2, slog.New(slog.NewTextHandler(&log, nil)) })
		left := uint64(strings.Count(replayed(t, l), "a"))
		if l.lost != wantLost || left != wantLeft || says != "" && !strings.Contains(log.String(), says) ||
			says == "" && log.Len() > 0 {
			t.Errorf("%s: %d lost and %d left, want %d and %d, and to be told %q:\n%s", name, l.lost, left, wantLost,
				wantLeft, says, log.String())
		}
		add(t, l, "after") // it takes records, also where a lost segment was
		closed(t, l)
		log.Reset()
		again := open(t, copied, func(o *Options) { o.Epoch, o.Logger = 3, slog.New(slog.NewTextHandler(&log, nil)) })
		if again.lost != 0 || log.Len() > 0 || !strings.HasSuffix(replayed(t, again), "after") {
			t.Errorf("%s: at the second opening %d are lost: %s", name, again.lost, log.String())
		}
		closed(t, again)
	}
	path := func(dir string, i int) string { return segmentPath(dir, firsts[i]) }
	inSecond, inThird := firsts[2]-firsts[1], last-firsts[2]+1
	f("nothing", func(string) error { return nil }, 0, last, "")
	f("the second is missing", func(dir string) error { return os.Remove(path(dir, 1)) }, inSecond, last-inSecond,
		"a segment of the log is missing")
	f("the newest is missing", func(dir string) error { return os.Remove(path(dir, 2)) }, inThird-10, last-inThird,
		"or_more=true")
	f("the second is empty", func(dir string) error { return os.Truncate(path(dir, 1), 0) }, inSecond, last-inSecond,
		"damaged")
	f("the newest is empty", func(dir string) error { return os.Truncate(path(dir, 2), 0) }, inThird-10, last-inThird,
		"damaged")
	f("the second is a folder", func(dir string) error {
		if err := os.Remove(path(dir, 1)); err != nil {
			return err
		}
		return os.Mkdir(path(dir, 1), 0o750)
	}, inSecond, last-inSecond, "a folder is in the place")
	f("the newest is a folder", func(dir string) error {
		if err := os.Remove(path(dir, 2)); err != nil {
			return err
		}
		return os.Mkdir(path(dir, 2), 0o750)
	}, inThird-10, last-inThird, "a folder is in the place")
	f("all are missing", func(dir string) error {
		for i := range firsts {
			if err := os.Remove(path(dir, i)); err != nil {
				return err
			}
		}
		return nil
	}, last-10, 0, "missing")
	f("the list is damaged", func(dir string) error { return os.Truncate(filepath.Join(dir, listFile), 5) }, 0, last,
		"list of the log's segments is damaged")
	f("the list is missing", func(dir string) error { return os.Remove(filepath.Join(dir, listFile)) }, 0, last, "")
	f("the list is a folder", func(dir string) error {
		list := filepath.Join(dir, listFile)
		if err := os.Remove(list); err != nil {
			return err
		}
		return os.Mkdir(list, 0o750)
	}, 0, last, "a folder is in the place")
	f("the checkpoint is a folder", func(dir string) error {
		file := filepath.Join(dir, checkpointFile)
		if err := os.Remove(file); err != nil {
			return err
		}
		return os.Mkdir(file, 0o750)
	}, 0, last, "a folder is in the place")
}

// TestAShorterSegmentWasNotTornByAKill: the room of a segment is reserved, so a record that was not completed is
// followed by zeros.
func TestAShorterSegmentWasNotTornByAKill(t *testing.T) {
	dir, firsts, last := threeSegments(t)
	newest := segmentPath(dir, firsts[2])
	b, err := os.ReadFile(newest)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(newest, int64(len(bytes.TrimRight(b, "\x00"))-300)); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	l := open(t, dir, func(o *Options) { o.Epoch, o.Logger = 2, slog.New(slog.NewTextHandler(&log, nil)) })
	if l.damaged != 1 || strings.Contains(log.String(), "never acknowledged") ||
		!strings.Contains(log.String(), "or_more=true") {
		t.Errorf("%d segments are damaged, want 1:\n%s", l.damaged, log.String())
	}
	if left := uint64(strings.Count(replayed(t, l), "a")); left >= last || left < last-10 {
		t.Errorf("%d records are left of %d", left, last)
	}
}

// TestDroppedSegmentsAreNotMissed: a list never names what was dropped in order.
func TestDroppedSegmentsAreNotMissed(t *testing.T) {
	dir, _, last := threeSegments(t)
	l := open(t, dir, func(o *Options) { o.Epoch = 2 })
	if err := l.Checkpoint(last, nil); err != nil {
		t.Fatal(err)
	}
	closed(t, l)
	if err := l.Settled(); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, func(o *Options) { o.Epoch = 3 })
	if again.lost != 0 || again.damaged != 0 || replayed(t, again) != "" {
		t.Errorf("%d lost, %d damaged", again.lost, again.damaged)
	}
}

func TestRefusedDamageIsAlsoWhatIsMissing(t *testing.T) {
	dir, firsts, _ := threeSegments(t)
	if err := os.Remove(segmentPath(dir, firsts[1])); err != nil {
		t.Fatal(err)
	}
	if _, err := tryOpen(dir, func(o *Options) { o.RefuseDamage = true }); err == nil ||
		!strings.Contains(err.Error(), "is missing") {
		t.Errorf("got %v, want to be told which segment is missing", err)
	}
}

// TestALogThatIsGoneIsTold: nobody knows how much it held.
func TestALogThatIsGoneIsTold(t *testing.T) {
	f := func(name string, epoch uint64, prepare func(dir string) error, wantTold bool) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "wal")
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		var log strings.Builder
		l := open(t, dir, func(o *Options) { o.Epoch, o.Logger = epoch, slog.New(slog.NewTextHandler(&log, nil)) })
		if told := strings.Contains(log.String(), "lacks records"); told != wantTold || (l.damaged > 0) != wantTold {
			t.Errorf("%s: told is %v, want %v: %s", name, told, wantTold, log.String())
		}
		add(t, l, "after")
		closed(t, l)
	}
	missing := func(string) error { return nil }
	f("the first start", 1, missing, false)
	f("missing", 2, missing, true)
	f("empty", 2, func(dir string) error { return os.Mkdir(dir, 0o750) }, true)
	f("a file", 2, func(dir string) error { return os.WriteFile(dir, []byte("x"), 0o600) }, true)
	f("of a process that was killed at once", 2, func(dir string) error {
		l, err := tryOpen(dir)
		if err != nil {
			return err
		}
		return l.Close()
	}, false)
}

func TestALogTellsWhoseItIs(t *testing.T) {
	dir, _, _ := threeSegments(t)
	if uuid, epoch, ok := Identity(dir); uuid != testUUID || epoch != 1 || !ok {
		t.Errorf("got %q, %d, %v", uuid, epoch, ok)
	}
	if _, _, ok := Identity(t.TempDir()); ok {
		t.Error("an empty directory has an identity")
	}
}
