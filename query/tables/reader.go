// Package tables asks a store for tables of tallies: of rollups, where a family has what is asked for, else of events.
package tables

import (
	"context"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/tally"
	"edgescope/store"
)

// Reader asks a store: so many questions at a time, of whoever asks. It is safe for concurrent use.
type Reader struct {
	store   store.Reader
	now     func() time.Time
	slots   chan struct{}
	sources memo.Memo[sources]

	choices  memo.Memo[query.Choices]
	presence memo.Memo[presence]
	befores  memo.Memo[*tally.Table]
}

// Now returns what time it is for questions.
func (d *Reader) Now() time.Time { return d.now() }

// AtOnce is how many questions a store gets at a time from all askers together.
const AtOnce = 8

// New makes a reader of a store that gets at most atOnce questions at a time.
func New(s store.Reader, now func() time.Time, atOnce int) *Reader {
	return &Reader{store: s, now: now, slots: make(chan struct{}, atOnce)}
}

// take waits for a slot at the store; the caller gives it back.
func (d *Reader) take(ctx context.Context) error {
	select {
	case d.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (d *Reader) give() { <-d.slots }

// Series asks for samples at the end of each bucket of the window: a rollup sample is stamped with the start of its
// window, so that sum_over_time(m[step]) just before the end of a bucket adds up exactly the windows that begin in it.
func (d *Reader) Series(ctx context.Context, tenant edge.Tenant, text string, w tally.Window) ([]store.Series, error) {
	if err := d.take(ctx); err != nil {
		return nil, err
	}
	defer d.give()
	return d.store.Series(ctx, store.SeriesQuestion{
		Tenant: tenant, MetricsQL: text, Step: w.Step,
		From: w.From.Add(w.Step - time.Millisecond), To: w.To.Add(-time.Millisecond),
	})
}

// Totals asks for the sums of samples in each bucket of the window: a rollup sample is stamped with the start of its
// window, so the windows that begin in a bucket are added up. emit's series is valid during the call only.
func (d *Reader) Totals(ctx context.Context, tenant edge.Tenant, selector string, w tally.Window,
	emit func(*store.Series) error,
) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.give()
	return d.store.Totals(ctx,
		store.TotalsQuestion{Tenant: tenant, Selector: selector, From: w.From, To: w.To, Step: w.Step}, emit)
}

// Rows asks for events; emit's row is valid during the call only.
func (d *Reader) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if err := d.take(ctx); err != nil {
		return err
	}
	defer d.give()
	q.At = d.now()
	return d.store.Rows(ctx, q, emit)
}
