package network_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/http3"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
	"edgescope/scenarios"
)

// edgeServer speaks one protocol and nothing else.
type edgeServer struct {
	*httptest.Server // of which only URL, Certificate and Close are there for HTTP/3
	connections      atomic.Int64
}

// pemOf is the server's certificate, to be trusted.
func (s *edgeServer) pemOf() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
}

// speaking starts a server of one protocol on loopback: "1.1" and "h2c" without TLS, "https" for HTTP/1.1 over TLS,
// "2", "3"; "1.1 and 2" is both over TLS.
func speaking(t *testing.T, protocol string, h http.HandlerFunc, options ...func(*tls.Config)) *edgeServer {
	t.Helper()
	s := &edgeServer{Server: httptest.NewUnstartedServer(h)}
	s.TLS = &tls.Config{}
	for _, set := range options {
		set(s.TLS)
	}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			s.connections.Add(1)
		}
	}
	var p http.Protocols
	s.Config.Protocols = &p
	switch protocol {
	case "1.1":
		p.SetHTTP1(true)
		s.Start()
	case "https":
		p.SetHTTP1(true)
		s.TLS.NextProtos = []string{"http/1.1"}
		s.StartTLS()
	case "h2c":
		p.SetUnencryptedHTTP2(true)
		s.Start()
	case "2":
		p.SetHTTP2(true)
		s.EnableHTTP2 = true
		s.StartTLS()
	case "1.1 and 2":
		p.SetHTTP1(true)
		p.SetHTTP2(true)
		s.EnableHTTP2 = true
		s.StartTLS()
	case "3":
		s.startHTTP3(t, h)
	}
	t.Cleanup(s.Close)
	return s
}

// startHTTP3 serves HTTP/3 beside a server of HTTP/1.1 over TLS, whose certificate it shares.
func (s *edgeServer) startHTTP3(t *testing.T, h http.Handler) {
	s.Config.Protocols = nil
	s.StartTLS()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h3 := &http3.Server{Handler: h, TLSConfig: http3.ConfigureTLSConfig(s.TLS)}
	h3.ConnContext = func(ctx context.Context, _ *quic.Conn) context.Context { s.connections.Add(1); return ctx }
	var serving sync.WaitGroup
	serving.Go(func() { h3.Serve(socket) })
	t.Cleanup(func() {
		h3.Close()
		socket.Close()
		serving.Wait()
	})
	s.URL = "https://" + socket.LocalAddr().String()
}

// script is a script of users that trust the server.
func (s *edgeServer) script(users int, http, flow string) string {
	ca := ""
	if strings.HasPrefix(s.URL, "https") {
		ca = "ca: " + quote(string(s.pemOf()))
	}
	return "config: {tls: {" + ca + "}, http: {" + http + "}, phases: [{duration: 1ms, arrivalCount: " + itoa(users) +
		"}]}\n" +
		"scenarios: [{flow: [" + flow + "]}]"
}

func TestEveryProtocolIsSpoken(t *testing.T) {
	f := func(server string, protocol network.Protocol, want network.Connection) {
		t.Helper()
		var seen []string
		var mu sync.Mutex
		s := speaking(t, server, func(w http.ResponseWriter, r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, r.Proto+" "+r.Method+" "+r.URL.Path+" "+r.Host+" "+string(body))
			io.WriteString(w, "ok")
		})
		want.Remote = s.host()
		script := s.script(2, "", "{get: {url: /a}}, {post: {url: /b, body: hello}}, {get: {url: /a, headers: {host: "+
			"shop.test}}}")
		events := loadtest.Run(t, s.URL, script, load.Options{Network: network.Options{Protocol: protocol}})
		if n := loadtest.Tell(events)["code 200"]; n != 6 {
			t.Fatalf("%s: %d of 6 answers: %v", server, n, loadtest.Tell(events))
		}
		if n := s.connections.Load(); n != 2 {
			t.Errorf("%s: 2 users opened %d connections, want one each", server, n)
		}
		cold := 0
		for _, r := range loadtest.Results(events) {
			if diff := cmp.Diff(&want, r.Connection); diff != "" {
				t.Errorf("%s: connection (-want +got):\n%s", server, diff)
			}
			checkPhases(t, server, r)
			if !r.Reused {
				cold++
			}
		}
		if cold != 2 {
			t.Errorf("%s: %d requests were on new connections, want 2", server, cold)
		}
		proto := map[string]string{"1.1": "HTTP/1.1", "2": "HTTP/2.0", "3": "HTTP/3.0"}[want.Protocol]
		mu.Lock()
		defer mu.Unlock()
		slices.Sort(seen)
		wantSeen := []string{
			proto + " GET /a " + s.host() + " ", proto + " GET /a " + s.host() + " ", proto + " GET /a shop.test ",
			proto + " GET /a shop.test ",
			proto + " POST /b " + s.host() + " hello", proto + " POST /b " + s.host() + " hello",
		}
		if diff := cmp.Diff(wantSeen, seen); diff != "" {
			t.Errorf("%s: the server saw (-want +got):\n%s", server, diff)
		}
	}
	f("1.1", "", network.Connection{Protocol: "1.1"})
	f("https", "", network.Connection{Protocol: "1.1", TLS: "1.3"})
	f("h2c", network.H2C, network.Connection{Protocol: "2"})
	f("2", network.HTTP2, network.Connection{Protocol: "2", TLS: "1.3"})
	f("2", network.H2C, network.Connection{Protocol: "2", TLS: "1.3"})
	f("3", network.HTTP3, network.Connection{Protocol: "3", TLS: "1.3"})
}

// checkPhases: the phases add up, and belong to the request that opened the connection.
func checkPhases(t *testing.T, server string, r *load.Result) {
	t.Helper()
	if sum := r.Lag + r.ConnWait + r.DNS + r.TCP + r.TLS + r.TTFB + r.Download; r.Response() != sum || r.TTFB <= 0 {
		t.Errorf("%s: response time %v, want the sum of its phases %v; ttfb %v", server, r.Response(), sum, r.TTFB)
	}
	if r.Reused && (r.DNS != 0 || r.TCP != 0 || r.TLS != 0) {
		t.Errorf("%s: a reused connection cost dns %v, tcp %v, tls %v; want 0", server, r.DNS, r.TCP, r.TLS)
	}
	if r.Reused {
		return
	}
	if udp := r.Connection.Protocol == "3"; (r.TCP <= 0) != udp {
		t.Errorf("%s: a new connection cost tcp %v", server, r.TCP)
	}
	if (r.TLS > 0) != (r.Connection.TLS != "") {
		t.Errorf("%s: a new connection of TLS %q cost tls %v", server, r.Connection.TLS, r.TLS)
	}
}

// TestProtocolsDoNotFallBack: a server that speaks another protocol fails the requests, under a name that says so.
func TestProtocolsDoNotFallBack(t *testing.T) {
	f := func(server string, protocol network.Protocol, want string) {
		t.Helper()
		s := speaking(t, server, func(_ http.ResponseWriter, r *http.Request) {
			if r.Method != "PRI" { // the first words of HTTP/2, which a server of HTTP/1.1 may take for a request
				t.Errorf("%s was asked in %s", server, protocol)
			}
		})
		n := loadtest.Tell(loadtest.Run(t, s.URL, s.script(1, "", "{get: {url: /}}"),
			load.Options{Network: network.Options{Protocol: protocol}}))
		if n["failed: "+want] != 1 {
			t.Errorf("%s of a server of %s: %v, want %s", protocol, server, n, want)
		}
	}
	f("https", network.HTTP2, "HTTP/2: the server does not speak it")
	f("1.1", network.H2C, "HTTP/2: the server does not speak it")
	f("https", network.H2C, "HTTP/2: the server does not speak it")
}

func TestProtocolComesFromTheScriptUnlessAFlagSaysOtherwise(t *testing.T) {
	s := speaking(t, "1.1 and 2", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Proto) })
	f := func(version string, flag network.Protocol, want string) {
		t.Helper()
		r := loadtest.Results(loadtest.Run(t, s.URL, s.script(1, version, "{get: {url: /}}"),
			load.Options{Network: network.Options{Protocol: flag}}))[0]
		if r.Connection == nil || r.Connection.Protocol != want || r.Code != 200 {
			t.Errorf("script %q, flag %q: %+v, failure %q; want HTTP/%s", version, flag, r.Connection, r.Failure, want)
		}
	}
	f("", "", "1.1")
	f("version: 2", "", "2")
	f("version: 1.1", "", "1.1")
	f("version: 2", network.HTTP1, "1.1")
	f("version: 1.1", network.HTTP2, "2")
}

// TestSpansNameTheProtocol: network.protocol.version of a client span.
func TestSpansNameTheProtocol(t *testing.T) {
	for protocol, want := range map[string]string{"1.1": "1.1", "h2c": "2", "2": "2", "3": "3"} {
		memory := tracetest.NewInMemoryExporter()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(memory))
		s := speaking(t, protocol, func(http.ResponseWriter, *http.Request) {})
		o := load.Options{
			Network: network.Options{Protocol: network.Protocol(protocol)},
			Tracer:  provider.Tracer("test"),
		}
		loadtest.Run(t, s.URL, s.script(1, "", "{get: {url: /}}"), o)
		got := ""
		for _, span := range memory.GetSpans() {
			for _, a := range span.Attributes {
				if a.Key == "network.protocol.version" {
					got = a.Value.AsString()
				}
			}
		}
		if got != want {
			t.Errorf("%s: network.protocol.version is %q, want %q", protocol, got, want)
		}
	}
}

func TestPlainTargetsAreRefusedUpFront(t *testing.T) {
	f := func(target string, p network.Protocol, want string) {
		t.Helper()
		loaded, err := scenarios.Load(scenarios.Options{
			Files: []string{"t.yml"}, Target: target,
			ReadFile: func(string) ([]byte, error) {
				return []byte(loadtest.OneUser + "scenarios: [{flow: [{get: {url: /}}]}]"), nil
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		_, err = load.New(loaded, load.Options{Network: network.Options{Protocol: p}})
		if got := errorText(err); got != want {
			t.Errorf("%s in %s: %q, want %q", target, p, got, want)
		}
	}
	f("http://a.test", network.HTTP1, "")
	f("http://a.test", network.H2C, "")
	f("http://a.test", network.HTTP2, "target http://a.test: HTTP/2: needs an https:// URL; h2c is for http:// ones")
	f("http://a.test", network.HTTP3, "target http://a.test: HTTP/3: needs an https:// URL")
	f("https://a.test", network.HTTP3, "")
	f("https://a.test", "1.0", `protocol "1.0" is unknown, want 1.1, 2, h2c or 3`)
}
