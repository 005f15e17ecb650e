package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"edgescope/ingest"
	"edgescope/internal/run"
)

// verify reads the parts of the store, compares the write-ahead log with it, and tells on stdout, all of a collector
// that does not run. It fails when the store has something twice.
func (c *Collector) verify(ctx context.Context, p run.Process) error {
	c.distrust = true
	v, err := c.compare(ctx)
	if err = errors.Join(err, c.Stop(ctx)); err != nil {
		return err
	}
	if err := c.tellQuarantine(p); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.Stdout, "log: %d records with %d rows and %d samples\nstore: %d rows missing (the next "+
		"start inserts them), %d doubled\n",
		v.Records, v.Rows, v.Samples, v.Missing, v.Doubled)
	if v.Doubled > 0 {
		return fmt.Errorf("%d rows are stored more than once", v.Doubled)
	}
	return err
}

func (c *Collector) compare(ctx context.Context) (v ingest.Verified, err error) {
	if err := c.openStore(ctx); err != nil {
		return v, err
	}
	if err := c.openLog(ctx); err != nil {
		return v, err
	}
	return ingest.Verify(ctx, c.wal, c.store)
}

// tellQuarantine lists what was set aside, now or before.
func (c *Collector) tellQuarantine(p run.Process) error {
	items, err := c.store.Quarantine()
	if err != nil {
		return err
	}
	for _, i := range items {
		if _, err := fmt.Fprintf(p.Stdout, "set aside: %s (%d rows), %s: %s\n", i.Path, i.Rows,
			i.At.Format(time.RFC3339), i.Reason); err != nil {
			return err
		}
	}
	return nil
}
