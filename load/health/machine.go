// Package health is what this machine lets a load generator do, and what the generator takes of it.
package health

// Machine is what this machine lets a load generator do.
type Machine struct {
	// Ports are the local ports for one source address and one remote address; Files the open files of one
	// process. 0: not known.
	Ports, Files uint64
	// Waiting is how many connections are in TIME_WAIT now, to whatever address.
	Waiting uint64
	// Reuse is net.ipv4.tcp_tw_reuse: 1 lets a port in TIME_WAIT be taken again after a second, 2 on loopback only.
	Reuse int
}

// Remedy says what helps against an error of this name, if it tells of the generator's own limit and not of what the
// server does: out of file descriptors, ports or buffers. "" for all others.
func Remedy(errorName string) string {
	switch errorName {
	case "EMFILE", "ENFILE":
		return "raise the limit of open files (ulimit -n)"
	case "EADDRNOTAVAIL":
		return "no local port was free; keep connections alive with config.http.pool or --max-connections, " +
			"or close them with --linger0"
	case "ENOBUFS":
		return "the network ran out of buffers; lower the rate or spread it over machines"
	default:
		return ""
	}
}
