package embedded_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store"
	"edgescope/store/embedded/datadir"
)

// TestSnapshotIsTheStoreAtThatMoment holds that what is written afterwards is not in it, and that the store it came
// from and the one that is made of it do not touch each other.
func TestSnapshotIsTheStoreAtThatMoment(t *testing.T) {
	o := options(t.TempDir())
	s := mustOpen(t, o)
	now := time.Now()
	write := func(name string) {
		t.Helper()
		e := []edge.Event{
			{Time: now.UnixNano(), Name: name},
			{Kind: edge.KindDataPoint, Time: now.UnixNano(), Dataset: name},
		}
		sample := edge.Sample{
			Series: &edge.Series{Labels: []edge.Attr{{Key: "__name__", Value: name}}},
			Time:   now.UnixMilli(), Value: 1,
		}
		if err := errors.Join(s.WriteEvents(t.Context(), 0, e),
			s.WriteSamples(t.Context(), 0, []edge.Sample{sample})); err != nil {
			t.Fatal(err)
		}
	}
	write("before")
	snap, err := s.Snapshot(t.Context(), func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "00.wal"),
			[]byte("log"), 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	write("after")
	names, err := datadir.Snapshots(o.Dir)
	if err != nil || len(names) != 1 || names[0] != snap.Name {
		t.Errorf("snapshots are %v, %v; want %s", names, err, snap.Name)
	}
	uuid, epoch := s.Identity()
	mustClose(t, s)

	restored := options(filepath.Join(t.TempDir(), "new"))
	if _, err := datadir.Restore(snap.Path, restored.Dir); err != nil {
		t.Fatal(err)
	}
	if log, err := os.ReadFile(filepath.Join(restored.Dir, "wal", "00.wal")); err != nil || string(log) != "log" {
		t.Errorf("the log is %q, %v", log, err)
	}
	s = mustOpen(t, restored)
	if id, n := s.Identity(); id != uuid || n != epoch+1 {
		t.Errorf("identity is %s %d, want %s %d", id, n, uuid, epoch+1)
	}
	for _, kind := range []edge.Kind{edge.KindSpan, edge.KindDataPoint} {
		var found []string
		q := store.RowsQuestion{Kind: kind, LogsQL: "*", From: now.Add(-time.Hour), To: now.Add(time.Hour)}
		err := s.Rows(t.Context(), q, func(r store.Row) error {
			found = append(found, strings.Clone(r.Get(store.FieldName)+r.Get(store.FieldDataset)))
			return nil
		})
		if err != nil || len(found) != 1 || found[0] != "before" {
			t.Errorf("%ss are %q, %v; want the one from before", kind, found, err)
		}
	}
	series, err := s.Series(t.Context(), store.SeriesQuestion{
		MetricsQL: `{__name__=~"before|after"}`,
		To:        now.Add(time.Second),
	})
	if err != nil || len(series) != 1 || series[0].Label("__name__") != "before" {
		t.Errorf("series are %v, %v; want the one from before", series, err)
	}
	mustClose(t, s)
	if _, err := datadir.Restore(snap.Path, filepath.Join(t.TempDir(), "again")); err != nil {
		t.Errorf("the snapshot has changed: %v", err)
	}
}

func TestASnapshotThatFailsLeavesNothing(t *testing.T) {
	o := options(t.TempDir())
	s := mustOpen(t, o)
	broken := errors.New("broken")
	if _, err := s.Snapshot(t.Context(), func(string) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("got %v, want that of the log", err)
	}
	if left, err := os.ReadDir(filepath.Join(o.Dir, "snapshots")); err != nil || len(left) != 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	for _, name := range []string{"none", "..", "../metrics", ""} {
		if err := datadir.DeleteSnapshot(o.Dir, name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("delete %q: got %v, want that there is none", name, err)
		}
	}
	mustClose(t, s)
	half := filepath.Join(o.Dir, "snapshots", "half.unfinished")
	if err := os.MkdirAll(half, 0o750); err != nil {
		t.Fatal(err)
	}
	mustClose(t, mustOpen(t, o))
	if _, err := os.Stat(half); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a snapshot that was being made when its process ended is still there: %v", err)
	}
}

func TestRestoreRefusesWhatItCannotTrust(t *testing.T) {
	s := mustOpen(t, options(t.TempDir()))
	snap, err := s.Snapshot(t.Context(), func(string) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	f := func(name, want string, is error, prepare func(dir string) error) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "new")
		if err := prepare(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := datadir.Restore(snap.Path, dir); err == nil || !strings.Contains(err.Error(), want) || is != nil &&
			!errors.Is(err, is) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
	}
	format := filepath.Join(snap.Path, "FORMAT")
	f("a directory in use", "give an empty directory", store.ErrInUse,
		func(dir string) error { return os.MkdirAll(filepath.Join(dir, "spans"), 0o750) })
	f("a newer format", "use the newer version", store.ErrNewerFormat, func(string) error {
		text, err := os.ReadFile(format)
		return errors.Join(err, os.WriteFile(format, []byte(strings.Replace(string(text), `"row":2`, `"row":9`, 1)),
			0o600))
	})
	f("a file that is missing", "copy it again", nil, func(string) error { return os.Remove(format) })
	f("no snapshot", "it is no snapshot", nil, func(string) error {
		return os.Remove(filepath.Join(snap.Path,
			"SNAPSHOT"))
	})
}
