package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/store"
)

// Datasets answers: which tables of data points are there?
func (e *Engine) Datasets(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Datasets, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &query.Datasets{Datasets: []query.Dataset{}}
	out.About = query.About{From: q.From, To: q.To, Source: "events", Overflow: query.None()}
	text := fmt.Sprintf("* | stats by (%s) count() %s, count() if (%s:*) %s, sum(%s) %s, max(_time) last",
		store.FieldDataset, tables.ColCount, filter.Quote(store.FieldWeight), tables.ColWeighted,
		filter.Quote(store.FieldWeight), tables.ColWeight)
	err = a.read.Rows(ctx,
		store.RowsQuestion{Tenant: tenant, Kind: edge.KindDataPoint, LogsQL: text, From: q.From, To: q.To},
		func(r store.Row) error {
			last, err := r.Time("last")
			if err != nil {
				return nil //nolint:nilerr // nothing counted: the row of an empty answer has no time
			}
			n := r.Number(tables.ColCount)
			out.Datasets = append(out.Datasets, query.Dataset{
				Name: strings.Clone(r.Get(store.FieldDataset)), Points: int64(n), Last: last.UTC(),
				Estimated: query.Num(n - r.Number(tables.ColWeighted) + r.Number(tables.ColWeight)),
			})
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("count data points: %w", err)
	}
	slices.SortFunc(out.Datasets, func(x, y query.Dataset) int {
		return cmp.Or(cmp.Compare(y.Points, x.Points), strings.Compare(x.Name, y.Name))
	})
	return out, nil
}
