package loadtest

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"
)

// Peer is the server's side of a WebSocket.
type Peer struct {
	*websocket.Conn

	Raw     net.Conn // below it
	Request *http.Request
}

// ServeSockets starts a server whose WebSockets talk as f does, and end with it. What is asked for below /status/ is
// refused with 403. The URL of the server begins with ws.
func ServeSockets(t testing.TB, f func(ctx context.Context, p *Peer)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/status/") {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		tap := &tap{ResponseWriter: w}
		c, err := websocket.Accept(tap, r, &websocket.AcceptOptions{
			Subprotocols:    strings.Split(strings.ReplaceAll(r.Header.Get("Sec-WebSocket-Protocol"), " ", ""), ","),
			CompressionMode: websocket.CompressionNoContextTakeover,
		})
		if err != nil {
			return // it was no handshake, and the client has been told so
		}
		defer c.CloseNow() //nolint:errcheck // it may be closed already
		f(r.Context(), &Peer{Conn: c, Raw: tap.conn, Request: r})
	}))
	t.Cleanup(server.Close)
	return "ws" + strings.TrimPrefix(server.URL, "http")
}

// Echo sends back all that comes, until the other side has had enough.
func Echo(ctx context.Context, p *Peer) {
	for {
		kind, text, err := p.Read(ctx)
		if err != nil || p.Write(ctx, kind, text) != nil {
			return
		}
	}
}

// tap keeps the connection that is hijacked.
type tap struct {
	http.ResponseWriter

	conn net.Conn
}

// Hijack implements http.Hijacker.
func (t *tap) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(t.ResponseWriter).Hijack()
	t.conn = conn
	return conn, rw, err
}
