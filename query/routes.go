package query

import (
	"context"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// Routes answers the figures by route.
func (e *Engine) Routes(ctx context.Context, tenant edge.Tenant, q Question) (*Routes, error) {
	out := &Routes{}
	rows, about, choices, err := e.rowsBy(ctx, tenant, edge.KeyRoute, q)
	out.Routes, out.About, out.Choices = rows, about, choices
	return out, err
}

// Versions answers the figures by version.
func (e *Engine) Versions(ctx context.Context, tenant edge.Tenant, q Question) (*Versions, error) {
	out := &Versions{}
	rows, about, choices, err := e.rowsBy(ctx, tenant, edge.KeyServiceVersion, q)
	out.Versions, out.About, out.Choices = rows, about, choices
	return out, err
}

// rowsBy answers rows by an attribute with norm and comparison, sorted as asked.
func (e *Engine) rowsBy(ctx context.Context, tenant edge.Tenant, by string, q Question) (rows []Row, about About, c Choices, err error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, about, c, err
	}
	var now, before, overTime *table
	var norms map[string]Num
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { now, overTime, err = a.tableAndCells(gctx, rowParts|withMean, by); return err })
	a.askBefore(gctx, g, &before, a.whole(withCounts|withMean, by))
	g.Go(func() (err error) { norms, err = a.normOf(gctx, by); return err })
	g.Go(func() (err error) { c, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, about, c, err
	}
	rows = makeRows(now, before, a.now)
	addNorms(rows, norms)
	SortRows(rows, a.q.Sort)
	if err := a.detailBefore(ctx, by, rows, now, before); err != nil {
		return nil, about, c, err
	}
	trends(rows, overTime, a.q.Percentile)
	about, err = a.about(ctx, now)
	inCells(&about, a.cells)
	return rows, about, c, err
}
