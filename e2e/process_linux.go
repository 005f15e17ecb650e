package e2e

import "syscall"

// ownGroup keeps the terminal's signals away from a program, and has the kernel stop it when this process dies.
func ownGroup() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
}
