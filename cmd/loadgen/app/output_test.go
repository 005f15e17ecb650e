package app

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/internal/run"
	"edgescope/report"
)

// TestHalfAReportReplacesNothing: what could not be written whole, as on a full disk, leaves the file of before and no
// rest of its own.
func TestHalfAReportReplacesNothing(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	if err := os.WriteFile(path, []byte("good"), 0o600); err != nil {
		t.Fatal(err)
	}
	full := errors.New("no space left on device")
	f := func(name string, fill func(*output) error) {
		t.Helper()
		out, err := openOutput(run.Process{}, path, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := fill(out); err == nil || !strings.Contains(err.Error(), "write "+path) {
			t.Errorf("%s: %v, want an error that names the file", name, err)
		}
		if text, err := os.ReadFile(path); err != nil || string(text) != "good" {
			t.Errorf("%s: the file of before is %q, %v", name, text, err)
		}
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: %d files are left, want the one of before", name, len(entries))
		}
	}
	f("the writer gives up", func(o *output) error {
		return o.fill(func(w io.Writer) error {
			_, _ = w.Write([]byte("half"))
			return full
		})
	})
	f("a write failed that nobody looked at", func(o *output) error {
		o.to = &failing{after: 1, err: full}
		_, _ = o.Write([]byte("half"))
		_, _ = o.Write([]byte("lost"))
		_, _ = o.Write([]byte("more"))
		return o.commit()
	})
	out, err := openOutput(run.Process{}, path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.fill(func(w io.Writer) error { _, err := w.Write([]byte("new")); return err }); err != nil {
		t.Error(err)
	}
	text, _ := os.ReadFile(path)
	if stat, err := os.Stat(path); err != nil || string(text) != "new" || stat.Mode().Perm() != 0o600 {
		t.Errorf("the file is %q with mode %v, want new with the mode of before", text, stat.Mode())
	}
}

func TestAFileThatCannotBeWrittenIsNamedOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "r.json")
	if _, err := openOutput(run.Process{}, path, ""); err == nil ||
		err.Error() != "write "+path+": no such file or directory" {
		t.Errorf("%v, want the name that was asked for and the reason", err)
	}
}

// failing takes so many writes, and then none but the last.
type failing struct {
	bytes.Buffer
	after int
	err   error
}

func (f *failing) Write(p []byte) (int, error) {
	f.after--
	if f.after == -1 {
		return 0, f.err
	}
	return f.Buffer.Write(p)
}

func TestALinkToAReportStaysALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file.json"), filepath.Join(dir, "link.json")
	if err := errors.Join(os.WriteFile(file, nil, 0o600), os.Symlink(file, link)); err != nil {
		t.Fatal(err)
	}
	out, err := openOutput(run.Process{}, link, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := out.fill(func(w io.Writer) error { _, err := w.Write([]byte("new")); return err }); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != file {
		t.Errorf("the link is %q, %v", to, err)
	}
	if text, _ := os.ReadFile(file); string(text) != "new" {
		t.Errorf("the file is %q", text)
	}
}

// TestASignalIsHeardWhileTheScriptIsRead: somebody who types a script gives up.
func TestASignalIsHeardWhileTheScriptIsRead(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	typed, keyboard := io.Pipe()
	defer keyboard.Close()
	done := make(chan error, 1)
	go func() {
		done <- Main(ctx, run.Process{
			Args: []string{"check", "-"}, LookupEnv: func(string) (string, bool) { return "", false },
			Stdin: typed, Stdout: io.Discard, Stderr: io.Discard,
		})
	}()
	go func() {
		_, _ = keyboard.Write([]byte("config:\n")) // returns when it was read
		cancel()
	}()
	var code *run.CodeError
	if err := <-done; !errors.As(err, &code) || code.Code != report.ExitInterrupted {
		t.Errorf("%v, want exit code 130", err)
	}
}
