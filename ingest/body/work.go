package body

import (
	"context"
	"fmt"
	"sync/atomic"

	"edgescope/edge"
)

const (
	// maxAtWork is how many requests are decoded and stored at a time: enough to share the log's syncs. What waits is a
	// body, which takes a tenth of what its spans take while they are stored.
	maxAtWork = 16
	// maxWaiting bounds the requests that wait. They are worked on within a second or two; a longer queue would answer
	// clients that have given up.
	maxWaiting = 1024
)

// bench has the places of the requests at work.
type bench struct {
	places  chan struct{}
	waiting atomic.Int64
}

func newBench() *bench { return &bench{places: make(chan struct{}, maxAtWork)} }

// enter waits for a place.
func (w *bench) enter(ctx context.Context) error {
	select {
	case w.places <- struct{}{}:
		return nil
	default:
	}
	defer w.waiting.Add(-1)
	if w.waiting.Add(1) > maxWaiting {
		return &edge.UnavailableError{
			Busy: true, Reason: "too many requests wait to be worked on",
			RetryAfter: retryAfter,
		}
	}
	select {
	case w.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait to work on a body: %w", ctx.Err())
	}
}

func (w *bench) leave() { <-w.places }

// Work waits until the body's turn has come to be decoded and stored; Release ends it. It fails with
// *edge.UnavailableError when too many wait already, and when ctx ends.
func (b *Body) Work(ctx context.Context) error {
	if b.atWork {
		panic("BUG: a body is worked on twice")
	}
	if err := b.reader.bench.enter(ctx); err != nil {
		return err
	}
	b.atWork = true
	return nil
}
