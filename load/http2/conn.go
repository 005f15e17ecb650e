package http2

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// What a connection allows and expects before the server has said anything (RFC 9113, section 6.5.2). A server that
// never bounds its streams gets no more than manyStreams at a time.
const (
	firstStreams  = 100
	manyStreams   = 1000
	initialWindow = 64<<10 - 1
	lastStream    = math.MaxInt32
)

// conn is one connection. Its pool guards active and retired.
type conn struct {
	pool    *pool
	link    net.Conn
	limit   atomic.Int32 // requests that the server allows at a time
	active  int
	retired bool

	in input // the reader's own

	mu      sync.Mutex
	streams map[uint32]*Exchange // that are open to us
	next    uint32               // stream
	err     error                // why the connection has ended, or is about to
	goAway  *GoAwayError         // nil: none
	out     output
	window  int64 // that the server has left us
	initial int64 // window of a new stream
	credit  int64 // that we have left the server
	woken   []wakening

	// One timer serves all requests: it goes off at the earliest deadline there was as it was set.
	timer *time.Timer
	armed time.Time // zero: it is not set
	// pinged is when the PING was sent that the server has not answered yet; zero: none.
	pinged time.Time
}

// stream is what an exchange knows while it is under way. The lock of its connection guards it.
type stream struct {
	id       uint32
	early    bool // it was sent before the server had told how many streams it allows
	deadline time.Time
	wake     chan bool // has room for one; tells whether the exchange has ended
	waiting  bool      // wake will be sent to
	ended    bool      // the whole answer is here, or err: nobody but the owner touches the exchange any more
	err      error

	headerSize int   // of all heads so far
	left       int64 // of a body whose length the head tells; -1: unknown
	kept       bool  // the body waits in buf for who reads it
	whole      bool  // the owner knows that it has ended
	buf        []byte
	read       int   // of buf
	credit     int64 // that the server has left
	granted    int64 // bytes of the body that were taken and not yet granted again

	upload []byte // what is still to be sent
	window int64  // that the server has left us
}

func newConn(p *pool, link net.Conn) *conn {
	c := &conn{
		pool: p, link: link, streams: map[uint32]*Exchange{}, next: 1, window: initialWindow, initial: initialWindow,
		credit: connWindow,
	}
	c.limit.Store(firstStreams)
	c.in.header = newDecoder(p.client.options.MaxHeader)
	c.out.begin(p.client.options.MaxHeader)
	return c
}

// exchange sends the request of x and waits for its answer. Who has opened the connection is the first on it.
func (c *conn) exchange(ctx context.Context, x *Exchange) error {
	flush, err := c.send(x)
	if err != nil {
		if !errors.Is(err, errFull) {
			c.pool.retire(c)
		}
		return err
	}
	if !x.Reused {
		c.pool.opened(c)
		c.pool.client.running.Go(c.read)
	}
	if flush {
		runtime.Gosched() // who else is about to send something gets it into the same write
		c.flush(x)
	}
	return c.wait(ctx, x)
}

// send makes a request ready to be written, and tells whether the caller is to do that.
func (c *conn) send(x *Exchange) (flush bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.closed(); err != nil {
		return false, unprocessed{error: err}
	}
	if len(c.streams) >= int(c.limit.Load()) {
		return false, errFull
	}
	c.begin(x)
	x.waiting = true
	if c.out.bulky() {
		c.aside()
		return false, nil
	}
	return c.claim(), nil
}

// closed tells why no more requests can begin. The lock is held.
func (c *conn) closed() error {
	switch {
	case c.err != nil:
		return c.err
	case c.goAway != nil:
		return c.goAway
	case c.next > lastStream:
		return errors.New("the numbers of streams are used up")
	}
	return nil
}

// begin opens a stream. The lock is held.
func (c *conn) begin(x *Exchange) {
	x.conn, x.id, x.window, x.credit, x.left = c, c.next, c.initial, streamWindow, -1
	c.next += 2
	x.early = !c.in.greeted
	c.streams[x.id] = x
	x.upload = x.request.body
	c.out.headers(x.id, x.request)
	if len(x.upload) <= maxFrame && len(c.out.uploads) == 0 {
		c.piece(x)
	}
	if len(x.upload) > 0 {
		c.out.uploads = append(c.out.uploads, x)
	} else {
		c.out.complete = append(c.out.complete, x.id)
	}
	x.deadline = x.Begun.Add(x.Timeout)
	c.arm(x.deadline)
}

// wait waits until the answer is there, or enough of it to be read.
func (c *conn) wait(ctx context.Context, x *Exchange) error {
	select {
	case ended := <-x.wake:
		if !ended {
			return nil
		}
	case <-ctx.Done():
		c.interrupt(x, context.Cause(ctx))
	}
	x.whole = true
	if x.err != nil {
		x.conn = nil
	}
	return x.err
}

// interrupt ends an exchange for which its owner has been waiting.
func (c *conn) interrupt(x *Exchange, cause error) {
	c.mu.Lock()
	if !x.waiting {
		<-x.wake // it came just now
	}
	x.waiting = false
	c.cancel(x, cause)
	c.mu.Unlock()
	c.flushAside()
}

// leave ends an exchange whose owner wants no more of it.
func (c *conn) leave(x *Exchange) {
	c.mu.Lock()
	c.cancel(x, context.Canceled)
	c.mu.Unlock()
	c.flushAside()
}

// cancel ends an exchange that has not ended yet, and tells the server. The lock is held.
func (c *conn) cancel(x *Exchange, err error) {
	if !x.ended {
		c.out.reset(x.id, codeCancel)
		c.end(x, err)
	}
}

// end ends an exchange; err is nil when the whole answer is here. The lock is held.
func (c *conn) end(x *Exchange, err error) {
	delete(c.streams, x.id)
	c.out.forget(x)
	x.ended, x.err = true, err
	if err != nil {
		x.End = time.Since(x.Begun)
	}
	if !x.Written { // it was answered before it was written
		x.Wrote = x.First
	}
	c.notify(x)
}

// wakening is what the owner of an exchange is told.
type wakening struct {
	x     *Exchange
	ended bool
}

// notify lets the owner of an exchange go on. The lock is held; unlock wakes it.
func (c *conn) notify(x *Exchange) {
	if x.waiting {
		x.waiting = false
		c.woken = append(c.woken, wakening{x, x.ended})
	}
}

// unlock frees the lock and wakes those that have something to look at. It takes memory for the next ones and returns
// that of these.
func (c *conn) unlock(spare []wakening) []wakening {
	woken := c.woken
	c.woken = spare[:0]
	c.mu.Unlock()
	for _, w := range woken {
		w.x.wake <- w.ended
	}
	clear(woken)
	return woken
}

// arm makes the timer go off at a deadline at the latest. The lock is held.
func (c *conn) arm(deadline time.Time) {
	if !c.armed.IsZero() && !deadline.Before(c.armed) {
		return
	}
	c.armed = deadline
	if c.timer == nil {
		c.timer = time.AfterFunc(time.Until(deadline), c.sweep)
		return
	}
	c.timer.Reset(time.Until(deadline))
}

// sweep ends the exchanges whose time is over.
func (c *conn) sweep() {
	now := time.Now()
	c.mu.Lock()
	c.armed = time.Time{}
	var next time.Time
	late, silent := false, false
	for _, x := range c.streams {
		switch {
		case !now.Before(x.deadline):
			late = true
			silent = silent || !c.pinged.IsZero() && !c.pinged.After(x.Begun)
			if x == c.out.writer { // the server takes nothing: what is written by half can have no end any more
				_ = c.link.SetWriteDeadline(time.Unix(1, 0))
			}
			c.cancel(x, os.ErrDeadlineExceeded)
		case next.IsZero() || x.deadline.Before(next):
			next = x.deadline
		}
	}
	if late && c.pinged.IsZero() && c.err == nil {
		c.pinged = now
		c.out.ping()
	}
	if !next.IsZero() && c.err == nil {
		c.arm(next)
	}
	c.unlock(nil)
	if silent {
		c.pool.retire(c)
	}
	c.flushAside()
}

// read reads until the connection ends, and ends what is under way on it.
func (c *conn) read() {
	err := c.receive()
	c.fail(err)
	var broken *ConnectionError
	if errors.As(err, &broken) {
		c.tellOff(broken)
	}
	c.pool.retire(c)
	_ = c.link.Close()
}

// fail ends all exchanges.
func (c *conn) fail(err error) {
	c.mu.Lock()
	err = c.reason(err)
	c.err = err
	for _, x := range c.streams {
		ended := err
		if x.id >= c.out.unsent {
			ended = unprocessed{error: err}
		}
		c.end(x, ended)
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	c.unlock(nil)
}

// reason is why a connection has ended that could not be read any more. What the server has said comes first; why a
// write has failed counts only if the server says nothing at all. The lock is held.
func (c *conn) reason(err error) error {
	var alert *net.OpError
	var broken *ConnectionError
	switch {
	case errors.As(err, &alert) && alert.Op == "remote error", errors.Is(err, ErrNotSpoken), errors.As(err, &broken):
		return err
	case c.goAway != nil:
		return c.goAway
	case c.err != nil && errors.Is(err, os.ErrDeadlineExceeded):
		return c.err
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	default:
		return err
	}
}
