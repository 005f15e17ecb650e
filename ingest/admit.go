package ingest

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
)

// enter begins the work on a batch, once the log is replayed.
func (p *Pipeline) enter(ctx context.Context) error {
	if err := p.awaitReplay(ctx); err != nil {
		p.count.refused("replaying")
		return err
	}
	p.inside.Add(1)
	return nil
}

func (p *Pipeline) leave() { p.inside.Add(-1) }

// replayWait is how long a batch waits for the log to be replayed.
const replayWait = 2 * time.Second

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
