package load

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
