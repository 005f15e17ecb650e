package network_test

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

func TestParseConnectTo(t *testing.T) {
	f := func(text string, want network.Route, wantError string) {
		t.Helper()
		got, err := network.ParseConnectTo(text)
		if diff := cmp.Diff(want, got); diff != "" || errorText(err) != wantError {
			t.Errorf("%s: error %q, want %q; route (-want +got):\n%s", text, errorText(err), wantError, diff)
		}
	}
	f("Shop.Example:443:fra.example:8443", network.Route{
		Host: "shop.example", Port: "443", To: []string{"fra.example"},
		ToPort: "8443",
	}, "")
	f("::192.0.2.1:", network.Route{To: []string{"192.0.2.1"}}, "")
	f("shop.example:443::8443", network.Route{Host: "shop.example", Port: "443", To: []string{""}, ToPort: "8443"}, "")
	f("[2001:db8::1]:443:[2001:db8::2]:8443", network.Route{
		Host: "2001:db8::1", Port: "443",
		To: []string{"2001:db8::2"}, ToPort: "8443",
	}, "")
	f("shop.example:443", network.Route{}, `"shop.example:443": it has fewer than 4 parts, want HOST:PORT:ADDR:PORT`)
	f("shop.example:x:a:1", network.Route{}, `"shop.example:x:a:1": "x" is no port, want HOST:PORT:ADDR:PORT`)
	f("shop.example:443:a:70000", network.Route{},
		`"shop.example:443:a:70000": "70000" is no port, want HOST:PORT:ADDR:PORT`)
	f("", network.Route{}, `"": it has fewer than 4 parts, want HOST:PORT:ADDR:PORT`)
}

func TestParseResolve(t *testing.T) {
	f := func(text string, want network.Route, wantError string) {
		t.Helper()
		got, err := network.ParseResolve(text)
		if diff := cmp.Diff(want, got); diff != "" || errorText(err) != wantError {
			t.Errorf("%s: error %q, want %q; route (-want +got):\n%s", text, errorText(err), wantError, diff)
		}
	}
	f("Shop.Example:443:192.0.2.1", network.Route{Host: "shop.example", Port: "443", To: []string{"192.0.2.1"}}, "")
	f("shop.example:443:192.0.2.1,[2001:db8::2]", network.Route{
		Host: "shop.example", Port: "443",
		To: []string{"192.0.2.1", "2001:db8::2"},
	}, "")
	f("shop.example:443:[2001:db8::1],[2001:db8::2]", network.Route{
		Host: "shop.example", Port: "443",
		To: []string{"2001:db8::1", "2001:db8::2"},
	}, "")
	f("*:443:2001:db8::2", network.Route{Port: "443", To: []string{"2001:db8::2"}}, "")
	f("shop.example::192.0.2.1", network.Route{},
		`"shop.example::192.0.2.1": the host or port is missing or wrong, want HOST:PORT:ADDR[,ADDR]`)
	f("shop.example:443:fra.example", network.Route{},
		`"shop.example:443:fra.example": ParseAddr("fra.example"): unexpected character (at "fra.example"), `+
			"want HOST:PORT:ADDR[,ADDR]")
	f("-shop.example:443", network.Route{},
		`"-shop.example:443": it has fewer than 3 parts, want HOST:PORT:ADDR[,ADDR]`)
}

func FuzzParseRoutes(f *testing.F) {
	for _, seed := range []string{"a:1:b:2", "::c:", "[::1]:443:[::2]:8443", "*:443:192.0.2.1,::1", "[", "]:", ":::"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (network.Route, error){network.ParseConnectTo, network.ParseResolve} {
			r, err := parse(text)
			if (err == nil) != (len(r.To) > 0) {
				t.Errorf("%q: route %+v, error %v: want a route with an address, or an error", text, r, err)
			}
		}
	})
}

// TestRoutesLeadElsewhere: the host of the URL keeps its name, in Host and in the certificate, over every protocol.
func TestRoutesLeadElsewhere(t *testing.T) {
	for _, protocol := range []string{"1.1", "https", "h2c", "2", "3"} {
		var asked atomic.Value
		s := speaking(t, protocol, func(_ http.ResponseWriter, r *http.Request) { asked.Store(r.Host) })
		_, port, _ := net.SplitHostPort(s.host())
		f := func(target string, r network.Route, err error, wantFailure string) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			n := network.Options{Protocol: network.Protocol(protocol), Routes: []network.Route{r}}
			if protocol == "https" {
				n.Protocol = network.HTTP1
			}
			scheme, _, _ := strings.Cut(s.URL, ":")
			result := loadtest.Results(loadtest.Run(t, scheme+"://"+target, s.script(1, "", "{get: {url: /}}"),
				load.Options{Network: n}))[0]
			if result.Failure != wantFailure || wantFailure == "" && asked.Load() != target {
				t.Errorf("%s over %s: failure %q, the server was asked for %v; want %q", target, protocol,
					result.Failure, asked.Load(), wantFailure)
			}
		}
		r, err := network.ParseConnectTo("example.com:4433:127.0.0.1:" + port)
		f("example.com:4433", r, err, "")
		r, err = network.ParseConnectTo("::127.0.0.1:" + port)
		f("example.com:1", r, err, "")
		r, err = network.ParseResolve("example.com:" + port + ":127.0.0.1")
		f("example.com:"+port, r, err, "")
		r, err = network.ParseResolve("*:" + port + ":127.0.0.1")
		f("example.com:"+port, r, err, "")
		if strings.HasPrefix(s.URL, "https") {
			f("shop.test:"+port, r, err, "ERR_TLS_CERT_ALTNAME_INVALID")
		}
	}
}

// wholeLoopback skips a test that needs more addresses of this machine than 127.0.0.1.
func wholeLoopback(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has all of 127.0.0.0/8 on loopback")
	}
}

// TestAddressesAreTriedInOrder: the second address answers where the first one refuses.
func TestAddressesAreTriedInOrder(t *testing.T) {
	wholeLoopback(t)
	s := speaking(t, "1.1", func(http.ResponseWriter, *http.Request) {})
	_, port, _ := net.SplitHostPort(s.host())
	r, err := network.ParseResolve("shop.test:" + port + ":127.0.0.9,127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	result := loadtest.Results(loadtest.Run(t, "http://shop.test:"+port, s.script(1, "", "{get: {url: /}}"),
		load.Options{Network: network.Options{Routes: []network.Route{r}}}))[0]
	if result.Code != 200 || result.Connection.Remote != s.host() {
		t.Errorf("code %d over %+v, failure %q; want 200 from %s", result.Code, result.Connection, result.Failure,
			s.host())
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "edge.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, r.Host)
	}))
	s.Listener.Close()
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	s.Listener, s.Config.Protocols = listener, &protocols
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	defer s.Close()
	script := loadtest.OneUser + "scenarios: [{flow: [{get: {url: /, expect: {matchesRegexp: '^shop.test$'}}}]}]"
	for _, p := range []network.Protocol{network.HTTP1, network.H2C} {
		r := loadtest.Results(loadtest.Run(t, "http://shop.test", script,
			load.Options{Network: network.Options{Protocol: p, UnixSocket: path}}))[0]
		if r.Code != 200 || !r.Outcomes[0].OK || r.Connection.Remote != path {
			t.Errorf("%s: code %d over %+v, outcomes %v, failure %q", p, r.Code, r.Connection, r.Outcomes, r.Failure)
		}
	}
	r := loadtest.Results(loadtest.Run(t, "http://shop.test", script,
		load.Options{Network: network.Options{UnixSocket: path + "x"}}))[0]
	if r.Failure != "ENOENT" {
		t.Errorf("no socket is %q, want ENOENT", r.Failure)
	}
}

func TestContradictionsAreRefused(t *testing.T) {
	f := func(n network.Options, want string) {
		t.Helper()
		_, err := load.New(loadtest.Plan(t, loadtest.Target, loadtest.OneUser+"scenarios: [{flow: [{get: {url: /}}]}]"),
			load.Options{Network: n})
		if errorText(err) != want {
			t.Errorf("%+v: %q, want %q", n, errorText(err), want)
		}
	}
	f(network.Options{UnixSocket: "a", Protocol: network.HTTP3}, "HTTP/3 runs over UDP, not over a unix socket")
	f(network.Options{UnixSocket: "a", Routes: []network.Route{{}}},
		"all connections go to the unix socket: routes have no meaning")
	f(network.Options{UnixSocket: "a", LocalAddrs: []netip.Addr{netip.MustParseAddr("127.0.0.2")}},
		"a connection to a unix socket has no local address")
	f(network.Options{Sessions: "all"}, `TLS sessions "all" are unknown, want user, shared or none`)
}

// TestLocalAddressesTakeTurns, over TCP and over QUIC.
func TestLocalAddressesTakeTurns(t *testing.T) {
	wholeLoopback(t)
	for _, protocol := range []string{"1.1", "2", "3"} {
		var from [3]atomic.Int64
		s := speaking(t, protocol, func(_ http.ResponseWriter, r *http.Request) {
			ip := netip.MustParseAddrPort(r.RemoteAddr).Addr().As4()
			from[ip[3]-1].Add(1)
		})
		n := network.Options{
			Protocol:   network.Protocol(protocol),
			LocalAddrs: []netip.Addr{netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")},
		}
		loadtest.Tell(loadtest.Run(t, s.URL, s.script(6, "", "{get: {url: /}}"), load.Options{Network: n}))
		if from[0].Load() != 0 || from[1].Load() != 3 || from[2].Load() != 3 {
			t.Errorf("%s: requests came from 127.0.0.1: %d, .2: %d, .3: %d; want 0, 3, 3", protocol, from[0].Load(),
				from[1].Load(), from[2].Load())
		}
	}
}
