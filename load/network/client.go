package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"edgescope/load/coding"
	"edgescope/load/errname"
	"edgescope/load/http1"
)

// Client sends requests and reads their answers, for one user or for all; it does not follow redirects. It is safe for
// concurrent use.
type Client interface {
	// Do sends a request and reads the whole answer. It returns what came, never nil, and an error if that is not a
	// complete answer: one with a status then broke off in its body. The Answer may be in c's memory, and is valid
	// until c is used again; c is not kept. The error after the end of ctx is context.Cause(ctx). See errname.Of.
	Do(ctx context.Context, c *Call) (*Answer, error)
	// Close ends the idle connections, which nobody uses from here on.
	Close()
}

// Call is one request as it goes out. Header and Body are only read.
type Call struct {
	Method  string
	URL     *url.URL
	Header  http.Header
	Body    []byte        // nil: none
	Timeout time.Duration // from Begun to the end of the answer's header, and of the body as http1.Patience says
	Keep    bool          // the body of the answer is wanted
	Begun   time.Time     // when the user began with this request: all times count from here

	Memo     *http1.Memo // the heads of answers to like requests; may be nil
	Rendered *Rendered   // what calls share that are all alike and have no body; else nil

	// Memory for our own client, so that a request allocates little.
	exchange http1.Exchange
	answer   Answer
}

// Answer is what came of a call, as far as it came.
type Answer struct {
	Status            int // 0: no answer
	Header            http.Header
	Body              []byte // decoded; nil unless kept
	Received, Decoded int64  // bytes of the body
	Timing            Timing
	End               time.Time
	Conn              *Connection // nil when none was in hand
	Head              any         // the same for answers that share Header; nil if it is this answer's alone
}

// Timing divides the time of a request. Lag + ConnWait + DNS + TCP + TLS + TTFB + Download is its response time.
type Timing struct {
	// Lag is from the intended to the real start: of a user's first step, since later ones begin when the user gets
	// there; a client leaves it 0. ConnWait is the wait for a free connection. DNS, TCP and TLS are 0 for a request
	// that did not open its connection.
	Lag, ConnWait, DNS, TCP, TLS time.Duration
	// TTFB is from the send (connection in hand) to the first byte of the final answer, Download from there to the last
	// byte.
	TTFB, Download time.Duration
	// Waited is from the last byte of the request written to the first byte of the answer: Artillery's
	// http.response_time.
	Waited time.Duration
	// Sent is when the connection was in hand; zero if none was.
	Sent time.Time
	// Reused is true when the request went over a connection that had carried one before.
	Reused bool
}

// Response is from the intended start to the last byte of the body, exactly.
func (t *Timing) Response() time.Duration {
	return t.Lag + t.ConnWait + t.DNS + t.TCP + t.TLS + t.TTFB + t.Download
}

// Service is from the send to the last byte of the body.
func (t *Timing) Service() time.Duration { return t.TTFB + t.Download }

// Over makes a client of a transport, for tests.
func Over(rt http.RoundTripper) Client { return &netHTTP{rt: rt, idle: func() {}} }

// netHTTP is a client over a transport of net/http, or over one of our own for HTTP/3.
type netHTTP struct {
	rt   http.RoundTripper
	idle func() // closes idle connections
	// proxy is the proxy for an origin; nil: there are none.
	proxy func(to origin) (*url.URL, error)
	once  bool // rt sends requests again by itself, unless they have a body that cannot be read twice
}

func (e *netHTTP) Close() { e.idle() }

func (e *netHTTP) Do(ctx context.Context, c *Call) (*Answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &tracer{begun: c.Begun}
	req, err := e.request(httptrace.WithClientTrace(ctx, t.hooks()), c)
	if err != nil {
		return &Answer{End: time.Now()}, err
	}
	w := watch{over: func() { cancel(errTimeout) }}
	w.timer = time.AfterFunc(c.Timeout, w.look)
	defer w.timer.Stop()
	res, err := e.rt.RoundTrip(req)
	headers := time.Now()
	a := &Answer{End: headers}
	if err == nil {
		w.begin(c, headers)
		err = e.receive(a, res, &w, c.Keep)
		a.End = time.Now()
	}
	a.Timing = t.timing(headers, a.End)
	if conn := t.conn.Load(); conn != nil {
		a.Conn = &conn.info
	}
	if err != nil {
		err = e.explain(ctx, c.URL, t, err)
	}
	return a, err
}

// explain is why a request has failed, of which a transport tells only how that looks from where it stands.
func (e *netHTTP) explain(ctx context.Context, u *url.URL, t *tracer, err error) error {
	conn := t.conn.Load()
	if cause := context.Cause(ctx); cause != nil {
		err = cause // the transport tells that it was canceled
	} else if conn != nil && errname.Malformed(err) {
		if failed := conn.failed.Load(); failed != nil { // what the connection has cut off looks malformed
			err = fmt.Errorf("read the answer: %w", *failed)
		}
	}
	if e.proxy == nil {
		return err
	}
	to := originOf(u)
	proxy, unknown := e.proxy(to)
	var blamed *ProxyError
	switch {
	case unknown != nil || proxy == nil || errors.As(err, &blamed):
		return err
	case conn == nil && errors.Is(err, errTimeout):
		return &ProxyError{Proxy: proxyAddr(proxy), Target: to.addr, Err: err}
	default:
		return &forwardedError{proxyAddr(proxy), err}
	}
}

// errTimeout is that of an answer that did not come in time.
var errTimeout = fmt.Errorf("no answer in time: %w", os.ErrDeadlineExceeded)

func (e *netHTTP) request(ctx context.Context, c *Call) (*http.Request, error) {
	var body io.Reader
	if c.Body != nil {
		body = bytes.NewReader(c.Body)
	}
	req, err := http.NewRequestWithContext(ctx, c.Method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Header, req.Host = c.URL, c.Header, c.Header.Get("Host")
	if req.Host == "" {
		req.Host = c.URL.Host
	}
	if e.once {
		req.GetBody = nil
		switch c.Method {
		case http.MethodGet, http.MethodHead, http.MethodOptions: // that have no body, net/http finds out by reading it
			if req.Body == nil {
				req.Body = io.NopCloser(strings.NewReader(""))
			}
		}
	}
	return req, nil
}

// watch ends a request that takes too long: its header by the timeout, its body by http1.Patience.
type watch struct {
	over  func()
	timer *time.Timer

	mu       sync.Mutex
	body     bool
	patience http1.Patience
}

// begin begins with the body.
func (w *watch) begin(c *Call, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = true
	w.patience.Begin(c.Begun, now, c.Timeout)
}

// look ends a request whose time is over, and else sets the timer. It is what the timer does.
func (w *watch) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.body {
		now := time.Now()
		if next, waits := w.patience.Next(now); waits {
			w.timer.Reset(next.Sub(now))
			return
		}
	}
	w.over()
}

// receive reads the whole answer.
func (e *netHTTP) receive(a *Answer, res *http.Response, w *watch, keep bool) error {
	defer res.Body.Close() //nolint:errcheck // the body was read to its end, or the error is told already
	if e.once {
		if err := http1.ValidFields(res.Header); err != nil {
			return err
		}
	}
	a.Status, a.Header = res.StatusCode, res.Header
	wire := &wireReader{r: res.Body, watch: w}
	var err error
	a.Body, a.Decoded, err = coding.Decode(wire, res.Header.Get("Content-Encoding"), keep)
	a.Received = wire.n
	return err
}

// wireReader reads a body as it comes and counts its bytes.
type wireReader struct {
	r     io.Reader
	n     int64
	reads int
	watch *watch // nil: the reader looks after itself
}

func (c *wireReader) Read(p []byte) (int, error) {
	if c.reads++; c.reads == 2 && c.watch != nil { // it was not there together with its head
		c.watch.look()
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	if n > 0 && c.watch != nil {
		c.watch.patience.Moved()
	}
	return n, err
}

// tracer notes when things happened to one request. net/http calls its hooks from several goroutines, and after a
// timeout even when the request is over: all of it is atomic. Times are nanoseconds since begun, 0 for never.
type tracer struct {
	begun               time.Time
	got, wrote, first   atomic.Int64
	conn                atomic.Pointer[timedConn]
	reused, provisional atomic.Bool
}

func (t *tracer) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			t.got.Store(t.now())
			t.reused.Store(info.Reused)
			t.conn.Store(openedConn(info.Conn))
		},
		WroteRequest:         func(httptrace.WroteRequestInfo) { t.wrote.Store(t.now()) },
		GotFirstResponseByte: func() { t.first.Store(t.now()) },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { t.provisional.Store(true); return nil },
	}
}

func (t *tracer) now() int64 { return max(int64(time.Since(t.begun)), 1) }

// timing divides the time between begun and end. The first byte of the final answer is seen when the headers are there
// if provisional ones (100, 103) came before; a transport without hooks (in tests) tells the headers only.
func (t *tracer) timing(headers, end time.Time) Timing {
	got, wrote, first := time.Duration(t.got.Load()), time.Duration(t.wrote.Load()), time.Duration(t.first.Load())
	toHeaders := headers.Sub(t.begun)
	if first == 0 || first < got || first > toHeaders || t.provisional.Load() {
		first = toHeaders
	}
	tm := Timing{
		ConnWait: got, Reused: t.reused.Load(),
		TTFB: first - got, Download: end.Sub(t.begun) - first,
		Waited: first - max(min(wrote, first), got),
	}
	if got > 0 {
		tm.Sent = t.begun.Add(got)
	}
	// A connection that was opened for somebody else, before this request began, cost this one nothing but the wait.
	if conn := t.conn.Load(); conn != nil && !tm.Reused && !conn.began.Before(t.begun) {
		tm.DNS, tm.TCP, tm.TLS = conn.dns, conn.tcp, conn.tls
		tm.ConnWait = max(got-conn.dns-conn.tcp-conn.tls, 0)
	}
	return tm
}
