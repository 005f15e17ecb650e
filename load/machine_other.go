//go:build !linux

package load

// ThisMachine knows nothing here, and Preflight then warns of nothing.
func ThisMachine() Machine { return Machine{} }
