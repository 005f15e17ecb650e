// Package websocket is the WebSocket of a virtual user: its handshake with all its times, messages that are sent and
// waited for, and its end. What goes wrong has the names that ws gives it, the client of Artillery. Frames and
// permessage-deflate are github.com/coder/websocket's; the handshake is ours, since it must be bounded and measured.
package websocket

import (
	"bufio"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6455, section 4.2.2, wants it
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// Error is what went wrong with a WebSocket, in the words of ws. Errors of the connection below are passed on as they
// are.
type Error string

func (e Error) Error() string { return string(e) }

// ErrorName is the name under which it is counted.
func (e Error) ErrorName() string { return string(e) }

// What can be wrong with the answer to a handshake (RFC 6455, section 4.1).
const (
	errHead        = Error("HPE_INVALID_CONSTANT") // node: it is no HTTP
	errLargeHead   = Error("HPE_HEADER_OVERFLOW")
	errUpgrade     = Error("Invalid Upgrade header")
	errAccept      = Error("Invalid Sec-WebSocket-Accept header")
	errNoProtocol  = Error("Server sent no subprotocol")
	errProtocol    = Error("Server sent an invalid subprotocol")
	errNotAsked    = Error("Server sent a subprotocol but none was requested")
	errExtensions  = Error("Invalid Sec-WebSocket-Extensions header")
	errProvisional = Error("Unexpected server response: 100")
)

// maxHead bounds the head of the answer, in bytes.
const maxHead = 64 << 10

// Request is the handshake of one connection.
type Request struct {
	URL          *url.URL // of scheme http or https
	Header       http.Header
	Subprotocols []string
	Deflate      bool          // permessage-deflate is offered
	Begun        time.Time     // all times count from here
	Timeout      time.Duration // from Begun to the end of the answer's head
	// Open opens the connection below, which belongs to the WebSocket from then on.
	Open func(ctx context.Context, u *url.URL) (net.Conn, error)

	MaxMessage int64 // bytes of a message that is wanted
	// Keep makes messages that come before they are wanted wait for a [Conn.Receive].
	Keep bool
}

// Opening is what came of a handshake, as far as it came. Its times are lengths of time since Begun, 0 for never.
type Opening struct {
	Below  net.Conn // nil when no connection came about
	Status int      // 0: no answer
	Header http.Header
	// Sent is when the connection was in hand, Wrote when the request was written, First when the first byte of the answer
	// was there, End when its head was, or when the handshake failed.
	Sent, Wrote, First, End time.Duration
}

// Open opens a WebSocket. The opening is never nil. The error after the context's end is context.Cause(ctx), after the
// timeout context.DeadlineExceeded. The connection ends with ctx, but must be closed all the same.
func Open(ctx context.Context, r *Request) (*Conn, *Opening, error) {
	o := &Opening{}
	defer func() { o.End = time.Since(r.Begun) }()
	limited, cancel := context.WithDeadline(ctx, r.Begun.Add(r.Timeout))
	defer cancel()
	u := &upgrade{request: r, opening: o}
	mode := websocket.CompressionDisabled
	if r.Deflate {
		// Windows that outlive a message would cost 1.2 MB for each connection.
		mode = websocket.CompressionNoContextTakeover
	}
	ws, _, err := websocket.Dial(limited, r.URL.String(), &websocket.DialOptions{ //nolint:bodyclose // it is the wire
		HTTPClient: &http.Client{Transport: u, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		HTTPHeader: r.Header, Host: r.Header.Get("Host"), Subprotocols: r.Subprotocols, CompressionMode: mode,
	})
	if err != nil {
		return nil, o, u.failed(ctx, err)
	}
	return newConn(ctx, ws, u.wire, r), o, nil
}

// upgrade is the http.RoundTripper that carries one handshake.
type upgrade struct {
	request *Request
	opening *Opening
	wire    *wire
	err     error // of the round trip
}

// failed is the reason why there is no WebSocket. What the library finds wrong with an answer that the round trip let
// through is in its extensions.
func (u *upgrade) failed(ctx context.Context, err error) error {
	if u.opening.Below != nil {
		_ = u.opening.Below.Close()
	}
	switch cause := context.Cause(ctx); {
	case cause != nil:
		return cause
	case u.err != nil:
		return u.err
	case u.opening.Status != 0:
		return errExtensions
	default:
		return err
	}
}

// RoundTrip implements http.RoundTripper.
func (u *upgrade) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := u.roundTrip(req)
	u.err = err
	return res, err
}

func (u *upgrade) roundTrip(req *http.Request) (*http.Response, error) {
	ctx, o, begun := req.Context(), u.opening, u.request.Begun
	below, err := u.request.Open(ctx, req.URL)
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	o.Below, o.Sent = below, time.Since(begun)
	uninterrupted := context.AfterFunc(ctx, func() { expire(below) })
	res, err := u.exchange(req)
	if !uninterrupted() {
		err = ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	o.Status, o.Header = res.StatusCode, res.Header
	if err := verify(req, res); err != nil {
		return nil, err
	}
	res.Body = u.wire
	return res, nil
}

// exchange sends the request and reads the head of the answer.
func (u *upgrade) exchange(req *http.Request) (*http.Response, error) {
	u.wire = &wire{Conn: u.opening.Below, left: maxHead}
	if err := req.Write(u.wire.Conn); err != nil {
		return nil, err
	}
	u.opening.Wrote = time.Since(u.request.Begun)
	return u.answer(req)
}

// expire ends what a connection is doing.
func expire(c net.Conn) { _ = c.SetDeadline(time.Unix(1, 0)) }

var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 1024) }}

// answer reads the head of the final answer. What follows it is the wire's.
func (u *upgrade) answer(req *http.Request) (*http.Response, error) {
	br := readers.Get().(*bufio.Reader)
	br.Reset(u.wire)
	defer func() {
		br.Reset(nil)
		readers.Put(br)
	}()
	for range 10 { // provisional answers
		if _, err := br.Peek(1); err != nil {
			return nil, u.wire.orElse(errHead)
		}
		u.opening.First = time.Since(u.request.Begun)
		res, err := http.ReadResponse(br, req)
		if err != nil {
			return nil, u.wire.orElse(errHead)
		}
		if res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			rest, _ := br.Peek(br.Buffered())
			u.wire.first = slices.Clone(rest)
			u.wire.left = shut
			return res, nil
		}
	}
	return nil, errProvisional
}

// verify holds an answer against RFC 6455, section 4.1, in the order of ws.
func verify(req *http.Request, res *http.Response) error {
	accept, asked := res.Header.Get("Sec-WebSocket-Accept"), req.Header.Get("Sec-WebSocket-Protocol")
	chosen := res.Header.Get("Sec-WebSocket-Protocol")
	switch {
	case res.StatusCode != http.StatusSwitchingProtocols:
		return Error(fmt.Sprintf("Unexpected server response: %d", res.StatusCode))
	case !strings.EqualFold(res.Header.Get("Upgrade"), "websocket"):
		return errUpgrade
	case accept != acceptOf(req.Header.Get("Sec-WebSocket-Key")):
		return errAccept
	case chosen != "" && asked == "":
		return errNotAsked
	case chosen == "" && asked != "":
		return errNoProtocol
	case chosen != "" && !slices.Contains(strings.Split(asked, ","), chosen):
		return errProtocol
	default:
		return nil
	}
}

func acceptOf(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) //nolint:gosec // as above
	return base64.StdEncoding.EncodeToString(sum[:])
}

// wire is the connection below. It begins with what was read together with the head, and knows why it could not be read:
// what else goes wrong is the fault of what was read.
type wire struct {
	net.Conn
	first  []byte
	left   int // bytes that the head may still have, or shut, or unlimited
	failed atomic.Pointer[error]
}

// Between the head and the first frame a wire is shut: the library reads on when it does not like the head, and would
// wait for what does not come.
const (
	unlimited = -1
	shut      = -2
)

func (w *wire) Read(p []byte) (int, error) {
	if w.left == shut {
		return 0, io.EOF
	}
	if len(w.first) > 0 {
		n := copy(p, w.first)
		w.first = w.first[n:]
		return n, nil
	}
	if w.left == 0 {
		err := error(errLargeHead)
		w.failed.Store(&err)
		return 0, err
	}
	if w.left > 0 && len(p) > w.left {
		p = p[:w.left]
	}
	n, err := w.Conn.Read(p)
	if w.left > 0 {
		w.left -= n
	}
	if err != nil {
		failed := err // so that only a failure costs memory
		w.failed.Store(&failed)
	}
	return n, err
}

// orElse is why the wire could not be read, or the error of what was read.
func (w *wire) orElse(err error) error {
	if failed := w.failed.Load(); failed != nil {
		return *failed
	}
	return err
}

// Close ends a write that the library has given up. The connection below is closed by the [Conn], in good order.
func (w *wire) Close() error { return w.SetWriteDeadline(time.Unix(1, 0)) }

// ended tells an end of the connection without a word.
func ended(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
