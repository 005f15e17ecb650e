package ingest

import (
	"context"
	"fmt"

	"edgescope/edge"
	"edgescope/store"
)

// Verified is what comparing a log with a store found.
type Verified struct {
	// Records and Rows are what the log holds.
	Records, Rows int
	// Samples are those that the log holds. They are not compared: writing them again is harmless, and a replay writes
	// them all.
	Samples int
	// Missing are rows that the store does not have: after a kill there are some, and the next start inserts them.
	Missing int
	// Doubled are rows that the store has more often than the log: there must be none.
	Doubled int
}

// Verify compares what the log holds with what the store has, and changes nothing.
func Verify(ctx context.Context, l Log, reader RowReader) (Verified, error) {
	var v Verified
	err := l.Replay(ctx, func(s store.LogSpan) (func(*edge.Batch) error, error) {
		have, err := countRows(ctx, reader, s)
		return func(b *edge.Batch) error {
			v.Records++
			v.Rows += len(b.Events)
			v.Samples += len(b.Samples)
			for key, want := range rowsOf(b) {
				v.Missing += max(0, want-have[key])
				v.Doubled += max(0, have[key]-want)
			}
			return nil
		}, err
	})
	if err != nil {
		return v, fmt.Errorf("compare the log with the store: %w", err)
	}
	return v, nil
}
