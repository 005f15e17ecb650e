package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/figures"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/store"
)

const (
	defaultRuns = 50
	historyRuns = 20
	// runTraces is how many of a run's traces are looked at to find the services behind it.
	runTraces = 1000
)

// Runs returns the load tests, newest first. A relative range says nothing about them: all that are kept are listed,
// unless from and to are given.
func (e *Engine) Runs(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Runs, error) {
	a := e.askRuns(tenant, q)
	if q.Range == "" && !q.From.IsZero() {
		a.Q.From, a.Q.To = q.From, q.To
	}
	limit := cmp.Or(q.Limit, defaultRuns)
	all, err := a.runs(ctx, "", query.MaxLimit)
	if err != nil {
		return nil, err
	}
	out := &query.Runs{About: a.runAbout(), Runs: make([]query.RunRow, 0, min(limit, len(all)))}
	for i := range all[:min(limit, len(all))] {
		out.Runs = append(out.Runs, runRow(&all[i], baseOf(all[i+1:], &all[i])))
	}
	return out, nil
}

// askRuns begins a question about runs: over all that is kept.
func (e *Engine) askRuns(tenant edge.Tenant, q query.Question) *asking {
	now := e.read.Now()
	q.From, q.To = now.Add(-e.o.Retention), now.Add(10*time.Minute)
	return &asking{&tables.Asking{Tenant: tenant, Q: q, Now: now}, e}
}

func (a *asking) runAbout() query.About {
	to := a.Q.To
	if a.Now.Before(to) {
		to = a.Now
	}
	return query.About{From: a.Q.From.UTC(), To: to.UTC(), Source: "events", Overflow: query.None()}
}

// runs returns the newest summary of each run that meets the filter, newest run first.
func (a *asking) runs(ctx context.Context, which string, limit int) ([]edge.Run, error) {
	text := fmt.Sprintf("%s %s %s | sort by (_time desc) partition by (%s) limit 1 | sort by (_time desc) limit %d | "+
		"fields %s",
		filter.Exactly(edge.KeyServiceName, edge.RunService), filter.Exactly(store.FieldName, edge.RunSpan), which,
		filter.Quote(edge.RunIDAttr), limit, filter.Quote(edge.RunAttr))
	var runs []edge.Run
	err := a.read.Rows(ctx, a.spans(text, a.Q.From, a.Q.To), func(r store.Row) error {
		var run edge.Run
		if err := json.Unmarshal([]byte(r.Get(edge.RunAttr)), &run); err != nil || run.ID == "" {
			a.o.Logger.Warn("a load run's summary is not readable")
			return nil //nolint:nilerr // one bad summary must not hide the others
		}
		runs = append(runs, run)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list load runs: %w", err)
	}
	slices.SortFunc(runs, func(x, y edge.Run) int {
		return cmp.Or(y.Started.Compare(x.Started), y.Updated.Compare(x.Updated), strings.Compare(x.ID, y.ID))
	})
	seen := map[string]bool{} // summaries sent at the same instant
	return slices.DeleteFunc(runs, func(r edge.Run) bool { old := seen[r.ID]; seen[r.ID] = true; return old }), nil
}

// baseOf returns the latest passed run of the same name among earlier ones, which are newest first.
func baseOf(earlier []edge.Run, run *edge.Run) *edge.Run {
	for i := range earlier {
		if b := &earlier[i]; b.Name == run.Name && b.Verdict == edge.VerdictPassed && b.Started.Before(run.Started) {
			return b
		}
	}
	return nil
}

// runRow shortens a run to a row of a list and compares it.
func runRow(run, base *edge.Run) query.RunRow {
	row := query.RunRow{Run: *run, P95Change: query.None()}
	row.Phases, row.Points, row.Steps, row.Regions, row.Expectations, row.Thresholds = nil, nil, nil, nil, nil, nil
	if base != nil {
		row.Base = base.ID
	}
	if base != nil && run.Response.Count > 0 {
		row.P95Change = tally.Ratio(run.Response.P95-base.Response.P95, base.Response.P95)
	}
	return row
}

// Run returns one load test by its id, 32 hex digits; without such a run it fails with ErrNotFound. The edge's view
// covers the run's minutes, of the services that its traces reached.
func (e *Engine) Run(ctx context.Context, tenant edge.Tenant, id string, q query.Question) (*query.RunDetail, error) {
	id, err := query.ParseID(id)
	if err != nil {
		return nil, err
	}
	a := e.askRuns(tenant, q)
	mine, err := a.runs(ctx, filter.Exactly(edge.RunIDAttr, id), 1)
	if err != nil {
		return nil, err
	}
	if len(mine) == 0 {
		return nil, fmt.Errorf("load run %s: %w in the last %.0f days", id, query.ErrNotFound, e.o.Retention.Hours()/24)
	}
	out := &query.RunDetail{
		About: a.runAbout(), Run: mine[0], Services: []string{}, EdgeRegions: []query.Row{}, EdgeLines: []query.Line{},
	}
	out.Edge = (&tally.Tally{}).Stats(1)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return a.compareRun(gctx, out) })
	g.Go(func() error { return a.edgeView(gctx, out) })
	return out, g.Wait()
}

// compareRun adds the run to compare with and the earlier ones of that name.
func (a *asking) compareRun(ctx context.Context, out *query.RunDetail) error {
	named, err := a.runs(ctx, filter.Exactly(edge.RunNameAttr, out.Run.Name), query.MaxLimit)
	if err != nil {
		return err
	}
	earlier := slices.DeleteFunc(named, func(r edge.Run) bool { return !r.Started.Before(out.Run.Started) })
	out.Base = baseOf(earlier, &out.Run)
	if a.Q.Base != "" {
		base, err := a.runs(ctx, filter.Exactly(edge.RunIDAttr, a.Q.Base), 1)
		if err != nil {
			return err
		}
		if len(base) == 0 {
			return &query.ParamError{Key: query.KeyBase, Value: a.Q.Base, Reason: "is no run that is kept"}
		}
		out.Base = &base[0]
	}
	for i := range earlier[:min(historyRuns, len(earlier))] {
		out.History = append(out.History, runRow(&earlier[i], baseOf(earlier[i+1:], &earlier[i])))
	}
	slices.Reverse(out.History)
	return nil
}

// edgeView adds what the edge saw while the run lasted.
func (a *asking) edgeView(ctx context.Context, out *query.RunDetail) error {
	to := out.Run.Ended
	if to.IsZero() {
		to = a.Now
	}
	if !out.Run.Started.Before(to) {
		return nil
	}
	q := a.Q
	q.From, q.To, q.Range = out.Run.Started, to, ""
	b, err := a.begin(a.Tenant, q)
	if err != nil {
		return err
	}
	traced, err := b.runTraces(ctx, out.Run.ID)
	if err != nil || len(traced) == 0 {
		return err
	}
	reached := filter.AnyOf(store.FieldTraceID, traced)
	if out.Services, err = b.servicesOf(ctx, traced); err != nil || len(out.Services) == 0 {
		return err
	}
	b.Conditions = []filter.Condition{filter.AnyOf(edge.KeyServiceName, out.Services)}
	var total, regions *tally.Table
	g, gctx := errgroup.WithContext(ctx)
	b.Ask(gctx, g, &total, b.Cut(tables.AllParts))
	b.Ask(gctx, g, &regions, b.Whole(tables.RowParts|tables.WithInit, edge.KeyRegion))
	g.Go(func() (err error) {
		out.Traces, err = b.slowest(gctx, []filter.Condition{reached}, slowestTraces)
		return err
	})
	if err := g.Wait(); err != nil {
		return err
	}
	out.Edge = total.Total().Stats(b.Win.Seconds(b.Now))
	out.EdgeRegions = b.sortedRows(regions, nil)
	b.locate(out.EdgeRegions)
	row := total.All()
	out.EdgeLines = []query.Line{
		figures.Line("rate", row, figures.RateOf(b.Win.Step)), figures.Line("p95", row, figures.Durations(95)),
		figures.Line("cold", row, (*tally.Tally).ColdRatio),
		figures.Line("cache", row, (*tally.Tally).HitRatio),
	}
	out.About, err = b.About(ctx, total, regions)
	return err
}

// runTraces returns the ids of traces that the run's client spans began.
func (a *asking) runTraces(ctx context.Context, id string) ([]string, error) {
	text := fmt.Sprintf("%s %s | uniq by (%s) limit %d", filter.Exactly(edge.RunIDAttr, id),
		filter.Exactly(store.FieldKind, edge.SpanClient.String()),
		store.FieldTraceID, runTraces)
	return a.column(ctx, text, store.FieldTraceID)
}

// servicesOf returns the services whose invocations belong to these traces, sorted.
func (a *asking) servicesOf(ctx context.Context, traces []string) ([]string, error) {
	text := fmt.Sprintf("%s:=true %s | uniq by (%s) limit %d", edge.KeyInvocation,
		filter.In(store.FieldTraceID, traces),
		filter.Quote(edge.KeyServiceName), tables.MaxChoices)
	services, err := a.column(ctx, text, edge.KeyServiceName)
	services = slices.DeleteFunc(services, func(s string) bool { return s == "" })
	slices.Sort(services)
	return services, err
}

// column returns the values of one field of rows near the question's range: spans that end a little after it belong to
// it.
func (a *asking) column(ctx context.Context, text, field string) ([]string, error) {
	const near = time.Minute
	var out []string
	err := a.read.Rows(ctx, a.spans(text, a.Q.From.Add(-near), a.Q.To.Add(near)), func(r store.Row) error {
		out = append(out, strings.Clone(r.Get(field)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find what a load run reached: %w", err)
	}
	return out, nil
}
