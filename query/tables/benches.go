package tables

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/filter"
	"edgescope/store"
)

// Benches returns the newest comparisons of engines that ended from from to to, at most n of them, newest first, and how
// many of these n were not readable.
func (d *Reader) Benches(ctx context.Context, tenant edge.Tenant, from, to time.Time, n int) (
	found []edge.Bench, damaged int, err error,
) {
	text := fmt.Sprintf("%s %s | sort by (_time desc) limit %d | fields %s",
		filter.Exactly(edge.KeyServiceName, edge.RunService), filter.Exactly(store.FieldName, edge.BenchSpan), n,
		filter.Quote(edge.BenchAttr))
	found = []edge.Bench{}
	q := store.RowsQuestion{Tenant: tenant, Kind: edge.KindSpan, LogsQL: text, From: from, To: to}
	err = d.Rows(ctx, q, func(r store.Row) error {
		var b edge.Bench
		if err := json.Unmarshal([]byte(r.Get(edge.BenchAttr)), &b); err != nil || len(b.Results) == 0 {
			damaged++
			return nil //nolint:nilerr // one bad comparison must not hide the others
		}
		found = append(found, b)
		return nil
	})
	if err != nil {
		return nil, damaged, fmt.Errorf("list comparisons of engines: %w", err)
	}
	slices.SortFunc(found, func(x, y edge.Bench) int {
		return cmp.Or(y.Started.Compare(x.Started), strings.Compare(x.ID, y.ID))
	})
	return found, damaged, nil
}
