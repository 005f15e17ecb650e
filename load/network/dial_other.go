//go:build !linux

package network

import "syscall"

// portAtConnect does nothing: only Linux can choose a port as late as connect.
func portAtConnect(string, string, syscall.RawConn) error { return nil }
