package execute

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query/aesql/plan"
	"edgescope/query/filter"
	"edgescope/query/gate"
	"edgescope/store"
)

const (
	// maxNewest is the number of rows up to which the newest are searched window by window.
	maxNewest = 50_000
	// firstWindow is how many seconds back the search for the newest rows looks first; each next window is windowGrowth
	// times as long.
	firstWindow  = 10
	windowGrowth = 2
)

// scan reads the data points of a table, From <= time < to in Unix seconds.
func (x *run) scan(s *plan.Scan, from, to int64, next sink) error {
	if from >= to {
		return nil
	}
	d := newDecoder(s.Columns)
	return x.read(selector(s)+" | fields "+d.list(), from, to, func(r store.Row) error { return next(d.read(r)) })
}

// selector is the LogsQL filter of a scan.
func selector(s *plan.Scan) string {
	text := "{" + store.FieldDataset + "=" + filter.Quote(s.Dataset) + "}"
	if s.Filter != "" {
		text += " " + s.Filter
	}
	return text
}

// read asks the store for rows of data points.
func (x *run) read(text string, from, to int64, emit func(store.Row) error) error {
	return ask(x.ctx, x.reader, store.RowsQuestion{
		Tenant: x.o.Tenant, LogsQL: text, From: moment(from), To: moment(to), At: x.o.Now,
	}, emit)
}

// ask asks the store for rows of data points, after it has told the gate what that takes.
func ask(ctx context.Context, r store.Reader, q store.RowsQuestion, emit func(store.Row) error) error {
	q.Kind = edge.KindDataPoint
	if knows, ok := r.(store.LogsQLReader); ok {
		known, err := knows.ParseLogsQL(q.LogsQL, q.At)
		if err != nil {
			return fmt.Errorf("read %.200q: %w", q.LogsQL, err)
		}
		if err := gate.Need(ctx, known.Least, known.Most); err != nil {
			return err
		}
	}
	return r.Rows(ctx, q, emit)
}

// moment returns a time of Unix seconds; no time is zero, which means none.
func moment(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// newest finds the newest rows in windows that grow backwards: sorting the whole range would read all of it. Windows
// begin and end with whole seconds, as timestamp does: all rows of one time are in one window.
func (x *run) newest(q *plan.Query, found *sorter, next sink) error {
	s := q.Source.Scan
	next = where(q.Where, next)
	to, width := s.To, int64(firstWindow)
	for to > s.From && !found.full() {
		from := max(s.From, min(to, x.o.Now.Unix()+1)-width)
		if err := x.scan(s, from, to, next); err != nil {
			return err
		}
		to = from
		width = min(width*windowGrowth, math.MaxInt32)
	}
	return nil
}

func join(names []string) string { return strings.Join(filter.QuoteAll(names), ", ") }
