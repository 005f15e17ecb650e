package processor

import "syscall"

// self is this program, also when its file has been replaced.
func self() string { return "/proc/self/exe" }

// attributes make a worker end with the thread that starts it, whatever happens to this process, and keep it out of the
// process group of the terminal, whose signals are for this process.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
