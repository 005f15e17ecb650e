// Package http2 is an HTTP/2 client for a load generator (RFC 9113). One goroutine reads each connection and ends the
// exchanges; who sends a request writes it, together with those that others want to send at the same time, so that a
// busy connection costs one write and one read for many requests. A request has no goroutine and no timer of its own
// and, where it is one of many alike, no allocation. Frames are read and written here; HPACK is golang.org/x/net's.
package http2

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Options are what a Client needs. They may be shared by many clients and are not changed.
type Options struct {
	// Dial opens a connection to host:port on which the server speaks HTTP/2, with TLS for the scheme https.
	Dial func(ctx context.Context, scheme, addr string) (net.Conn, error)
	// MaxConns bounds the connections to one host, >= 1. A request takes a connection without others, else opens one,
	// else shares the least busy one; when the server allows no more streams it waits in the order of its coming.
	MaxConns int
	// MaxHeader bounds the header of an answer, in bytes as RFC 9113, section 6.5.2, counts them.
	MaxHeader int
}

// Client keeps connections and sends requests over them. It is safe for concurrent use. Close it when nobody uses it
// any more.
type Client struct {
	options *Options
	running sync.WaitGroup // the goroutines of the connections

	mu    sync.Mutex
	pools []*pool // a load test has few hosts
}

// New makes a client without connections; o is kept.
func New(o *Options) *Client { return &Client{options: o} }

// Close closes all connections and waits until nothing of them is left.
func (c *Client) Close() {
	c.mu.Lock()
	pools := c.pools
	c.mu.Unlock()
	for _, p := range pools {
		p.close()
	}
	c.running.Wait()
}

func (c *Client) pool(r *Request) *pool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.pools, func(p *pool) bool { return p.addr == r.addr && p.scheme == r.scheme })
	if i < 0 {
		i = len(c.pools)
		c.pools = append(c.pools, &pool{client: c, scheme: r.scheme, addr: r.addr})
	}
	return c.pools[i]
}

// Exchange is a request on its way and its answer as far as it came. The caller sets Begun, Timeout and Keep; Do
// overwrites the rest. An Exchange may be used again after Done.
type Exchange struct {
	Begun time.Time
	// Timeout is how long it may take from Begun to the head of the answer, and from one piece of its body to the next.
	Timeout time.Duration
	// Keep tells that the body is wanted. One with a Content-Encoding is kept without it, for who decodes it.
	Keep bool

	// Head is the head of the answer, nil if none came; Trailer is what came behind the body, mostly nil.
	Head    *Head
	Trailer http.Header
	// Conn is what the request went over last, nil if there was no connection; Reused tells whether another request
	// had opened it. Written tells whether the request was handed over whole to the connection.
	Conn            net.Conn
	Reused, Written bool
	// Sent is when the connection was in hand, Wrote when the end of the request went out, First when the first byte of
	// the final head was there, and End when the last of the answer was. They are lengths of time since Begun.
	Sent, Wrote, First, End time.Duration
	// Received is the length of the body as far as it came, in bytes.
	Received int64

	request *Request
	conn    *conn // nil: not under way
	stream
}

// Do sends a request and waits for the answer: all of it unless the body is kept and large, see [Exchange.Body]. A
// request of which a server says that it has not looked at it, or that was not written, is sent again, over another
// connection if need be. After a Do without error the caller reads the body and calls Done. An error with a Head tells
// that the answer broke off in its body. The error after the context's end is context.Cause(ctx); after Timeout it is
// os.ErrDeadlineExceeded or context.DeadlineExceeded.
func (c *Client) Do(ctx context.Context, r *Request, x *Exchange) error {
	p := c.pool(r)
	for tries := 1; ; tries++ {
		*x = Exchange{Begun: x.Begun, Timeout: x.Timeout, Keep: x.Keep, request: r, stream: stream{wake: x.wake}}
		if x.wake == nil {
			x.wake = make(chan bool, 1)
		}
		err := p.exchange(ctx, x)
		if err == nil {
			return nil
		}
		x.End = time.Since(x.Begun)
		if !x.again(err, tries) {
			return err
		}
	}
}

// exchange sends a request over one connection.
func (p *pool) exchange(ctx context.Context, x *Exchange) error {
	for {
		c, reused, err := p.get(ctx, x)
		if err != nil {
			return err
		}
		x.Conn, x.Reused = c.link, reused
		x.Sent = time.Since(x.Begun)
		if err = c.exchange(ctx, x); err == nil {
			return nil
		}
		p.give(c)
		if !errors.Is(err, errFull) {
			return err
		}
	}
}

// Done ends an exchange. What has not come yet of its answer nobody wants any more.
func (x *Exchange) Done() {
	c := x.conn
	if c == nil {
		return
	}
	if !x.whole {
		c.leave(x)
	}
	x.conn = nil
	c.pool.give(c)
}
