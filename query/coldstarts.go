package query

import (
	"context"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// ColdStarts answers: how often, how long, what does it cost the user?
func (e *Engine) ColdStarts(ctx context.Context, tenant edge.Tenant, q Question) (*ColdStarts, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var before, regions, byRoute, overTime *table
	out := &ColdStarts{}
	const parts = rowParts | withInit
	g, gctx := errgroup.WithContext(ctx)
	a.askBefore(gctx, g, &before, a.whole(parts))
	a.ask(gctx, g, &regions, a.whole(parts, edge.KeyRegion))
	a.ask(gctx, g, &byRoute, a.whole(parts, edge.KeyRoute, edge.KeyServiceVersion))
	a.ask(gctx, g, &overTime, a.cut(withStarts, edge.KeyRegion))
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sums := regions.total()
	out.Total = sums.stats(a.win.seconds(a.now))
	out.Before = statsOf(before)
	out.Share = coldShare(sums)
	cold, warm := &sums.duration[edge.True], &sums.duration[edge.False]
	out.ColdHistogram, out.WarmHistogram = cold.histogram(warm), warm.histogram(cold)
	out.Regions, out.Routes, out.Versions = a.sortedRows(regions, nil), a.sortedRows(byRoute.by(0), nil), a.sortedRows(byRoute.by(1), nil)
	a.locate(out.Regions)
	shown := busiest(out.Regions, lineRegions)
	overTime = overTime.before(a.until)
	out.Rate = regionLines(overTime.all(), overTime, shown, len(shown) < len(out.Regions), (*tally).coldRatio)
	out.About, err = a.about(ctx, regions, byRoute)
	return out, err
}

// statsOf answers the figures of a table to compare with, nil without one.
func statsOf(t *table) *Stats {
	if t == nil {
		return nil
	}
	s := t.total().stats(t.win.to.Sub(t.win.from).Seconds())
	return &s
}

// coldShare answers which part of the invocations slower than the warm P99 are cold starts.
func coldShare(t *tally) Num {
	p99 := t.duration[edge.False].quantile(0.99)
	if !p99.OK() {
		return None()
	}
	return ratio(t.duration[edge.True].above(float64(p99)), t.all().above(float64(p99)))
}
