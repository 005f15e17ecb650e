package health

import "testing"

func TestModelOfTheProcessor(t *testing.T) {
	f := func(cpuinfo, want string) {
		t.Helper()
		if got := modelOf(cpuinfo); got != want {
			t.Errorf("%q: %q, want %q", cpuinfo, got, want)
		}
	}
	f("processor\t: 0\nmodel\t\t: 1\nmodel name\t: AMD EPYC\nmodel name\t: other\n", "AMD EPYC")
	f("processor\t: 0\nBogoMIPS\t: 50.00\n", "")
}
