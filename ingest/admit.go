package ingest

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
)

// enter waits for a slot to work in.
func (p *Pipeline) enter(ctx context.Context) error {
	if p.inside.Add(1) > int64(p.o.MaxBatches+p.o.MaxWaiting) {
		p.inside.Add(-1)
		p.count.refused("busy")
		return &edge.UnavailableError{Busy: true, Reason: "too many batches wait to be stored", RetryAfter: time.Second}
	}
	if err := p.takeSlot(ctx); err != nil {
		p.inside.Add(-1)
		return err
	}
	return nil
}

// replayWait is how long a batch waits for the log to be replayed.
const replayWait = 2 * time.Second

func (p *Pipeline) takeSlot(ctx context.Context) error {
	if err := p.awaitReplay(ctx); err != nil {
		p.count.refused("replaying")
		return err
	}
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		p.count.refused("gone")
		return fmt.Errorf("wait to store a batch: %w", ctx.Err())
	}
}

func (p *Pipeline) awaitReplay(ctx context.Context) error {
	select {
	case <-p.ready:
		return nil
	default:
	}
	wait := time.NewTimer(replayWait)
	defer wait.Stop()
	select {
	case <-p.ready:
		return nil
	case <-wait.C:
	case <-p.failed:
	case <-ctx.Done():
		return fmt.Errorf("wait for the log to be replayed: %w", ctx.Err())
	}
	return &edge.UnavailableError{Reason: "the log of the last process is being replayed", RetryAfter: 5 * time.Second}
}

func (p *Pipeline) leave() {
	<-p.slots
	p.inside.Add(-1)
}
