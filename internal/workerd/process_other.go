//go:build !linux

package workerd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// ownGroup keeps the terminal's signals away from workerd, so that Stop is what ends it.
func ownGroup() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

func usage(int) (Usage, error) {
	return Usage{}, fmt.Errorf("read the use of workerd from /proc: %w", errors.ErrUnsupported)
}
