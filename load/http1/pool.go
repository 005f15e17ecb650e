package http1

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// pool are the connections to one host. The one that was used last is used first. A place is a connection or the right
// to open one; there are at most MaxConns, and they are handed to those who wait in the order of their coming.
type pool struct {
	options      *Options
	scheme, addr string

	mu      sync.Mutex
	idle    []*conn
	places  int       // that are taken: connections, and dials under way
	waiting list.List // of *waiter
	closed  bool
}

// get returns a connection that is ready for a request.
func (p *pool) get(ctx context.Context, x *Exchange) (*conn, error) {
	deadline := x.Begun.Add(x.Timeout)
	c, err := p.place(ctx, deadline)
	for ; c != nil; c = p.next() {
		if x.Begun.Sub(c.answered) < fresh || c.alive() {
			return c, nil
		}
		_ = c.close()
	}
	if err != nil {
		return nil, err
	}
	return p.dial(ctx, deadline)
}

// fresh is for how long a connection that has just carried an answer is taken for alive. To look costs 0.3 µs, and the
// news that a server has closed it takes as long to come.
const fresh = 20 * time.Microsecond

// place takes a place: an idle connection, or nil for the right to open one.
func (p *pool) place(ctx context.Context, deadline time.Time) (*conn, error) {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	if p.options.MaxConns <= 0 || p.places < p.options.MaxConns {
		p.places++
		p.mu.Unlock()
		return nil, nil //nolint:nilnil // no connection is the right to open one
	}
	w := &waiter{handed: make(chan *conn, 1)}
	w.at = p.waiting.PushBack(w)
	p.mu.Unlock()
	return p.wait(ctx, deadline, w)
}

// waiter is a request that waits for a place.
type waiter struct {
	handed chan *conn    // has room for one
	at     *list.Element // nil once a place was handed over
}

// wait waits for a place that somebody else leaves.
func (p *pool) wait(ctx context.Context, deadline time.Time, w *waiter) (*conn, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	var err error
	select {
	case c := <-w.handed:
		return c, nil
	case <-ctx.Done():
		err = context.Cause(ctx)
	case <-timer.C:
		err = context.DeadlineExceeded
	}
	p.mu.Lock()
	if w.at != nil {
		p.waiting.Remove(w.at)
		p.mu.Unlock()
		return nil, err
	}
	p.mu.Unlock()
	if c := <-w.handed; c != nil { // it came just now, for the next one
		p.put(c)
	} else {
		p.leave()
	}
	return nil, err
}

// next gives the place of a dead connection for another idle connection; nil, with the place, if there is none.
func (p *pool) next() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle = p.idle[:n-1]
	p.places--
	return c
}

func (p *pool) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	dialing, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	link, err := p.options.Dial(dialing, p.scheme, p.addr)
	if err != nil {
		p.leave()
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	return newConn(p, link), nil
}

// put keeps a connection for the next request.
func (p *pool) put(c *conn) {
	p.mu.Lock()
	switch {
	case p.waiting.Len() > 0:
		p.handOver(c)
	case p.closed || len(p.idle) >= p.options.MaxIdle:
		p.places--
		defer c.close() //nolint:errcheck // nobody uses it any more
	default:
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
}

// drop closes a connection and leaves its place.
func (p *pool) drop(c *conn) {
	_ = c.close()
	p.leave()
}

// leave gives a place back.
func (p *pool) leave() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.waiting.Len() > 0 {
		p.handOver(nil)
		return
	}
	p.places--
}

// handOver gives a place to who waits longest. The lock is held.
func (p *pool) handOver(c *conn) {
	front := p.waiting.Front()
	w := p.waiting.Remove(front).(*waiter)
	w.at = nil
	w.handed <- c
}

func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.places -= len(idle)
	p.mu.Unlock()
	for _, c := range idle {
		_ = c.close()
	}
}
