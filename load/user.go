package load

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"time"

	"edgescope/load/network"
	"edgescope/load/timer"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
	"edgescope/scenarios/value"
)

// errStop ends a user whose time is up (Options.Stop).
var errStop = errors.New("the run has lasted as long as it should")

// user is a virtual user: one goroutine, its variables, cookies and connections.
type user struct {
	*run
	scope    *value.Scope
	flow     string
	target   string
	region   string
	engine   network.Client
	jar      *jar    // nil until the first cookie
	socket   *socket // nil until the user is connected
	message  plan.Message
	intended time.Time // when the next request should start; zero: when the user gets there

	// The request under way, in memory that is used for all of them.
	written  *plan.Request // as functions left it
	hop      hop
	out      network.Call
	sent     exchange
	response plan.Response

	captured bool // the request under way has stored what it captures

	began   time.Time
	ids     *rand.Rand // of traces
	silent  bool       // before and after flows are in no counter
	turn    *turn      // nil unless the user is in a parallel block
	onError []string   // functions of the scenario that are told of failed requests

	calls *processor.User // of functions; nil if the script has none
	vars  *value.Vars     // as functions know them
}

func (u *user) close() {
	if u.calls != nil {
		u.calls.Leave()
	}
	if u.engine != u.shared {
		u.engine.Close()
	}
}

func (u *user) walk(ctx context.Context, steps []plan.Step) error {
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if stop := u.options.Stop; stop > 0 && time.Since(u.start) >= stop {
			return errStop
		}
		if err := u.step(ctx, step); err != nil {
			return err
		}
	}
	return nil
}

func (u *user) step(ctx context.Context, step plan.Step) error {
	switch step := step.(type) {
	case *plan.Request:
		u.captured = false
		return u.goesOn(ctx, step, u.failed(ctx, step.Script, u.request(ctx, step)))
	case *plan.Connect:
		return u.failed(ctx, noRequest, u.connect(ctx, step))
	case *plan.Exchange:
		return u.failed(ctx, noRequest, u.exchange(ctx, step))
	case *plan.Think:
		return u.think(ctx, step)
	case *plan.Loop:
		return u.loop(ctx, step)
	case *plan.Parallel:
		return u.parallel(ctx, step)
	case *plan.Function:
		return u.callAll([]string{step.Name})
	case *plan.Log:
		u.events.Put(&Line{Text: step.Text(u.scope)})
	}
	return nil
}

func (u *user) think(ctx context.Context, step *plan.Think) error {
	pause, err := step.Pause(u.scope)
	if err != nil {
		return err
	}
	u.intended = time.Time{}
	if stop := u.options.Stop; stop > 0 {
		pause = min(pause, stop-time.Since(u.start))
	}
	if pause <= 0 {
		return nil
	}
	u.away(func() { err = timer.Sleep(ctx, pause) })
	return err
}

func (u *user) loop(ctx context.Context, step *plan.Loop) error {
	for range step.Passes(u.scope) {
		// An endless loop may have no step of its own to notice the end of the run.
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.walk(ctx, step.Steps); err != nil {
			return err
		}
		if step.While == "" {
			continue
		}
		if more, err := u.ask(step.While); !more || err != nil {
			return err
		}
	}
	return nil
}

// turn is what the branches of a parallel block hold while they work: they share the user's variables, so one of them
// works at a time, and they overlap where they wait (for an answer, in think).
type turn struct{ sync.Mutex }

// away runs f, which waits and touches nothing of the user's, and lets the other branches work meanwhile.
func (u *user) away(f func()) {
	if u.turn != nil {
		u.turn.Unlock()
		defer u.turn.Lock()
	}
	f()
}

// parallel walks the steps of the block side by side, at most Limit at a time, in the order in which they stand. After
// the first failure no further one starts; those that run go on to their end, and then the user fails.
func (u *user) parallel(ctx context.Context, block *plan.Parallel) error {
	if u.turn == nil {
		u.turn = &turn{}
		u.turn.Lock()
		defer func() { u.turn.Unlock(); u.turn = nil }()
	}
	u.cookieJar() // branches copy the user: the jar must be there before them
	intended := u.intended
	u.intended = time.Time{}
	var failed error
	next := 0
	var branches sync.WaitGroup
	for range min(block.Limit, len(block.Steps)) {
		branches.Go(func() {
			u.turn.Lock()
			defer u.turn.Unlock()
			// The first step of each was meant to start with the block, a further one when its turn comes.
			for at := intended; next < len(block.Steps) && failed == nil; at = (time.Time{}) {
				step := block.Steps[next : next+1]
				next++
				if err := u.branch(at).walk(ctx, step); err != nil && failed == nil {
					failed = err
				}
			}
		})
	}
	u.away(branches.Wait)
	return failed
}

// branch is the user as one step of a parallel block sees it.
func (u *user) branch(intended time.Time) *user {
	b := *u
	b.scope, b.message, b.intended = u.scope.Branch(), plan.Message{}, intended
	return &b
}

// ended tells how a user's life ended.
func (u *user) ended(ctx context.Context, err error) *UserEnd {
	end := &UserEnd{At: time.Now(), Scenario: u.flow, Length: time.Since(u.began)}
	switch {
	case err == nil || errors.Is(err, errStop):
	case ctx.Err() != nil:
		end.Cut = true
	default:
		end.Err = err.Error()
	}
	return end
}
