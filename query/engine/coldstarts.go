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

// ColdStarts answers: how often, how long, what does it cost the user?
func (e *Engine) ColdStarts(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.ColdStarts, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var before, regions, byRoute, overTime *tally.Table
	out := &query.ColdStarts{}
	const parts = tables.RowParts | tables.WithInit
	g, gctx := errgroup.WithContext(ctx)
	a.AskBefore(gctx, g, &before, a.Whole(parts))
	a.Ask(gctx, g, &regions, a.Whole(parts, edge.KeyRegion))
	a.Ask(gctx, g, &byRoute, a.Whole(parts, edge.KeyRoute, edge.KeyServiceVersion))
	a.Ask(gctx, g, &overTime, a.Cut(tables.WithStarts))
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	sums := regions.Total()
	out.Total = sums.Stats(a.Win.Seconds(a.Now))
	out.Before = figures.StatsOf(before)
	out.Share = figures.ColdShare(sums)
	cold, warm := &sums.Duration[edge.True], &sums.Duration[edge.False]
	out.ColdHistogram, out.WarmHistogram = cold.Histogram(warm), warm.Histogram(cold)
	out.Regions = a.sortedRows(regions, nil)
	out.Routes, out.Versions = a.sortedRows(byRoute.By(0), nil), a.sortedRows(byRoute.By(1), nil)
	a.locate(out.Regions)
	if out.Rate, err = a.coldLines(ctx, overTime, out.Regions); err != nil {
		return nil, err
	}
	out.About, err = a.About(ctx, regions, byRoute)
	return out, err
}

// coldLines draws the ratio of cold starts of the busiest regions, and of all others as one line: all without these.
func (a *asking) coldLines(ctx context.Context, all *tally.Table, regions []query.Row) ([]query.Line, error) {
	shown := figures.Busiest(regions, lineRegions)
	t, err := a.read.Table(ctx, a.Cut(tables.WithStarts, edge.KeyRegion).Regions(shown))
	if err != nil {
		return nil, err
	}
	return figures.RegionLines(all.Before(a.Until).All(), t.Before(a.Until), shown, len(shown) < len(regions),
		(*tally.Tally).ColdRatio), nil
}
