//go:build unix

package health

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"syscall"
	"time"
)

func readCPU(now time.Time) cpuSample {
	s := cpuSample{at: now}
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if syscall.Getrusage(who, &usage) == nil {
			s.used += time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
		}
	}
	s.used += childrenTime()
	// cgroup v2; without it nothing is known of throttling, which then never shows.
	if text, err := os.ReadFile("/sys/fs/cgroup/cpu.stat"); err == nil {
		s.periods, s.throttled = readThrottling(text)
	}
	return s
}

func readThrottling(text []byte) (periods, throttled int64) {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		var name string
		var value int64
		if _, err := fmt.Sscanf(lines.Text(), "%s %d", &name, &value); err != nil {
			continue
		}
		switch name {
		case "nr_periods":
			periods = value
		case "nr_throttled":
			throttled = value
		}
	}
	return periods, throttled
}
