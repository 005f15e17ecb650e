package app_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"edgescope/cmd/collector/app"
	"edgescope/cmd/collector/collectortest"
	"edgescope/internal/run"
	"edgescope/internal/run/runtest"
	"edgescope/query"
)

// TestAStartThatFailsGivesEverythingBack: what had opened before the listener whose port is taken is closed, so that
// the next collector can have the directory, and the engines.
func TestAStartThatFailsGivesEverythingBack(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	for _, flag := range []string{"--query-addr", "--otlp-http-addr", "--otlp-grpc-addr"} {
		c, err := collectortest.New(dir, flag, taken.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "listen for ") {
			t.Errorf("%s is taken: got %v, want that it can't listen", flag, err)
		}
		if err := c.Stop(t.Context()); err != nil {
			t.Errorf("a stop after that: %v", err)
		}
	}
	collectortest.Start(t, dir)
}

// TestStopClosesTheDoorsOnce: afterwards nobody listens, and a second Stop finds nothing to do.
func TestStopClosesTheDoorsOnce(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	for range 2 {
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	for _, listener := range []string{"otlp-grpc", "ingest", "query"} {
		conn, err := net.Dial("tcp", c.Addr(listener))
		if err == nil {
			conn.Close()
			t.Errorf("%s still listens at %s", listener, c.Addr(listener))
		}
	}
	if addr := c.Addr("web"); addr != "" {
		t.Errorf("a listener that a collector has not is at %s", addr)
	}
}

// TestReadyzTellsWhetherTelemetryIsTaken, over the life of a collector.
func TestReadyzTellsWhetherTelemetryIsTaken(t *testing.T) {
	c := collectortest.Start(t, t.TempDir())
	for path, want := range map[string]string{"/readyz": "ready\n", "/healthz": "ok\n", "/health": "OK"} {
		if status, body, err := runtest.Get(t.Context(), c.URL("query")+path); err != nil || status != http.StatusOK ||
			string(body) != want {
			t.Errorf("%s: %d %q %v, want 200 %q", path, status, body, err, want)
		}
	}
	low := collectorOfAFullDisk(t, c)
	status, body, err := runtest.Get(t.Context(), low.URL("query")+"/readyz")
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(body), "disk nearly full") {
		t.Errorf("with less room than the reserve: %d %s %v, want 503 that names the disk", status, body, err)
	}
	code, answer := runtest.Post(t, low.URL("ingest")+"/v1/traces", "application/json", "",
		[]byte(collectortest.Trace("late", strings.Repeat("1", 32), time.Now())))
	if code != http.StatusServiceUnavailable {
		t.Errorf("a span meanwhile: %d %s, want 503", code, answer)
	}
}

// collectorOfAFullDisk starts a collector, in the place of another, that wants a little more room than there is.
func collectorOfAFullDisk(t *testing.T, other *collectortest.Collector) *collectortest.Collector {
	t.Helper()
	if err := other.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		t.Fatal(err)
	}
	free := disk.Bavail * uint64(disk.Bsize)
	// The engines want half of it.
	return collectortest.Start(t, dir, "--min-free-disk", strconv.FormatUint(free+free/4, 10))
}

// TestVerbsTellOfADirectory: verify counts what a collector left, and finds a directory in use.
func TestVerbsTellOfADirectory(t *testing.T) {
	dir := t.TempDir()
	c := collectortest.Start(t, dir)
	body := []byte(collectortest.Trace("verified", strings.Repeat("1", 32), time.Now()))
	if code, answer := runtest.Post(t, c.URL("ingest")+"/v1/traces", "application/json", "", body); code != http.StatusOK {
		t.Fatalf("send a span: %d %s", code, answer)
	}
	verify := func() (told string, err error) {
		var log runtest.Log
		err = app.Main(t.Context(), collectortest.Process(&log, "verify", "--data-dir", dir, "--log-level", "error"))
		return log.String(), err
	}
	if _, err := verify(); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("verify beside a collector: got %v, want that the directory is in use", err)
	}
	if err := c.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := "log: 0 records with 0 rows and 0 samples\nstore: 0 rows missing (the next start inserts them), 0 doubled\n"
	if told, err := verify(); err != nil || told != want {
		t.Errorf("verify after an ordered stop: got %q, %v; want %q", told, err, want)
	}
}

// TestAVerbIsNoCollector: New makes what listens.
func TestAVerbIsNoCollector(t *testing.T) {
	var log runtest.Log
	_, err := app.New(collectortest.Process(&log, "verify", "--data-dir", t.TempDir()))
	var code *run.CodeError
	if !errors.As(err, &code) || code.Code != 2 || !strings.Contains(err.Error(), `"verify"`) {
		t.Errorf("got %v, want exit code 2 that names the verb", err)
	}
}

// TestARestartGoesOnWithWhatIsThere: another log directory included.
func TestARestartGoesOnWithWhatIsThere(t *testing.T) {
	dir, log := t.TempDir(), filepath.Join(t.TempDir(), "log")
	for n := 1; n <= 2; n++ {
		c := collectortest.Start(t, dir, "--wal-dir", log, "--durability", "interval")
		body := []byte(collectortest.Trace("restarted", fmt.Sprintf("%032x", n), time.Now()))
		code, answer := runtest.Post(t, c.URL("ingest")+"/v1/traces", "application/json", "", body)
		if code != http.StatusOK {
			t.Fatalf("send a span: %d %s", code, answer)
		}
		var got float64
		runtest.Eventually(t, func() string { return fmt.Sprintf("%v requests, want %d", got, n) }, func() bool {
			got = float64(runtest.Ask[query.Overview](t, c.URL("query")+query.APIPrefix+"overview?range=15m").Total.Requests)
			return got == float64(n)
		})
		if err := c.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if found, _ := filepath.Glob(filepath.Join(dir, "wal")); len(found) > 0 {
		t.Error("there is a log in the data directory too")
	}
}
