package query

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
	"edgescope/store"
)

const (
	defaultTraces = 50
	// firstWindow is how far back a list looks first, and it grows by windowGrowth: a question that sorts by time reads all of
	// its range, so the newest rows are found fastest in a short one.
	firstWindow  = 2 * time.Second
	windowGrowth = 4
)

// traceFields are what a list shows of an invocation.
var traceFields = []string{
	store.FieldTime, store.FieldTraceID, store.FieldSpanID, store.FieldName, edge.KeyDuration, edge.KeyServiceName, edge.KeyRoute,
	edge.KeyMethod, edge.KeyStatus, edge.KeyOutcome, edge.KeyRegion, edge.KeyServiceVersion, edge.KeyColdStart, edge.KeyCacheStatus,
}

// Traces answers: show me slow requests. The list has invocations that are spans, the newest first; sorted by -duration or
// duration it has the slowest or fastest first.
func (e *Engine) Traces(ctx context.Context, tenant edge.Tenant, q Question) (*Traces, error) {
	a, err := e.begin(tenant, q)
	if err != nil {
		return nil, err
	}
	if a.q.Range != "" { // "the last hour" begins with a whole window, so that rollups have it
		a.q.From = floor(a.q.From, time.Duration(edge.Widths[0].Seconds)*time.Second)
	}
	out := &Traces{}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { out.Traces, out.Next, err = a.list(gctx); return err })
	g.Go(func() (err error) { out.Found, out.Histogram, out.Facets, err = a.counts(gctx); return err })
	g.Go(func() (err error) { out.Choices, err = a.choose(gctx); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	a.q.Min, a.q.Max = 0, 0 // applied: no note
	if out.About, err = a.about(ctx); err != nil {
		return nil, err
	}
	out.Source = "events"
	out.From, out.To = a.q.From, a.q.To // a list is not aligned to steps
	return out, nil
}

// filter is the LogsQL text that selects what the question is about.
func (a *asking) filter(conditions []condition) string {
	filters := append([]string{edge.KeyInvocation + ":=true"}, logsql(conditions)...)
	if a.q.Min > 0 {
		filters = append(filters, fmt.Sprintf("%s:>=%d", edge.KeyDuration, a.q.Min.Nanoseconds()))
	}
	if a.q.Max > 0 {
		filters = append(filters, fmt.Sprintf("%s:<=%d", edge.KeyDuration, a.q.Max.Nanoseconds()))
	}
	return strings.Join(filters, " ")
}

func (a *asking) spans(logsQL string, from, to time.Time) store.RowsQuestion {
	return store.RowsQuestion{Tenant: a.tenant, Kind: edge.KindSpan, LogsQL: logsQL, From: from, To: to}
}

// found is a trace with the exact end of its span, by which lists are ordered.
type found struct {
	Trace

	end int64 // ns
}

// fetch asks for rows of traces.
func (a *asking) fetch(ctx context.Context, text string, from, to time.Time) ([]found, error) {
	var out []found
	text += " | fields " + strings.Join(quoteAll(traceFields), ", ")
	err := a.rows(ctx, a.spans(text, from, to), func(r store.Row) error {
		f, err := readTrace(r)
		out = append(out, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list traces: %w", err)
	}
	return out, nil
}

func quoteAll(fields []string) []string {
	out := make([]string, len(fields))
	for i, f := range fields {
		out[i] = quote(f)
	}
	return out
}

func readTrace(r store.Row) (found, error) {
	end, err := readTime(r.Get(store.FieldTime))
	if err != nil {
		return found{}, fmt.Errorf("read the time of a row: %w", err)
	}
	ns := number(r, edge.KeyDuration)
	get := func(field string) string { return strings.Clone(r.Get(field)) }
	t := Trace{
		ID: get(store.FieldTraceID), SpanID: get(store.FieldSpanID), Start: end.Add(-time.Duration(ns)).UTC(), Duration: Num(ns / 1e6),
		Service: get(edge.KeyServiceName), Name: get(store.FieldName), Route: get(edge.KeyRoute), Method: get(edge.KeyMethod),
		Status: int(number(r, edge.KeyStatus)), Outcome: get(edge.KeyOutcome), Region: get(edge.KeyRegion),
		Version: get(edge.KeyServiceVersion), Cold: get(edge.KeyColdStart), Cache: get(edge.KeyCacheStatus),
	}
	return found{t, end.UnixNano()}, nil
}

// list answers a page of the list and the cursor of the next.
func (a *asking) list(ctx context.Context) ([]Trace, string, error) {
	limit := a.q.Limit
	if limit == 0 {
		limit = defaultTraces
	}
	if column, descending := strings.CutPrefix(a.q.Sort, "-"); column == "duration" {
		return a.byDuration(ctx, limit, descending)
	}
	return a.newestTraces(ctx, limit)
}

// byDuration pages by number: what a cursor names would move with every new trace anyway.
func (a *asking) byDuration(ctx context.Context, limit int, descending bool) ([]Trace, string, error) {
	offset := 0
	if a.q.After != "" {
		n, err := strconv.ParseUint(a.q.After, 10, 31)
		if err != nil {
			return nil, "", &ParamError{Key: KeyAfter, Value: a.q.After, Reason: "is no cursor of a list sorted by duration"}
		}
		offset = int(n)
	}
	order := map[bool]string{true: " desc", false: ""}[descending]
	text := fmt.Sprintf("%s | sort by (%s%s, _time desc) offset %d limit %d",
		a.filter(a.conditions), edge.KeyDuration, order, offset, limit+1)
	rows, err := a.fetch(ctx, text, a.q.From, a.q.To)
	if err != nil {
		return nil, "", err
	}
	slices.SortStableFunc(rows, func(x, y found) int {
		return cmp.Or(direct(cmp.Compare(x.Duration, y.Duration), descending), cmp.Compare(y.end, x.end), cmp.Compare(x.SpanID, y.SpanID))
	})
	if len(rows) <= limit {
		return traces(rows), "", nil
	}
	return traces(rows[:limit]), strconv.Itoa(offset + limit), nil
}

// slowest answers the n slowest invocations that meet the conditions.
func (a *asking) slowest(ctx context.Context, conditions []condition, n int) ([]Trace, error) {
	b := *a
	b.conditions, b.q.After = conditions, ""
	list, _, err := b.byDuration(ctx, n, true)
	return list, err
}

func traces(rows []found) []Trace {
	out := make([]Trace, len(rows))
	for i := range rows {
		out[i] = rows[i].Trace
	}
	return out
}

// cursor is the last row of a page: its end and its span.
type cursor struct {
	end  int64
	span string
}

func (c cursor) String() string { return strconv.FormatInt(c.end, 36) + "-" + c.span }

func parseCursor(s string) (cursor, error) {
	at, span, ok := strings.Cut(s, "-")
	end, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil {
		return cursor{}, &ParamError{Key: KeyAfter, Value: s, Reason: "is no cursor of this list; leave it out for the first page"}
	}
	return cursor{end, span}, nil
}

// newestTraces pages from the newest on. Rows of one nanosecond are ordered by span id, so no page repeats or leaves out one.
func (a *asking) newestTraces(ctx context.Context, limit int) ([]Trace, string, error) {
	var rows []found
	to := a.q.To
	if a.q.After != "" {
		c, err := parseCursor(a.q.After)
		if err != nil {
			return nil, "", err
		}
		at := time.Unix(0, c.end)
		if rows, err = a.moment(ctx, at); err != nil {
			return nil, "", err
		}
		rows = slices.DeleteFunc(rows, func(f found) bool { return f.SpanID >= c.span })
		if at.Before(to) {
			to = at
		}
	}
	older, err := a.backwards(ctx, to, limit+1-len(rows))
	if err != nil {
		return nil, "", err
	}
	rows = append(rows, older...)
	if len(rows) <= limit {
		return traces(rows), "", nil
	}
	last := rows[limit-1]
	return traces(rows[:limit]), cursor{last.end, last.SpanID}.String(), nil
}

// backwards collects at least n rows before a time, if there are as many, newest first, in windows that grow.
func (a *asking) backwards(ctx context.Context, to time.Time, n int) ([]found, error) {
	var rows []found
	text := a.filter(a.conditions)
	for length := firstWindow; len(rows) < n && a.q.From.Before(to); length *= windowGrowth {
		from := to.Add(-length)
		if length > maxRange || from.Before(a.q.From) {
			from = a.q.From
		}
		wanted := n - len(rows)
		more, err := a.fetch(ctx, fmt.Sprintf("%s | sort by (_time desc) limit %d", text, wanted), from, to)
		if err != nil {
			return nil, err
		}
		newestFirst(more)
		if len(more) == wanted { // the limit may have cut rows of one moment apart
			last := time.Unix(0, more[len(more)-1].end)
			if more, err = a.wholeMoment(ctx, more, last); err != nil {
				return nil, err
			}
		}
		rows = append(rows, more...)
		to = from
	}
	return rows, nil
}

// wholeMoment replaces the rows of the last moment by all of them.
func (a *asking) wholeMoment(ctx context.Context, rows []found, at time.Time) ([]found, error) {
	all, err := a.moment(ctx, at)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(f found) bool { return f.end == at.UnixNano() })
	return append(rows, all...), nil
}

// moment answers all rows of one nanosecond, in order.
func (a *asking) moment(ctx context.Context, at time.Time) ([]found, error) {
	rows, err := a.fetch(ctx, a.filter(a.conditions), at, at.Add(1))
	newestFirst(rows)
	return rows, err
}

func newestFirst(rows []found) {
	slices.SortFunc(rows, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.end, x.end), cmp.Compare(y.SpanID, x.SpanID))
	})
}
