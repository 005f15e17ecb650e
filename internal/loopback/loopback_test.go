package loopback_test

import (
	"testing"

	"edgescope/internal/loopback"
)

func TestAddressesThatOnlyThisMachineReaches(t *testing.T) {
	f := func(addr string, want bool) {
		t.Helper()
		if got := loopback.Addr(addr); got != want {
			t.Errorf("%q: got %v", addr, got)
		}
	}
	f("127.0.0.1:4318", true)
	f("localhost:0", true)
	f("[::1]:80", true)
	f("127.8.8.8:1", true)
	f(":4318", false)
	f("0.0.0.0:4318", false)
	f("[::]:4318", false)
	f("10.1.2.3:80", false)
	f("example.org:80", false)
	f("nonsense", false)
	f("[::ffff:127.0.0.1]:80", true)
	f("LocalHost:80", true)
}

func TestNamesOfThisMachine(t *testing.T) {
	f := func(host string, want bool) {
		t.Helper()
		if got := loopback.Host(host); got != want {
			t.Errorf("%q: got %v", host, got)
		}
	}
	f("localhost", true)
	f("127.0.0.1", true)
	f("::1", true)
	f("", false)
	f("localhost:80", false)
	f("localhost.example.org", false)
	f("128.0.0.1", false)
}
