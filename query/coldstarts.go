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
	a.ask(gctx, g, &overTime, a.cut(withStarts))
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
	if out.Rate, err = a.coldLines(ctx, overTime, out.Regions); err != nil {
		return nil, err
	}
	out.About, err = a.about(ctx, regions, byRoute)
	return out, err
}

// coldLines draws the ratio of cold starts in the busiest regions and in all others, which are what all has beside these.
func (a *asking) coldLines(ctx context.Context, all *table, regions []Row) ([]Line, error) {
	shown := busiest(regions, lineRegions)
	t, err := a.read.table(ctx, a.cut(withStarts, edge.KeyRegion).regions(shown))
	if err != nil {
		return nil, err
	}
	return regionLines(all.before(a.until).all(), t.before(a.until), shown, len(shown) < len(regions), (*tally).coldRatio), nil
}
