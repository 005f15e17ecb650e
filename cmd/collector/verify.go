package main

import (
	"context"
	"errors"
	"fmt"

	"edgescope/ingest"
	"edgescope/internal/run"
)

// verify compares the write-ahead log with the store of a collector that does not run, and tells on stdout. It fails when the
// store has something twice.
func (c *collector) verify(ctx context.Context, p run.Process) error {
	v, err := c.compare(ctx)
	if err = errors.Join(err, c.stop(ctx)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "log: %d records with %d rows and %d samples\nstore: %d rows missing (the next start inserts them), %d doubled\n",
		v.Records, v.Rows, v.Samples, v.Missing, v.Doubled)
	if v.Doubled > 0 {
		return fmt.Errorf("%d rows are stored more than once", v.Doubled)
	}
	return err
}

func (c *collector) compare(ctx context.Context) (v ingest.Verified, err error) {
	if err := c.openStore(ctx); err != nil {
		return v, err
	}
	if err := c.openLog(ctx); err != nil {
		return v, err
	}
	return ingest.Verify(ctx, c.wal, c.store)
}
