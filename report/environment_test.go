package report

import (
	"net/url"
	"testing"

	"edgescope/load/network"
)

func TestEnvironmentOfARun(t *testing.T) {
	f := func(info RunInfo, connections int, want string) {
		t.Helper()
		e := info.environment(connections, "http://t.test")
		if e.OS == "" || e.Arch == "" || e.CPUs == 0 {
			t.Errorf("%+v says nothing of the machine", e)
		}
		e.OS, e.Arch, e.CPUs = "linux", "amd64", 1
		if got := e.String(); got != want {
			t.Errorf("%+v: %q, want %q", info, got, want)
		}
	}
	f(RunInfo{}, 0, "linux/amd64, 1 CPU")
	f(RunInfo{Protocol: network.HTTP3}, 1, "linux/amd64, 1 CPU, 1 shared connection, HTTP/3")
	f(RunInfo{Network: network.Options{UnixSocket: "/x", Reset: true, Sessions: network.SessionsNone}}, 0,
		"linux/amd64, 1 CPU, a unix socket, connections closed by reset, TLS sessions: none")
	f(RunInfo{Network: network.Options{
		Proxy:  func(u *url.URL) (*url.URL, error) { return u, nil },
		Routes: make([]network.Route, 1), Sessions: network.SessionsUser,
	}}, 0,
		"linux/amd64, 1 CPU, a proxy, connections sent elsewhere")
	f(RunInfo{Network: network.Options{Proxy: func(*url.URL) (*url.URL, error) { return nil, nil }}}, 0,
		"linux/amd64, 1 CPU")
}
