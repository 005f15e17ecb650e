package door

import (
	"context"

	"edgescope/edge"
	"edgescope/internal/access"
)

// Pipeline keeps what the receivers took apart.
type Pipeline interface {
	edge.Sink
	// Samples keeps the numbers of a client's metrics, and returns true when it had those of that body before.
	Samples(ctx context.Context, b *edge.Batch) (repeated bool, err error)
}

// Metered counts what a pipeline keeps, an event or a number each, against the rate of who sent it.
func Metered(p Pipeline) Pipeline { return metered{p} }

type metered struct{ Pipeline }

// Events passes the batch on.
func (m metered) Events(ctx context.Context, b *edge.Batch) error {
	count := len(b.Events)
	err := m.Pipeline.Events(ctx, b)
	if err == nil {
		access.Spend(ctx, 0, count)
	}
	return err
}

// Samples passes the numbers on.
func (m metered) Samples(ctx context.Context, b *edge.Batch) (repeated bool, err error) {
	repeated, err = m.Pipeline.Samples(ctx, b)
	if err == nil {
		access.Spend(ctx, 0, len(b.Samples))
	}
	return repeated, err
}
