package storetest

import (
	"syscall"
	"testing"
	"time"
)

// AwaitIdle waits, two minutes at most, until the process has merged what was written to its store: merges would count
// as what is measured.
func AwaitIdle(b *testing.B) {
	b.Helper()
	for range 240 {
		before := CPUTime(b)
		time.Sleep(500 * time.Millisecond) //nolint:forbidigo // an engine tells nobody when it has merged
		if CPUTime(b)-before < 10*time.Millisecond {
			return
		}
	}
}

// CPUTime returns what the process has used of all cores.
func CPUTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
