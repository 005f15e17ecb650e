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

// Routes returns the figures by route.
func (e *Engine) Routes(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Routes, error) {
	out := &query.Routes{}
	rows, about, choices, err := e.rowsBy(ctx, tenant, edge.KeyRoute, q)
	out.Routes, out.About, out.Choices = rows, about, choices
	return out, err
}

// Versions returns the figures by version.
func (e *Engine) Versions(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Versions, error) {
	out := &query.Versions{}
	rows, about, choices, err := e.rowsBy(ctx, tenant, edge.KeyServiceVersion, q)
	out.Versions, out.About, out.Choices = rows, about, choices
	return out, err
}

// rowsBy returns rows by an attribute with norm and comparison, sorted as asked.
func (e *Engine) rowsBy(
	ctx context.Context, tenant edge.Tenant, by string, q query.Question,
) (rows []query.Row, about query.About, c query.Choices, err error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, about, c, err
	}
	var now, before, overTime *tally.Table
	var norms map[string]query.Num
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		now, overTime, err = a.TableAndCells(gctx, tables.RowParts|tables.WithMean, by)
		return err
	})
	a.AskBefore(gctx, g, &before, a.Whole(tables.WithCounts|tables.WithMean, by))
	g.Go(func() (err error) { norms, err = a.normOf(gctx, by); return err })
	g.Go(func() (err error) { c, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, about, c, err
	}
	rows = figures.Rows(now, before, a.Now)
	figures.AddNorms(rows, norms)
	query.SortRows(rows, a.Q.Sort)
	if err := a.detailBefore(ctx, by, rows, now, before); err != nil {
		return nil, about, c, err
	}
	figures.Trends(rows, overTime, a.Q.Percentile)
	about, err = a.About(ctx, now)
	tables.InCells(&about, a.Cells)
	return rows, about, c, err
}
