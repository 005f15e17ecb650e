// Package gate lets questions in, whatever tongue they are asked in: so many at once, each for so long, all of them
// together within a budget of memory. What does not fit is refused with the reason, and what was let in ends with its
// client.
//
// A tongue puts Gate.Question around its handler, or Gate.Follow around one that answers until its client leaves. The
// handler says with Need and Hold how much memory it takes, and gets the error of a question that was ended from
// Explain.
package gate

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge"
)

// Options bound the questions. AtOnce, Memory and Duration must be above 0.
type Options struct {
	// AtOnce is how many questions run at a time. Each has an equal part of a quarter of Memory without asking for it, half of
	// it for what it holds.
	AtOnce int
	// Waiting is how many more wait for their turn. When so many wait, one more of an asker who has fewer than others
	// takes the place of the newest of who has most. Default: 16 times AtOnce.
	Waiting int
	// Patience is how long one waits, for its turn or for memory. Default: 10 s.
	Patience time.Duration
	// Duration is the time that a question has once it is let in.
	Duration time.Duration
	// Memory is what the questions may take together, in bytes.
	Memory int64
	// Follows is how many followers (Gate.Follow) there may be. Default: 4 times AtOnce.
	Follows int
	// Heap is the size of the live heap in bytes from which questions are ended, the one that needs most first; 0 is no
	// bound.
	Heap int64
	// Live returns the size of the live heap and the number of collections that have measured it. Default: what the
	// runtime says.
	Live func() (bytes, collections uint64)
	// Tenant returns whose a request is; its error is answered with 401. Default: tenant 0.
	Tenant func(*http.Request) (edge.Tenant, error)
	// Metrics gets the figures of the gate. Default: they are not published.
	Metrics *metrics.Set
}

// Gate is safe for concurrent use.
type Gate struct {
	o Options
	// stopping ends when Stop is called, and followers with it.
	stopping context.Context //nolint:containedctx // the life of the gate, not of a call
	stop     context.CancelFunc

	mu      sync.Mutex
	running []*asking // in the order in which they were let in
	turns   []*waiter // who waits for a turn, in the order of arrival
	claims  []*claim  // who waits for memory, in the order of arrival
	free    int64     // bytes that nobody has claimed
	follows int
	watched bool // a goroutine looks at the heap
	watcher sync.WaitGroup

	refused map[string]*metrics.Counter
}

// asker is a tenant in one tongue: a gate lets no asker keep others out, also of the same tenant.
type asker struct {
	tenant edge.Tenant
	tongue string
}

// asking is a question that was let in.
type asking struct {
	asker
	end   context.CancelCauseFunc
	need  int64 // the most that a part of it needs at a time, in bytes
	held  int64 // what it holds beside, in bytes
	own   int64 // what it may hold of that without claiming it
	ended bool  // for its memory
}

// claimed is what it has of the bytes that were free.
func (a *asking) claimed() int64 { return a.need + max(0, a.held-a.own) }

// waiter is a question before the gate.
type waiter struct {
	asker
	// let gets the question when it is let in, nil when another took its place.
	let chan *asking
}

// claim is a question that waits for memory.
type claim struct {
	of    *asking
	bytes int64
	got   chan struct{}
}

// New makes a gate. The caller stops it.
func New(o Options) *Gate {
	if o.AtOnce <= 0 || o.Memory <= 0 || o.Duration <= 0 {
		panic("BUG: a gate without bounds")
	}
	if o.Waiting <= 0 {
		o.Waiting = 16 * o.AtOnce
	}
	if o.Patience <= 0 {
		o.Patience = 10 * time.Second
	}
	if o.Follows <= 0 {
		o.Follows = 4 * o.AtOnce
	}
	if o.Live == nil {
		o.Live = liveHeap
	}
	if o.Tenant == nil {
		o.Tenant = func(*http.Request) (edge.Tenant, error) { return 0, nil }
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	g := &Gate{o: o, free: o.Memory - o.Memory/4}
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.publish()
	return g
}

// Largest returns the most memory that one question can get, in bytes.
func (g *Gate) Largest() int64 { return g.o.Memory - g.o.Memory/4 }

// Stop ends all followers, so that a server can stop. Questions go on to their end.
func (g *Gate) Stop(context.Context) error {
	g.stop()
	g.watcher.Wait()
	return nil
}

// enter waits for a turn. The context that it returns ends after Options.Duration; leave ends the question.
func (g *Gate) enter(ctx context.Context, by asker) (_ context.Context, leave func(), err error) {
	a, w, err := g.letIn(by)
	if err != nil {
		return nil, nil, err
	}
	if w != nil {
		if a, err = g.await(ctx, w); err != nil {
			return nil, nil, err
		}
	}
	ctx, a.end = context.WithCancelCause(context.WithValue(ctx, askingKey{}, inside{g, a}))
	ctx, cancel := context.WithTimeoutCause(ctx, g.o.Duration, &RefusedError{
		Status: http.StatusServiceUnavailable,
		Reason: fmt.Sprintf("the question was ended after %s: ask for a shorter range or less", g.o.Duration),
	})
	return ctx, func() {
		cancel()
		a.end(nil)
		g.leave(a)
	}, nil
}

// letIn returns a question that may run, or one that waits for its turn.
func (g *Gate) letIn(by asker) (*asking, *waiter, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.running) < g.o.AtOnce && g.runningOf(by) < g.share() {
		return g.begin(by), nil, nil
	}
	if len(g.turns) >= g.o.Waiting && !g.giveWay(by) {
		return nil, nil, g.full()
	}
	w := &waiter{by, make(chan *asking, 1)}
	g.turns = append(g.turns, w)
	return nil, w, nil
}

// giveWay makes room for one more that waits, where an asker has at least two more waiting than the one who comes: its
// newest leaves. So nobody is kept out by those who ask much, however many they are.
func (g *Gate) giveWay(to asker) bool {
	waiting := map[asker]int{}
	for _, w := range g.turns {
		waiting[w.asker]++
	}
	most := 0
	for _, w := range g.turns {
		most = max(most, waiting[w.asker])
	}
	if most < waiting[to]+2 {
		return false
	}
	for i, w := range slices.Backward(g.turns) {
		if waiting[w.asker] == most {
			g.turns = slices.Delete(g.turns, i, i+1)
			w.let <- nil
			return true
		}
	}
	panic("BUG: nobody has the most")
}

// full refuses a question for which there is no place.
func (g *Gate) full() error {
	return g.refuse(reasonBusy, &RefusedError{
		Status: http.StatusServiceUnavailable, RetryAfter: g.o.Patience,
		Reason: fmt.Sprintf("%d questions run and %d wait: ask again later", len(g.running), len(g.turns)),
	})
}

// share is how many questions of one asker run at a time: a quarter of the turns is for others.
func (g *Gate) share() int { return g.o.AtOnce - g.o.AtOnce/4 }

func (g *Gate) runningOf(by asker) int {
	n := 0
	for _, a := range g.running {
		if a.asker == by {
			n++
		}
	}
	return n
}

func (g *Gate) begin(by asker) *asking {
	a := &asking{asker: by, end: func(error) {}, own: g.o.Memory / 4 / int64(g.o.AtOnce) / 2}
	g.running = append(g.running, a)
	g.watch()
	return a
}

// await returns when the waiter is let in, or will not be.
func (g *Gate) await(ctx context.Context, w *waiter) (*asking, error) {
	patience := time.NewTimer(g.o.Patience)
	defer patience.Stop()
	select {
	case a := <-w.let:
		if a == nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			return nil, g.full()
		}
		return a, nil
	case <-ctx.Done():
	case <-patience.C:
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.turns, w); i >= 0 {
		g.turns = slices.Delete(g.turns, i, i+1)
	} else if a := <-w.let; a != nil { // let in meanwhile
		if ctx.Err() == nil {
			return a, nil
		}
		g.end(a)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, g.refuse(reasonBusy, &RefusedError{
		Status: http.StatusServiceUnavailable, RetryAfter: g.o.Patience,
		Reason: fmt.Sprintf("%d questions run and none ended within %s: ask again later", len(g.running), g.o.Patience),
	})
}

func (g *Gate) leave(a *asking) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.end(a)
}

// end gives back what a question has and lets in who waits for it.
func (g *Gate) end(a *asking) {
	i := slices.Index(g.running, a)
	if i < 0 {
		panic("BUG: a question leaves that is not there")
	}
	g.running = slices.Delete(g.running, i, i+1)
	g.free += a.claimed()
	g.satisfy()
	if i := g.next(); i >= 0 {
		w := g.turns[i]
		g.turns = slices.Delete(g.turns, i, i+1)
		w.let <- g.begin(w.asker)
	}
}

// next returns who is let in next, -1 when nobody may be: the first of the asker that has fewest questions running.
func (g *Gate) next() int {
	best, fewest := -1, g.share()
	for i, w := range g.turns {
		if n := g.runningOf(w.asker); n < fewest {
			best, fewest = i, n
		}
	}
	return best
}
