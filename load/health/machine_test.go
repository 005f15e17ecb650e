package health_test

import (
	"strings"
	"syscall"
	"testing"

	"edgescope/load/errname"
	"edgescope/load/health"
)

// The names are those under which the network's errors are counted.
func TestRemediesAreForOurOwnLimits(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		name := errname.Of(err)
		if got := health.Remedy(name); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f(syscall.EMFILE, "ulimit -n")
	f(syscall.ENFILE, "ulimit -n")
	f(syscall.EADDRNOTAVAIL, "--linger0")
	f(syscall.ENOBUFS, "lower the rate")
	f(syscall.ECONNREFUSED, "")
	f(syscall.ECONNRESET, "")
}
