package embedded

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/VictoriaMetrics/VictoriaLogs/lib/logstorage"

	"edgescope/store"
	"edgescope/store/embedded/cost"
)

// Rows implements store.Reader. The field _time is decimal Unix nanoseconds, wherever the engine returns a time in it.
func (s *Store) Rows(ctx context.Context, q store.RowsQuestion, emit func(store.Row) error) error {
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	tenants, err := tenantsOf(&q)
	if err != nil {
		return err
	}
	query, err := parseRows(&q)
	if err != nil {
		return err
	}
	if !q.From.Before(q.To) {
		return nil
	}
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	e := &emitter{ctx: running, emit: emit, cancel: cancel}
	qctx := logstorage.NewQueryContext(running, new(logstorage.QueryStats), tenants, query, false, q.HiddenFields)
	err = s.ask(qctx, e.block) //nolint:contextcheck // the engine ends what it does with that of qctx
	switch {
	case e.err != nil:
		return e.err
	case ctx.Err() != nil:
		return fmt.Errorf("question to %s: %w", kindsOf(&q), ctx.Err())
	case err != nil:
		return fmt.Errorf("question to %s: %w", kindsOf(&q), rowsError(err))
	}
	return nil
}

// parseRows reads the text and confines it to the range.
func parseRows(q *store.RowsQuestion) (*logstorage.Query, error) {
	if q.From.IsZero() || q.To.IsZero() {
		return nil, fmt.Errorf("%w: the range is not given", store.ErrBadQuery)
	}
	query, err := parseLogsQL(q.LogsQL, q.At)
	if err != nil {
		return nil, err
	}
	if err := checkRows(query, q.HiddenFields); err != nil {
		return nil, err
	}
	from, to := nanos(q.From), nanos(q.To)-1
	query.AddTimeFilter(from, to)
	filters := q.ExtraFilters
	if ignoresRange(query, from, to) {
		filters = append([]string{timeFilter(from, to)}, filters...)
	}
	for _, text := range filters {
		f, err := extraFilter(text, query.GetTimestamp())
		if err != nil {
			return nil, fmt.Errorf("extra filter %.200q: %w", text, err)
		}
		query.AddExtraFilters(f)
	}
	return query, nil
}

// extraFilter reads a filter that is added to every subquery. With one of its own it would be added to itself, without
// end.
func extraFilter(text string, at int64) (*logstorage.Filter, error) {
	if err := cost.Text(text); err != nil {
		return nil, err
	}
	f, err := logstorage.ParseFilterAtTimestamp(text, at)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	if cost.HasSubquery(f) {
		return nil, fmt.Errorf("%w: it must not have a subquery: put it into the query", store.ErrBadQuery)
	}
	return f, nil
}

// checkRows refuses what the engine would panic at, or could not be stopped in.
func checkRows(query *logstorage.Query, hidden []string) error {
	c, err := cost.OfLogsQL(query)
	if err != nil || !c.StreamContext {
		return err
	}
	for _, name := range hidden {
		prefix, isPrefix := strings.CutSuffix(name, "*")
		for _, needed := range [...]string{"_stream_id", "_stream", store.FieldTime} {
			if name == needed || isPrefix && strings.HasPrefix(needed, prefix) {
				return fmt.Errorf("%w: stream_context needs the field %s, which is hidden", store.ErrBadQuery, needed)
			}
		}
	}
	return nil
}

// ignoresRange tells whether the text says options(ignore_global_time_filter=true), with which the engine adds no
// range.
func ignoresRange(query *logstorage.Query, from, to int64) bool {
	minTime, maxTime := query.GetFilterTimeRange()
	return uint64(maxTime-minTime) > uint64(to-from)
}

func timeFilter(from, to int64) string {
	return "_time:[" + formatNanos(from) + "," + formatNanos(to) + "]"
}

func formatNanos(ns int64) string {
	return time.Unix(0, ns).UTC().Format("2006-01-02T15:04:05.000000000Z")
}

// nanosAt returns the moment of a question, now when it has none.
func nanosAt(t time.Time) int64 {
	if t.IsZero() {
		return time.Now().UnixNano()
	}
	return nanos(t)
}

var (
	earliest = time.Unix(0, math.MinInt64)
	latest   = time.Unix(0, math.MaxInt64)
)

// nanos is t.UnixNano, for times that it can't express the nearest that it can.
func nanos(t time.Time) int64 {
	switch {
	case t.Before(earliest):
		return math.MinInt64 + 1
	case t.After(latest):
		return math.MaxInt64
	}
	return t.UnixNano()
}

// rowsError sorts an error of the engine to a question that nobody has ended. It has no types for them; of its pipes
// those that need too much memory say so, and what is left is wrong in the text (its disk errors end the process). A
// pipe that fails ends the others: what it returns may be that they were ended, and not why.
func rowsError(err error) error {
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: one of its pipes failed", store.ErrBadQuery)
	}
	if text := err.Error(); strings.Contains(text, "requires more than") || strings.Contains(text, "occupy more than") {
		return fmt.Errorf("%w: %w", store.ErrTooMuch, err)
	}
	return fmt.Errorf("%w: %w", store.ErrBadQuery, err)
}

// emitter gives the engine's blocks to the questioner, row by row. The engine calls block from several goroutines.
type emitter struct {
	ctx    context.Context
	cancel context.CancelFunc

	mu    sync.Mutex
	emit  func(store.Row) error
	err   error
	row   store.Row
	times []int64
	buf   []byte
}

func (e *emitter) block(_ uint, db *logstorage.DataBlock) {
	e.mu.Lock()
	defer e.mu.Unlock()
	columns := db.GetColumns(false)
	var ok bool
	if e.times, ok = db.GetTimestamps(e.times[:0]); !ok {
		e.times = e.times[:0]
	}
	for i := range db.RowsCount() {
		if e.err != nil || e.ctx.Err() != nil {
			return
		}
		if e.err = e.emit(e.rowAt(columns, i)); e.err != nil {
			e.cancel()
		}
	}
}

func (e *emitter) rowAt(columns []logstorage.BlockColumn, i int) store.Row {
	e.row = e.row[:0]
	for c := range columns {
		name, value := columns[c].Name, columns[c].Values[i]
		if name == store.FieldTime && len(e.times) > 0 {
			e.buf = strconv.AppendInt(e.buf[:0], e.times[i], 10)
			value = borrowed(e.buf) // as the other values, until the next row
		}
		if value != "" {
			e.row = append(e.row, store.Field{Name: name, Value: value})
		}
	}
	return e.row
}
