package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
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

// benches returns the newest comparisons, newest first.
func (a *asking) benches(ctx context.Context) ([]edge.Bench, error) {
	text := fmt.Sprintf("%s %s | sort by (_time desc) limit %d | fields %s",
		filter.Exactly(edge.KeyServiceName, edge.RunService), filter.Exactly(store.FieldName, edge.BenchSpan),
		historyBenches, filter.Quote(edge.BenchAttr))
	found := []edge.Bench{}
	err := a.read.Rows(ctx, a.spans(text, a.Q.From, a.Q.To), func(r store.Row) error {
		var b edge.Bench
		if err := json.Unmarshal([]byte(r.Get(edge.BenchAttr)), &b); err != nil || len(b.Results) == 0 {
			a.o.Logger.Warn("a comparison of engines is not readable")
			return nil //nolint:nilerr // one bad comparison must not hide the others
		}
		found = append(found, b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list comparisons of engines: %w", err)
	}
	slices.SortFunc(found, func(x, y edge.Bench) int {
		return cmp.Or(y.Started.Compare(x.Started), strings.Compare(x.ID, y.ID))
	})
	return found, nil
}
