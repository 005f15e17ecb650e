package network

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// portAtConnect leaves the choice of a local port to connect, which knows the remote address: a port may then serve
// connections to several remote addresses. bind alone would want one that nobody uses (ip(7), IP_BIND_ADDRESS_NO_PORT).
func portAtConnect(_, _ string, c syscall.RawConn) error {
	var err error
	if failed := c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	}); failed != nil {
		return failed
	}
	return err
}
