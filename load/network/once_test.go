package network_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"

	"edgescope/load"
	"edgescope/load/loadtest"
	"edgescope/load/network"
)

// counting is a server of HTTP/1.1 that counts what it reads and drops every second request of a connection without a
// word.
type counting struct {
	net.Listener
	serving sync.WaitGroup
	mu      sync.Mutex
	read    int
	drop    func(conn *net.TCPConn)
}

func newCounting(t *testing.T, drop func(*net.TCPConn)) *counting {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &counting{Listener: l, drop: drop}
	s.serving.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.serving.Go(func() { s.serve(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); s.serving.Wait() })
	return s
}

func (s *counting) serve(conn *net.TCPConn) {
	defer conn.Close()
	r := bufio.NewReader(conn)
	for n := 1; ; n++ {
		req, err := http.ReadRequest(r)
		if err != nil {
			return
		}
		io.Copy(io.Discard, req.Body)
		s.mu.Lock()
		s.read++
		s.mu.Unlock()
		if n == 2 {
			s.drop(conn)
			return
		}
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}
}

// TestARequestThatIsDroppedIsAnErrorAndSentOnce, whatever its method, straight and through a proxy.
func TestARequestThatIsDroppedIsAnErrorAndSentOnce(t *testing.T) {
	f := func(name, step string, proxy bool, drop func(*net.TCPConn)) {
		t.Helper()
		s := newCounting(t, drop)
		here := "http://" + s.Addr().String()
		address, o := here, load.Options{}
		if proxy {
			address = "http://target.test"
			o.Network = network.Options{Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(here) }}
		}
		script := loadtest.OneUser + "scenarios: [{flow: [{get: {url: /}}, " + step + "]}]"
		n := loadtest.Tell(loadtest.Run(t, address, script, o))
		s.mu.Lock()
		defer s.mu.Unlock()
		if n["requests"] != 2 || s.read != 2 || n["failed: ECONNRESET"] != 1 {
			t.Errorf("%s, %s, proxy %t: %v and the server has read %d; want 2 of both, and ECONNRESET", name, step, proxy,
				n, s.read)
		}
	}
	for _, step := range []string{
		"{get: {url: /}}", "{head: {url: /}}", "{options: {url: /}}", "{delete: {url: /}}", "{post: {url: /, body: x}}",
		"{put: {url: /, body: x}}", "{post: {url: /, body: x, headers: {idempotency-key: 7}}}",
		"{get: {url: /, body: x}}",
	} {
		for _, proxy := range []bool{false, true} {
			f("an end", step, proxy, func(*net.TCPConn) {})
			f("a reset", step, proxy, func(conn *net.TCPConn) { conn.SetLinger(0) })
			f("an end in the status line", step, proxy, func(conn *net.TCPConn) { io.WriteString(conn, "HTT") })
		}
	}
}

// TestABodyThatStallsEndsInEveryProtocol, as one that stalls before its header does. Plain HTTP has tests on a fake
// clock, byte by byte.
func TestABodyThatStallsEndsInEveryProtocol(t *testing.T) {
	for _, protocol := range []string{"https", "2", "3"} {
		over := make(chan struct{})
		s := speaking(t, protocol, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/never" {
				w.Header().Set("Content-Length", "10")
				io.WriteString(w, "hello")
				w.(http.Flusher).Flush()
			}
			select {
			case <-over:
			case <-r.Context().Done():
			}
		})
		for _, path := range []string{"/body", "/never"} {
			o := load.Options{Network: network.Options{Protocol: network.Protocol(protocol)}}
			if protocol == "https" {
				o.Network.Protocol = network.HTTP1
			}
			n := loadtest.Tell(loadtest.Run(t, s.URL, s.script(1, "timeout: 0.2", "{get: {url: "+path+"}}"), o))
			if n["failed: ETIMEDOUT"] != 1 || n["requests"] != 1 || path == "/body" && n["code 200"] != 1 {
				t.Errorf("%s, %s: %v, want ETIMEDOUT", protocol, path, n)
			}
		}
		close(over)
	}
}
