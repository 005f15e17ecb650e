package app_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestADirectoryOfTheFormatBeforeIsRead opens a data directory that a collector with log format 1 left when it was
// killed: three of its six spans are in the log alone. The directory is marked as one that the older version can't read
// any more.
func TestADirectoryOfTheFormatBeforeIsRead(t *testing.T) {
	data := t.TempDir()
	unpack(t, filepath.Join("testdata", "format1.tar.gz"), data)
	c := collectortest.Start(t, data, "--retention-events", "36500d")
	if !strings.Contains(c.Log.String(), "replayed the log") {
		t.Errorf("the log of the earlier process was not replayed:\n%s", c.Log.String())
	}
	question := url.Values{"query": {"service.name:=old | count() n"}, "start": {"2026-01-01T00:00:00Z"}}
	var got struct{ N string }
	runtest.Eventually(t, func() string { return fmt.Sprintf("got %q spans of the older version, want 6", got.N) },
		func() bool {
			got = runtest.Ask[struct{ N string }](t, c.URL("query")+"/select/logsql/query?"+question.Encode())
			return got.N == "6"
		})
	format, err := os.ReadFile(filepath.Join(data, "FORMAT"))
	if err != nil || !strings.Contains(string(format), `"wal":4`) || !strings.Contains(string(format), `"row":2`) {
		t.Errorf("FORMAT is %q, %v; want the log in format 4 and rows in 2", format, err)
	}
}

// TestTotalsOfTheFormatBeforeGoOn opens a data directory that a collector with log format 2 left when it was killed: of
// the ten spans of service old, four of 11:56:31 and six that came two hours late, the last five are in no checkpoint
// and the totals of some are in no engine. What comes for the same windows now is added.
func TestTotalsOfTheFormatBeforeGoOn(t *testing.T) {
	data := t.TempDir()
	unpack(t, filepath.Join("testdata", "format2.tar.gz"), data)
	c := collectortest.Start(t, data, "--retention-events", "3650d", "--retention-samples", "3650d")
	usual := time.Unix(1796039791, 0)
	late := usual.Add(-2 * time.Hour)
	count := func(from, to time.Time) float64 {
		q := url.Values{
			"from": {from.UTC().Format(time.RFC3339)}, "to": {to.UTC().Format(time.RFC3339)},
			"service": {"old"},
		}
		return float64(runtest.Ask[query.Overview](t, c.URL("query")+query.APIPrefix+"overview?"+q.Encode()).Total.Requests)
	}
	want := func(usually, lately float64) {
		t.Helper()
		for _, f := range []struct {
			name     string
			from, to time.Time
			want     float64
		}{
			{"minute", usual.Truncate(time.Minute), usual.Truncate(time.Minute).Add(time.Minute), usually},
			{"late minute", late.Truncate(time.Minute), late.Truncate(time.Minute).Add(time.Minute), lately},
			{"hour", usual.Truncate(time.Hour), usual.Truncate(time.Hour).Add(time.Hour), usually},
			{"late hour", late.Truncate(time.Hour), late.Truncate(time.Hour).Add(time.Hour), lately},
			{
				"day", usual.Truncate(24 * time.Hour), usual.Truncate(24 * time.Hour).Add(24 * time.Hour),
				usually + lately,
			},
		} {
			runtest.Eventually(t, func() string {
				return fmt.Sprintf("%s: %v requests, want %v", f.name,
					count(f.from, f.to), f.want)
			},
				func() bool { return count(f.from, f.to) == f.want })
		}
	}
	want(4, 6)
	for i, at := range []time.Time{usual, late} {
		body := []byte(collectortest.Trace("old", fmt.Sprintf("%032x", i+1), at))
		if status, answer := runtest.Post(t, c.URL("ingest")+"/v1/traces", "application/json", "",
			body); status != http.StatusOK {
			t.Fatalf("a span of %s: %d %s", at, status, answer)
		}
	}
	want(5, 7)
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
