//go:build !linux

package e2e

import "syscall"

// ownGroup keeps the terminal's signals away from a program.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
