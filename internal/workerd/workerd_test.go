package workerd_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"edgescope/internal/workerd"
)

func TestFindTellsWhatToInstall(t *testing.T) {
	dir := t.TempDir()
	_, err := workerd.Find(dir)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "npm ci --prefix "+dir) {
		t.Errorf("Find in an empty folder: %v, want one that names npm ci", err)
	}
}

func TestStartReportsWhyWorkerdEnded(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	taken := start(t, workerd.Options{Region: "FRA"})
	var output bytes.Buffer
	_, err := workerd.Start(t.Context(), workerd.Options{
		Dir: wasmBench, Region: "IAD", Listen: taken.Addr(),
		Output: &output,
	})
	const want = "Address already in use"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Start on a taken port: %v, want what workerd wrote: %s", err, want)
	}
	if !strings.Contains(output.String(), want) {
		t.Errorf("Output got %q, want %s", output.String(), want)
	}
}

func TestStartRefusesABadAddress(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	if _, err := workerd.Start(t.Context(), workerd.Options{Dir: wasmBench, Listen: "nonsense"}); err == nil {
		t.Error("Start took a listen address without a port")
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the test is over")
	cancel(why)
	if _, err := workerd.Start(ctx, workerd.Options{Dir: wasmBench}); !errors.Is(err, why) {
		t.Errorf("Start under a done context: %v, want %v", err, why)
	}
}

func TestStopLeavesNoProcess(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	if a := get(t, p.URL()+"/health"); a.status != 200 {
		t.Fatalf("health answered %d", a.status)
	}
	began := time.Now()
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("signal 0 to pid %d: %v, want that it is gone", p.PID(), err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("Stop took %s: it was killed after its grace, and did not end on SIGTERM", took)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Errorf("second Stop: %v", err)
	}
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	p := start(t, workerd.Options{Region: "FRA"})
	if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil { // SIGTERM waits until it continues
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.PID(), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("signal 0 to pid %d: %v, want that it is gone", p.PID(), err)
	}
}

func TestStopTellsOfACrash(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	p, err := workerd.Start(t.Context(), workerd.Options{Dir: wasmBench, Region: "FRA"})
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Exited()
	if err := p.Stop(t.Context()); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Stop of a killed process: %v, want that it had ended", err)
	}
}

func TestUsageGrowsWithWork(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("usage is read from /proc")
	}
	p := start(t, workerd.Options{Region: "FRA"})
	before, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	get(t, p.URL()+"/process?engine=js&size=small&reps=3")
	after, err := p.Usage()
	if err != nil {
		t.Fatal(err)
	}
	if used := after.CPU - before.CPU; used < 20*time.Millisecond || used > deadline {
		t.Errorf("three blurs took %s of CPU, want tens of ms", used)
	}
	if before.RSS < 10<<20 || after.RSS > 1<<30 {
		t.Errorf("resident memory %d, then %d bytes: want tens of MB", before.RSS, after.RSS)
	}
}

// TestDiesWithItsParent runs this test's own program as the parent, and kills it.
func TestDiesWithItsParent(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux tells a child that its parent is gone")
	}
	if os.Getenv("WORKERD_PARENT") == "1" {
		p := start(t, workerd.Options{Region: "FRA"})
		os.Stdout.WriteString(p.URL() + "\n")
		select {} // until killed
	}
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	parent := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiesWithItsParent$")
	parent.Env = append(os.Environ(), "WORKERD_PARENT=1")
	stdout, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, 64)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(string(line[:n]))
	if a := get(t, url+"/health"); a.status != 200 {
		t.Fatalf("health of %q answered %d", url, a.status)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait() // says that it was killed
	waitUntilGone(t, url)
}

// waitUntilGone returns when nothing listens at the URL any more.
func waitUntilGone(t *testing.T, url string) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	timeout := time.After(deadline)
	for {
		connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
		if errors.Is(err, syscall.ECONNREFUSED) {
			return
		}
		if err == nil {
			connection.Close()
		}
		select {
		case <-ticker.C:
		case <-timeout:
			t.Fatalf("%s still listens after %s", url, deadline)
		}
	}
}
