package network_test

import (
	"errors"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

const insideNamespace = "EDGESCOPE_TEST_INSIDE_NAMESPACE"

// TestPortsOfARealKernel: in a network of its own with 100 local ports, what Preflight refuses does fail, and what it
// lets pass because of a remedy does run.
func TestPortsOfARealKernel(t *testing.T) {
	if os.Getenv(insideNamespace) == "" {
		if testing.Short() {
			t.Skip("it takes some seconds")
		}
		t.Parallel()
		runInNamespace(t, "^TestPortsOfARealKernel$")
		return
	}
	set := func(name, value string) {
		t.Helper()
		if err := os.WriteFile("/proc/sys/net/ipv4/"+name, []byte(value), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set("ip_local_port_range", "40000 40099")
	set("tcp_tw_reuse", "0")
	s := speaking(t, "1.1", func(http.ResponseWriter, *http.Request) {})
	f := func(name string, n network.Options, refused bool) {
		t.Helper()
		script := "config: {phases: [{duration: 2, arrivalCount: 150}]}\nscenarios: [{flow: [{get: {url: /}}]}]"
		runner, err := load.New(loadtest.Plan(t, s.URL, script), load.Options{Network: n})
		if err != nil {
			t.Fatal(err)
		}
		var ports *load.PortsError
		if _, err := runner.Preflight(health.ThisMachine()); errors.As(err, &ports) != refused {
			t.Errorf("%s: preflight says %v, want refused: %v", name, err, refused)
		}
		n2 := loadtest.Tell(loadtest.Run(t, s.URL, script, load.Options{Network: n}))
		if failed := n2["failed: EADDRNOTAVAIL"]; (failed > 0) != refused || n2["code 200"]+failed != 150 {
			t.Errorf("%s: %v, want users that fail for want of ports: %v", name, n2, refused)
		}
	}
	f("resets", network.Options{Reset: true}, false)
	f("two addresses", network.Options{LocalAddrs: []netip.Addr{
		netip.MustParseAddr("127.0.0.2"),
		netip.MustParseAddr("127.0.0.3"),
	}}, false)
	f("no remedy", network.Options{}, true)
}

// runInNamespace runs a test of this binary as root of a network namespace of its own, whose loopback is up.
func runInNamespace(t *testing.T, test string) {
	t.Helper()
	for _, tool := range []string{"unshare", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("a network namespace needs %s: %v", tool, err)
		}
	}
	const up = "ip link set lo up"
	if out, err := exec.CommandContext(t.Context(), "unshare", "-rn", "sh", "-c", up).CombinedOutput(); err != nil {
		t.Skipf("this machine allows no network namespace: %v %s", err, out)
	}
	c := exec.CommandContext(t.Context(), "unshare", "-rn", "sh", "-ec", up+`; exec "$0" "$@"`, os.Args[0],
		"-test.run="+test, "-test.v")
	c.Env = append(os.Environ(), insideNamespace+"=1")
	out, err := c.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+strings.Trim(test, "^$")) {
		t.Errorf("inside of the namespace: %v\n%s", err, out)
	}
}
