package execute

import (
	"context"
	"fmt"

	"edgescope/query/gate"
	"edgescope/store"
)

const (
	// maxMemory bounds what one question keeps of rows and groups, in bytes.
	maxMemory = 256 << 20
	// holdStep is how many bytes are claimed from the gate at a time. What is below one step is part of every turn.
	holdStep = 1 << 20
)

// budget is the memory of one question.
type budget struct {
	ctx              context.Context //nolint:containedctx // the question whose memory it is
	used, held, most int64
}

// add takes so many bytes, or gives them back when negative: the gate has them until the question ends.
func (b *budget) add(bytes int64) error {
	b.used += bytes
	if b.used <= b.held+holdStep {
		return nil
	}
	if b.used > b.most {
		return fmt.Errorf("%w: it keeps more than %d MiB of groups and values: filter, group less finely, or ask for a "+
			"shorter time", store.ErrTooMuch, b.most>>20)
	}
	more := (b.used - b.held) / holdStep * holdStep
	if err := gate.Hold(b.ctx, more); err != nil {
		return err
	}
	b.held += more
	return nil
}
