package engine

import (
	"context"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// Cache answers: which route loses hits, what does that cost the origin?
func (e *Engine) Cache(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.CacheAnswer, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var overTime, durations, regions, regionsBefore, routes, routesBefore *tally.Table
	out := &query.CacheAnswer{}
	byRegion, byRoute := a.Whole(tables.WithCounts, edge.KeyRegion), a.Whole(tables.WithCounts, edge.KeyRoute)
	g, gctx := errgroup.WithContext(ctx)
	a.Ask(gctx, g, &overTime, a.Cut(tables.WithRequests|tables.WithOutcomes))
	a.Ask(gctx, g, &durations, a.Whole(tables.RowParts|tables.WithCache))
	a.Ask(gctx, g, &regions, byRegion)
	a.AskBefore(gctx, g, &regionsBefore, byRegion)
	a.Ask(gctx, g, &routes, byRoute)
	a.AskBefore(gctx, g, &routesBefore, byRoute)
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sums := durations.Total()
	out.Total, out.Before = sums.Stats(a.Win.Seconds(a.Now)), figures.StatsOf(regionsBefore)
	out.HitP50, out.HitP95 = sums.Hit.Quantile(0.50), sums.Hit.Quantile(0.95)
	out.MissP50, out.MissP95 = sums.Miss.Quantile(0.50), sums.Miss.Quantile(0.95)
	out.Outcomes = figures.OutcomeLines(overTime.Before(a.Until).All())
	out.Regions, out.Routes = a.sortedRows(regions, regionsBefore), a.sortedRows(routes, routesBefore)
	a.locate(out.Regions)
	out.About, err = a.About(ctx, durations, regions, routes)
	return out, err
}
