package processor

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// What a worker is given up for, beside a function that does not end.
const (
	OutOfMemory = "processor ran out of memory"
	crashed     = "processor crashed"
)

// child is a worker's process and what is asked of it.
type child struct {
	pool   *Pool // nil while a script is loaded
	limit  time.Duration
	loaded Loaded

	process *process
	orders  *Sender
	seen    atomic.Int64  // when it was last heard of, or asked when nothing was open: ns since epoch
	gone    chan struct{} // closed when it can answer no more, when why is set
	readers sync.WaitGroup

	mu   sync.Mutex
	open map[uint64]chan *Outcome
	last uint64 // id of the last order
	over bool   // gone is closed
	why  error
	told string // why it gives up, as it says
}

// startChild starts a worker and waits until it has evaluated the program. Its calls end with ctx.
func (p *Program) startChild(ctx context.Context, pool *Pool) (*child, error) {
	started, err := startProcess() //nolint:contextcheck // greet, watch and close end it, and say why
	if err != nil {
		return nil, err
	}
	c := &child{
		pool: pool, limit: p.options.Limit, process: started, orders: NewSender(started.in),
		gone: make(chan struct{}), open: map[uint64]chan *Outcome{},
	}
	if err := c.greet(ctx, p); err != nil {
		c.close()
		return nil, err
	}
	c.readers.Go(c.read)
	c.readers.Go(func() { c.watch(ctx) })
	return c, nil
}

// greet says what is to be run, and waits for what it exports.
func (c *child) greet(ctx context.Context, p *Program) error {
	hello := Hello{Source: p.source, Options: p.options}
	if c.pool != nil {
		hello.Shared = c.pool.shared
	}
	text, err := json.Marshal(hello)
	if err != nil {
		return err
	}
	limit, cancel := context.WithTimeout(ctx, LoadLimit+2*Grace+startPatience)
	defer cancel()
	stop := context.AfterFunc(limit, c.process.kill)
	defer stop()
	err = c.orders.Send(FrameHello, func(b []byte) []byte { return append(b, text...) })
	var kind byte
	var content []byte
	if err == nil {
		kind, content, err = ReadFrame(c.process.out, MaxFrame)
	}
	switch {
	case ctx.Err() != nil:
		return ErrClosed
	case err == nil && kind == FrameLoaded:
		return json.Unmarshal(content, &c.loaded)
	case err == nil && kind == FrameGiveUp:
		return errors.New(string(content))
	case limit.Err() != nil:
		return fmt.Errorf("it does not finish loading within %v", LoadLimit)
	default:
		return c.process.cause()
	}
}

// startPatience is how long a process may take to start, on a machine that has other work.
const startPatience = time.Minute

// do has the worker run an order.
func (c *child) do(o *Order) (*Outcome, error) {
	answer := make(chan *Outcome, 1)
	c.mu.Lock()
	if c.over {
		c.mu.Unlock()
		return nil, c.why
	}
	c.last++
	o.ID = c.last
	if len(c.open) == 0 {
		c.seen.Store(time.Now().UnixNano())
	}
	c.open[o.ID] = answer
	c.mu.Unlock()
	_ = c.orders.Send(FrameCall, o.Append) // a worker that cannot be written to is gone, which the reader finds out
	select {
	case outcome := <-answer:
		return outcome, nil
	case <-c.gone:
		select {
		case outcome := <-answer:
			return outcome, nil
		default:
			return nil, c.why
		}
	}
}

// forget tells the worker that a user has left.
func (c *child) forget(user uint64) {
	if !c.isGone() {
		_ = c.orders.Send(FrameLeave, func(b []byte) []byte { return binary.AppendUvarint(b, user) })
	}
}

// read takes what the worker says, until it ends.
func (c *child) read() {
	from := bufio.NewReaderSize(c.process.out, 64<<10)
	for {
		kind, content, err := ReadFrame(from, MaxFrame)
		if err == nil {
			err = c.hear(kind, content)
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) && !errors.Is(err, os.ErrClosed) {
			c.tell(crashed)
		}
		c.finish()
		return
	}
}

func (c *child) hear(kind byte, content []byte) error {
	c.seen.Store(time.Now().UnixNano())
	if kind == FrameGiveUp {
		c.tell(string(content))
		return nil
	}
	o, err := ReadOutcome(content)
	if err != nil {
		return err
	}
	if c.pool == nil {
		return nil
	}
	if o.ExitCode > 0 {
		c.pool.code.Store(o.ExitCode)
	}
	if kind == FrameStray {
		c.pool.stray(o.Lines, o.Metrics)
		return nil
	}
	c.mu.Lock()
	answer := c.open[o.ID]
	delete(c.open, o.ID)
	c.mu.Unlock()
	if answer != nil {
		answer <- o
	}
	return nil
}

// tell keeps the first reason for which the worker is given up.
func (c *child) tell(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.told == "" {
		c.told = why
	}
}

// end gives the worker up.
func (c *child) end(why string) {
	c.tell(why)
	c.process.kill()
}

// finish is what follows when the worker says nothing more: it is waited for, and who waits for it is told why.
func (c *child) finish() {
	c.process.kill()
	cause := c.process.cause()
	c.mu.Lock()
	told := c.told
	c.mu.Unlock()
	why, lost := ErrClosed, false
	if c.pool != nil && c.pool.ctx.Err() == nil {
		if told == "" {
			told = cause.Error()
		}
		why, lost = Error(told), true
	}
	if lost {
		c.pool.lost(told)
	}
	c.mu.Lock()
	c.over, c.why = true, why
	c.mu.Unlock()
	close(c.gone)
}

// watch gives the worker up when it is not heard of for longer than any call may take, or when the run is over.
func (c *child) watch(ctx context.Context) {
	tick := time.NewTicker(Grace)
	defer tick.Stop()
	for {
		select {
		case <-c.gone:
			return
		case <-ctx.Done():
			c.process.kill()
			return
		case now := <-tick.C:
			c.mu.Lock()
			waiting := len(c.open)
			c.mu.Unlock()
			if waiting > 0 && now.Sub(time.Unix(0, c.seen.Load())) > c.limit+4*Grace {
				c.end(fmt.Sprintf("processor does not answer for %v", c.limit+4*Grace))
			}
		}
	}
}

func (c *child) isGone() bool {
	select {
	case <-c.gone:
		return true
	default:
		return false
	}
}

// close ends the worker and waits for its end.
func (c *child) close() {
	c.process.kill()
	c.readers.Wait()
	c.process.release()
}
