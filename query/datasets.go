package query

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"edgescope/edge"
	"edgescope/store"
)

// Datasets answers: which tables of data points are there?
func (e *Engine) Datasets(ctx context.Context, tenant edge.Tenant, q Question) (*Datasets, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &Datasets{Datasets: []Dataset{}}
	out.About = About{From: q.From, To: q.To, Source: "events", Overflow: None()}
	text := fmt.Sprintf("* | stats by (%s) count() %s, count() if (%s:*) %s, sum(%s) %s, max(_time) last",
		store.FieldDataset, colCount, quote(store.FieldWeight), colWeighted, quote(store.FieldWeight), colWeight)
	err = a.read.rows(ctx, store.RowsQuestion{Tenant: tenant, Kind: edge.KindDataPoint, LogsQL: text, From: q.From, To: q.To},
		func(r store.Row) error {
			last, err := r.Time("last")
			if err != nil {
				return nil //nolint:nilerr // nothing counted: the row of an empty answer has no time
			}
			n := r.Number(colCount)
			out.Datasets = append(out.Datasets, Dataset{
				Name: strings.Clone(r.Get(store.FieldDataset)), Points: int64(n), Last: last.UTC(),
				Estimated: Num(n - r.Number(colWeighted) + r.Number(colWeight)),
			})
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("count data points: %w", err)
	}
	slices.SortFunc(out.Datasets, func(x, y Dataset) int {
		return cmp.Or(cmp.Compare(y.Points, x.Points), strings.Compare(x.Name, y.Name))
	})
	return out, nil
}
