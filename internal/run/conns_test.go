package run_test

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"edgescope/internal/run"
)

// bounded is a program with two listeners and few connections.
type bounded struct {
	*testing.T
	conns          *run.Conns
	one, two       *run.Server
	entered, leave chan struct{}
}

func startBounded(t *testing.T, all, each int) *bounded {
	t.Helper()
	b := &bounded{
		T: t, conns: run.NewConns(slog.New(slog.DiscardHandler), all), entered: make(chan struct{}),
		leave: make(chan struct{}),
	}
	serve := func() *run.Server {
		s, err := run.Serve(t.Context(), run.ServerOptions{
			Name: "test", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), Conns: b.conns, MaxConns: each,
			Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					b.entered <- struct{}{}
					<-b.leave
				}
				_, _ = io.Copy(io.Discard, r.Body) // it may be cut
			}),
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	b.one, b.two = serve(), serve()
	return b
}

func (b *bounded) dial(s *run.Server) net.Conn {
	b.Helper()
	conn, err := net.Dial("tcp", s.Addr())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return conn
}

func ask(conn net.Conn, path string) error {
	if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		return err
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

func (b *bounded) answered(name string, conn net.Conn) {
	b.Helper()
	if err := ask(conn, "/"); err != nil {
		b.Errorf("%s: %v", name, err)
	}
}

// closed waits for the end of a connection.
func (b *bounded) closed(name string, conn net.Conn) {
	b.Helper()
	conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
		b.Errorf("%s is open", name)
	}
}

// TestConnectionsAreBounded: idle connections give way to new ones, the oldest first; those with a request in work do
// not.
func TestConnectionsAreBounded(t *testing.T) {
	f := func(name string, all, each int, first, second func(b *bounded) *run.Server) {
		t.Run(name, func(t *testing.T) {
			b := startBounded(t, all, each)
			working := b.dial(first(b))
			answered := make(chan error, 1)
			go func() { answered <- ask(working, "/slow") }()
			<-b.entered
			oldest, younger := b.dial(first(b)), b.dial(first(b))
			b.answered("one that waits", younger) // it is served, so that it was accepted after the oldest
			newest := b.dial(second(b))
			b.closed("the connection that has waited longest", oldest)
			b.answered("one that waited less", younger)
			b.answered("the new one", newest)
			close(b.leave)
			if err := <-answered; err != nil {
				t.Errorf("the one with a request in work: %v", err)
			}
		})
	}
	one := func(b *bounded) *run.Server { return b.one }
	two := func(b *bounded) *run.Server { return b.two }
	f("of a listener", 100, 3, one, one)
	f("of all listeners", 3, 100, one, two)
}

// TestWhatDoesNotBecomeARequestGivesWay: headers that do not end, HTTP/2 without a stream.
func TestWhatDoesNotBecomeARequestGivesWay(t *testing.T) {
	for name, begin := range map[string]string{
		"headers without end": "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ",
		"HTTP/2 without a stream": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" +
			"\x00\x00\x08\x06\x00\x00\x00\x00\x0012345678", // and a ping
		"HTTP/2 headers that go on": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00" +
			"\x00\x00\x01\x01\x00\x00\x00\x00\x01\x82", // HEADERS without END_HEADERS
	} {
		t.Run(name, func(t *testing.T) {
			b := startBounded(t, 2, 100)
			var strangers []net.Conn
			for range 5 {
				conn := b.dial(b.one)
				io.WriteString(conn, begin)
				strangers = append(strangers, conn)
			}
			b.answered("a new one", b.dial(b.two))
			b.closed("the first stranger", strangers[0])
		})
	}
}

// TestLoweringTheBoundClosesIdleOnes is what happens when the rest of the program needs more descriptors.
func TestLoweringTheBoundClosesIdleOnes(t *testing.T) {
	b := startBounded(t, 10, 10)
	first, second := b.dial(b.one), b.dial(b.one)
	b.answered("the second", second) // so both were accepted
	b.conns.Bound(1)
	b.closed("the first", first)
	b.answered("the second", second)
	if n := b.conns.Open(); n != 1 {
		t.Errorf("%d connections are counted, want 1", n)
	}
}

// TestTheOtherProtocolIsTold: a client that speaks TLS where there is none, or none where there is, learns it.
func TestTheOtherProtocolIsTold(t *testing.T) {
	b := startBounded(t, 10, 10)
	conn := b.dial(b.one)
	io.WriteString(conn, "\x16\x03\x01\x00\x05hello")
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.Contains(string(answer), "400 Bad Request") ||
		!strings.Contains(string(answer), "--tls-cert") {
		t.Errorf("it answers %q, %v", answer, err)
	}
}
