package engine

import (
	"context"
	"log/slog"
	"slices"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// historyBenches is how many comparisons an answer has: the newest, and those before it, which show its course.
const historyBenches = 20

// WASM answers: how much faster is WebAssembly than JavaScript here, and how do the engines do in the field?
func (e *Engine) WASM(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.WASM, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	// Functions write "none" where no engine took part.
	a.Conditions = append(slices.Clip(a.Conditions),
		filter.Condition{Key: edge.KeyEngine, Exclude: true, Patterns: []filter.Pattern{{""}, {"none"}}})
	out := &query.WASM{}
	var engines, overTime *tally.Table
	g, gctx := errgroup.WithContext(ctx)
	a.Ask(gctx, g, &engines, a.Whole(tables.RowParts|tables.WithCPU, edge.KeyEngine))
	a.Ask(gctx, g, &overTime, a.Cut(tables.WithRequests|tables.WithDurations, edge.KeyEngine))
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) { out.Benches, err = e.askRuns(tenant, q).benches(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Engines = a.sortedRows(engines, nil)
	out.Latency = figures.RegionLines(overTime.All(), overTime, figures.Names(out.Engines), false,
		figures.Durations(a.Q.Percentile))
	out.About, err = a.About(ctx, engines, overTime)
	return out, err
}

// benches returns the newest comparisons of all that is kept, newest first.
func (a *asking) benches(ctx context.Context) ([]edge.Bench, error) {
	found, damaged, err := a.read.Benches(ctx, a.Tenant, a.Q.From, a.Q.To, historyBenches)
	if damaged > 0 {
		a.o.Logger.Warn("comparisons of engines are not readable", slog.Int("count", damaged))
	}
	return found, err //nolint:wrapcheck // it says what was asked
}
