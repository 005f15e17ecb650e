package load

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"edgescope/load/http1"
)

// rendered keeps a request in the form in which our own client sends it, for those who send the same one again.
type rendered struct{ request atomic.Pointer[http1.Request] }

// plain is the engine for HTTP/1.1. What http1.NewRequest refuses goes through net/http, over connections of its own.
type plain struct {
	opener *opener
	conns  int
	client *http1.Client

	mu    sync.Mutex
	other engine // nil until a request needs it
}

func newPlain(o *opener, conns int) *plain {
	return &plain{opener: o, conns: conns, client: http1.New(&http1.Options{
		Dial: o.link, MaxConns: conns, MaxIdle: max(conns, 100), MaxHeader: maxHeader,
	})}
}

// link opens a connection for our own client.
func (o *opener) link(ctx context.Context, scheme, addr string) (http1.Link, error) {
	dial := o.dial
	if scheme == "https" {
		dial = o.dialTLS
	}
	conn, err := dial(ctx, "tcp", addr)
	if err != nil {
		return http1.Link{}, err
	}
	socket, _ := openedConn(conn).Conn.(syscall.Conn)
	return http1.Link{Conn: conn, Socket: socket}, nil
}

func (e *plain) close() {
	e.client.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.other != nil {
		e.other.close()
	}
}

// net is net/http, for what our own client does not do.
func (e *plain) net() engine {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.other == nil {
		e.other = e.opener.netHTTP(e.conns)
	}
	return e.other
}

func (e *plain) do(ctx context.Context, c *call) (*answer, error) {
	r, err := c.request()
	if err != nil {
		return e.net().do(ctx, c) // does it, or says why it cannot be done
	}
	x, a := &c.exchange, &c.answer
	x.Begun, x.Timeout = c.begun, c.timeout
	*a = answer{}
	err = e.client.Do(ctx, r, x)
	end := time.Since(c.begun)
	if err == nil {
		end, err = a.take(x, c)
	}
	a.end = c.begun.Add(end)
	a.retries = max(x.Writes-1, 0)
	a.timing = timingOf(x, end)
	if opened := openedConn(x.Conn); opened != nil {
		a.conn = &opened.info
	}
	return a, err
}

// request is the call as our own client sends it. One that every user sends alike is rendered once.
func (c *call) request() (*http1.Request, error) {
	if c.rendered != nil {
		if r := c.rendered.request.Load(); r != nil {
			return r, nil
		}
	}
	req := &http.Request{Method: c.method, URL: c.url, Header: c.header, Host: c.header.Get("Host")}
	if req.Host == "" {
		req.Host = c.url.Host
	}
	r, err := http1.NewRequest(req, c.body, c.memo)
	if err == nil && c.rendered != nil {
		c.rendered.request.Store(r)
	}
	return r, err
}

// take reads the whole answer and tells when it was there.
func (a *answer) take(x *http1.Exchange, c *call) (end time.Duration, err error) {
	a.head, a.status, a.header = x.Head, x.Head.Status, x.Head.Header
	end = x.First
	here := x.Here()
	err = a.read(x, c.keep)
	if !here || err != nil {
		end = time.Since(c.begun)
	}
	x.Done(err == nil)
	return end, err
}

// wholeBody is up to which length a body is given its memory before it has come.
const wholeBody = 1 << 20

// read reads the body.
func (a *answer) read(x *http1.Exchange, keep bool) (err error) {
	coding := a.header.Get("Content-Encoding")
	if coding == "" && !keep {
		a.received, err = x.Discard()
		a.decoded = a.received
		return err
	}
	if coding == "" {
		var whole bool
		if a.body, whole, err = x.Whole(wholeBody); whole {
			a.received, a.decoded = int64(len(a.body)), int64(len(a.body))
			return err
		}
	}
	wire := &countingReader{r: x.Body()}
	a.body, a.decoded, err = decodeBody(wire, coding, keep)
	a.received = wire.n
	return err
}

// timingOf divides the time between the begin of an exchange and its end.
func timingOf(x *http1.Exchange, end time.Duration) Timing {
	if x.Conn == nil {
		return Timing{TTFB: end, Waited: end}
	}
	first := x.First
	if x.Head == nil {
		first = end
	}
	tm := Timing{
		ConnWait: x.Sent, Reused: x.Reused, Sent: x.Begun.Add(x.Sent),
		TTFB: first - x.Sent, Download: end - first,
		Waited: first - max(min(x.Wrote, first), x.Sent),
	}
	if opened := openedConn(x.Conn); opened != nil && !x.Reused {
		tm.DNS, tm.TCP, tm.TLS = opened.dns, opened.tcp, opened.tls
		tm.ConnWait = max(x.Sent-opened.dns-opened.tcp-opened.tls, 0)
	}
	return tm
}
