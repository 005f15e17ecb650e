package query

import (
	"cmp"
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
	regions, regionsBefore *table
	routes, routesBefore   *table
	norms                  map[string]Num
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
		Lines: standardLines(p.lines.all(), a.win.step),
	}
	out.Requests = out.Total.Requests
	if p.linesBefore != nil {
		before := p.linesBefore.total().stats(p.linesBefore.win.seconds(a.now))
		out.Before, out.BeforeLines = &before, standardLines(p.linesBefore.all(), a.win.step)
	}
	rows := a.normalRows(p.regions, p.regionsBefore, p.norms)
	routes := a.makeRows(p.routes, p.routesBefore)
	if err := a.detail(ctx, edge.KeyRoute, routes, compared{p.routes, p.routesBefore}, nil); err != nil {
		return nil, err
	}
	if err := a.detail(ctx, edge.KeyRegion, rows, compared{p.regions, p.regionsBefore}, names(top(rows, worstRegions))); err != nil {
		return nil, err
	}
	out.Finding = find(rows, routes, about.Deploys)
	out.LosingHits = losing(routes)
	out.RegionCount = len(rows)
	out.Regions = top(rows, worstRegions)
	return out, a.overviewLines(ctx, out, rows, p.lines.all())
}

// overviewParts asks for everything that does not depend on another answer, all at once.
func (a *asking) overviewParts(ctx context.Context) (*overviewParts, error) {
	p := &overviewParts{}
	g, ctx := errgroup.WithContext(ctx)
	regions, routes := a.whole(rowParts|withMean, edge.KeyRegion), a.whole(withCounts|withMean, edge.KeyRoute)
	a.ask(ctx, g, &p.lines, a.cut(allParts))
	a.askBefore(ctx, g, &p.linesBefore, a.cut(allParts))
	a.ask(ctx, g, &p.regions, regions)
	a.askBefore(ctx, g, &p.regionsBefore, a.whole(withCounts|withMean, edge.KeyRegion))
	a.ask(ctx, g, &p.routes, routes)
	a.askBefore(ctx, g, &p.routesBefore, routes)
	g.Go(func() (err error) { p.norms, err = a.normOf(ctx, edge.KeyRegion); return err })
	g.Go(func() (err error) { p.choices, err = a.choose(ctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return p, nil
}

// ask asks for a table in a goroutine of the group.
func (a *asking) ask(ctx context.Context, g *errgroup.Group, to **table, c cut) {
	g.Go(func() (err error) { *to, err = a.table(ctx, c); return err })
}

// askBefore asks for the table to compare with.
func (a *asking) askBefore(ctx context.Context, g *errgroup.Group, to **table, c cut) {
	g.Go(func() (err error) { *to, err = a.tableBefore(ctx, c); return err })
}

// compared are the tables that rows were made of; before may be nil.
type compared struct{ now, before *table }

// detail adds percentiles of both periods to those of the rows whose mean duration rose most, and to the ones named: the
// histograms of all are many times the series of their sums.
func (a *asking) detail(ctx context.Context, by string, rows []Row, of compared, named []string) error {
	if of.before == nil {
		return nil
	}
	wanted := append(slower(of.now, of.before), named...)
	slices.Sort(wanted)
	wanted = slices.Compact(wanted)
	c := a.whole(withDurations, by).where(by, wanted)
	now, err := a.table(ctx, c)
	if err != nil {
		return err
	}
	before, err := a.tableBefore(ctx, c)
	if err != nil {
		return err
	}
	for i := range rows {
		r := &rows[i]
		if r.Before == nil || !slices.Contains(wanted, r.Name) {
			continue
		}
		n, b := sum(now.groups[r.Name]), sum(before.groups[r.Name])
		r.P50, r.P95, r.P99 = n.percentile(50), n.percentile(95), n.percentile(99)
		r.Before.P50, r.Before.P95, r.Before.P99 = b.percentile(50), b.percentile(95), b.percentile(99)
	}
	return nil
}

// slower answers the routes whose mean duration rose most, by enough to be worth a look at their percentiles.
func slower(now, before *table) []string {
	const looked, least = 3, 1.05
	rise := map[string]float64{}
	var names []string
	for name, row := range now.groups {
		n, b := sum(row), sum(before.groups[name])
		r := n.durationSum / n.requests / (b.durationSum / b.requests)
		if name != "" && n.events >= fewEvents && b.events >= fewEvents && r > least {
			rise[name] = r
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(x, y string) int { return cmp.Or(cmp.Compare(rise[y], rise[x]), cmp.Compare(x, y)) })
	return names[:min(looked, len(names))]
}

// overviewLines draws what is over time by region, for the regions that have lines or cells only.
func (a *asking) overviewLines(ctx context.Context, out *Overview, rows []Row, all []tally) error {
	shown := prominent(rows, lineRegions)
	if len(rows) <= lineRegions+1 {
		shown = names(rows) // a line "others" of one region would say less than its name
	}
	wanted := slices.Concat(names(out.Regions), shown)
	slices.Sort(wanted)
	c := a.cut(withDurations, edge.KeyRegion).regions(slices.Compact(wanted))
	t, err := a.table(ctx, c)
	if err != nil {
		return err
	}
	out.Heatmap = a.trends(out.Regions, t)
	out.Latency = regionLines(all, t, shown, len(shown) < len(rows), durations(a.q.Percentile))
	return nil
}

// prominent answers the names of the n regions with the most waiting: requests x P95.
func prominent(rows []Row, n int) []string {
	sorted := slices.Clone(rows)
	slices.SortFunc(sorted, func(x, y Row) int {
		return cmp.Or(compareNum(x.Requests*x.P95, y.Requests*y.P95, true), cmp.Compare(x.Name, y.Name))
	})
	return names(top(sorted, n))
}

// losing answers the routes that send more to the origin than before, the most first.
func losing(routes []Row) []Row {
	lost := slices.DeleteFunc(slices.Clone(routes), func(r Row) bool { return !r.OriginExtra.OK() })
	sortRows(lost, "-origin")
	return top(lost, losingRoutes)
}
