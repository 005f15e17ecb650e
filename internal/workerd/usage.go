package workerd

import "time"

// Usage is what a process has used so far.
type Usage struct {
	// CPU is the time on the processor of all its threads.
	CPU time.Duration
	// RSS is its resident memory in bytes.
	RSS int64
}

// Usage reads what the process has used from /proc: CPU in ns from schedstat, since stat counts in ticks of 10 ms. On
// other systems than Linux the error is errors.ErrUnsupported.
func (p *Process) Usage() (Usage, error) { return usage(p.PID()) }

// UsageOf is Usage of any process, by its number.
func UsageOf(pid int) (Usage, error) { return usage(pid) }
