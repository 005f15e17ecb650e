package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

// asking is one question on its way through the engine.
type asking struct {
	*Engine

	tenant     edge.Tenant
	q          query.Question
	conditions []filter.Condition
	// win is what totals, rows and lines cover; cells are the fewer, longer buckets where every region has its own,
	// which begin and end with win or, of a range with fixed ends, outside it.
	win, cells tally.Window
	// until is where lines end: the rest of win is still to come.
	until time.Time
	now   time.Time
}

// begin reads the question.
func (e *Engine) begin(tenant edge.Tenant, q query.Question) (*asking, error) {
	conditions, err := q.Conditions()
	if err != nil {
		return nil, err
	}
	if !q.From.Before(q.To) {
		to := q.To.Format(time.RFC3339)
		return nil, &query.ParamError{Key: query.KeyTo, Value: to, Reason: "must be later than from"}
	}
	a := &asking{Engine: e, tenant: tenant, q: q.WithDefaults(), conditions: conditions, now: e.o.Now()}
	a.cover(q.From, q.To)
	return a, nil
}

// cover chooses the windows of the answer. A range with ends of its own keeps them, aligned to the step of its lines. A
// range that ends now is aligned to cells instead: it begins up to a thirtieth of its length earlier, and ends with the
// cell that fills up now. So totals and rows are whole windows of one coarse width, which all widths hold alike after
// every flush, and they are read in one piece.
func (a *asking) cover(from, to time.Time) {
	if a.q.Range == "" {
		a.win = tally.WindowOf(from, to, tally.LineBuckets)
		a.cells, a.until = tally.WindowOf(a.win.From, a.win.To, tally.CellBuckets), a.win.To
		return
	}
	a.cells = tally.WindowOf(from, to, tally.CellBuckets)
	a.win = tally.Window{From: a.cells.From, To: a.cells.To, Step: tally.StepOf(to.Sub(from), tally.LineBuckets)}
	a.until = tally.Ceil(to, a.win.Step)
}

// cut is a question over the answer's window in the buckets of lines, grouped by these attributes.
func (a *asking) cut(p tables.Parts, by ...string) tables.Cut {
	return tables.Cut{Tenant: a.tenant, By: by, Window: a.win, Parts: p, Conditions: a.conditions}
}

// perCell is a question over the cells of a heatmap, grouped by an attribute.
func (a *asking) perCell(p tables.Parts, by string) tables.Cut {
	return tables.Cut{Tenant: a.tenant, By: []string{by}, Window: a.cells, Parts: p, Conditions: a.conditions}
}

// tableAndCells returns rows by an attribute, and their cells. Where cells cover the same time as rows, both come from
// one question: hundreds of regions have thousands of series, and each costs the store as much as hundreds of samples.
func (a *asking) tableAndCells(ctx context.Context, p tables.Parts, by string) (rows, cells *tally.Table, err error) {
	if a.cells.From.Equal(a.win.From) && a.cells.To.Equal(a.win.To) {
		cells, err = a.read.Table(ctx, a.perCell(p, by))
		return cells, cells, err
	}
	g, ctx := errgroup.WithContext(ctx)
	a.ask(ctx, g, &rows, a.whole(p, by))
	a.ask(ctx, g, &cells, a.perCell(tables.WithDurations, by))
	return rows, cells, g.Wait()
}

// whole is the same question as cut over one bucket: that of totals and rows.
func (a *asking) whole(p tables.Parts, by ...string) tables.Cut {
	return tables.Cut{Tenant: a.tenant, By: by, Window: a.win.Whole(), Parts: p, Conditions: a.conditions}
}

// before returns the cut to compare with: the period before, or a version in the same period; false for none.
func (a *asking) before(c tables.Cut) (tables.Cut, bool) {
	if a.q.Compare == query.CompareNone {
		return c, false
	}
	if version, ok := strings.CutPrefix(a.q.Compare, query.CompareVersion); ok {
		return c.Where(edge.KeyServiceVersion, []string{version}), true
	}
	c.Window = c.Window.Before()
	return c, true
}

// tableBefore returns the table to compare with, nil without one.
func (a *asking) tableBefore(ctx context.Context, c tables.Cut) (*tally.Table, error) {
	c, ok := a.before(c)
	if !ok {
		return nil, nil //nolint:nilnil // no comparison was asked for
	}
	if strings.HasPrefix(a.q.Compare, query.CompareVersion) {
		return a.read.Table(ctx, c)
	}
	// What is over hardly changes: while the window stays the same, all who ask share the answer. Tables are read only.
	key := fmt.Sprintf("%#v", c)
	return a.befores.Get(key, a.now, beforeLife, func() (*tally.Table, error) { return a.read.Table(ctx, c) })
}

// about says what an answer made of these tables covers, and what to know of its numbers. The first table tells whether
// they are estimates; overflow is the largest of all, since each family of rollups has a cap of its own.
func (a *asking) about(ctx context.Context, of ...*tally.Table) (query.About, error) {
	about := query.About{From: a.win.From, To: a.until, Step: int64(a.win.Step.Seconds()), Source: "rollups"}
	for i, t := range of {
		if t == nil {
			continue
		}
		if i == 0 {
			total := t.Total()
			about.Estimated = total.Events > 0 && total.Requests > total.Events*1.0000001
		}
		about.Overflow = max(about.Overflow, query.Num(tally.Sum(t.Rest).Requests))
		if t.Events {
			about.Source = "events"
		}
	}
	a.notes(&about)
	if about.Source == "events" {
		about.Note("asked of the events, because rollups do not hold this combination; percentiles count each event once")
	}
	var err error
	if about.Deploys, err = a.deploys(ctx); err != nil {
		return about, err
	}
	p, err := a.present(ctx, a.tenant)
	about.Empty, about.LastEvent = !p.ever, p.last
	return about, err
}

func (a *asking) notes(about *query.About) {
	if about.Overflow > 0 {
		about.Note(fmt.Sprintf("%.0f invocations are counted in the totals only: the cap on series was reached",
			float64(about.Overflow)))
	}
	if a.q.Min > 0 || a.q.Max > 0 {
		about.Note("min and max apply to traces only")
	}
}

// inCells says that the lines of an answer have the buckets of cells.
func inCells(a *query.About, cells tally.Window) {
	a.From, a.To, a.Step = cells.From, cells.To, int64(cells.Step.Seconds())
}

// deploys returns the versions first seen in the window, oldest first. A version's smallest marker is the true one, and
// it may be older than the window: so all are read.
func (a *asking) deploys(ctx context.Context) ([]query.Deploy, error) {
	const longest = 400 * query.Day // as long as samples are kept by default
	text := fmt.Sprintf("min(min_over_time(%s[%s])) by (%s, %s)", edge.MetricDeploy, tables.Lookback(longest),
		edge.LabelService, edge.LabelVersion)
	series, err := a.read.Series(ctx, a.tenant, text,
		tally.Window{From: a.win.To.Add(-longest), To: a.win.To, Step: longest})
	if err != nil {
		return nil, fmt.Errorf("find deploys: %w", err)
	}
	var out []query.Deploy
	for i := range series {
		s := &series[i]
		at := time.Unix(int64(s.Values[len(s.Values)-1]), 0).UTC()
		d := query.Deploy{Service: s.Label(edge.LabelService), Version: s.Label(edge.LabelVersion), At: at}
		if a.win.Index(at) >= 0 && a.wants(&d) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(x, y query.Deploy) int { return x.At.Compare(y.At) })
	return out, nil
}

// wants tells whether the question's filters let a deploy pass.
func (a *asking) wants(d *query.Deploy) bool {
	for _, c := range a.conditions {
		if c.Key == edge.KeyServiceName && !c.Holds(d.Service) ||
			c.Key == edge.KeyServiceVersion && !c.Holds(d.Version) {
			return false
		}
	}
	return true
}

// presence is whether a tenant has ever sent an invocation, and when it sent the newest of the last 24 hours.
type presence struct {
	ever bool
	last time.Time
}

// present looks for the newest invocation in windows that grow backwards. Where data flows the first, of five seconds,
// has it: rows wait up to two seconds. A first window of a minute would read a hundred thousand rows of a fast flow.
func (e *Engine) present(ctx context.Context, tenant edge.Tenant) (presence, error) {
	now := e.o.Now()
	return e.presence.Get(strconv.Itoa(int(tenant)), now, time.Second, func() (presence, error) {
		to := now.Add(10 * time.Minute) // clocks of senders may be ahead
		for _, length := range []time.Duration{
			5 * time.Second, 20 * time.Second, 5 * time.Minute, time.Hour, query.Day,
		} {
			from := now.Add(-length)
			last, err := e.newest(ctx, tenant, from, to)
			if err != nil || !last.IsZero() {
				return presence{true, last}, err
			}
			to = from
		}
		ever, err := e.ever(ctx, tenant)
		return presence{ever: ever}, err
	})
}

func (e *Engine) newest(ctx context.Context, tenant edge.Tenant, from, to time.Time) (time.Time, error) {
	var newest time.Time
	for _, kind := range []edge.Kind{edge.KindSpan, edge.KindDataPoint} {
		q := store.RowsQuestion{
			Tenant: tenant, Kind: kind, From: from, To: to,
			LogsQL: edge.KeyInvocation + ":=true | stats max(_time) last",
		}
		err := e.read.Rows(ctx, q, func(r store.Row) error {
			t, err := r.Time("last")
			if err == nil && t.After(newest) {
				newest = t.UTC()
			}
			return nil // max of no rows is an empty text
		})
		if err != nil {
			return newest, fmt.Errorf("find the newest invocation: %w", err)
		}
	}
	return newest, nil
}

// ever tells whether there is any rollup of requests as old as it may be.
func (e *Engine) ever(ctx context.Context, tenant edge.Tenant) (bool, error) {
	const longest = 400 * query.Day
	hour := edge.Widths[len(edge.Widths)-1]
	text := fmt.Sprintf("count(count_over_time(%s[%s]))", edge.Metric(edge.FamilyService, edge.MetricRequests, hour),
		tables.Lookback(longest))
	now := tally.Ceil(e.o.Now(), time.Hour)
	series, err := e.read.Series(ctx, tenant, text, tally.Window{From: now.Add(-longest), To: now, Step: longest})
	if err != nil {
		return false, fmt.Errorf("find out whether there are invocations: %w", err)
	}
	return len(series) > 0, nil
}

// choose returns the values that filters offer: of the whole range, whatever is filtered.
func (a *asking) choose(ctx context.Context) (query.Choices, error) {
	key := fmt.Sprint(a.tenant, a.win.From.Unix(), a.win.To.Unix())
	c, err := a.choices.Get(key, a.now, choicesLife, func() (query.Choices, error) {
		all := tables.Cut{Tenant: a.tenant, Window: a.win.Whole(), Parts: tables.WithEvents}
		regions, err := a.read.Table(ctx, all.GroupedBy(edge.KeyRegion))
		if err != nil {
			return query.Choices{}, fmt.Errorf("find the regions that filters offer: %w", err)
		}
		others, err := a.read.Table(ctx, all.GroupedBy(edge.KeyServiceName, edge.KeyServiceVersion, edge.KeyRoute))
		if err != nil {
			return query.Choices{}, fmt.Errorf("find the values that filters offer: %w", err)
		}
		return query.Choices{
			Services: offered(others.By(0)), Versions: offered(others.By(1)),
			Regions: offered(regions), Routes: offered(others.By(2)),
		}, nil
	})
	return query.Choices{
		Services: slices.Clone(c.Services), Versions: slices.Clone(c.Versions),
		Regions: slices.Clone(c.Regions), Routes: slices.Clone(c.Routes),
	}, err
}

// offered returns the groups that have a name, most used first.
func offered(t *tally.Table) []string {
	used := make(map[string]float64, len(t.Groups))
	out := make([]string, 0, len(t.Groups))
	for name, row := range t.Groups {
		if name != "" {
			used[name] = tally.Sum(row).Events
			out = append(out, name)
		}
	}
	slices.SortFunc(out, func(x, y string) int { return cmp.Or(cmp.Compare(used[y], used[x]), strings.Compare(x, y)) })
	return out[:min(maxChoices, len(out))]
}

// maxChoices bounds the values that a filter offers.
const maxChoices = 500
