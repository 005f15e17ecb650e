package network

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"edgescope/load/errname"
)

// tunnelTo asks a proxy, which sends text and no more, for a tunnel. It returns what the proxy was asked and what comes
// out of the tunnel.
func tunnelTo(t *testing.T, proxy, text string) (asked *http.Request, out string, err error) {
	t.Helper()
	p, err := url.Parse(proxy)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	var serving sync.WaitGroup
	serving.Go(func() {
		defer theirs.Close()
		asked, _ = http.ReadRequest(bufio.NewReader(theirs))
		io.WriteString(theirs, text)
	})
	conn, err := askForTunnel(ours, p, "shop.test:443")
	if err == nil {
		var body []byte
		body, err = io.ReadAll(conn)
		out = string(body)
	}
	ours.Close()
	serving.Wait()
	return asked, out, err
}

// What a server says first may come in one piece with the proxy's answer: it belongs to the tunnel.
func TestATunnelBeginsBehindTheProxysAnswer(t *testing.T) {
	asked, out, err := tunnelTo(t, "http://user:secret@proxy.test", "HTTP/1.1 200 OK\r\nVia: p\r\n\r\nhello")
	if err != nil || out != "hello" {
		t.Errorf("%q came out of the tunnel, error %v; want hello", out, err)
	}
	name, password, _ := (&http.Request{Header: http.Header{
		"Authorization": asked.Header["Proxy-Authorization"],
	}}).BasicAuth()
	if asked.Method != http.MethodConnect || asked.Host != "shop.test:443" || name != "user" || password != "secret" {
		t.Errorf("%s %s by %s:%s, want CONNECT shop.test:443 by user:secret", asked.Method, asked.Host, name, password)
	}
}

func TestAProxyThatRefusesIsNamed(t *testing.T) {
	_, _, err := tunnelTo(t, "http://proxy.test:3128", "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
	var refused *ProxyError
	if !errors.As(err, &refused) || refused.Status != http.StatusForbidden {
		t.Fatalf("%v, want a ProxyError with 403", err)
	}
	if want := "proxy proxy.test:3128 answered CONNECT shop.test:443 with 403 Forbidden"; err.Error() != want {
		t.Errorf("%q, want %q", err, want)
	}
	if got, want := errname.Of(err), "proxy answered CONNECT with 403"; got != want {
		t.Errorf("counted as %q, want %q: the name is the same for all targets", got, want)
	}
}

func TestPortsOfProxies(t *testing.T) {
	f := func(proxy, want string) {
		t.Helper()
		p, err := parseProxy(proxy)
		if err != nil {
			t.Fatal(err)
		}
		if got := proxyAddr(p); got != want {
			t.Errorf("%s: %s, want %s", proxy, got, want)
		}
	}
	f("proxy.test", "proxy.test:80")
	f("http://proxy.test", "proxy.test:80")
	f("socks5://proxy.test", "proxy.test:1080")
	f("socks5h://[2001:db8::1]", "[2001:db8::1]:1080")
	f("proxy.test:3128", "proxy.test:3128")
}
