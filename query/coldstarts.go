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
	var total, before, regions, versions, routes, overTime *table
	out := &ColdStarts{}
	const parts = rowParts | withInit
	g, gctx := errgroup.WithContext(ctx)
	a.ask(gctx, g, &total, a.whole("", allParts))
	a.askBefore(gctx, g, &before, a.whole("", allParts))
	a.ask(gctx, g, &regions, a.whole(edge.KeyRegion, parts))
	a.ask(gctx, g, &versions, a.whole(edge.KeyServiceVersion, parts))
	a.ask(gctx, g, &routes, a.whole(edge.KeyRoute, parts))
	a.ask(gctx, g, &overTime, a.cut(edge.KeyRegion, withCounts))
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sums := total.total()
	out.Total = sums.stats(a.win.seconds(a.now))
	out.Before = statsOf(before)
	out.Share = coldShare(sums)
	cold, warm := &sums.duration[edge.True], &sums.duration[edge.False]
	out.ColdHistogram, out.WarmHistogram = cold.histogram(warm), warm.histogram(cold)
	out.Regions, out.Versions, out.Routes = a.sortedRows(regions, nil), a.sortedRows(versions, nil), a.sortedRows(routes, nil)
	a.locate(out.Regions)
	shown := busiest(out.Regions, lineRegions)
	out.Rate = regionLines(overTime.all(), overTime, shown, len(shown) < len(out.Regions), (*tally).coldRatio)
	out.About, err = a.about(ctx, total, regions, versions, routes)
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
