// Package http1 is an HTTP/1.1 client for a load generator: one request costs one write, one read and next to no
// memory, and the goroutine that asks does all the work. What a request or an answer means is net/http's to say:
// requests are rendered byte for byte as http.Request.Write does, and heads parsed by http.ReadResponse; a head that is
// byte for byte one of the last of its kind is not parsed again. Pooling, retries, deadlines and the reading of bodies
// are this package's own, by the rules of net/http.Transport. What it does not do it refuses with ErrUnsupported before
// anything is sent (see NewRequest).
package http1

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Link is an open connection.
type Link struct {
	net.Conn
	// Socket is what lies below Conn; it tells whether the server has closed an idle connection. nil: not known.
	Socket syscall.Conn
}

// Options are what a Client needs. They may be shared by many clients and are not changed.
type Options struct {
	// Dial opens a connection to host:port, with TLS for the scheme https.
	Dial func(ctx context.Context, scheme, addr string) (Link, error)
	// MaxConns bounds the connections to one host; 0: no bound. Requests beyond it wait in the order of their coming.
	MaxConns int
	// MaxIdle bounds the connections to one host that are kept without work.
	MaxIdle int
	// MaxHeader bounds the head of an answer, in bytes.
	MaxHeader int64
}

// Client keeps connections and sends requests over them. It is safe for concurrent use. Close it when nobody uses it
// any more.
type Client struct {
	options *Options

	mu    sync.Mutex
	pools []*pool // a load test has few hosts: a list is smaller than a map, and one for each of its users
}

// New makes a client without connections; o is kept.
func New(o *Options) *Client { return &Client{options: o} }

// Close closes the idle connections. Those in use are closed when their exchange ends.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.pools {
		p.close()
	}
}

func (c *Client) pool(r *Request) *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.pools, func(p *pool) bool { return p.addr == r.addr && p.scheme == r.scheme })
	if i < 0 {
		i = len(c.pools)
		c.pools = append(c.pools, &pool{options: c.options, scheme: r.scheme, addr: r.addr})
	}
	return c.pools[i]
}

// Exchange is a request on its way and its answer as far as it came. The caller sets Begun and Timeout; Do overwrites
// the rest. An Exchange may be used again after Done.
type Exchange struct {
	Begun   time.Time
	Timeout time.Duration // from Begun to the end of the head; see Patience for the body

	// Head is the head of the answer, nil if none came.
	Head *Head
	// Conn is what the request went over last, nil if there was no connection; Reused tells whether it had carried
	// another request before.
	Conn   net.Conn
	Reused bool
	// Sent is when the connection was in hand, Wrote when the request was written, First when the first byte of the
	// final head was there. They are lengths of time since Begun.
	Sent, Wrote, First time.Duration

	conn    *conn
	request *Request
	writing chan written // a large request is still being written
	broken  bool         // the request was not written whole, and answered all the same
}

// Do sends a request and reads the head of the answer, over a kept connection if there is one. A request of which nothing
// could be written, because the server had closed the kept connection, goes over another one; one of which the server
// may have read something is never sent twice. After a Do without error the caller reads the body and calls Done. The error after the context's end is
// context.Cause(ctx); after Timeout it is os.ErrDeadlineExceeded or context.DeadlineExceeded.
func (c *Client) Do(ctx context.Context, r *Request, x *Exchange) error {
	*x = Exchange{Begun: x.Begun, Timeout: x.Timeout, request: r}
	p := c.pool(r)
	for {
		conn, err := p.get(ctx, x)
		if err != nil {
			return err
		}
		x.Conn, x.Reused, x.conn = conn.link.Conn, conn.used, conn
		x.Sent = time.Since(x.Begun)
		if err = conn.exchange(ctx, r, x); err == nil {
			return nil
		}
		x.conn = nil
		x.stopWriting(conn)
		p.drop(conn)
		if !x.Reused || !errors.Is(err, errUnsent) || timedOut(err) {
			return conn.cause(err)
		}
	}
}

// errUnsent marks the error of a connection that was broken before the first byte of a request was written.
var errUnsent = errors.New("nothing was sent")

// Done ends an exchange whose body was read to its end (whole), or whose body nobody wants any more: the connection is
// kept in the first case, if both sides allow it, and closed in the second.
func (x *Exchange) Done(whole bool) {
	c := x.conn
	if c == nil {
		return
	}
	x.conn = nil
	keep := whole && !x.broken && !x.Head.close && !x.request.close && c.br.Buffered() == 0 && !c.ended.Load()
	if keep && x.written() {
		c.rest()
		c.pool.put(c)
		return
	}
	x.stopWriting(c)
	c.pool.drop(c)
}

// patience is how long an answered request may still be written before its connection is given up (net/http's
// maxWriteWaitBeforeConnReuse).
const patience = 50 * time.Millisecond

// written is how the writing of a large request ended.
type written struct {
	err error
	at  time.Duration // since Begun
}

// wrote notes that the request was written, or why not.
func (x *Exchange) wrote(w written) {
	x.writing, x.Wrote = nil, w.at
}

// written waits for what still writes the request; false if it fails or takes too long.
func (x *Exchange) written() bool {
	if x.writing == nil {
		return true
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case w := <-x.writing:
		x.wrote(w)
		return w.err == nil
	case <-timer.C:
		return false
	}
}

// stopWriting ends the goroutine that writes a large request.
func (x *Exchange) stopWriting(c *conn) {
	if x.writing != nil {
		_ = c.link.SetWriteDeadline(time.Unix(1, 0))
		x.wrote(<-x.writing)
	}
}

// secure tells whether a link is encrypted.
func secure(l Link) bool {
	_, ok := l.Conn.(*tls.Conn)
	return ok
}

// answersHEAD tells http.ReadResponse that no body follows; it is not changed.
var answersHEAD = &http.Request{Method: http.MethodHead}
