package query

import (
	"context"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// Regions answers: which region is slow against its own norm? Its steps are few and long, because every region has a cell for
// each.
func (e *Engine) Regions(ctx context.Context, tenant edge.Tenant, q Question) (*Regions, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var now, before, overTime *table
	var norms normals
	out := &Regions{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		now, overTime, err = a.tableAndCells(gctx, rowParts|withMean, edge.KeyRegion)
		return err
	})
	a.askBefore(gctx, g, &before, a.whole(withCounts|withMean, edge.KeyRegion))
	a.askNormals(gctx, g, &norms)
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Total = now.total().stats(a.win.seconds(a.now))
	out.Regions = a.normalRows(now, before, norms)
	if err := a.detailBefore(ctx, edge.KeyRegion, out.Regions, now, before); err != nil {
		return nil, err
	}
	out.Heatmap = trends(out.Regions, overTime, a.q.Percentile)
	out.About, err = a.about(ctx, now)
	inCells(&out.About, a.cells)
	return out, err
}

// Region answers the detail of one region; its routes and versions come from the events, because rollups do not hold them by
// region. A region without invocations in the range is no error: its figures are absent.
func (e *Engine) Region(ctx context.Context, tenant edge.Tenant, code string, q Question) (*Region, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	here, err := RegionCondition(code)
	if err != nil {
		return nil, err
	}
	in := func(c cut) cut { return c.and(here) }
	out := &Region{Name: code}
	if p, ok := e.o.Colo(code); ok {
		out.City = p.City
	}
	var lines, all, byRoute *table
	g, gctx := errgroup.WithContext(ctx)
	a.ask(gctx, g, &lines, in(a.cut(allParts)))
	a.ask(gctx, g, &all, a.whole(allParts))
	a.ask(gctx, g, &byRoute, in(a.whole(rowParts, edge.KeyRoute, edge.KeyServiceVersion)))
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	g.Go(func() (err error) {
		out.Slowest, err = a.slowest(gctx, in(a.whole(0)).conditions, slowestTraces)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	seconds := a.win.seconds(a.now)
	out.Total, out.All = lines.total().stats(seconds), all.total().stats(seconds)
	out.Lines = standardLines(lines.before(a.until).all(), a.win.step)
	out.Routes, out.Versions = a.sortedRows(byRoute.by(0), nil), a.sortedRows(byRoute.by(1), nil)
	out.About, err = a.about(ctx, lines, byRoute)
	return out, err
}

// sortedRows makes rows and sorts them as asked.
func (a *asking) sortedRows(now, before *table) []Row {
	rows := makeRows(now, before, a.now)
	SortRows(rows, a.q.Sort)
	return rows
}
