// Package traces reads lists of traces, and single traces, from the rows of a store.
package traces

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/filter"
	"edgescope/store"
)

// Rows asks a store for rows; emit's row is valid during the call only.
type Rows func(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error

// List is a list of invocations that are spans.
type List struct {
	Rows   Rows
	Tenant edge.Tenant
	// Filter is the LogsQL text that selects them, from <= time < to.
	Filter   string
	From, To time.Time
	// Limit is the length of a page, after the cursor of the page before, "" for the first.
	Limit int
	After string
}

const (
	// firstWindow is how far back a list looks first, and it grows by windowGrowth: a question that sorts by time reads
	// all of its range, so the newest rows are found fastest in a short one.
	firstWindow  = 2 * time.Second
	windowGrowth = 4
)

// traceFields are what a list shows of an invocation.
var traceFields = []string{
	store.FieldTime, store.FieldTraceID, store.FieldSpanID, store.FieldName, edge.KeyDuration, edge.KeyServiceName,
	edge.KeyRoute,
	edge.KeyMethod, edge.KeyStatus, edge.KeyOutcome, edge.KeyRegion, edge.KeyServiceVersion, edge.KeyColdStart,
	edge.KeyCacheStatus,
}

// found is a trace with the exact end of its span, by which lists are ordered.
type found struct {
	query.Trace

	end int64 // ns
}

// fetch asks for rows of traces.
func (l *List) fetch(ctx context.Context, text string, from, to time.Time) ([]found, error) {
	var out []found
	text += " | fields " + strings.Join(filter.QuoteAll(traceFields), ", ")
	err := l.Rows(ctx, SpansQuestion(l.Tenant, text, from, to), func(r store.Row) error {
		f, err := readTrace(r)
		out = append(out, f)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list traces: %w", err)
	}
	return out, nil
}

func readTrace(r store.Row) (found, error) {
	end, err := r.Time(store.FieldTime)
	if err != nil {
		return found{}, fmt.Errorf("read the time of a row: %w", err)
	}
	ns := r.Number(edge.KeyDuration)
	get := func(field string) string { return strings.Clone(r.Get(field)) }
	t := query.Trace{
		ID: get(store.FieldTraceID), SpanID: get(store.FieldSpanID), Start: end.Add(-time.Duration(ns)).UTC(),
		Duration: query.Num(ns / 1e6),
		Service:  get(edge.KeyServiceName), Name: get(store.FieldName), Route: get(edge.KeyRoute),
		Method: get(edge.KeyMethod),
		Status: int(r.Number(edge.KeyStatus)), Outcome: get(edge.KeyOutcome), Region: get(edge.KeyRegion),
		Version: get(edge.KeyServiceVersion), Cold: get(edge.KeyColdStart), Cache: get(edge.KeyCacheStatus),
	}
	return found{t, end.UnixNano()}, nil
}

// ByDuration returns a page sorted by duration, and the cursor of the next: a number of traces to leave out, since the
// order changes with every new trace anyway.
func (l *List) ByDuration(ctx context.Context, descending bool) ([]query.Trace, string, error) {
	offset := 0
	if l.After != "" {
		n, err := strconv.ParseUint(l.After, 10, 31)
		if err != nil {
			return nil, "",
				&query.ParamError{
					Key: query.KeyAfter, Value: l.After, Reason: "is no cursor of a list sorted by duration",
				}
		}
		offset = int(n)
	}
	order := map[bool]string{true: " desc", false: ""}[descending]
	text := fmt.Sprintf("%s | sort by (%s%s, _time desc) offset %d limit %d",
		l.Filter, edge.KeyDuration, order, offset, l.Limit+1)
	rows, err := l.fetch(ctx, text, l.From, l.To)
	if err != nil {
		return nil, "", err
	}
	slices.SortStableFunc(rows, func(x, y found) int {
		return cmp.Or(x.Duration.Compare(y.Duration, descending), cmp.Compare(y.end, x.end),
			cmp.Compare(x.SpanID, y.SpanID))
	})
	if len(rows) <= l.Limit {
		return traces(rows), "", nil
	}
	return traces(rows[:l.Limit]), strconv.Itoa(offset + l.Limit), nil
}

func traces(rows []found) []query.Trace {
	out := make([]query.Trace, len(rows))
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
		return cursor{},
			&query.ParamError{
				Key: query.KeyAfter, Value: s, Reason: "is no cursor of this list; leave it out for the first page",
			}
	}
	return cursor{end, span}, nil
}

// Newest pages from the newest on. Rows of one nanosecond are ordered by span id, so no page repeats or leaves out one.
func (l *List) Newest(ctx context.Context) ([]query.Trace, string, error) {
	var rows []found
	to := l.To
	if l.After != "" {
		c, err := parseCursor(l.After)
		if err != nil {
			return nil, "", err
		}
		at := time.Unix(0, c.end)
		if rows, err = l.moment(ctx, at); err != nil {
			return nil, "", err
		}
		rows = slices.DeleteFunc(rows, func(f found) bool { return f.SpanID >= c.span })
		if at.Before(to) {
			to = at
		}
	}
	older, err := l.backwards(ctx, to, l.Limit+1-len(rows))
	if err != nil {
		return nil, "", err
	}
	rows = append(rows, older...)
	if len(rows) <= l.Limit {
		return traces(rows), "", nil
	}
	last := rows[l.Limit-1]
	return traces(rows[:l.Limit]), cursor{last.end, last.SpanID}.String(), nil
}

// backwards collects at least n rows before a time, if there are as many, newest first, in windows that grow.
func (l *List) backwards(ctx context.Context, to time.Time, n int) ([]found, error) {
	var rows []found
	for length := firstWindow; len(rows) < n && l.From.Before(to); length *= windowGrowth {
		from := to.Add(-length)
		if length > query.MaxRange || from.Before(l.From) {
			from = l.From
		}
		wanted := n - len(rows)
		more, err := l.fetch(ctx, fmt.Sprintf("%s | sort by (_time desc) limit %d", l.Filter, wanted), from, to)
		if err != nil {
			return nil, err
		}
		sortNewestFirst(more)
		if len(more) == wanted { // the limit may have cut rows of one moment apart
			last := time.Unix(0, more[len(more)-1].end)
			if more, err = l.wholeMoment(ctx, more, last); err != nil {
				return nil, err
			}
		}
		rows = append(rows, more...)
		to = from
	}
	return rows, nil
}

// wholeMoment replaces the rows of the last moment by all of them.
func (l *List) wholeMoment(ctx context.Context, rows []found, at time.Time) ([]found, error) {
	all, err := l.moment(ctx, at)
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(f found) bool { return f.end == at.UnixNano() })
	return append(rows, all...), nil
}

// moment returns all rows of one nanosecond, in order.
func (l *List) moment(ctx context.Context, at time.Time) ([]found, error) {
	rows, err := l.fetch(ctx, l.Filter, at, at.Add(1))
	sortNewestFirst(rows)
	return rows, err
}

func sortNewestFirst(rows []found) {
	slices.SortFunc(rows, func(x, y found) int {
		return cmp.Or(cmp.Compare(y.end, x.end), cmp.Compare(y.SpanID, x.SpanID))
	})
}

// SpansQuestion is a question for spans.
func SpansQuestion(tenant edge.Tenant, logsQL string, from, to time.Time) store.RowsQuestion {
	return store.RowsQuestion{Tenant: tenant, Kind: edge.KindSpan, LogsQL: logsQL, From: from, To: to}
}
