package http2

import (
	"container/list"
	"context"
	"slices"
	"sync"
	"time"
)

// pool are the connections to one host. Its lock may be taken while that of a connection is held, not the other way
// round.
type pool struct {
	client       *Client
	scheme, addr string

	mu      sync.Mutex
	conns   []*conn // that take requests
	opening int
	waiting list.List // of *waiter
}

// get returns a connection for one request, which must be given back. reused is false if the request is to open it: it
// tells opened once it has begun, so that it is the first.
func (p *pool) get(ctx context.Context, x *Exchange) (c *conn, reused bool, err error) {
	p.mu.Lock()
	c, open := p.pick()
	if c != nil {
		p.mu.Unlock()
		return c, true, nil
	}
	deadline := x.Begun.Add(x.Timeout)
	if !open {
		w := &waiter{handed: make(chan *conn, 1)}
		w.at = p.waiting.PushBack(w)
		p.mu.Unlock()
		if c, err = p.wait(ctx, deadline, w); c != nil || err != nil {
			return c, true, err
		}
	} else {
		p.mu.Unlock()
	}
	c, err = p.dial(ctx, deadline)
	return c, false, err
}

// pick takes a connection, or the right to open one, or neither. The lock is held.
func (p *pool) pick() (best *conn, open bool) {
	for i := len(p.conns) - 1; i >= 0 && (best == nil || best.active > 0); i-- {
		c := p.conns[i]
		if c.active < int(c.limit.Load()) && (best == nil || c.active < best.active) {
			best = c
		}
	}
	more := len(p.conns)+p.opening < p.client.options.MaxConns
	switch {
	case best != nil && (best.active == 0 || !more):
		best.active++
		return best, false
	case more:
		p.opening++
		return nil, true
	}
	return nil, false
}

// waiter is a request that waits for a connection.
type waiter struct {
	handed chan *conn    // has room for one; nil is the right to open a connection
	at     *list.Element // nil once something was handed over
}

// serve gives those who wait what there is to take. The lock is held.
func (p *pool) serve() {
	for front := p.waiting.Front(); front != nil; front = p.waiting.Front() {
		c, open := p.pick()
		if c == nil && !open {
			return
		}
		w := p.waiting.Remove(front).(*waiter)
		w.at = nil
		w.handed <- c
	}
}

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
		p.give(c)
	} else {
		p.opened(nil)
	}
	return nil, err
}

// dial opens the connection for which pick has given the right.
func (p *pool) dial(ctx context.Context, deadline time.Time) (*conn, error) {
	dialing, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	link, err := p.client.options.Dial(dialing, p.scheme, p.addr)
	if err != nil {
		p.opened(nil)
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	c := newConn(p, link)
	c.active = 1
	return c, nil
}

// opened ends the opening of a connection; nil: there is none.
func (p *pool) opened(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opening--
	if c != nil && !c.retired {
		p.conns = append(p.conns, c)
	}
	p.serve()
}

// give gives a connection back.
func (p *pool) give(c *conn) {
	p.mu.Lock()
	c.active--
	last := c.retired && c.active == 0
	if p.waiting.Len() > 0 {
		p.serve()
	}
	p.mu.Unlock()
	if last {
		_ = c.link.Close()
	}
}

// retire takes a connection out of use; the requests that it carries go on.
func (p *pool) retire(c *conn) {
	p.mu.Lock()
	unused := !c.retired && c.active == 0
	if !c.retired {
		c.retired = true
		p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
		p.serve()
	}
	p.mu.Unlock()
	if unused {
		_ = c.link.Close()
	}
}

// more lets requests go on for which a server allows streams now.
func (p *pool) more() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.serve()
}

func (p *pool) close() {
	p.mu.Lock()
	conns := slices.Clone(p.conns)
	p.mu.Unlock()
	for _, c := range conns {
		p.retire(c)
		_ = c.link.Close()
	}
}
