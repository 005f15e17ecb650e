package tree_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"edgescope/internal/tree"
)

// TestOnlyFilesAreRead: a pipe that nobody writes to would hold up a start for ever.
func TestOnlyFilesAreRead(t *testing.T) {
	dir := t.TempDir()
	file, pipe := filepath.Join(dir, "file"), filepath.Join(dir, "pipe")
	if err := os.WriteFile(file, []byte("12345"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Skip("no pipes here: ", err)
	}
	if got, err := tree.ReadFile(file, 5); err != nil || string(got) != "12345" {
		t.Errorf("%q, %v", got, err)
	}
	f := func(path string, most int, want string) {
		t.Helper()
		if _, err := tree.ReadFile(path, most); err == nil || !strings.Contains(err.Error(), path+want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
	f(file, 4, " has more than 4 bytes")
	f(pipe, 4, " is no file (a pipe)")
	f(dir, 4, " is no file (a directory)")
	f(os.DevNull, 4, " is no file (a device)")
	f(filepath.Join(dir, "none"), 4, ": no such file")
}
