package e2e

import "time"

// CPU returns the CPU time, user and system, that the process took; it waits for its end.
func (p *Program) CPU() time.Duration {
	<-p.exited
	return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
}
