package query

import (
	"context"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// Cache answers: which route loses hits, what does that cost the origin?
func (e *Engine) Cache(ctx context.Context, tenant edge.Tenant, q Question) (*CacheAnswer, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var overTime, durations, regions, regionsBefore, routes, routesBefore *table
	out := &CacheAnswer{}
	byRegion, byRoute := a.whole(withCounts, edge.KeyRegion), a.whole(withCounts, edge.KeyRoute)
	g, gctx := errgroup.WithContext(ctx)
	a.ask(gctx, g, &overTime, a.cut(withRequests|withOutcomes))
	a.ask(gctx, g, &durations, a.whole(rowParts|withCache))
	a.ask(gctx, g, &regions, byRegion)
	a.askBefore(gctx, g, &regionsBefore, byRegion)
	a.ask(gctx, g, &routes, byRoute)
	a.askBefore(gctx, g, &routesBefore, byRoute)
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sums := durations.total()
	out.Total, out.Before = sums.stats(a.win.seconds(a.now)), statsOf(regionsBefore)
	out.HitP50, out.HitP95 = sums.hit.quantile(0.50), sums.hit.quantile(0.95)
	out.MissP50, out.MissP95 = sums.miss.quantile(0.50), sums.miss.quantile(0.95)
	out.Outcomes = outcomeLines(overTime.before(a.until).all())
	out.Regions, out.Routes = a.sortedRows(regions, regionsBefore), a.sortedRows(routes, routesBefore)
	a.locate(out.Regions)
	out.About, err = a.about(ctx, durations, regions, routes)
	return out, err
}
