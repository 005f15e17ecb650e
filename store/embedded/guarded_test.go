package embedded_test

import (
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatADirectoryIsSurvivesDamage damages the files that say it, one or the other copy: the collector stays who it
// is.
func TestWhatADirectoryIsSurvivesDamage(t *testing.T) {
	whole := t.TempDir()
	s := mustOpen(t, options(whole))
	uuid, epoch := s.Identity()
	mustClose(t, s)
	damages := map[string]func(path string) error{
		"missing": os.Remove,
		"empty":   func(path string) error { return os.Truncate(path, 0) },
		"a folder": func(path string) error {
			if err := os.Remove(path); err != nil {
				return err
			}
			return os.Mkdir(path, 0o750)
		},
		"another letter": func(path string) error {
			b, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			b[2] ^= 1 // of a name, which is then another one
			return os.WriteFile(path, b, 0o600)
		},
	}
	for _, name := range []string{"FORMAT", "FORMAT.copy", "identity.json", "identity.json.copy"} {
		for how, damage := range damages {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if err := damage(filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			o := options(dir)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			s := mustOpen(t, o)
			if id, next := s.Identity(); id != uuid || next != epoch+1 {
				t.Errorf("%s %s: it goes on as %s in epoch %d, want %s in %d", name, how, id, next, uuid, epoch+1)
			}
			if used := !strings.HasSuffix(name, ".copy"); used && !strings.Contains(log.String(), "its copy is used") {
				t.Errorf("%s %s: the log does not tell: %s", name, how, log.String())
			}
			mustClose(t, s)
			log.Reset()
			mustClose(t, mustOpen(t, o))
			if strings.Contains(log.String(), "copy") {
				t.Errorf("%s %s: it was not mended: %s", name, how, log.String())
			}
		}
	}
}

// TestALostIdentityIsAskedOfTheLog loses both copies: with a new identity the log would be refused as that of another
// collector.
func TestALostIdentityIsAskedOfTheLog(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, options(dir)))
	for _, name := range []string{"identity.json", "identity.json.copy"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	const known = "0af76519-16cd-43dd-8448-eb211c80319c"
	var log strings.Builder
	o := options(dir)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	o.Identity = func() (string, uint64, bool) { return known, 41, true }
	s := mustOpen(t, o)
	if uuid, epoch := s.Identity(); uuid != known || epoch != 42 {
		t.Errorf("it goes on as %s in epoch %d, want %s in 42", uuid, epoch, known)
	}
	if !strings.Contains(log.String(), "identity was lost") {
		t.Errorf("the log does not tell: %s", log.String())
	}
}

// TestAPanicIsKeptForTheNextStart ends a process as an engine does, and opens its directory.
func TestAPanicIsKeptForTheNextStart(t *testing.T) {
	if dir := os.Getenv("EDGESCOPE_TEST_PANIC"); dir != "" {
		mustOpen(t, options(dir))
		go panic("FATAL: /some/part: cannot read")
		select {}
	}
	dir := t.TempDir()
	c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAPanicIsKeptForTheNextStart$")
	c.Env = append(os.Environ(), "EDGESCOPE_TEST_PANIC="+dir)
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "/some/part") {
		t.Fatalf("the process ended with %v: %s", err, out)
	}
	var log strings.Builder
	o := options(dir)
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	s := mustOpen(t, o)
	if !strings.Contains(log.String(), "ended with a panic") || !strings.Contains(log.String(), "/some/part") {
		t.Errorf("the log does not tell of the panic: %s", log.String())
	}
	if b, err := os.ReadFile(filepath.Join(dir, "crash.before.txt")); err != nil ||
		!strings.Contains(string(b), "goroutine") {
		t.Errorf("crash.before.txt is %q, %v", b, err)
	}
	mustClose(t, s)
	log.Reset()
	mustClose(t, mustOpen(t, o))
	if log.Len() > 0 {
		t.Errorf("after an ordered end: %s", log.String())
	}
}

// TestFiguresTellOfTheQuarantine: who watches sees it without reading the log.
func TestFiguresTellOfTheQuarantine(t *testing.T) {
	dir := t.TempDir()
	mustClose(t, mustOpen(t, options(dir)))
	if err := os.RemoveAll(filepath.Join(dir, "logs")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "logs"), []byte("no folder"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := mustOpen(t, options(dir))
	var text strings.Builder
	s.WriteMetrics(&text)
	if !strings.Contains(text.String(), "edgescope_store_quarantined_items 1\n") {
		t.Error("the figures do not count what is in the quarantine")
	}
	items, err := s.Quarantine()
	if err != nil || len(items) != 1 || items[0].Path != "logs" {
		t.Errorf("the quarantine holds %+v, %v", items, err)
	}
}
