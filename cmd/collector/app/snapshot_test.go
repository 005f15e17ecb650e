package app_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/cmd/collector/app"
	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
)

// makeSnapshot asks for a snapshot and returns its directory.
func makeSnapshot(t *testing.T, c *collectortest.Collector) string {
	t.Helper()
	status, answer := runtest.Post(t, c.URL("query")+"/admin/snapshot", "", "", nil)
	var made struct{ Path string }
	if err := json.Unmarshal([]byte(answer), &made); status != http.StatusOK || err != nil {
		t.Fatalf("POST /admin/snapshot: %d %s %v", status, answer, err)
	}
	return made.Path
}

// restoreFails returns why the verb restore does not take a snapshot.
func restoreFails(t *testing.T, path, data string) string {
	t.Helper()
	err := app.Main(t.Context(), collectortest.Process(&runtest.Log{}, "restore", path, "--data-dir", data))
	if err == nil {
		t.Fatalf("%s is restored", path)
	}
	return err.Error()
}

// TestASnapshotThatIsNotWholeIsRefused loses a file of a copied snapshot, and then what says that it is one.
func TestASnapshotThatIsNotWholeIsRefused(t *testing.T) {
	dir := t.TempDir()
	c := collectortest.Start(t, filepath.Join(dir, "data"))
	path := makeSnapshot(t, c)
	if err := os.Remove(filepath.Join(path, "identity.json")); err != nil {
		t.Fatal(err)
	}
	if told := restoreFails(t, path, filepath.Join(dir, "a")); !strings.Contains(told, "copy it again") {
		t.Errorf("with a file missing: got %q", told)
	}
	if told := restoreFails(t, filepath.Join(path, "wal"), filepath.Join(dir, "b")); !strings.Contains(told,
		"it is no snapshot") {
		t.Errorf("a directory of another kind: got %q", told)
	}
}

// TestSnapshotsAreBounded: each holds the disk's room of what was merged since, so one that nobody deletes must not be
// followed by many.
func TestSnapshotsAreBounded(t *testing.T) {
	c := collectortest.Start(t, t.TempDir(), "--max-snapshots", "2")
	oldest := filepath.Base(makeSnapshot(t, c))
	makeSnapshot(t, c)
	status, answer := runtest.Post(t, c.URL("query")+"/admin/snapshot", "", "", nil)
	if status != http.StatusConflict || !strings.Contains(answer, "DELETE /admin/snapshot/"+oldest) {
		t.Errorf("a third snapshot: got %d %s, want 409 and which one to delete", status, answer)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		if got := asked(t, http.MethodDelete, c.URL("query")+"/admin/snapshot/"+oldest, ""); got != want {
			t.Errorf("DELETE of snapshot %s: got %d, want %d", oldest, got, want)
		}
	}
	makeSnapshot(t, c)
}
