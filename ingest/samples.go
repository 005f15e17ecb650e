package ingest

import (
	"context"

	"edgescope/edge"
)

// Samples takes the numbers of a client's own metrics: on return of nil the store has them. They are not normalised, added up
// or logged before: what kill -9 loses of them is what the store has not flushed yet. It fails as Events does, and writing the
// same samples again is harmless. The samples belong to the caller again on return.
func (p *Pipeline) Samples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	var err error
	stage(ctx, "store", func(ctx context.Context) { err = p.o.Store.WriteSamples(ctx, tenant, samples) })
	if err != nil {
		return p.unavailable(err)
	}
	p.count.add("edgescope_ingest_samples_total", len(samples))
	return nil
}
