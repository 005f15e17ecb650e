package health

import "testing"

func TestPortsOfARange(t *testing.T) {
	f := func(text string, want uint64) {
		t.Helper()
		if got := portsOf(text); got != want {
			t.Errorf("portsOf(%q) = %d, want %d", text, got, want)
		}
	}
	f("32768\t60999\n", 28_232)
	f("1024 1024", 1)
	f("", 0)
	f("60999 32768", 0)
	f("many few", 0)
}

func TestConnectionsInTimeWait(t *testing.T) {
	f := func(text string, want uint64) {
		t.Helper()
		if got := waitingOf(text); got != want {
			t.Errorf("waitingOf(%q) = %d, want %d", text, got, want)
		}
	}
	f("sockets: used 211\nTCP: inuse 27 orphan 0 tw 312 alloc 31 mem 4\nUDP: inuse 3 mem 2\n", 312)
	f("TCP: inuse 27 orphan 0 tw 3", 3)
	f("UDP: inuse 3 tw 2", 0)
	f("TCP: inuse 27\nUDP: tw 2", 0)
	f("", 0)
}

// What the kernel says of itself is read: a machine without ports or files could send nothing.
func TestThisMachineIsKnown(t *testing.T) {
	if m := ThisMachine(); m.Ports == 0 || m.Files == 0 || m.Reuse < 0 || m.Reuse > 2 {
		t.Errorf("%+v, want ports, files and a value of tcp_tw_reuse", m)
	}
}
