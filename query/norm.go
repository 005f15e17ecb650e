package query

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

// normDays is how far a norm looks back: a week, so that every day of it is in.
const normDays = 7

// normOf answers the P95 of each group in the 7 days before the window, in milliseconds, from hourly rollups. Groups with
// fewer than 100 events have none. Filters that rollups can't apply leave all without one: a scan of 7 days of events would
// cost more than it tells.
func (a *asking) normOf(ctx context.Context, by string) (map[string]Num, error) {
	end := floor(a.win.from, time.Hour)
	start := end.Add(-normDays * day)
	c := cut{
		tenant: a.tenant, by: []string{by}, win: window{start, end, end.Sub(start)},
		parts: withEvents | withDurations, conditions: a.conditions,
	}
	if _, ok := c.family(); !ok {
		return nil, nil
	}
	key := fmt.Sprintf("%d %d %s %#v", a.tenant, end.Unix(), by, a.conditions)
	return a.norms.get(key, a.now, normLife, func() (map[string]Num, error) {
		t, err := a.read.table(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("find the norm of 7 days: %w", err)
		}
		norms := map[string]Num{}
		for name, row := range t.groups {
			if total := sum(row); total.events >= fewEvents {
				norms[name] = total.percentile(95)
			}
		}
		return norms, nil
	})
}

// normals are what regions are measured by: their norms, and when each was last heard of.
type normals struct {
	norms  map[string]Num
	newest map[string]time.Time
}

// askNormals asks for the normals of regions in goroutines of the group.
func (a *asking) askNormals(ctx context.Context, g *errgroup.Group, to *normals) {
	g.Go(func() (err error) { to.norms, err = a.normOf(ctx, edge.KeyRegion); return err })
	g.Go(func() (err error) { to.newest, err = a.newestOf(ctx); return err })
}

// normalRows makes rows of regions with their places, norms and silences, sorted as asked.
func (a *asking) normalRows(now, before *table, n normals) []Row {
	rows := makeRows(now, before, a.now)
	a.locate(rows)
	addNorms(rows, n.norms)
	addSilences(rows, n.newest, a.win.from, a.now)
	SortRows(rows, a.q.Sort)
	return rows
}

// locate adds where the points of presence are.
func (e *Engine) locate(rows []Row) {
	for i := range rows {
		r := &rows[i]
		if p, ok := e.o.Colo(r.Name); ok {
			r.City, r.Country, r.Lat, r.Lon = p.City, p.Country, Num(p.Lat), Num(p.Lon)
		}
	}
}
