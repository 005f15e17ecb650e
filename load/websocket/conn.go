package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// What ends a WebSocket, or a wait for a message of it.
const (
	ErrTimeout  = Error("response timeout")              // Artillery's: no message came in time
	ErrEmpty    = Error("Empty response from WS server") // Artillery's: of which something should be captured
	errNotOpen  = Error("WebSocket is not open: readyState 3 (CLOSED)")
	errTooLarge = Error("Max payload size exceeded")
	errFrame    = Error("Invalid WebSocket frame")
	errUTF8     = Error("Invalid WebSocket frame: invalid UTF-8 sequence")
)

// closedWith is the error of a WebSocket that the server has closed; 1006 is without a word (RFC 6455, section 7.4.1).
func closedWith(code int) Error { return Error(fmt.Sprintf("WebSocket closed with %d", code)) }

// maxKept is how many bytes of messages wait for a Receive, beside the last one.
const maxKept = 1 << 20

// Message is one that came.
type Message struct {
	Body []byte
	// First is when its first frame was there, Last when all of it was.
	First, Last time.Time
}

// Conn is a WebSocket. One goroutine uses it; another one, which it owns, reads all that comes, whether somebody waits
// for it or not, and answers pings.
type Conn struct {
	ws      *websocket.Conn
	wire    *wire
	max     int64
	keep    bool
	reading sync.WaitGroup
	parting atomic.Bool // we have said good-bye, and the server has time to
	unwatch func() bool
	timer   *time.Timer   // of Receive; nil until then
	arrived chan struct{} // has room for one

	mu      sync.Mutex
	inbox   []Message
	bytes   int64 // in inbox
	wanted  bool  // the next message is
	ignored int64
	end     error // why nothing comes any more
}

func newConn(ctx context.Context, ws *websocket.Conn, w *wire, r *Request) *Conn {
	w.left = unlimited
	ws.SetReadLimit(-1) // it is ours: what nobody wants may be of any length
	c := &Conn{ws: ws, wire: w, max: r.MaxMessage, keep: r.Keep, arrived: make(chan struct{}, 1)}
	c.unwatch = context.AfterFunc(ctx, func() { expire(w.Conn) })
	c.reading.Go(c.read)
	return c
}

// read takes in all that comes until the end.
func (c *Conn) read() {
	for {
		wanted, m, err := c.next()
		c.mu.Lock()
		switch {
		case err != nil:
			c.end = c.reason(err)
		case wanted:
			c.put(m)
		default:
			c.ignored++
		}
		c.mu.Unlock()
		if err != nil || wanted {
			c.rouse()
		}
		if err != nil {
			c.leave(err)
			return
		}
	}
}

// leaving is for how long a server may take to close a connection over which both sides have said good-bye.
const leaving = time.Second

// leave closes the connection below. It is the server that should do so first (RFC 6455, section 7.1.1): then its port
// stays taken for a while, and not ours.
func (c *Conn) leave(end error) {
	var closed websocket.CloseError
	parted := c.parting.Load() && errors.Is(end, net.ErrClosed) // the library's Close has read the server's good-bye
	if errors.As(end, &closed) || parted {
		_ = c.wire.SetReadDeadline(time.Now().Add(leaving))
		_, _ = io.CopyN(io.Discard, c.wire.Conn, maxHead)
	}
	_ = c.wire.Conn.Close()
}

func (c *Conn) rouse() {
	select {
	case c.arrived <- struct{}{}:
	default: // it will look
	}
}

// put keeps a message. The lock is held.
func (c *Conn) put(m Message) {
	for len(c.inbox) > 0 && c.bytes+int64(len(m.Body)) > maxKept {
		c.bytes -= int64(len(c.inbox[0].Body))
		c.inbox = c.inbox[1:]
		c.ignored++
	}
	c.inbox, c.bytes, c.wanted = append(c.inbox, m), c.bytes+int64(len(m.Body)), false
}

// next reads a message. One that nobody wants is read over.
func (c *Conn) next() (wanted bool, m Message, err error) {
	kind, r, err := c.ws.Reader(context.Background())
	if err != nil {
		return false, m, err
	}
	m.First = time.Now()
	c.mu.Lock()
	wanted = c.wanted || c.keep
	c.mu.Unlock()
	if !wanted {
		if _, err := io.Copy(io.Discard, r); err != nil {
			return false, m, err
		}
		return false, m, nil
	}
	m.Body, err = io.ReadAll(io.LimitReader(r, c.max+1))
	m.Last = time.Now()
	switch {
	case err != nil:
		return false, m, err
	case int64(len(m.Body)) > c.max:
		return false, m, errTooLarge
	case kind == websocket.MessageText && !utf8.Valid(m.Body):
		return false, m, errUTF8
	default:
		return true, m, nil
	}
}

// reason is why nothing comes any more: the server has said it, the connection below has, or it sent what is no frame.
func (c *Conn) reason(err error) error {
	var closed websocket.CloseError
	if errors.As(err, &closed) {
		return closedWith(int(closed.Code))
	}
	var named Error
	if errors.As(err, &named) {
		return named
	}
	err = c.wire.orElse(errFrame)
	if ended(err) {
		return closedWith(int(websocket.StatusAbnormalClosure))
	}
	return err
}

// Send sends a text message, for at most so long. What came before it is forgotten; if an answer is wanted, the next
// message that comes is for [Conn.Receive].
func (c *Conn) Send(text []byte, answer bool, timeout time.Duration) error {
	c.mu.Lock()
	c.ignored += int64(len(c.inbox))
	c.inbox, c.bytes, c.wanted = nil, 0, answer
	end := c.end
	c.mu.Unlock()
	if end != nil {
		return errNotOpen
	}
	if err := c.wire.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
		return errNotOpen
	}
	err := c.ws.Write(context.Background(), websocket.MessageText, text)
	if err != nil && errors.Is(err, net.ErrClosed) {
		return errNotOpen
	}
	_ = c.wire.SetWriteDeadline(time.Time{}) // answers to pings have one of their own
	return err
}

// Receive waits for a message, for at most so long. The error after the context's end is context.Cause(ctx), after the
// timeout [ErrTimeout].
func (c *Conn) Receive(ctx context.Context, timeout time.Duration) (Message, error) {
	if c.timer == nil {
		c.timer = time.NewTimer(timeout)
	} else {
		c.timer.Reset(timeout)
	}
	defer c.timer.Stop()
	for {
		if m, ok, err := c.take(); ok || err != nil {
			return m, err
		}
		select {
		case <-c.arrived:
		case <-c.timer.C:
			return Message{}, ErrTimeout
		case <-ctx.Done():
			return Message{}, context.Cause(ctx)
		}
	}
}

// take takes the oldest message. If there is none, the next one that comes is wanted.
func (c *Conn) take() (m Message, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.inbox) == 0 {
		c.wanted = true
		return m, false, c.end
	}
	m = c.inbox[0]
	c.inbox = c.inbox[1:]
	c.bytes -= int64(len(m.Body))
	return m, true, nil
}

// Ignored is how many messages came that nobody took.
func (c *Conn) Ignored() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ignored + int64(len(c.inbox))
}

// Close says good-bye without a status, as Artillery does, and waits for at most so long until the server has said it
// too. With no patience the connection ends without a word.
func (c *Conn) Close(patience time.Duration) {
	c.unwatch()
	if patience > 0 {
		c.parting.Store(true)
		timer := time.AfterFunc(patience, func() {
			c.parting.Store(false)
			expire(c.wire.Conn)
		})
		_ = c.ws.Close(websocket.StatusNoStatusRcvd, "") // what is wrong with it, read has met too
		defer timer.Stop()
	} else {
		expire(c.wire.Conn)
		_ = c.ws.CloseNow()
	}
	c.reading.Wait()
}
