package processor

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// maxLosses is how many workers in a row may be given up without a call that went well between them.
const maxLosses = 8

// Pool runs calls in workers. It is safe for concurrent use.
type Pool struct {
	program *Program
	shared  []Variable
	stray   func(lines []string, metrics []Metric)
	fail    func(error)
	ctx     context.Context // the life of the workers, ended by Close
	cancel  context.CancelFunc
	desks   []desk
	joined  atomic.Uint64
	losses  atomic.Int64
	code    atomic.Int64 // 1 + the exit code; 0: none
}

// desk is the place of a worker: one after another sits there.
type desk struct {
	mu    sync.Mutex
	child *child // nil before the first
}

// Hosts are whom a pool tells of what belongs to no call.
type Hosts struct {
	// Stray takes what was printed and emitted while no call ran, by timers for instance. It may be called from several
	// goroutines. nil: it is dropped.
	Stray func(lines []string, metrics []Metric)
	// Fail is called once when workers are given up one after another, with an error that ends the run. nil: nobody is
	// told.
	Fail func(error)
}

// Start makes a pool of at most n workers, at least one, whose calls end with ctx. Each starts when a user needs it.
// Close ends the pool. shared are the variables that all users share.
func (p *Program) Start(ctx context.Context, n int, shared []Variable, h Hosts) *Pool {
	ctx, cancel := context.WithCancel(ctx)
	pool := &Pool{
		program: p, shared: shared, stray: h.Stray, ctx: ctx, cancel: cancel, desks: make([]desk, max(n, 1)),
		fail: func(error) {},
	}
	if pool.stray == nil {
		pool.stray = func([]string, []Metric) {}
	}
	if h.Fail != nil {
		var once sync.Once
		pool.fail = func(err error) { once.Do(func() { h.Fail(err) }) }
	}
	return pool
}

// Close ends the workers and waits for them. A call that still runs fails with [ErrClosed].
func (p *Pool) Close() {
	p.cancel()
	for i := range p.desks {
		d := &p.desks[i]
		d.mu.Lock()
		if d.child != nil {
			d.child.close()
		}
		d.mu.Unlock()
	}
}

// ExitCode is what a function has set global.artillery.suggestedExitCode to, if any did.
func (p *Pool) ExitCode() (code int, ok bool) {
	n := p.code.Load()
	return int(max(n-1, 0)), n > 0
}

// Join makes a user. Users take turns among the workers.
func (p *Pool) Join() *User {
	id := p.joined.Add(1)
	return &User{pool: p, id: id, desk: &p.desks[(id-1)%uint64(len(p.desks))]}
}

// worker is the child at a desk, a new one if there is none or if it is gone.
func (p *Pool) worker(d *desk) (*child, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p.ctx.Err() != nil {
		return nil, ErrClosed
	}
	if d.child != nil && !d.child.isGone() {
		return d.child, nil
	}
	if d.child != nil {
		d.child.close()
		d.child = nil
	}
	c, err := p.program.startChild(p.ctx, p)
	if err != nil {
		if p.ctx.Err() != nil {
			return nil, ErrClosed
		}
		p.lost(err.Error())
		return nil, Error(err.Error())
	}
	d.child = c
	if problem := c.loaded.Problem; problem != nil { // it could be evaluated when the script was loaded
		c.end(problem.Msg)
		p.lost(problem.Msg)
		return nil, Error(problem.Msg)
	}
	p.stray(c.loaded.Lines, nil)
	return c, nil
}

// lost counts a worker that was given up.
func (p *Pool) lost(why string) {
	if n := p.losses.Add(1); n == maxLosses {
		p.fail(fmt.Errorf("workers of the processor were given up %d times in a row: %s", n, why))
	}
}

// User is a virtual user's seat at a worker. It is used by one goroutine at a time.
type User struct {
	pool  *Pool
	desk  *desk
	id    uint64
	child *child // nil before the first call
	vars  []Variable
}

// Do runs one call and returns when it has ended: with nil, with an [Error], or with [ErrClosed]. The results are in c
// even when it failed. Waiting for the worker does not count against the limit.
func (u *User) Do(c *Call) error {
	if u.child == nil {
		child, err := u.pool.worker(u.desk)
		if err != nil {
			return err
		}
		u.child = child
	}
	u.vars = u.vars[:0]
	c.Vars.Changes(func(name string, v Value) { u.vars = append(u.vars, Variable{name, v}) })
	o, err := u.child.do(&Order{
		User: u.id, Functions: c.Functions, Signature: c.Signature, Scenario: c.Scenario, Seed: c.Seed, Vars: u.vars,
		Request: c.Request, Response: c.Response, Body: c.Body, Error: c.Error,
	})
	if err != nil {
		return err
	}
	u.pool.losses.Store(0)
	c.True, c.Changed, c.Metrics, c.Lines = o.True, o.Changed, o.Metrics, o.Lines
	for _, v := range o.Vars {
		c.Vars.Set(v.Name, v.Value)
	}
	if o.Failed {
		return Error(o.Error)
	}
	return nil
}

// Leave ends the user: its worker forgets it.
func (u *User) Leave() {
	if u.child != nil {
		u.child.forget(u.id)
	}
}
