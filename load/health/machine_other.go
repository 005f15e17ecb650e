//go:build !linux

package health

// ThisMachine knows nothing here, and Preflight then warns of nothing.
func ThisMachine() Machine { return Machine{} }
