//go:build !linux

package processor

import (
	"os"
	"syscall"
)

// self is this program.
func self() string {
	path, err := os.Executable()
	if err != nil {
		return os.Args[0]
	}
	return path
}

// attributes are none here: a worker ends when its standard input does.
func attributes() *syscall.SysProcAttr { return nil }
