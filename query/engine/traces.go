package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/query/tables"
	"edgescope/query/tally"
	"edgescope/query/traces"
	"edgescope/store"
)

// Trace returns one trace by its id, 32 hex digits. The range of the question does not matter: it looks at the newest
// time first, then further back, as far as events are kept. Without any span it fails with ErrNotFound.
func (e *Engine) Trace(
	ctx context.Context, tenant edge.Tenant, id string, _ query.Question,
) (*query.TraceDetail, error) {
	id, err := query.ParseID(id)
	if err != nil {
		return nil, err
	}
	now := e.read.Now()
	s := traces.Search{Rows: e.read.Rows, Tenant: tenant, Now: now, Retention: e.o.Retention}
	spans, err := s.Find(ctx, id)
	if err != nil {
		return nil, err
	}
	shown := spans[:min(len(spans), traces.MaxSpans)]
	out := traces.Waterfall(shown)
	out.ID = id
	out.From, out.To = out.Start, now.UTC()
	out.Source = "events"
	if len(spans) > len(shown) {
		out.Note(fmt.Sprintf("the trace has more spans than the %d shown, which started first", len(shown)))
	}
	return out, nil
}

// defaultTraces is how many traces a list has without a limit of its own.
const defaultTraces = 50

// Traces answers: show me slow requests. The list has invocations that are spans, the newest first; sorted by -duration
// or duration it has the slowest or fastest first.
func (e *Engine) Traces(ctx context.Context, tenant edge.Tenant, q query.Question) (*query.Traces, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	if a.Q.Range != "" { // "the last hour" begins with a whole window, so that rollups have it
		a.Q.From = tally.Floor(a.Q.From, time.Duration(edge.Widths[0].Seconds)*time.Second)
	}
	out := &query.Traces{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out.Traces, out.Next, err = a.list(gctx); return err })
	g.Go(func() (err error) { out.Found, out.Histogram, out.Facets, err = a.counts(gctx); return err })
	g.Go(func() (err error) { out.Choices, err = a.Choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	a.Q.Min, a.Q.Max = 0, 0 // applied: no note
	if out.About, err = a.About(ctx); err != nil {
		return nil, err
	}
	out.Source = "events"
	out.From, out.To = a.Q.From, a.Q.To // a list is not aligned to steps
	return out, nil
}

// filter is the LogsQL text that selects what the question is about.
func (a *asking) filter(conditions []filter.Condition) string {
	filters := append([]string{edge.KeyInvocation + ":=true"}, tables.LogsQL(conditions)...)
	if a.Q.Min > 0 {
		filters = append(filters, fmt.Sprintf("%s:>=%d", edge.KeyDuration, a.Q.Min.Nanoseconds()))
	}
	if a.Q.Max > 0 {
		filters = append(filters, fmt.Sprintf("%s:<=%d", edge.KeyDuration, a.Q.Max.Nanoseconds()))
	}
	return strings.Join(filters, " ")
}

func (a *asking) spans(logsQL string, from, to time.Time) store.RowsQuestion {
	return traces.SpansQuestion(a.Tenant, logsQL, from, to)
}

// list returns a page of the list and the cursor of the next.
func (a *asking) list(ctx context.Context) ([]query.Trace, string, error) {
	l := a.listOf(a.Conditions)
	l.Limit, l.After = cmp.Or(a.Q.Limit, defaultTraces), a.Q.After
	if column, descending := strings.CutPrefix(a.Q.Sort, "-"); column == "duration" {
		return l.ByDuration(ctx, descending)
	}
	return l.Newest(ctx)
}

// slowest returns the n slowest invocations that meet the conditions.
func (a *asking) slowest(ctx context.Context, conditions []filter.Condition, n int) ([]query.Trace, error) {
	l := a.listOf(conditions)
	l.Limit = n
	list, _, err := l.ByDuration(ctx, true)
	return list, err
}

// listOf is the list of the invocations in the question's range that meet the conditions.
func (a *asking) listOf(conditions []filter.Condition) *traces.List {
	return &traces.List{Rows: a.read.Rows, Tenant: a.Tenant, Filter: a.filter(conditions), From: a.Q.From, To: a.Q.To}
}
