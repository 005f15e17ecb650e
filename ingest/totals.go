package ingest

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"edgescope/edge"
	"edgescope/ingest/rollup"
	"edgescope/store"
)

// roomWait is how long a batch waits for room among the totals: longer than a turn takes.
const roomWait = 10 * time.Second

// awaitRoom waits while totals take all the memory that they may: the store is behind.
func (p *Pipeline) awaitRoom(ctx context.Context) error {
	full, freed := p.o.Rollup.Full()
	if !full {
		return nil
	}
	wait := time.NewTimer(roomWait)
	defer wait.Stop()
	for full {
		select {
		case <-freed:
		case <-wait.C:
			p.count.refused("totals")
			return &edge.UnavailableError{Busy: true, Reason: "totals wait to be stored", RetryAfter: 5 * time.Second}
		case <-ctx.Done():
			p.count.refused("gone")
			return fmt.Errorf("wait for room among the totals: %w", ctx.Err())
		}
		full, freed = p.o.Rollup.Full()
	}
	return nil
}

// Flush writes the totals that changed to the store now. A failure is logged; the totals wait for the next flush.
func (p *Pipeline) Flush(ctx context.Context) { p.write(ctx, p.o.Rollup.Flush) }

// flushOver writes and forgets the parts that are over and in the log.
func (p *Pipeline) flushOver(ctx context.Context) {
	p.write(ctx, p.o.Rollup.FlushOver)
	p.o.Rollup.Drop()
}

// write gives totals to the store and shows them.
func (p *Pipeline) write(ctx context.Context, flush func(context.Context, rollup.SampleWriter) error) {
	defer stage(ctx, p.labels.flush)()
	to := &counting{to: p.o.Store}
	err := flush(ctx, to)
	if unshown := p.unshown.Swap(false); unshown || to.samples > 0 {
		p.o.Show()
	}
	if to.samples > 0 {
		p.count.add("edgescope_rollup_samples_total", to.samples)
	}
	if err != nil && ctx.Err() == nil {
		p.o.Logger.Warn("rollup totals wait for the store", slog.Any("error", err))
	}
}

// counting counts the samples that a store takes.
type counting struct {
	to      store.Writer
	samples int
}

// WriteSamples implements rollup.SampleWriter.
func (c *counting) WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	err := c.to.WriteSamples(ctx, tenant, samples)
	if err == nil {
		c.samples += len(samples)
	}
	return err
}

// tend writes totals, and begins the next part of them when this one is due.
func (p *Pipeline) tend(ctx context.Context) {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if p.o.Rollup.Due() && !p.o.Rollup.Over() {
		p.turn()
	}
	if !p.o.Rollup.Over() {
		p.Flush(ctx)
		return
	}
	if err := p.settle(ctx); err != nil && ctx.Err() == nil {
		p.o.Logger.Warn("rollup totals wait for the log", slog.Any("error", err))
	}
}

// turn begins the next part. No batch is on its way meanwhile: the part that is in its record is the one that it is
// added to.
func (p *Pipeline) turn() {
	p.gate.Lock()
	defer p.gate.Unlock()
	p.o.Rollup.Turn()
	p.count.add("edgescope_rollup_turns_total", 1)
}

// settle writes totals: first those of parts that are over, into the log and the store, and forgets these parts.
func (p *Pipeline) settle(ctx context.Context) error {
	err := p.o.Rollup.Unsettled(func(piece []byte) error {
		if p.o.Log == nil {
			return nil
		}
		b := &edge.Batch{Totals: piece}
		if err := p.o.Log.Append(ctx, b); err != nil {
			return err
		}
		p.reach(b.Record.Seq)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep totals in the log: %w", err)
	}
	p.flushOver(ctx)
	p.Flush(ctx)
	return nil
}

// checkpoint keeps what was added up so far, at its position in the log. Nothing is in work meanwhile. A pipeline that
// failed has left something out: it keeps no checkpoint that would claim it.
func (p *Pipeline) checkpoint(ctx context.Context) error {
	p.keeping.Lock()
	defer p.keeping.Unlock()
	if !p.o.Rollup.Over() {
		p.Flush(ctx)
	} else if err := p.settle(ctx); err != nil {
		return err
	}
	p.gate.Lock()
	position, state := p.state()
	p.gate.Unlock()
	return p.keep(position, state)
}

// state returns what was added up so far, nil when it must not be kept. The gate is closed.
func (p *Pipeline) state() (position uint64, state []byte) {
	if p.o.Log == nil || p.hasFailed() {
		return 0, nil
	}
	return p.position.Load(), p.o.Rollup.AppendCheckpoint(p.retries.appendState(nil))
}

func (p *Pipeline) keep(position uint64, state []byte) error {
	if state == nil {
		return nil
	}
	p.o.Flush()
	if err := p.o.Log.Checkpoint(position, state); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	return nil
}

// Freeze runs f while no batch is in work: everything that was acknowledged is in the store and in the totals, the
// totals are written, and the log has a checkpoint of that moment. Batches that come meanwhile wait. It fails with
// *edge.UnavailableError while the log is replayed.
func (p *Pipeline) Freeze(ctx context.Context, f func(context.Context) error) error {
	if err := p.awaitReplay(ctx); err != nil {
		return err
	}
	p.keeping.Lock()
	defer p.keeping.Unlock()
	p.gate.Lock()
	defer p.gate.Unlock()
	if p.hasFailed() {
		return p.failure
	}
	if err := p.o.Rollup.Flush(ctx, p.o.Store); err != nil {
		return fmt.Errorf("write totals: %w", err)
	}
	if err := p.keep(p.state()); err != nil {
		return err
	}
	return f(ctx)
}
