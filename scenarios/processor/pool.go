package processor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/grafana/sobek"
)

// workers are the goroutines of a pool.
type workers struct {
	sync.WaitGroup
	exitCode atomic.Pointer[int]
}

// Start makes a pool of n workers, at least one, whose calls end with ctx. Close ends it.
func (p *Program) Start(ctx context.Context, n int) *Pool {
	ctx, cancel := context.WithCancel(ctx)
	pool := &Pool{program: p, jobs: make(chan *job), ctx: ctx, cancel: cancel}
	for range max(n, 1) {
		pool.workers.Go(pool.work)
	}
	return pool
}

// Close ends the workers and waits for them. A call that still runs is interrupted and fails with [ErrClosed].
func (p *Pool) Close() {
	p.cancel()
	p.workers.Wait()
}

// ExitCode is what a function has set global.artillery.suggestedExitCode to, if any did.
func (p *Pool) ExitCode() (code int, ok bool) {
	if c := p.workers.exitCode.Load(); c != nil {
		return *c, true
	}
	return 0, false
}

// Do runs one call and returns when it has ended: with nil, with an [Error], or with [ErrClosed]. The results are in c
// even when it failed. Waiting for a free worker does not count against [Limit].
func (p *Pool) Do(c *Call) error {
	j := &job{call: c, answered: make(chan struct{})}
	select {
	case p.jobs <- j:
	case <-p.ctx.Done():
		return ErrClosed
	}
	<-j.answered
	return j.err
}

// job is a call on its way through a worker.
type job struct {
	call     *Call
	answered chan struct{}
	err      error
	finished bool // by the function, or by what went wrong

	began           time.Time
	busyBefore, own time.Duration // turns of the worker before it began, and its own

	vars    *variables
	request sobek.Value
}

// finish ends a job once; what comes later is not heard.
func (j *job) finish(err error) {
	if !j.finished {
		j.finished, j.err = true, err
	}
}

// explain makes the name under which a failure is counted.
func (j *job) explain(err error) error {
	var thrown *sobek.Exception
	var deep *sobek.StackOverflowError
	var own Error
	switch {
	case errors.Is(err, ErrClosed):
		return ErrClosed
	case errors.Is(err, errTooLong):
		return Error(fmt.Sprintf("function %s %s", j.call.Function, errTooLong))
	case errors.As(err, &deep):
		return Error("Maximum call stack size exceeded")
	case errors.As(err, &thrown):
		return Error(messageOf(thrown.Value()))
	case errors.As(err, &own):
		return own
	default:
		return Error(err.Error())
	}
}

// work is the life of one worker: it takes calls, runs what is due, and ends with the pool.
func (p *Pool) work() {
	l := newLoop(p.ctx)
	var r *realm
	alarm := time.NewTimer(time.Hour)
	defer alarm.Stop()
	for {
		var ring <-chan time.Time
		if d, ok := l.wake(time.Now()); ok {
			alarm.Reset(d)
			ring = alarm.C
		}
		select {
		case j := <-p.jobs:
			if r = p.ready(r, l, j); r != nil {
				r.begin(j)
			}
		case <-ring:
			l.due(r)
		case <-p.ctx.Done():
		}
		if p.ctx.Err() != nil {
			for _, j := range l.waiting {
				j.finish(ErrClosed)
			}
			l.sweep()
			return
		}
	}
}

// ready evaluates the program in the worker before its first call. It did so once when the script was loaded: a failure
// now comes from what the program itself does differently, and fails the call.
func (p *Pool) ready(r *realm, l *loop, j *job) *realm {
	if r != nil {
		return r
	}
	err := l.guard(loadLimit, func() (err error) {
		r, err = newRealm(p.program, l)
		return err
	})
	if err == nil {
		r.onExitCode(func(code int) { p.workers.exitCode.Store(&code) })
		return r
	}
	j.finish(j.explain(err))
	close(j.answered)
	return nil
}

// begin starts a call.
func (r *realm) begin(j *job) {
	j.began, j.busyBefore = time.Now(), r.loop.busy
	r.loop.waiting = append(r.loop.waiting, j)
	r.loop.turn(j, func() error { return r.invoke(j) })
	r.conclude(j)
	r.loop.sweep()
}

// conclude writes back what a finished call leaves. That runs JavaScript too: toJSON.
func (r *realm) conclude(j *job) {
	if !j.finished || j.vars == nil || errors.Is(j.err, ErrClosed) {
		return
	}
	vars := j.vars
	j.vars = nil
	err := r.loop.guard(Limit, func() error {
		err := vars.writeBack()
		if j.err == nil && err == nil && j.call.Signature == BeforeRequest {
			var text []byte
			if text, _, err = r.toJSON(j.request); err == nil {
				j.call.Request = text
			}
		}
		return err
	})
	if err != nil && j.err == nil {
		j.err = j.explain(err)
	}
}
