package health

import (
	"testing"
	"time"
)

func TestCPUUseKnowsTheLongestStretch(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var c CPU
	var used time.Duration
	var throttled int64
	for second, load := range []struct {
		used      float64 // of two processors
		throttled int64   // of 10 periods
	}{{0, 0}, {1, 0}, {1, 0}, {0.5, 1}, {0.96, 1}, {0.97, 1}, {0.99, 1}, {0.9, 0}, {1, 0}} {
		used += time.Duration(load.used * 2 * float64(time.Second))
		throttled += load.throttled
		c.add(cpuSample{
			at: start.Add(time.Duration(second) * time.Second), used: used, periods: int64(10 * second),
			throttled: throttled,
		}, 2)
	}
	if c.Saturated != 3*time.Second || c.Throttled != 4*time.Second {
		t.Errorf("saturated %v, throttled %v; want 3s and 4s", c.Saturated, c.Throttled)
	}
}

func TestCPUUseIsSampledNotMoreOftenThanAsked(t *testing.T) {
	var c CPU
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
