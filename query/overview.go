package query

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
)

const (
	worstRegions  = 12 // rows of the overview's table and heatmap
	lineRegions   = 5  // lines of their own in charts by region
	losingRoutes  = 8  // rows of "losing hits"
	slowestTraces = 10
)

// overviewParts are the tables that an overview is made of.
type overviewParts struct {
	lines, linesBefore     *table
	drawn                  []tally // the buckets of lines that have begun
	regions, regionsBefore *table
	routes, routesBefore   *table
	normals                normals
	choices                Choices
}

// Overview answers: is anything wrong, where, since when?
func (e *Engine) Overview(ctx context.Context, tenant edge.Tenant, q Question) (*Overview, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	p, err := a.overviewParts(ctx)
	if err != nil {
		return nil, err
	}
	about, err := a.about(ctx, p.lines, p.regions, p.routes)
	if err != nil {
		return nil, err
	}
	out := &Overview{
		About: about, Choices: p.choices,
		Total: p.lines.total().stats(a.win.seconds(a.now)),
		Lines: standardLines(p.drawn, a.win.step),
	}
	out.Requests = out.Total.Requests
	if p.linesBefore != nil {
		before := p.linesBefore.total().stats(p.linesBefore.win.seconds(a.now))
		out.Before, out.BeforeLines = &before, standardLines(p.linesBefore.all()[:len(p.drawn)], a.win.step)
	}
	rows := a.normalRows(p.regions, p.regionsBefore, p.normals)
	routes := makeRows(p.routes, p.routesBefore, a.now)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.detailRoutes(ctx, routes, p.routes, p.routesBefore) })
	g.Go(func() error { return a.detailBefore(ctx, edge.KeyRegion, rows, p.regions, p.regionsBefore) })
	g.Go(func() error { return a.overviewLines(ctx, out, rows, p.drawn) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Finding = find(rows, routes, about.Deploys)
	out.LosingHits = losing(routes)
	out.RegionCount = len(rows)
	return out, nil
}

// overviewParts asks for everything that does not depend on another answer, all at once.
func (a *asking) overviewParts(ctx context.Context) (*overviewParts, error) {
	p := &overviewParts{}
	g, ctx := errgroup.WithContext(ctx)
	routes := a.whole(withCounts|withMean, edge.KeyRoute)
	a.ask(ctx, g, &p.lines, a.cut(allParts))
	a.askBefore(ctx, g, &p.linesBefore, a.cut(allParts))
	a.ask(ctx, g, &p.regions, a.whole(rowParts|withMean, edge.KeyRegion))
	a.askBefore(ctx, g, &p.regionsBefore, a.whole(withCounts|withMean, edge.KeyRegion))
	a.ask(ctx, g, &p.routes, routes)
	a.askBefore(ctx, g, &p.routesBefore, routes)
	a.askNormals(ctx, g, &p.normals)
	g.Go(func() (err error) { p.choices, err = a.choose(ctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p.drawn = p.lines.before(a.until).all()
	return p, nil
}

// ask asks for a table in a goroutine of the group.
func (a *asking) ask(ctx context.Context, g *errgroup.Group, to **table, c cut) {
	g.Go(func() (err error) { *to, err = a.read.table(ctx, c); return err })
}

// askBefore asks for the table to compare with.
func (a *asking) askBefore(ctx context.Context, g *errgroup.Group, to **table, c cut) {
	g.Go(func() (err error) { *to, err = a.tableBefore(ctx, c); return err })
}

// detailRoutes adds percentiles of both periods to the routes whose mean duration rose most: the histograms of all are many
// times the series of their sums.
func (a *asking) detailRoutes(ctx context.Context, rows []Row, now, before *table) error {
	if before == nil {
		return nil
	}
	wanted := slower(now, before)
	t, err := a.read.table(ctx, a.whole(withDurations, edge.KeyRoute).where(edge.KeyRoute, wanted))
	if err != nil {
		return err
	}
	for i := range rows {
		if r := &rows[i]; slices.Contains(wanted, r.Name) {
			setPercentiles(&r.Stats, sum(t.groups[r.Name]))
		}
	}
	return a.percentilesBefore(ctx, edge.KeyRoute, rows, wanted)
}

// detailBefore adds percentiles of the period before to the first rows and to those whose mean duration rose most.
func (a *asking) detailBefore(ctx context.Context, by string, rows []Row, now, before *table) error {
	if before == nil {
		return nil
	}
	wanted := append(slower(now, before), names(top(rows, worstRegions))...)
	slices.Sort(wanted)
	return a.percentilesBefore(ctx, by, rows, slices.Compact(wanted))
}

func (a *asking) percentilesBefore(ctx context.Context, by string, rows []Row, wanted []string) error {
	t, err := a.tableBefore(ctx, a.whole(withDurations, by).where(by, wanted))
	if err != nil {
		return err
	}
	for i := range rows {
		if r := &rows[i]; r.Before != nil && slices.Contains(wanted, r.Name) {
			setPercentiles(r.Before, sum(t.groups[r.Name]))
		}
	}
	return nil
}

// overviewLines draws what is over time by region, for the regions that have lines or cells only.
func (a *asking) overviewLines(ctx context.Context, out *Overview, rows []Row, all []tally) error {
	shown := prominent(rows, lineRegions)
	if len(rows) <= lineRegions+1 {
		shown = names(rows) // a line "others" of one region would say less than its name
	}
	out.Regions = slices.Clone(top(rows, worstRegions))
	wanted := slices.Concat(names(out.Regions), shown)
	slices.Sort(wanted)
	c := a.cut(withDurations, edge.KeyRegion).regions(slices.Compact(wanted))
	t, err := a.read.table(ctx, c)
	if err != nil {
		return err
	}
	t = t.before(a.until)
	out.Heatmap = trends(out.Regions, t, a.q.Percentile)
	out.Latency = regionLines(all, t, shown, len(shown) < len(rows), durations(a.q.Percentile))
	return nil
}
