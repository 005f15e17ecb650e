package network_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

// forwarder is a proxy that leads everything to one server, and notes what it was asked for.
type forwarder struct {
	*httptest.Server
	to     string
	status int // of the answer to CONNECT

	mu    sync.Mutex
	asked []string
}

func newForwarder(t *testing.T, to string) *forwarder {
	p := &forwarder{to: to, status: http.StatusOK}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *forwarder) wasAsked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

func (p *forwarder) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, strings.TrimSpace(r.Method+" "+r.RequestURI+" "+r.Header.Get("Proxy-Authorization")))
	p.mu.Unlock()
	if r.Method != http.MethodConnect {
		forward := &http.Request{
			Method: r.Method, URL: &url.URL{Scheme: "http", Host: p.to, Path: r.URL.Path},
			Host: r.Host, Header: http.Header{},
		}
		res, err := http.DefaultTransport.RoundTrip(forward)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer res.Body.Close()
		io.Copy(w, res.Body)
		return
	}
	if p.status != http.StatusOK {
		w.WriteHeader(p.status)
		return
	}
	server, err := net.Dial("tcp", p.to)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	client, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	io.WriteString(client, "HTTP/1.1 200 Connection established\r\n\r\n")
	join(client, rw.Reader, server)
}

// join copies both ways until one side ends.
func join(client net.Conn, buffered io.Reader, server net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { io.Copy(server, buffered); server.Close() })
	io.Copy(client, server)
	client.Close()
	both.Wait()
}

func proxyFrom(t *testing.T, explicit string, env map[string]string) func(*url.URL) (*url.URL, error) {
	t.Helper()
	p, err := network.ProxyFrom(explicit, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRequestsGoThroughAProxy: whole requests of http:// URLs in HTTP/1.1, everything else by CONNECT.
func TestRequestsGoThroughAProxy(t *testing.T) {
	f := func(server string, protocol network.Protocol, want ...string) {
		t.Helper()
		s := speaking(t, server, func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, r.Host) })
		p := newForwarder(t, s.host())
		scheme, _, _ := strings.Cut(s.URL, ":")
		n := network.Options{Protocol: protocol, Proxy: proxyFrom(t, strings.Replace(p.URL, "://", "://me:secret@", 1),
			nil)}
		r := loadtest.Results(loadtest.Run(t, scheme+"://example.com",
			s.script(1, "", "{get: {url: /a, expect: {matchesRegexp: '^example.com$'}}}"), load.Options{Network: n}))[0]
		if r.Code != 200 || len(r.Outcomes) == 0 || !r.Outcomes[0].OK {
			t.Errorf("%s: code %d, outcomes %v, failure %q", server, r.Code, r.Outcomes, r.Failure)
		}
		if diff := cmp.Diff(want, p.wasAsked()); diff != "" {
			t.Errorf("%s: the proxy was asked (-want +got):\n%s", server, diff)
		}
		if r.TCP <= 0 || (r.TLS > 0) != (scheme == "https") {
			t.Errorf("%s: tcp %v, tls %v", server, r.TCP, r.TLS)
		}
	}
	const auth = " Basic bWU6c2VjcmV0"
	f("1.1", network.HTTP1, "GET http://example.com/a"+auth)
	f("https", network.HTTP1, "CONNECT example.com:443"+auth)
	f("h2c", network.H2C, "CONNECT example.com:80"+auth)
	f("2", network.HTTP2, "CONNECT example.com:443"+auth)
}

func TestAProxyMayRefuse(t *testing.T) {
	s := speaking(t, "https", func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") })
	p := newForwarder(t, s.host())
	p.status = http.StatusForbidden
	f := func(proxy string, protocol network.Protocol, want string) {
		t.Helper()
		n := network.Options{Protocol: protocol, Proxy: proxyFrom(t, proxy, nil)}
		if r := loadtest.Results(loadtest.Run(t, "https://example.com", s.script(1, "", "{get: {url: /}}"),
			load.Options{Network: n}))[0]; r.Failure != want {
			t.Errorf("%s through %s: %q, want %q", protocol, proxy, r.Failure, want)
		}
	}
	f(p.URL, network.HTTP1, "proxy answered CONNECT with 403")
	f(p.URL, network.HTTP2, "proxy answered CONNECT with 403")
	f(p.URL, network.HTTP3, "HTTP/3: does not go through a proxy")
	p.Close()
	f(p.URL, network.HTTP1, "ECONNREFUSED")
}

// socksServer speaks SOCKS5 (RFC 1928) with a password (RFC 1929), and leads everything to one server.
func socksServer(t *testing.T, to string) (addr string, asked func() []string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var names []string
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				name, err := socksHandshake(client)
				if err != nil {
					client.Close()
					return
				}
				mu.Lock()
				names = append(names, name)
				mu.Unlock()
				server, err := net.Dial("tcp", to)
				if err != nil {
					client.Close()
					return
				}
				join(client, client, server)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return listener.Addr().String(), func() []string { mu.Lock(); defer mu.Unlock(); return names }
}

func socksHandshake(c net.Conn) (name string, err error) {
	r := bufio.NewReader(c)
	read := func(n int) []byte {
		b := make([]byte, n)
		if err == nil {
			_, err = io.ReadFull(r, b)
		}
		return b
	}
	methods := read(2)
	read(int(methods[1]))
	c.Write([]byte{5, 2})
	user := string(read(int(read(2)[1])))
	password := string(read(int(read(1)[0])))
	c.Write([]byte{1, 0})
	head := read(5)
	host := string(read(int(head[4])))
	port := binary.BigEndian.Uint16(read(2))
	c.Write([]byte{5, 0, 0, 1, 127, 0, 0, 1, 0, 0})
	return fmt.Sprintf("%s:%s %s:%d", user, password, host, port), err
}

// TestSOCKS5ResolvesTheName, for plain and encrypted connections.
func TestSOCKS5ResolvesTheName(t *testing.T) {
	for _, server := range []string{"1.1", "https", "2"} {
		s := speaking(t, server, func(http.ResponseWriter, *http.Request) {})
		addr, asked := socksServer(t, s.host())
		protocol := network.Protocol(server)
		if server == "https" {
			protocol = network.HTTP1
		}
		scheme, _, _ := strings.Cut(s.URL, ":")
		n := network.Options{Protocol: protocol, Proxy: proxyFrom(t, "socks5h://me:secret@"+addr, nil)}
		if r := loadtest.Results(loadtest.Run(t, scheme+"://example.com:99", s.script(1, "", "{get: {url: /}}"),
			load.Options{Network: n}))[0]; r.Code != 200 {
			t.Errorf("%s: code %d, failure %q", server, r.Code, r.Failure)
		}
		if diff := cmp.Diff([]string{"me:secret example.com:99"}, asked()); diff != "" {
			t.Errorf("%s: the proxy was asked (-want +got):\n%s", server, diff)
		}
	}
}

func TestWhichProxyIsTaken(t *testing.T) {
	f := func(explicit string, env map[string]string, target, want string) {
		t.Helper()
		got := ""
		if find := proxyFrom(t, explicit, env); find != nil {
			u, err := url.Parse(target)
			if err != nil {
				t.Fatal(err)
			}
			p, err := find(u)
			if err != nil {
				t.Fatal(err)
			}
			if p != nil {
				got = p.String()
			}
		}
		if got != want {
			t.Errorf("--proxy %q, environment %v, %s: %q, want %q", explicit, env, target, got, want)
		}
	}
	env := map[string]string{
		"HTTP_PROXY": "http://p:1", "HTTPS_PROXY": "http://p:2",
		"NO_PROXY": ".inner.test,10.0.0.0/8",
	}
	f("", nil, "http://a.test", "")
	f("", env, "http://a.test", "http://p:1")
	f("", env, "https://a.test", "http://p:2")
	f("", env, "https://a.inner.test", "")
	f("", env, "https://10.1.2.3", "")
	f("", env, "https://127.0.0.1:8443", "")
	f("", map[string]string{"https_proxy": "p:3", "HTTPS_PROXY": "http://p:2"}, "https://a.test", "http://p:3")
	f("http://q:4", env, "https://a.test", "http://q:4")
	f("http://q:4", env, "https://a.inner.test", "")
	f("http://q:4", env, "http://127.0.0.1:3000", "http://q:4")
	f("q:4", nil, "http://localhost:3000", "http://q:4")
	f("q:4", map[string]string{"NO_PROXY": "localhost"}, "http://localhost:3000", "")
	f("socks5://q:4", nil, "http://a.test", "socks5://q:4")
}

func TestBadProxiesAreRefused(t *testing.T) {
	f := func(explicit string, env map[string]string, want string) {
		t.Helper()
		_, err := network.ProxyFrom(explicit, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
		if errorText(err) != want {
			t.Errorf("--proxy %q, environment %v: %q, want %q", explicit, env, errorText(err), want)
		}
	}
	f("https://q:4", nil, `a proxy of scheme "https" is not supported, want http, socks5 or socks5h`)
	f("http://", nil, "the URL of the proxy names no host")
	f("http://me:sec%ret@q", nil, "the URL of the proxy cannot be read")
	f("", map[string]string{"HTTPS_PROXY": "ftp://q"},
		`a proxy of scheme "ftp" is not supported, want http, socks5 or socks5h`)
}

// TestRoutesGoPastTheProxy: who sends a host elsewhere wants to reach that place.
func TestRoutesGoPastTheProxy(t *testing.T) {
	s := speaking(t, "1.1", func(http.ResponseWriter, *http.Request) {})
	p := newForwarder(t, s.host())
	_, port, _ := net.SplitHostPort(s.host())
	route, err := network.ParseConnectTo("shop.test:80:127.0.0.1:" + port)
	if err != nil {
		t.Fatal(err)
	}
	n := network.Options{
		Proxy:  proxyFrom(t, "", map[string]string{"HTTP_PROXY": p.URL}),
		Routes: []network.Route{route},
	}
	r := loadtest.Results(loadtest.Run(t, "http://shop.test", s.script(1, "", "{get: {url: /}}"),
		load.Options{Network: n}))[0]
	if r.Code != 200 || len(p.wasAsked()) != 0 {
		t.Errorf("code %d, failure %q, the proxy was asked %v; want 200 past it", r.Code, r.Failure, p.wasAsked())
	}
}
