// Package loopback tells what can be reached from this machine only.
package loopback

import (
	"net"
	"net/netip"
	"strings"
)

// Host tells whether a name or an IP address, without a port, means this machine.
func Host(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

// Addr tells whether an address to listen on, host:port, can be reached from this machine only. One without a host can
// be reached from everywhere.
func Addr(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && Host(host)
}
