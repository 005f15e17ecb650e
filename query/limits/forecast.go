package limits

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// shownDays is how much of the past stands beside what is expected.
const shownDays = 14

// Forecast returns what the coming days bring, and when a quota is used up.
func (x *Room) Forecast(ctx context.Context, tenant edge.Tenant, q query.Question) (*money.Forecast, error) {
	a, err := x.o.Read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &money.Forecast{
		Quotas: []money.Quota{}, Measured: []query.Num{}, Expected: []query.Num{}, Low: []query.Num{}, High: []query.Num{},
		Error: query.None(), Tests: 0,
	}
	var all map[string]past
	g, inGroup := errgroup.WithContext(ctx)
	g.Go(func() (err error) { all, err = x.pasts(inGroup, a, a.Cut(0)); return err })
	g.Go(func() (err error) { out.Choices, err = a.Choose(inGroup); return err })
	g.Go(func() error {
		places, _, err := x.places(inGroup, a)
		if err == nil {
			out.Quotas, err = x.quotas(inGroup, a, places)
		}
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, fmt.Errorf("forecast: %w", err)
	}
	if out.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	p, known := all[""]
	if !known {
		p.History = &tables.History{From: tally.Floor(a.Now, time.Hour)}
	}
	of := aheadOf(p.History, a.Now, &p.since)
	of.fill(out)
	if all == nil {
		out.Reason = "totals do not hold this combination of filters, and events are not kept long enough"
	}
	return out, nil
}

// fill writes a forecast into its answer.
func (a *ahead) fill(out *money.Forecast) {
	out.Today = a.days()[0]
	out.Month = a.expect(monthStart(a.now), monthEnd(a.now))
	shown := a.past[max(0, len(a.past)-shownDays*24):]
	out.Start = a.end.Add(-time.Duration(len(shown)) * time.Hour)
	out.Measured = nums(shown)
	if !a.ok {
		out.Reason = fmt.Sprintf("%d hours of the past are known: a forecast needs 3 days", a.known())
		return
	}
	out.Method, out.Error, out.Tests = string(a.Method), query.Num(a.Error), query.Num(a.Tests)
	const week = 7 * 24
	out.Expected = nums(a.Values[:week])
	if a.Low != nil {
		out.Low, out.High = nums(a.Low[:week]), nums(a.High[:week])
	}
}

func nums(values []float64) []query.Num {
	out := make([]query.Num, len(values))
	for i, v := range values {
		out[i] = query.Num(v)
	}
	return out
}
