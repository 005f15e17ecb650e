package health

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// ThisMachine reads what the machine allows.
func ThisMachine() Machine {
	var m Machine
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		m.Ports = portsOf(string(text))
	}
	if text, err := os.ReadFile("/proc/sys/net/ipv4/tcp_tw_reuse"); err == nil {
		m.Reuse, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	}
	if text, err := os.ReadFile("/proc/net/sockstat"); err == nil {
		m.Waiting = waitingOf(string(text))
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

// waitingOf reads the number behind tw in the line "TCP: inuse 27 orphan 0 tw 3 alloc 31 mem 4".
func waitingOf(text string) uint64 {
	_, tcp, _ := strings.Cut(text, "TCP:")
	line, _, _ := strings.Cut(tcp, "\n")
	_, count, _ := strings.Cut(line, " tw ")
	count, _, _ = strings.Cut(count, " ")
	n, err := strconv.ParseUint(count, 10, 64)
	if err != nil {
		return 0
	}
	return n
}
