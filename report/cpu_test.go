package report

import (
	"strings"
	"testing"
	"time"
)

func TestCPUUseKnowsTheLongestStretch(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var c CPUUse
	var used time.Duration
	var throttled int64
	for second, load := range []struct {
		used      float64 // of two processors
		throttled int64   // of 10 periods
	}{{0, 0}, {1, 0}, {1, 0}, {0.5, 1}, {0.96, 1}, {0.97, 1}, {0.99, 1}, {0.9, 0}, {1, 0}} {
		used += time.Duration(load.used * 2 * float64(time.Second))
		throttled += load.throttled
		c.add(cpuSample{at: start.Add(time.Duration(second) * time.Second), used: used, periods: int64(10 * second), throttled: throttled}, 2)
	}
	if c.Saturated != 3*time.Second || c.Throttled != 4*time.Second {
		t.Errorf("saturated %v, throttled %v; want 3s and 4s", c.Saturated, c.Throttled)
	}
}

func TestCPUUseIsSampledNotMoreOftenThanAsked(t *testing.T) {
	var c CPUUse
	now := time.Now()
	c.SampleEvery(time.Second, now)
	c.SampleEvery(time.Second, now.Add(900*time.Millisecond))
	if !c.last.at.Equal(now) {
		t.Errorf("a sample was taken after 900 ms, want one a second")
	}
	c.SampleEvery(time.Second, now.Add(time.Second))
	if !c.last.at.Equal(now.Add(time.Second)) {
		t.Error("no sample was taken after a second")
	}
}

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
