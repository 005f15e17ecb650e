package load

import (
	"context"
	"sync"
	"time"

	"edgescope/scenarios"
)

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

// parallel walks the steps of the block side by side, at most Limit at a time, in the order in which they stand. After the
// first failure no further one starts; those that run go on to their end, and then the user fails.
func (u *user) parallel(ctx context.Context, block *scenarios.Parallel) error {
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
	b.scope, b.message, b.intended = u.scope.Branch(), scenarios.Message{}, intended
	return &b
}
