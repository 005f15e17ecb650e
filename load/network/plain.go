package network

import (
	"context"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"edgescope/load/coding"
	"edgescope/load/http1"
	"edgescope/load/http2"
)

// Rendered keeps a request in the form in which our own client sends it, for those who send the same one again. The
// zero value is ready; it is safe for concurrent use.
type Rendered struct {
	request atomic.Pointer[http1.Request]
	http2   atomic.Pointer[http2.Request]
}

// plain speaks HTTP/1.1 by our own client. What http1.NewRequest refuses goes through net/http, over connections of its
// own.
type plain struct {
	opener *opener
	conns  int
	client *http1.Client

	mu    sync.Mutex
	other Client // nil until a request needs it
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

func (e *plain) Close() {
	e.client.Close()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.other != nil {
		e.other.Close()
	}
}

// net is net/http, for what our own client does not do.
func (e *plain) net() Client {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.other == nil {
		e.other = e.opener.netHTTP(e.conns)
	}
	return e.other
}

func (e *plain) Do(ctx context.Context, c *Call) (*Answer, error) {
	r, err := c.request()
	if err != nil {
		return e.net().Do(ctx, c) // does it, or says why it cannot be done
	}
	x, a := &c.exchange, &c.answer
	x.Begun, x.Timeout = c.Begun, c.Timeout
	*a = Answer{}
	err = e.client.Do(ctx, r, x)
	end := time.Since(c.Begun)
	if err == nil {
		end, err = a.take(x, c)
	}
	a.End = c.Begun.Add(end)
	a.Timing = timingOf(&moments{x.Begun, x.Conn, x.Reused, x.Head != nil, x.Sent, x.Wrote, x.First, end})
	if opened := openedConn(x.Conn); opened != nil {
		a.Conn = &opened.info
	}
	return a, err
}

// request is the call as our own client sends it. One that every user sends alike is rendered once.
func (c *Call) request() (*http1.Request, error) {
	if c.Rendered != nil {
		if r := c.Rendered.request.Load(); r != nil {
			return r, nil
		}
	}
	req := &http.Request{Method: c.Method, URL: c.URL, Header: c.Header, Host: c.Header.Get("Host")}
	if req.Host == "" {
		req.Host = c.URL.Host
	}
	r, err := http1.NewRequest(req, c.Body, c.Memo)
	if err == nil && c.Rendered != nil {
		c.Rendered.request.Store(r)
	}
	return r, err
}

// take reads the whole answer and returns when it was there, since c.Begun.
func (a *Answer) take(x *http1.Exchange, c *Call) (end time.Duration, err error) {
	a.Head, a.Status, a.Header = x.Head, x.Head.Status, x.Head.Header
	end = x.First
	here := x.Here()
	err = a.read(x, c.Keep)
	if !here || err != nil {
		end = time.Since(c.Begun)
	}
	x.Done(err == nil)
	return end, err
}

// wholeBody is how long a body may be, in bytes, to get all of its memory before it comes.
const wholeBody = 1 << 20

// read reads the body.
func (a *Answer) read(x *http1.Exchange, keep bool) (err error) {
	header := a.Header.Get("Content-Encoding")
	if header == "" && !keep {
		a.Received, err = x.Discard()
		a.Decoded = a.Received
		return err
	}
	if header == "" {
		var whole bool
		if a.Body, whole, err = x.Whole(wholeBody); whole {
			a.Received, a.Decoded = int64(len(a.Body)), int64(len(a.Body))
			return err
		}
	}
	wire := &wireReader{r: x.Body()}
	a.Body, a.Decoded, err = coding.Decode(wire, header, keep)
	a.Received = wire.n
	return err
}

// moments are when things happened to a request of our own clients, since it began.
type moments struct {
	begun                   time.Time
	conn                    net.Conn // nil: there was none
	reused, answered        bool
	sent, wrote, first, end time.Duration
}

// timingOf divides the time between the begin of an exchange and its end.
func timingOf(m *moments) Timing {
	if m.conn == nil {
		return Timing{TTFB: m.end, Waited: m.end}
	}
	first := m.first
	if !m.answered {
		first = m.end
	}
	tm := Timing{
		ConnWait: m.sent, Reused: m.reused, Sent: m.begun.Add(m.sent),
		TTFB: first - m.sent, Download: m.end - first,
		Waited: first - max(min(m.wrote, first), m.sent),
	}
	if opened := openedConn(m.conn); opened != nil && !m.reused {
		tm.DNS, tm.TCP, tm.TLS = opened.dns, opened.tcp, opened.tls
		tm.ConnWait = max(m.sent-opened.dns-opened.tcp-opened.tls, 0)
	}
	return tm
}
