package e2e_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestADirectoryOfTheFormatBeforeIsRead opens a data directory that a collector with log format 1 left when it was killed: three
// of its six spans are in the log alone. The directory is marked as one that the older version can't read any more.
func TestADirectoryOfTheFormatBeforeIsRead(t *testing.T) {
	data := t.TempDir()
	unpack(t, filepath.Join("testdata", "format1.tar.gz"), data)
	c, log := startCollector(t, data, "--retention-events", "36500d")
	if !strings.Contains(log.String(), "replayed the log") {
		t.Errorf("the log of the earlier process was not replayed:\n%s", log.String())
	}
	question := url.Values{"query": {"service.name:=old | count() n"}, "start": {"2026-01-01T00:00:00Z"}}
	var got struct{ N string }
	eventually(t, func() string { return fmt.Sprintf("got %q spans of the older version, want 6", got.N) }, func() bool {
		got = ask[struct{ N string }](t, c.URL("query")+"/select/logsql/query?"+question.Encode())
		return got.N == "6"
	})
	format, err := os.ReadFile(filepath.Join(data, "FORMAT"))
	if err != nil || !strings.Contains(string(format), `"wal":2`) || !strings.Contains(string(format), `"row":2`) {
		t.Errorf("FORMAT is %q, %v; want log and rows in format 2", format, err)
	}
}

// unpack writes what a gzipped tar holds below a directory.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = unpackFile(filepath.Join(dir, filepath.Clean("/"+h.Name)), h, files)
		}
		if err != nil {
			t.Fatalf("unpack %s: %v", archive, err)
		}
	}
}

func unpackFile(path string, h *tar.Header, content io.Reader) error {
	if h.Typeflag == tar.TypeDir {
		return os.MkdirAll(path, 0o750)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}
