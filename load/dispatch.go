package load

import (
	"context"
	"errors"
	"fmt"
	"runtime/pprof"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load/timer"
	"edgescope/scenarios/value"
)

// tick is the shortest pause between two bunches of arrivals. Above 5,000 arrivals per second all that are due within
// one tick start together, which bounds what the dispatcher itself costs.
const tick = 200 * time.Microsecond

// dispatch starts the arrivals, each in its time, and returns when the last one has started.
func (n *run) dispatch(ctx context.Context) error {
	arriving, stop := n.arriving(ctx)
	defer stop()
	wait := n.options.Wait
	if wait == nil {
		precise, stop, err := timer.Precise(arriving)
		if err != nil {
			return err
		}
		defer stop()
		wait = precise
	}
	if err := n.awaitStart(arriving, wait); err != nil {
		return n.unlessAborted(ctx, err)
	}
	return n.unlessAborted(ctx, n.arrivals(ctx, arriving, wait))
}

// arriving is a context that ends with ctx or when the arrivals are aborted.
func (n *run) arriving(ctx context.Context) (arriving context.Context, stop func()) {
	arriving, cancel := context.WithCancel(ctx)
	if n.options.Abort == nil {
		return arriving, cancel
	}
	var watcher sync.WaitGroup
	watcher.Go(func() {
		select {
		case <-n.options.Abort:
			cancel()
		case <-arriving.Done():
		}
	})
	return arriving, func() {
		cancel()
		watcher.Wait()
	}
}

// unlessAborted is the error of the arrivals; that they were aborted is none.
func (n *run) unlessAborted(ctx context.Context, err error) error {
	if err != nil && ctx.Err() == nil && errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// startPatience is by how much a common start may be missed.
const startPatience = time.Second

// StartError tells that the common start of several processes was missed, and that nothing was sent.
type StartError struct {
	At   time.Time
	Late time.Duration
}

func (e *StartError) Error() string {
	return fmt.Sprintf("the start at %s was missed by %v (limit %v): nothing was sent, choose a later time",
		e.At.UTC().Format(time.RFC3339), e.Late.Round(10*time.Millisecond), startPatience)
}

// awaitStart makes the zero point of the schedule: now, or the common start of several processes.
func (n *run) awaitStart(ctx context.Context, wait timer.Wait) error {
	n.start = time.Now()
	if n.options.StartAt.IsZero() {
		return nil
	}
	late := n.start.Sub(n.options.StartAt)
	if late > startPatience {
		return &StartError{At: n.options.StartAt, Late: late}
	}
	n.start = n.start.Add(-late) // keeps the monotonic clock, so that a step of the wall clock bends nothing
	return n.until(ctx, wait, 0, false)
}

// arrivals starts those of our segment.
func (n *run) arrivals(ctx, arriving context.Context, wait timer.Wait) error {
	ctx = stage(ctx, "users") // once for all of them
	w := newWalk(n.schedule, n.options.Segment)
	var ended uint64 // arrivals of the phases so far, of all segments
	for _, phase := range n.schedule.Phases() {
		if ended == n.schedule.Total() {
			return nil // what follows are pauses, and there is nobody left to wait for
		}
		if err := n.until(arriving, wait, phase.Start, false); err != nil {
			return err
		}
		n.events.Put(&PhaseStart{At: time.Now(), Phase: n.plan.Phases[phase.Index]})
		for ended += phase.Arrivals; w.more && w.hit < ended; {
			k, at := w.hit, w.due
			w.next()
			if err := n.until(arriving, wait, at, w.more && w.due-at < tick); err != nil {
				return err
			}
			n.arrive(ctx, k, at, n.plan.Phases[phase.Index].MaxVusers)
		}
	}
	return nil
}

// walk goes along a pacer, hit by hit. It asks when the next hit is due at the time at which the last one was due,
// whatever time it is by then: a pacer that is asked late says "now", and nobody would know how late that is.
type walk struct {
	pacer vegeta.Pacer
	step  uint64 // from one hit to the next; the hits between are of other segments

	hit  uint64        // the next one, from 0
	due  time.Duration // when, since the start of the run
	more bool          // there is a next one
}

// newWalk stands before the first hit of a segment; nil takes all.
func newWalk(p vegeta.Pacer, s *Segment) *walk {
	w := &walk{pacer: p, step: 1}
	if s != nil {
		w.hit, w.step = uint64(s.Index), uint64(s.Count)
	}
	w.look()
	return w
}

func (w *walk) next() {
	w.hit += w.step
	w.look()
}

func (w *walk) look() {
	wait, stop := w.pacer.Pace(w.due, w.hit)
	w.due, w.more = w.due+wait, !stop
}

// until waits for a time since the start of the run; what is due or late does not wait.
func (n *run) until(ctx context.Context, wait timer.Wait, at time.Duration, dense bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d := at - time.Since(n.start)
	if d <= 0 {
		return nil
	}
	if dense {
		d = max(d, tick)
	}
	return wait(ctx, d)
}

// arrive starts the user of arrival k, or drops it when the phase's maxVusers, or our segment's share of them, are
// alive.
func (n *run) arrive(ctx context.Context, k uint64, at time.Duration, limit int) {
	if limit > 0 && n.alive.Load() >= int64(n.options.Segment.Share(uint64(limit))) {
		n.events.Put(&Skip{At: time.Now()})
		return
	}
	n.alive.Add(1)
	n.users.Go(func() {
		pprof.SetGoroutineLabels(ctx)
		defer n.alive.Add(-1)
		n.user(ctx, int(k), n.start.Add(at))
	})
}

// user is the life of one user, from its arrival on: it picks a flow, walks it, and tells how that ended.
func (n *run) user(ctx context.Context, index int, intended time.Time) {
	scope := n.plan.NewScope(n.options.Seed, index, n.before)
	flow := n.plan.PickFlow(scope)
	u := n.newUser(index, scope)
	defer u.close()
	u.flow, u.intended = flow.Name, intended
	u.began = time.Now()
	n.events.Put(&UserStart{At: u.began, Scenario: flow.Name, Lag: u.began.Sub(intended)})
	err := u.live(ctx, flow)
	n.events.Put(u.ended(ctx, err))
	u.closeSocket(ctx)
}

func (n *run) newUser(index int, scope *value.Scope) *user {
	u := &user{run: n, scope: scope, target: n.plan.Base, engine: n.shared, ids: n.spans.IDs(index)}
	if region := n.plan.Region(index); region != nil && index >= 0 {
		u.target, u.region = region.Base, region.Name
	}
	if u.engine == nil {
		u.engine = n.dialer.Client(0)
	}
	if n.code != nil {
		u.calls, u.vars = n.code.Join(), value.NewVars()
	}
	return u
}
