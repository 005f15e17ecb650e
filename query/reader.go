package query

import (
	"context"
	"time"

	"edgescope/edge"
	"edgescope/store"
)

// reader asks a store: so many questions at a time, of whoever asks. It is safe for concurrent use.
type reader struct {
	store   store.Reader
	now     func() time.Time
	slots   chan struct{}
	sources memo[sources]
}

// newReader makes a reader of a store that gets at most atOnce questions at a time.
func newReader(s store.Reader, now func() time.Time, atOnce int) *reader {
	return &reader{store: s, now: now, slots: make(chan struct{}, atOnce)}
}

// take waits for a slot at the store; the caller gives it back.
func (d *reader) take(ctx context.Context) error {
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *reader) give() { <-d.slots }

// series asks for samples at the end of each bucket of the window: a rollup sample is stamped with the start of its window,
// so that sum_over_time(m[step]) just before the end of a bucket adds up exactly the windows that begin in it.
func (d *reader) series(ctx context.Context, tenant edge.Tenant, text string, w window) ([]store.Series, error) {
	if err := d.take(ctx); err != nil {
		return nil, err
	}
	defer d.give()
	return d.store.Series(ctx, store.SeriesQuestion{
		Tenant: tenant, MetricsQL: text, Step: w.step,
		From: w.from.Add(w.step - time.Millisecond), To: w.to.Add(-time.Millisecond),
	})
}

// totals asks for the sums of samples in each bucket of the window: a rollup sample is stamped with the start of its window, so
// the windows that begin in a bucket are added up. emit's series is valid during the call only.
func (d *reader) totals(ctx context.Context, tenant edge.Tenant, selector string, w window, emit func(*store.Series) error) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.give()
	return d.store.Totals(ctx, store.TotalsQuestion{Tenant: tenant, Selector: selector, From: w.from, To: w.to, Step: w.step}, emit)
}

// rows asks for events; emit's row is valid during the call only.
func (d *reader) rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.give()
	q.At = d.now()
	return d.store.Rows(ctx, q, emit)
}
