package ingest

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// Samples takes the numbers of a client's own metrics, b.Samples: on return of nil they are in the log and the store
// has them. They are not normalised or added up. It fails as Events does, and writing the same samples again is
// harmless. It returns true for a batch whose body was acknowledged before, also by an earlier process: then nothing
// was written, and whoever adds up deltas must not have counted them. The samples belong to the caller again on return.
func (p *Pipeline) Samples(ctx context.Context, b *edge.Batch) (repeated bool, err error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	numbers := edge.Batch{Tenant: b.Tenant, Body: b.Body, Samples: b.Samples}
	return p.work(context.WithoutCancel(ctx), &numbers, p.takeSamples)
}

func (p *Pipeline) takeSamples(ctx context.Context, b *edge.Batch) error {
	if err := p.log(ctx, b); err != nil {
		return p.unavailable(err)
	}
	end := stage(ctx, p.labels.store)
	err := p.o.Store.WriteSamples(ctx, b.Tenant, b.Samples)
	end()
	if err != nil {
		p.lost(err)
		return p.unavailable(err)
	}
	p.unshown.Store(true)
	p.reach(b.Record.Seq)
	p.count.add("edgescope_ingest_samples_total", len(b.Samples))
	return nil
}

// retrySpace is how often a replay looks whether the store takes samples again.
const retrySpace = time.Second

// samples gives the store the samples of a batch of the log: it has some, and writing those again is harmless. They
// were acknowledged: while the disk is full the replay waits for room, with questions answered and batches asked to
// come again.
func (r *replayer) samples(b *edge.Batch) error {
	warned := false
	for {
		err := r.p.o.Store.WriteSamples(r.ctx, b.Tenant, b.Samples)
		if !errors.Is(err, store.ErrReadOnly) {
			return err
		}
		if !warned {
			warned = true
			r.p.o.Logger.Warn("the replay of the log waits for free disk space", slog.Any("error", err))
		}
		select {
		case <-time.After(retrySpace):
		case <-r.ctx.Done():
			return r.ctx.Err()
		}
	}
}
