package health

import (
	"runtime"
	"time"
)

// CPU tells how long, without a break, this process and its children, which
// run JavaScript, used more than 95 % of GOMAXPROCS, and was throttled by its cgroup
// in more than 5 % of the periods. It needs a sample about once a second.
type CPU struct {
	Saturated, Throttled time.Duration // the longest stretches

	last                 cpuSample
	saturated, throttled time.Duration // the present stretches
}

type cpuSample struct {
	at                 time.Time
	used               time.Duration // processor time of this process and its children
	periods, throttled int64         // of its cgroup
}

// SampleEvery takes a sample unless the last one is younger than d. It is for one goroutine.
func (c *CPU) SampleEvery(d time.Duration, now time.Time) {
	if now.Sub(c.last.at) >= d {
		c.add(readCPU(now), runtime.GOMAXPROCS(0))
	}
}

func (c *CPU) add(s cpuSample, processors int) {
	before := c.last
	c.last = s
	wall := s.at.Sub(before.at)
	if before.at.IsZero() || wall <= 0 {
		return
	}
	busy := float64(s.used-before.used) > 0.95*float64(wall)*float64(processors)
	c.saturated = stretch(c.saturated, wall, busy)
	c.Saturated = max(c.Saturated, c.saturated)
	periods := s.periods - before.periods
	held := periods > 0 && float64(s.throttled-before.throttled) > 0.05*float64(periods)
	c.throttled = stretch(c.throttled, wall, held)
	c.Throttled = max(c.Throttled, c.throttled)
}

func stretch(soFar, wall time.Duration, goesOn bool) time.Duration {
	if !goesOn {
		return 0
	}
	return soFar + wall
}
