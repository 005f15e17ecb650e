package e2e_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"golang.org/x/sys/unix"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// smallDisk mounts a file system of its own, which only root may.
func smallDisk(t *testing.T, size string) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("edgescope-test", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Skipf("mount a tmpfs, which needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

// TestNearlyFullDiskIsToldAndPasses fills the disk of a collector under load up to its reserve. It refuses what comes
// with the advice to come again, says so at /readyz, still answers questions, and takes telemetry again when there is
// room, all in one life of the process. What it acknowledged meanwhile is stored.
func TestNearlyFullDiskIsToldAndPasses(t *testing.T) {
	const reserve = 80 << 20
	disk := smallDisk(t, "320m")
	k := newKiller(t, filepath.Join(disk, "data"))
	c, _ := startCollector(t, k.data, "--min-free-disk", strconv.Itoa(reserve))
	stop := k.load(c, 0)
	wait(t.Context(), time.Second)
	ballast := filepath.Join(disk, "ballast")
	fill(t, disk, ballast, reserve-8<<20)
	readiness(t, c, http.StatusServiceUnavailable, "read-only")
	stop()

	refusesForNow(t, c, "/v1/traces", k.spanBatch("late"))
	refusesForNow(t, c, "/v1/datapoints/kill", pointBatch("late"))
	refusesForNow(t, c, "/v1/metrics", k.numberBatch("late 1"))
	refusesForNowOverGRPC(t, c)
	if n := len(k.stored(c, 0, "batch")); n == 0 {
		t.Error("questions find nothing while the store is read-only")
	}

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	readiness(t, c, http.StatusOK, "ready")
	stop = k.load(c, 1)
	wait(t.Context(), time.Second)
	stop()
	k.resend(c)
	k.check(c, "after the disk was full")
	if stored := k.stored(c, 0, "batch"); stored["late"] != 0 {
		t.Error("a batch that was refused is stored")
	}
}

// fill leaves that much room on a disk.
func fill(t *testing.T, disk, file string, leave uint64) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for piece := make([]byte, 1<<20); ; {
		var st unix.Statfs_t
		if err := unix.Statfs(disk, &st); err != nil {
			t.Fatal(err)
		}
		if st.Bavail*uint64(st.Bsize) <= leave {
			return
		}
		if _, err := f.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
}

// readiness waits for that answer.
func readiness(t *testing.T, c *e2e.Program, want int, says string) {
	t.Helper()
	var got string
	runtest.Eventually(t, func() string { return fmt.Sprintf("readyz: got %s, want %d %q", got, want, says) },
		func() bool {
			code, body, err := runtest.Get(t.Context(), c.URL("query")+"/readyz")
			got = fmt.Sprintf("%d %s %v", code, body, err)
			return code == want && strings.Contains(string(body), says)
		})
}

// refusesForNow posts what a full disk can't take: the answer says when to come again.
func refusesForNow(t *testing.T, c *e2e.Program, path string, body []byte) {
	t.Helper()
	res, err := http.Post(c.URL("ingest")+path, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	answer, _ := io.ReadAll(res.Body)
	seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
	if res.StatusCode != http.StatusServiceUnavailable || seconds < 1 || !strings.Contains(string(answer), "disk") {
		t.Errorf("%s: got %d, Retry-After %q, %s; want 503, when to come again, and the disk named", path,
			res.StatusCode,
			res.Header.Get("Retry-After"), answer)
	}
}

func refusesForNowOverGRPC(t *testing.T, c *e2e.Program) {
	t.Helper()
	conn, err := grpc.NewClient(c.Addr("otlp-grpc"), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON([]byte(span(nowNano()))); err != nil {
		t.Fatal(err)
	}
	_, err = ptraceotlp.NewGRPCClient(conn).Export(t.Context(), request)
	answer := status.Convert(err)
	for _, detail := range answer.Details() {
		if retry, ok := detail.(*errdetails.RetryInfo); ok && retry.RetryDelay.AsDuration() > 0 &&
			answer.Code() == codes.Unavailable {
			return
		}
	}
	t.Errorf("gRPC: got %v with %v, want UNAVAILABLE with RetryInfo", answer, answer.Details())
}
