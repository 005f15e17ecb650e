package load

import (
	"fmt"
	"os"
	"syscall"
)

// ThisMachine reads what the machine allows.
func ThisMachine() Machine {
	var m Machine
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		m.Ports = portsOf(string(text))
	}
	var files syscall.Rlimit
	// The Go runtime has raised the soft limit to the hard one as the process started.
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files) == nil {
		m.Files = files.Cur
	}
	return m
}

// portsOf reads "32768 60999".
func portsOf(text string) uint64 {
	var low, high uint64
	if _, err := fmt.Sscan(text, &low, &high); err != nil || high < low {
		return 0
	}
	return high - low + 1
}
