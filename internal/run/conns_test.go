package run_test

import (
	"bufio"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"

	"edgescope/internal/run"
)

// TestConnectionsAreBounded: idle connections give way to new ones, the oldest first; those with a request in work do not.
func TestConnectionsAreBounded(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	s, err := run.Serve(t.Context(), run.ServerOptions{
		Name: "test", Addr: "127.0.0.1:0", Log: slog.New(slog.DiscardHandler), MaxConns: 3,
		Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				entered <- struct{}{}
				<-leave
			}
		}),
	})
	if err != nil {
		t.Fatal(err)
	}
	dial := func() net.Conn {
		t.Helper()
		conn, err := net.Dial("tcp", s.Addr())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	ask := func(conn net.Conn, path string) error {
		if _, err := io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	}
	closed := func(name string, conn net.Conn) {
		t.Helper()
		if _, err := conn.Read(make([]byte, 1)); err == nil {
			t.Errorf("%s is open", name)
		}
	}
	working := dial()
	answered := make(chan error, 1)
	go func() { answered <- ask(working, "/slow") }()
	<-entered
	first, second := dial(), dial()
	third := dial()
	closed("the connection that has waited longest", first)
	for name, conn := range map[string]net.Conn{"one that waited less": second, "the new one": third} {
		if err := ask(conn, "/"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	close(leave)
	if err := <-answered; err != nil {
		t.Errorf("the one with a request in work: %v", err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
