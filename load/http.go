package load

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"sync/atomic"
	"time"

	"edgescope/load/http1"
)

// engine sends one request and reads its answer; it does not follow redirects. net/http is behind it today.
type engine interface {
	// do answers what came, and err when no complete answer did: an answer with a status then broke off in its body. The
	// answer is never nil, and valid until c is used again. c is not kept.
	do(ctx context.Context, c *call) (*answer, error)
	// close ends the idle connections, which nobody uses from here on.
	close()
}

// call is one request as it goes out.
type call struct {
	method  string
	url     *url.URL
	header  http.Header
	body    []byte        // nil: none
	timeout time.Duration // to the response headers
	keep    bool          // the body is wanted
	begun   time.Time     // the real start of the step, or of the hop

	memo     *http1.Memo // of answers to like requests; may be nil
	rendered *rendered   // shared by calls that are all alike and have no body; else nil

	// Memory of our own client.
	exchange http1.Exchange
	answer   answer
}

// answer is what came of a call, as far as it came.
type answer struct {
	status            int // 0: no answer
	header            http.Header
	body              []byte // decoded; nil unless kept
	received, decoded int64  // bytes of the body
	retries           int
	timing            Timing
	end               time.Time
	conn              *Connection // nil when none was in hand
	head              *http1.Head // shared by answers of the same header; nil if header is this answer's alone
}

type netHTTP struct {
	rt   http.RoundTripper
	idle func() // closes idle connections
}

func (e *netHTTP) close() { e.idle() }

func (e *netHTTP) do(ctx context.Context, c *call) (*answer, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	t := &tracer{begun: c.begun}
	req, err := newRequest(httptrace.WithClientTrace(ctx, t.hooks()), c)
	if err != nil {
		return &answer{end: time.Now()}, err
	}
	timer := time.AfterFunc(c.timeout, func() { cancel(errTimeout) })
	res, err := e.rt.RoundTrip(req)
	timer.Stop()
	headers := time.Now()
	a := &answer{end: headers}
	if err == nil {
		err = a.receive(res, c.keep)
		a.end = time.Now()
	}
	a.timing, a.retries = t.timing(headers, a.end)
	if conn := t.conn.Load(); conn != nil {
		a.conn = &conn.info
	}
	if cause := context.Cause(ctx); err != nil && cause != nil {
		err = cause // the transport tells only that it was canceled
	}
	return a, err
}

func newRequest(ctx context.Context, c *call) (*http.Request, error) {
	var body io.Reader
	if c.body != nil {
		body = bytes.NewReader(c.body)
	}
	req, err := http.NewRequestWithContext(ctx, c.method, "", body)
	if err != nil {
		return nil, err
	}
	req.URL, req.Header, req.Host = c.url, c.header, c.header.Get("Host")
	if req.Host == "" {
		req.Host = c.url.Host
	}
	return req, nil
}

// receive reads the whole answer.
func (a *answer) receive(res *http.Response, keep bool) error {
	defer res.Body.Close() //nolint:errcheck // the body was read to its end, or the error is told already
	a.status, a.header = res.StatusCode, res.Header
	wire := &countingReader{r: res.Body}
	var err error
	a.body, a.decoded, err = decodeBody(wire, res.Header.Get("Content-Encoding"), keep)
	a.received = wire.n
	return err
}

type countingReader struct {
	r io.Reader
	n int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// tracer notes when things happened to one request. net/http calls its hooks from several goroutines, and after a timeout
// even when the request is over: all of it is atomic. Times are nanoseconds since begun, 0 for never.
type tracer struct {
	begun               time.Time
	got, wrote, first   atomic.Int64
	conn                atomic.Pointer[timedConn]
	reused, provisional atomic.Bool
	writes              atomic.Int32
}

func (t *tracer) hooks() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) {
			t.got.Store(t.now())
			t.reused.Store(info.Reused)
			t.conn.Store(openedConn(info.Conn))
		},
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			t.wrote.Store(t.now())
			switch {
			case info.Err == nil:
				t.writes.Add(1)
			case errors.Is(info.Err, errUnprocessed):
				t.writes.Add(-1)
			}
		},
		GotFirstResponseByte: func() { t.first.Store(t.now()) },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { t.provisional.Store(true); return nil },
	}
}

func (t *tracer) now() int64 { return max(int64(time.Since(t.begun)), 1) }

// timing divides the time between begun and end. The first byte of the final answer is seen when the headers are there if
// provisional ones (100, 103) came before; a transport without hooks (in tests) tells the headers only.
func (t *tracer) timing(headers, end time.Time) (Timing, int) {
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
	return tm, max(int(t.writes.Load())-1, 0)
}
