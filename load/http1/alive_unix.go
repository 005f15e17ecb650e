//go:build unix

package http1

import (
	"errors"
	"syscall"
)

// alive tells whether a kept connection can take a request: nothing has come on it since the last answer, neither its
// end nor bytes that nobody asked for. It looks without waiting and without taking anything.
func (c *conn) alive() bool {
	if c.socket == nil {
		return true
	}
	var one [1]byte
	var seen error
	err := c.socket.Control(func(fd uintptr) {
		_, _, seen = syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	})
	return err == nil && (errors.Is(seen, syscall.EAGAIN) || errors.Is(seen, syscall.EINTR))
}
