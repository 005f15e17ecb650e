package load_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

func TestPreflightWarnsWithFigureAndRemedy(t *testing.T) {
	machine := health.Machine{Ports: 28_232, Files: 1024}
	f := func(config string, o load.Options, refused bool, want ...string) {
		t.Helper()
		runner, err := load.New(loadtest.Plan(t, loadtest.Target,
			"config: {"+config+"}\nscenarios: [{flow: [{get: {url: /}}]}]"), o)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := runner.Preflight(machine)
		var ports *load.PortsError
		if errors.As(err, &ports) != refused {
			t.Errorf("%s: %v, want refused: %v", config, err, refused)
		}
		text := strings.Join(warnings, "\n")
		if err != nil {
			text += err.Error()
		}
		if len(want) == 0 && text != "" {
			t.Errorf("%s: %q, want no warning", config, text)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q lacks %q", config, text, w)
			}
		}
	}
	f("phases: [{duration: 60, arrivalRate: 100}]", load.Options{}, false)
	f("phases: [{duration: 600, arrivalRate: 1000}]", load.Options{}, true, "60000 connections", "28232 local ports",
		"config.http.pool")
	f("phases: [{duration: 600, arrivalRate: 1000}], http: {pool: 200}", load.Options{}, false)
	f("phases: [{duration: 600, arrivalRate: 1000}]", load.Options{MaxConnections: 50}, false)
	f("phases: [{duration: 25, arrivalRate: 1000}]", load.Options{}, false, "25000 in the busiest minute",
		"471/s can be kept up", "1064 open files", "ulimit -n 1064")
	f("phases: [{duration: 10, arrivalRate: 1000, maxVusers: 100}]", load.Options{}, false)
	f("phases: [{duration: 60, arrivalRate: 100}], http: {pool: 1000}", load.Options{}, false, "1064 open files")
	f("phases: [{duration: 600, arrivalRate: 800}], regions: {a: 'http://a.test', b: 'http://b.test'}", load.Options{},
		false, "24000 in the busiest minute")
}

func TestPortsAreFreeAgain(t *testing.T) {
	tcp := health.Machine{Ports: 28_232, Files: 1 << 20}
	f := func(name string, m health.Machine, target string, n network.Options, want string) {
		t.Helper()
		script := "config: {phases: [{duration: 70, arrivalRate: 1000}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
		runner, err := load.New(loadtest.Plan(t, target, script), load.Options{Network: n})
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := runner.Preflight(m)
		got := strings.Join(warnings, "\n")
		if err != nil {
			got += err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	const refused = "60000 connections, but there are 28232 local ports to one address and that of a closed one " +
		"stays taken for 60 s (TIME_WAIT), " +
		"which allows 471 new connections per second: keep connections alive"
	anywhere, loopback := tcp, tcp
	anywhere.Reuse, loopback.Reuse = 1, 2
	two := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")}
	const far, near = "http://shop.test", "http://127.0.0.1:8080"
	f("a server far away", tcp, far, network.Options{}, refused)
	f("reuse on loopback, a server far away", loopback, far, network.Options{}, refused)
	f("reuse on loopback, a server on it", loopback, near, network.Options{}, "")
	f("reuse on loopback, a route away from it", loopback, near,
		network.Options{Routes: []network.Route{{To: []string{"192.0.2.9"}}}}, refused)
	f("reuse everywhere", anywhere, far, network.Options{}, "")
	f("a reset", tcp, far, network.Options{Reset: true}, "")
	f("two addresses", tcp, far, network.Options{LocalAddrs: two}, "but there are 56464 local ports")
	f("three addresses", tcp, far, network.Options{LocalAddrs: append(two, netip.MustParseAddr("192.0.2.3"))}, "")
	f("a unix socket", tcp, far, network.Options{UnixSocket: "/run/edge.sock"}, "")
	f("QUIC", tcp, "https://shop.test", network.Options{Protocol: network.HTTP3}, "")
	f("HTTP/2", tcp, "https://shop.test", network.Options{Protocol: network.HTTP2}, refused)
	f("few ports and a reset", health.Machine{Ports: 900}, far, network.Options{Reset: true},
		"may have 1000 connections open at a time, if answers take a second, and there are 900 local ports")
	f("few ports and reuse", health.Machine{Ports: 900, Reuse: 1}, far, network.Options{},
		"the busiest second opens 1000 connections, but there are 900 local ports")
}

// TestPreflightSeesTheRunBefore: its connections may still hold the ports.
func TestPreflightSeesTheRunBefore(t *testing.T) {
	runner, err := load.New(loadtest.Plan(t, loadtest.Target,
		"config: {phases: [{duration: 60, arrivalRate: 200}]}\nscenarios: [{flow: [{get: {url: /}}]}]"), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := runner.Preflight(health.Machine{Ports: 28_232, Waiting: 20_000})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0],
		"20000 connections of an earlier run are in TIME_WAIT and 12000 of 28232") {
		t.Errorf("warnings %q, error %v; want one of 20000 connections in TIME_WAIT", warnings, err)
	}
}

// TestUsersOfHTTP2ShareTheirConnectionAmongParallelSteps: one connection per user is counted.
func TestUsersOfHTTP2ShareTheirConnectionAmongParallelSteps(t *testing.T) {
	script := "config: {phases: [{duration: 60, arrivalRate: 400}]}\nscenarios: [{flow: [{parallel: [{get: /a}, " +
		"{get: /b}]}]}]"
	runner, err := load.New(loadtest.Plan(t, "https://shop.test", script),
		load.Options{Network: network.Options{Protocol: network.HTTP2}})
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := runner.Preflight(health.Machine{Ports: 28_232})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "24000 in the busiest minute") {
		t.Errorf("warnings %q, error %v; want 24000 connections", warnings, err)
	}
}

// TestPreflightCountsTheConnectionsOfParallelSteps: a user of a parallel block has several at a time.
func TestPreflightCountsTheConnectionsOfParallelSteps(t *testing.T) {
	script := `
config: {phases: [{duration: 60, arrivalRate: 100}]}
scenarios:
  - flow:
      - loop: [{parallel: [{get: /a}, {parallel: [{get: /b}, {get: /c}]}, {get: /d}], limit: 2}]
        count: 2`
	runner, err := load.New(loadtest.Plan(t, loadtest.Target, script), load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	warnings, err := runner.Preflight(health.Machine{Ports: 28_232})
	if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], "24000 in the busiest minute") {
		t.Errorf("warnings %q, error %v; want 6000 users of 4 connections each", warnings, err)
	}
}

// Servers of WebSockets close first, so the ports of a run are those of the connections that are open at a time, which
// no pool of connections makes fewer.
func TestPortsOfWebSockets(t *testing.T) {
	f := func(scenarios, want string, o load.Options) {
		t.Helper()
		script := "config: {phases: [{duration: 70, arrivalRate: 1000}]}\nscenarios: [" + scenarios + "]"
		runner, err := load.New(loadtest.Plan(t, "http://shop.test", script), o)
		if err != nil {
			t.Fatal(err)
		}
		warnings, err := runner.Preflight(health.Machine{Ports: 28_232, Files: 1 << 20})
		got := strings.Join(warnings, "\n")
		if err != nil {
			got += err.Error()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", scenarios, got, want)
		}
	}
	const talk, refused = "{engine: ws, flow: [{send: x}]}", "60000 connections, but there are 28232 local ports"
	f(talk, "", load.Options{})
	f("{engine: ws, flow: [{send: x}, {think: 40}]}", "41000 connections open at a time", load.Options{})
	f("{engine: ws, flow: [{send: x}, {think: 40}]}", "41000 connections open at a time", load.Options{MaxConnections: 10})
	f(talk+", {flow: [{get: {url: /}}]}", refused, load.Options{})
	f(talk+", {weight: 0, flow: [{get: {url: /}}]}", "", load.Options{})
}
