package health

import (
	"os/exec"
	"testing"
	"time"
)

func TestTimeOfAProcess(t *testing.T) {
	f := func(stat string, want time.Duration) {
		t.Helper()
		if got := timeOfStat(stat); got != want {
			t.Errorf("%q: %v, want %v", stat, got, want)
		}
	}
	f("71 (load) gen 1 (x)) S 1 71 71 0 -1 4194560 1 0 0 0 25 17 0 0 20", 420*time.Millisecond)
	f("71 (x) S 1 71 71 0 -1 4194560 1 0 0 0 a 17 0", 0)
	f("71 (x) S 1", 0)
	f("", 0)
}

func TestChildrenAreSeenWhileTheyLive(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "sh", "-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; echo; read x")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Skip(err)
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	if got := childrenTime(); got <= 0 {
		t.Errorf("a child that has counted and waits has used %v", got)
	}
	_ = in.Close()
	_ = cmd.Wait()
}
