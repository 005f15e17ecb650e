package report

import (
	"strings"
	"testing"
)

func TestHealthTellsWhatMadeLoadgenSlow(t *testing.T) {
	f := func(h Health, want string) {
		t.Helper()
		h.LagLimit = 10
		if got := strings.Join(h.causes(), "; "); !strings.Contains(got, want) || (want == "") != (got == "") {
			t.Errorf("%+v: %q, want %q", h, got, want)
		}
	}
	f(Health{CPUSaturated: 2, Throttled: 2, GCShare: 0.2, GCPause: 9}, "")
	f(Health{CPUSaturated: 5, Throttled: 2}, "loadgen used up its processors for 5 s (limit 3 s)")
	f(Health{Throttled: 4}, "the container's CPU limit throttled loadgen for 4 s")
	f(Health{GCShare: 0.4}, "the garbage collector took 40 % of the processors (limit 25 %)")
	f(Health{GCPause: 25}, "the garbage collector stopped loadgen for 25.0 ms (limit 10 ms)")
}
