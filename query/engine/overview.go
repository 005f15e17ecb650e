package engine

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	worstRegions  = 12 // rows of the overview's table and heatmap
	lineRegions   = 5  // lines of their own in charts by region
	losingRoutes  = 8  // rows of "losing hits"
	slowestTraces = 10
)

// overviewParts are the tables that an overview is made of.
type overviewParts struct {
	lines, linesBefore     *tally.Table
	drawn                  []tally.Tally // the buckets of lines that have begun
	regions, regionsBefore *tally.Table
	routes, routesBefore   *tally.Table
	normals                normals
	found                  []query.Finding
	whole                  bool // found is all
	choices                query.Choices
}

// Overview answers: is anything wrong, where, since when?
func (e *Engine) Overview(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Overview, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	p, err := a.overviewParts(ctx)
	if err != nil {
		return nil, err
	}
	about, err := a.About(ctx, p.lines, p.regions, p.routes)
	if err != nil {
		return nil, err
	}
	out := &query.Overview{
		About: about, Choices: p.choices,
		Total: p.lines.Total().Stats(a.Win.Seconds(a.Now)),
		Lines: figures.StandardLines(p.drawn, a.Win.Step),
	}
	out.Requests = out.Total.Requests
	if p.linesBefore != nil {
		before := p.linesBefore.Total().Stats(p.linesBefore.Window.Seconds(a.Now))
		out.Before, out.BeforeLines = &before, figures.StandardLines(p.linesBefore.All()[:len(p.drawn)], a.Win.Step)
	}
	rows := a.normalRows(p.regions, p.regionsBefore, p.normals)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.detailBefore(ctx, edge.KeyRegion, rows, p.regions, p.regionsBefore) })
	g.Go(func() error { return a.overviewLines(ctx, out, rows, p.drawn) })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out.Findings, out.Judging = figures.Rank(p.found, figures.Silences(rows, a.Now)), !p.whole
	if len(out.Findings) > 0 {
		out.Finding = &out.Findings[0]
	}
	out.LosingHits = figures.Losing(figures.Rows(p.routes, p.routesBefore, a.Now), losingRoutes)
	out.RegionCount, out.Places = len(rows), figures.Places(rows)
	return out, nil
}

// overviewParts asks for everything that does not depend on another answer, all at once.
func (a *asking) overviewParts(ctx context.Context) (*overviewParts, error) {
	p := &overviewParts{}
	g, ctx := errgroup.WithContext(ctx)
	routes := a.Whole(tables.WithCounts, edge.KeyRoute)
	a.Ask(ctx, g, &p.lines, a.Cut(tables.AllParts))
	a.AskBefore(ctx, g, &p.linesBefore, a.Cut(tables.AllParts))
	a.Ask(ctx, g, &p.regions, a.Whole(tables.RowParts|tables.WithMean, edge.KeyRegion))
	a.AskBefore(ctx, g, &p.regionsBefore, a.Whole(tables.WithCounts|tables.WithMean, edge.KeyRegion))
	a.Ask(ctx, g, &p.routes, routes)
	a.AskBefore(ctx, g, &p.routesBefore, routes)
	a.askNormals(ctx, g, &p.normals)
	g.Go(func() (err error) { p.found, p.whole, err = a.o.Findings(ctx, a.Tenant, a.Q); return err })
	g.Go(func() (err error) { p.choices, err = a.Choose(ctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	p.drawn = p.lines.Before(a.Until).All()
	return p, nil
}

// detailBefore adds percentiles of the period before to the first rows and to those whose mean duration rose most.
func (a *asking) detailBefore(ctx context.Context, by string, rows []query.Row, now, before *tally.Table) error {
	if before == nil {
		return nil
	}
	wanted := append(figures.Slower(now, before), figures.Names(figures.Top(rows, worstRegions))...)
	slices.Sort(wanted)
	return a.percentilesBefore(ctx, by, rows, slices.Compact(wanted))
}

func (a *asking) percentilesBefore(ctx context.Context, by string, rows []query.Row, wanted []string) error {
	t, err := a.TableBefore(ctx, a.Whole(tables.WithDurations, by).Where(by, wanted))
	if err != nil {
		return err
	}
	for i := range rows {
		if r := &rows[i]; r.Before != nil && slices.Contains(wanted, r.Name) {
			figures.SetPercentiles(r.Before, tally.Sum(t.Groups[r.Name]))
		}
	}
	return nil
}

// overviewLines draws what is over time by region, for the regions that have lines or cells only.
func (a *asking) overviewLines(ctx context.Context, out *query.Overview, rows []query.Row, all []tally.Tally) error {
	shown := figures.Prominent(rows, lineRegions)
	if len(rows) <= lineRegions+1 {
		shown = figures.Names(rows) // a line "others" of one region would say less than its name
	}
	out.Regions = slices.Clone(figures.Top(rows, worstRegions))
	wanted := slices.Concat(figures.Names(out.Regions), shown)
	slices.Sort(wanted)
	c := a.Cut(tables.WithDurations, edge.KeyRegion).Regions(slices.Compact(wanted))
	t, err := a.read.Table(ctx, c)
	if err != nil {
		return err
	}
	t = t.Before(a.Until)
	out.Heatmap = figures.Trends(out.Regions, t, a.Q.Percentile)
	out.Latency = figures.RegionLines(all, t, shown, len(shown) < len(rows), figures.Durations(a.Q.Percentile))
	return nil
}
