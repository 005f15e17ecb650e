package network

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"edgescope/load/coding"
	"edgescope/load/http2"
)

// multiplexed speaks HTTP/2 by our own client.
type multiplexed struct{ client *http2.Client }

func newMultiplexed(o *opener, conns int) *multiplexed {
	return &multiplexed{http2.New(&http2.Options{Dial: o.dialHTTP2, MaxConns: max(conns, 1), MaxHeader: maxHeader})}
}

// dialHTTP2 opens what HTTP/2 is to be spoken on. dialTLS settles by ALPN that the server does as well.
func (o *opener) dialHTTP2(ctx context.Context, scheme, addr string) (net.Conn, error) {
	if scheme == "https" {
		return o.dialTLS(ctx, "tcp", addr)
	}
	if err := o.network.Protocol.ForPlain(); err != nil {
		return nil, err
	}
	conn, err := o.tunnel(ctx, origin{scheme, addr})
	if err != nil {
		return nil, err
	}
	conn.info.Protocol = "2"
	return conn, nil
}

func (e *multiplexed) Close() { e.client.Close() }

// exchanges is memory for requests under way.
var exchanges = sync.Pool{New: func() any { return new(http2.Exchange) }}

func (e *multiplexed) Do(ctx context.Context, c *Call) (*Answer, error) {
	a := &c.answer
	*a = Answer{}
	r, err := c.http2Request()
	if err != nil {
		a.End = time.Now()
		return a, err
	}
	x := exchanges.Get().(*http2.Exchange)
	defer exchanges.Put(x)
	x.Begun, x.Timeout, x.Keep = c.Begun, c.Timeout, c.Keep
	err = e.client.Do(ctx, r, x)
	if x.Head != nil {
		a.Status, a.Header, a.Head = x.Head.Status, x.Head.Header, x.Head
	}
	if err == nil {
		err = a.readStream(ctx, x, c.Keep)
	}
	x.Done()
	a.Received = x.Received
	if a.Header.Get("Content-Encoding") == "" {
		a.Decoded = x.Received
	}
	a.End = c.Begun.Add(x.End)
	a.Timing = timingOf(&moments{x.Begun, x.Conn, x.Reused, x.Head != nil, x.Sent, x.Wrote, x.First, x.End})
	if opened := openedConn(x.Conn); opened != nil {
		a.Conn = &opened.info
	}
	if errors.Is(err, http2.ErrNotSpoken) {
		err = &ProtocolError{H2C, notSpoken}
	}
	return a, err
}

// readStream reads a body that was kept.
func (a *Answer) readStream(ctx context.Context, x *http2.Exchange, keep bool) (err error) {
	header := a.Header.Get("Content-Encoding")
	if header == "" && !keep {
		return nil
	}
	if header == "" {
		var whole bool
		if a.Body, whole = x.Whole(); whole {
			return nil
		}
	}
	a.Body, a.Decoded, err = coding.Decode(x.Body(ctx), header, keep)
	return err
}

// http2Request is the call as our client for HTTP/2 sends it. One that every user sends alike is rendered once.
func (c *Call) http2Request() (*http2.Request, error) {
	if c.Rendered != nil {
		if r := c.Rendered.http2.Load(); r != nil {
			return r, nil
		}
	}
	req := &http.Request{Method: c.Method, URL: c.URL, Header: c.Header, Host: c.Header.Get("Host")}
	r, err := http2.NewRequest(req, c.Body, c.Rendered != nil)
	if err == nil && c.Rendered != nil {
		c.Rendered.http2.Store(r)
	}
	return r, err
}
