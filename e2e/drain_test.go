package e2e_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestStopUnderLoadDrains sends SIGTERM to a collector in the middle of its work. It ends by itself with exit code 0
// and within the 15 s that it allows itself; everything it acknowledged is stored, once; and the next process has
// nothing to replay.
func TestStopUnderLoadDrains(t *testing.T) {
	k := newKiller(t, filepath.Join(t.TempDir(), "data"))
	for round := range 2 {
		c := k.start()
		stop := k.load(c, round)
		wait(t.Context(), time.Duration(700+k.random.IntN(800))*time.Millisecond)
		began := time.Now()
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		took := time.Since(began)
		stop()
		if took > 15*time.Second {
			t.Errorf("the stop took %s, want at most 15 s", took)
		}
		t.Logf("the stop took %s", took.Round(time.Millisecond))
		if told := k.verify(); !strings.Contains(told, "log: 0 records") {
			t.Errorf("verify after the stop: got %q, want an empty log", told)
		}
	}
	c, log := startCollector(t, k.data)
	if strings.Contains(log.String(), "replayed") {
		t.Error("a collector that was stopped in order has nothing to replay")
	}
	k.resend(c)
	k.check(c, "after two stops")
}
