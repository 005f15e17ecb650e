//go:build !linux

package workerd

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// dieWithParent is nothing here: only Linux can. Stop is what ends the process.
func dieWithParent() *syscall.SysProcAttr { return nil }

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

func usage(int) (Usage, error) {
	return Usage{}, fmt.Errorf("read the use of workerd from /proc: %w", errors.ErrUnsupported)
}
