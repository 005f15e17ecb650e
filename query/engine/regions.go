package engine

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// normDays is how far a norm looks back: a week, so that every day of it is in.
const normDays = 7

// normOf returns the P95 of each group in the 7 days before the window, in milliseconds, from hourly rollups. Groups
// with fewer than 100 events have none. Filters that rollups can't apply leave all without one: a scan of 7 days of
// events would cost more than it tells.
func (a *asking) normOf(ctx context.Context, by string) (map[string]query.Num, error) {
	end := tally.Floor(a.Win.From, time.Hour)
	start := end.Add(-normDays * query.Day)
	c := tables.Cut{
		Tenant: a.Tenant, By: []string{by}, Window: tally.Window{From: start, To: end, Step: end.Sub(start)},
		Parts: tables.WithEvents | tables.WithDurations, Conditions: a.Conditions,
	}
	if !c.InRollups() {
		return nil, nil
	}
	key := fmt.Sprintf("%d %d %s %#v", a.Tenant, end.Unix(), by, a.Conditions)
	return a.norms.Get(key, a.Now, normLife, func() (map[string]query.Num, error) {
		t, err := a.read.Table(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("find the norm of 7 days: %w", err)
		}
		norms := map[string]query.Num{}
		for name, row := range t.Groups {
			if total := tally.Sum(row); total.Events >= figures.FewEvents {
				norms[name] = total.Percentile(95)
			}
		}
		return norms, nil
	})
}

// normals are what regions are measured by: their norms, and when each was last heard of.
type normals struct {
	norms     map[string]query.Num
	newest    map[string]time.Time
	standings []query.Standing
}

// askNormals asks for the normals of regions in goroutines of the group.
func (a *asking) askNormals(ctx context.Context, g *errgroup.Group, to *normals) {
	g.Go(func() (err error) { to.norms, err = a.normOf(ctx, edge.KeyRegion); return err })
	g.Go(func() (err error) { to.newest, err = a.newestOf(ctx); return err })
	g.Go(func() (err error) { to.standings, err = a.o.Standings(ctx, a.Tenant, a.Q); return err })
}

// normalRows makes rows of regions with their places, norms and silences, sorted as asked.
func (a *asking) normalRows(now, before *tally.Table, n normals) []query.Row {
	rows := figures.Rows(now, before, a.Now)
	a.locate(rows)
	figures.AddNorms(rows, n.norms)
	figures.AddSilences(rows, n.newest, a.Win.From, a.Now)
	figures.AddStandings(rows, n.standings, a.Now)
	query.SortRows(rows, a.Q.Sort)
	return rows
}

// locate adds where the points of presence are.
func (e *Engine) locate(rows []query.Row) {
	for i := range rows {
		r := &rows[i]
		if p, ok := e.o.Colo(r.Name); ok {
			r.City, r.Country, r.Lat, r.Lon = p.City, p.Country, query.Num(p.Lat), query.Num(p.Lon)
		}
	}
}

// Regions answers: which region is slow against its own norm? Its steps are few and long, because every region has a
// cell for each.
func (e *Engine) Regions(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Regions, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var now, before, overTime *tally.Table
	var norms normals
	out := &query.Regions{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		now, overTime, err = a.TableAndCells(gctx, tables.RowParts|tables.WithMean, edge.KeyRegion)
		return err
	})
	a.AskBefore(gctx, g, &before, a.Whole(tables.WithCounts|tables.WithMean, edge.KeyRegion))
	a.askNormals(gctx, g, &norms)
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Total = now.Total().Stats(a.Win.Seconds(a.Now))
	out.Regions = a.normalRows(now, before, norms)
	if err := a.detailBefore(ctx, edge.KeyRegion, out.Regions, now, before); err != nil {
		return nil, err
	}
	out.Heatmap = figures.Trends(out.Regions, overTime, a.Q.Percentile)
	out.About, err = a.About(ctx, now)
	tables.InCells(&out.About, a.Cells)
	return out, err
}

// Region returns the detail of one region; its routes and versions come from the events, because rollups do not hold
// them by region. A region without invocations in the range is no error: its figures are absent.
func (e *Engine) Region(ctx context.Context, tenant edge.Tenant, code string, q query.Question) (*query.Region, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	here, err := query.RegionCondition(code)
	if err != nil {
		return nil, err
	}
	in := func(c tables.Cut) tables.Cut { return c.And(here) }
	out := &query.Region{Name: code}
	if p, ok := e.o.Colo(code); ok {
		out.City = p.City
	}
	var lines, all, byRoute *tally.Table
	g, gctx := errgroup.WithContext(ctx)
	a.Ask(gctx, g, &lines, in(a.Cut(tables.AllParts)))
	a.Ask(gctx, g, &all, a.Whole(tables.AllParts))
	a.Ask(gctx, g, &byRoute, in(a.Whole(tables.RowParts, edge.KeyRoute, edge.KeyServiceVersion)))
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	g.Go(func() (err error) {
		out.Slowest, err = a.slowest(gctx, in(a.Whole(0)).Conditions, slowestTraces)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	seconds := a.Win.Seconds(a.Now)
	out.Total, out.All = lines.Total().Stats(seconds), all.Total().Stats(seconds)
	out.Lines = figures.StandardLines(lines.Before(a.Until).All(), a.Win.Step)
	out.Routes, out.Versions = a.sortedRows(byRoute.By(0), nil), a.sortedRows(byRoute.By(1), nil)
	out.About, err = a.About(ctx, lines, byRoute)
	return out, err
}

// Silences finds the regions of which nothing comes any more, at the end of a range that ends now.
func (e *Engine) Silences(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	var rows *tally.Table
	var n normals
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { n.newest, err = a.newestOf(gctx); return err })
	a.Ask(gctx, g, &rows, a.Whole(tables.WithRequests, edge.KeyRegion))
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return figures.Silences(a.normalRows(rows, nil, n), a.Now), nil
}

// sortedRows makes rows and sorts them as asked.
func (a *asking) sortedRows(now, before *tally.Table) []query.Row {
	rows := figures.Rows(now, before, a.Now)
	query.SortRows(rows, a.Q.Sort)
	return rows
}

// newestOf returns when each region was last heard of within figures.SilenceLooked: the end of the newest window of ten
// seconds in which it has an invocation. It is nil, and nobody is called silent, for a range that does not end now, and
// when the question filters by what the rollups of regions do not have.
func (a *asking) newestOf(ctx context.Context) (map[string]time.Time, error) {
	c := tables.Cut{Tenant: a.Tenant, By: []string{edge.KeyRegion}, Parts: tables.WithEvents, Conditions: a.Conditions}
	if a.Q.Range == "" || !c.InRollups() {
		return nil, nil //nolint:nilnil // nobody can be called silent
	}
	newest, err := a.read.NewestWindows(ctx, c, a.Win.Whole(), a.Now.Add(-figures.SilenceLooked), a.Now)
	if err != nil {
		return nil, fmt.Errorf("find the newest invocation of each region: %w", err)
	}
	return newest, nil
}
