package http1

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// conn is one connection. It belongs to one exchange at a time, or to its pool.
type conn struct {
	pool   *pool
	link   Link
	socket syscall.RawConn // nil: not known
	used   bool            // it has carried an answer
	// answered is when the last answer began.
	answered time.Time

	br    *bufio.Reader // nil while idle: an idle connection costs no buffer
	reads int           // from the link
	limit int64         // bytes that may still be read
	fixed fixedBody
	// failed is what the last read from the link has failed with, if it has.
	failed error

	// deadline is when the present request must have its head; in its body patience takes over. armed is what the link
	// was told: at most deadline, and often that of an earlier request. When it goes off too early it is set anew
	// (extend), so that most requests set no timer at all. TLS does not survive a timeout in a write: there armed is
	// always deadline.
	deadline, armed time.Time
	exact           bool
	inBody, looking bool // looking after a body that was not there together with its head
	patience        Patience

	watched context.Context // whose end ends the connection; kept to see that the next request has the same
	unwatch func() bool
	ended   atomic.Bool
}

var buffers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 4096) }}

func newConn(p *pool, link Link) *conn {
	c := &conn{pool: p, link: link, exact: secure(link)}
	if link.Socket != nil {
		c.socket, _ = link.Socket.SyscallConn() // without it aliveness is found out by use
	}
	return c
}

func (c *conn) close() error {
	if c.unwatch != nil {
		c.unwatch()
	}
	c.rest()
	return c.link.Close()
}

// rest gives the buffer back until the next request.
func (c *conn) rest() {
	if c.br != nil {
		c.br.Reset(nil)
		buffers.Put(c.br)
		c.br = nil
	}
}

// watch makes the end of a context end what the connection is doing.
func (c *conn) watch(ctx context.Context) {
	if ctx == c.watched || ctx.Done() == nil {
		return
	}
	if c.unwatch != nil {
		c.unwatch()
	}
	c.watched = ctx
	c.unwatch = context.AfterFunc(ctx, func() {
		c.ended.Store(true)
		_ = c.link.SetDeadline(time.Unix(1, 0))
	})
}

// cause is the error of the context if that is what ended the connection.
func (c *conn) cause(err error) error {
	if c.ended.Load() {
		if cause := context.Cause(c.watched); cause != nil {
			return cause
		}
	}
	return err
}

// until sets the deadline of a request.
func (c *conn) until(deadline time.Time, exact bool) {
	c.deadline, c.inBody = deadline, false
	if exact || c.armed.IsZero() || deadline.Before(c.armed) {
		c.arm()
	}
}

func (c *conn) arm() {
	_ = c.link.SetDeadline(c.deadline)
	c.armed = c.deadline
	if c.ended.Load() { // the context has ended meanwhile and must have the last word
		_ = c.link.SetDeadline(time.Unix(1, 0))
	}
}

// extend tells whether an operation that timed out may go on, because its deadline is later than what the link was
// told.
func (c *conn) extend(err error) bool {
	if !timedOut(err) || c.ended.Load() {
		return false
	}
	now := time.Now()
	if c.inBody {
		return c.wait(now)
	}
	if !now.Before(c.deadline) {
		return false
	}
	c.arm()
	return true
}

// wait waits on for a body, if there is patience left. What may still be written has the limit of the whole.
func (c *conn) wait(now time.Time) bool {
	next, waits := c.patience.Next(now)
	if !waits {
		return false
	}
	_ = c.link.SetReadDeadline(next)
	c.armed = next
	if c.ended.Load() {
		_ = c.link.SetDeadline(time.Unix(1, 0))
	}
	return true
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// Read implements io.Reader for the buffer.
func (c *conn) Read(p []byte) (int, error) {
	if c.limit <= 0 {
		return 0, fmt.Errorf("net/http: server response headers exceeded %d bytes; aborted", c.pool.options.MaxHeader)
	}
	if int64(len(p)) > c.limit {
		p = p[:c.limit]
	}
	c.reads++
	if c.inBody && !c.looking {
		c.looking = true
		c.wait(time.Now())
	}
	for {
		n, err := c.link.Read(p)
		if n > 0 && c.inBody {
			c.patience.Moved()
		}
		if n > 0 || err == nil || !c.extend(err) {
			c.limit -= int64(n)
			c.failed = err
			return n, err
		}
	}
}

// inline is up to how many bytes a request is written before the answer is read. They fit into the socket's buffer, so
// the write does not wait for the server; a larger request is written beside the reading, since a server may answer
// before it has read all.
const inline = 16 << 10

// exchange sends the request and reads the head of the answer.
func (c *conn) exchange(ctx context.Context, r *Request, x *Exchange) error {
	large := len(r.wire) > inline
	c.watch(ctx)
	c.until(x.Begun.Add(x.Timeout), c.exact || large)
	c.br = buffers.Get().(*bufio.Reader)
	c.br.Reset(c)
	if large {
		return c.exchangeLarge(r, x)
	}
	n, err := c.write(r.wire)
	x.wrote(written{err, time.Since(x.Begun)})
	if err == nil {
		return c.answer(r, x)
	}
	if n == 0 {
		err = fmt.Errorf("%w: %w", errUnsent, err)
	}
	return c.refused(r, x, err)
}

// refused is what came of a request that could not be written whole: the server may have said why it does not take the
// rest, in an answer or in an alert of TLS.
func (c *conn) refused(r *Request, x *Exchange, failed error) error {
	switch err := c.answer(r, x); {
	case err == nil:
		x.broken = true
		return nil
	case errors.Is(err, io.EOF) || timedOut(err) || errors.Is(failed, errUnsent) && errors.Is(err, syscall.ECONNRESET):
		return failed
	default:
		return err
	}
}

// exchangeLarge writes in a goroutine of its own, which stopWriting or written waits for.
func (c *conn) exchangeLarge(r *Request, x *Exchange) error {
	writing := make(chan written, 1)
	x.writing = writing
	begun := x.Begun
	go func() {
		_, err := c.link.Write(r.wire)
		writing <- written{err, time.Since(begun)}
	}()
	if err := c.answer(r, x); err != nil {
		return err
	}
	select {
	case w := <-writing:
		x.wrote(w)
	default: // an early answer
		x.Wrote = x.First
		_ = c.link.SetWriteDeadline(c.patience.End()) // what is still written may take as long as the answer
		c.armed = time.Time{}
	}
	return nil
}

// write writes a request that is not large.
func (c *conn) write(wire []byte) (n int, err error) {
	for {
		var m int
		m, err = c.link.Write(wire[n:])
		if n += m; err == nil || c.exact || !c.extend(err) {
			return n, err
		}
	}
}

// answer reads the head of the final answer.
func (c *conn) answer(r *Request, x *Exchange) error {
	c.limit, c.failed = c.pool.options.MaxHeader, nil
	if _, err := c.br.Peek(1); err != nil {
		return err
	}
	x.First = time.Since(x.Begun)
	head, provisional, err := c.head(r)
	switch {
	case err != nil && c.failed != nil: // http.ReadResponse takes a line that was cut off by it for a bad one
		return c.cut(c.failed)
	case err != nil:
		return err
	case provisional:
		x.First = time.Since(x.Begun)
	}
	x.Head, c.used, c.answered = head, true, x.Begun.Add(x.First)
	c.limit, c.inBody, c.looking = math.MaxInt64, true, false
	c.patience.Begin(x.Begun, c.answered, x.Timeout)
	return nil
}
