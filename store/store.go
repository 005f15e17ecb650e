// Package store is the contract of everything that keeps telemetry: what a Writer promises, what a Reader answers, and
// the row in which an event is kept. storetest holds the tests that each store must pass.
package store

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"edgescope/edge"
)

// Errors that a caller may branch on; test with errors.Is.
var (
	// ErrReadOnly: the disk is nearly full. The same write may succeed later.
	ErrReadOnly = errors.New("store is read-only: disk nearly full")
	// ErrInUse: another process holds the data directory.
	ErrInUse = errors.New("data directory is in use")
	// ErrNewerFormat: the data directory was written by a newer version.
	ErrNewerFormat = errors.New("data directory has a newer format")
	// ErrBadQuery: the text of a question is wrong. The message says where.
	ErrBadQuery = errors.New("bad query")
	// ErrTooMuch: the question needs more memory, series or time than is allowed.
	ErrTooMuch = errors.New("question is too expensive")
)

// Writer keeps events and samples. It is safe for concurrent use. It copies what it keeps: arguments belong to the
// caller again on return.
type Writer interface {
	// WriteEvents takes the rows of one batch. On return they are in memory: queries see them within about two seconds,
	// kill -9 may lose what is younger than two flush intervals and two seconds, Close loses nothing. Rows for which
	// Check returns an error must not be passed. It fails with ErrReadOnly, and then has taken nothing; but not for
	// events with a Record: those were acknowledged, and the reserve of disk space has room for them.
	//
	// Of the rows of one record, UTC day and stream (StreamFields) kill -9 leaves all or none, whenever the engine can
	// hold them in one part.
	WriteEvents(ctx context.Context, tenant edge.Tenant, events []edge.Event) error
	// WriteSamples takes samples; of several with one series and time the greatest value counts, so writing again is
	// harmless. Questions see them within about four seconds, after Flush at once.
	WriteSamples(ctx context.Context, tenant edge.Tenant, samples []edge.Sample) error
	// Check returns nil, or why the engine would drop the event (too old, too new, too large): such an event is refused
	// with that reason before it enters a batch. It may shorten nothing and keeps nothing.
	Check(e *edge.Event) error
}

// Reader answers questions. It is safe for concurrent use; every question ends when its context ends.
type Reader interface {
	// Rows answers a LogsQL question row by row, in no order unless the question sorts. emit is called from one
	// goroutine at a time; its row is valid only during the call. An error of emit ends the question and is returned.
	Rows(ctx context.Context, q RowsQuestion, emit func(Row) error) error
	// Series evaluates MetricsQL over [From, To] every Step; with Step 0 once, at To. The tenant filter is enforced
	// whatever the text says. Points without a value are NaN.
	Series(ctx context.Context, q SeriesQuestion) ([]Series, error)
	// Totals adds up the samples of each matching series in buckets of time. emit is called from one goroutine at a
	// time, in no order, perhaps several times for one series; its argument, texts included, is valid only during the
	// call. Values[i] is the sum of the samples from From + i*Step until before From + (i+1)*Step, 0 without any; a
	// series without samples in the range is left out. An error of emit ends the question and is returned. The tenant
	// filter is enforced as in Series.
	Totals(ctx context.Context, q TotalsQuestion, emit func(*Series) error) error
}

// Field is one column of a row.
type Field struct {
	Name, Value string
}

// Row is a stored event as its fields; absent fields are left out.
type Row []Field

// Get returns the value of a field, "" when it is absent.
func (r Row) Get(name string) string {
	for i := range r {
		if r[i].Name == name {
			return r[i].Value
		}
	}
	return ""
}

// Number returns a field as a number, 0 when it is absent or none: a sum of nothing is empty or NaN.
func (r Row) Number(name string) float64 {
	f, err := strconv.ParseFloat(r.Get(name), 64)
	if err != nil || f != f {
		return 0
	}
	return f
}

// Time returns a field as a time in UTC: decimal Unix nanoseconds, as _time is stored, or RFC 3339, as functions of an
// engine write it.
func (r Row) Time(name string) (time.Time, error) {
	text := r.Get(name)
	if ns, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(0, ns).UTC(), nil
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	return t.UTC(), err
}

// RowsQuestion is a question to events, neutral of the engine.
type RowsQuestion struct {
	Tenant edge.Tenant
	// Kind is what is asked, and Also are further kinds. Several are asked as if all their rows stood in one table: a
	// pipe sees the rows of all, and so does a subquery. A row with FieldKind is a span, one with FieldDataset a data
	// point, and one with neither a log record.
	Kind edge.Kind
	Also []edge.Kind
	// LogsQL is the text; a time range in it is cut to [From, To).
	LogsQL string
	// From and To bound _time: From <= _time < To. Both are required.
	From, To time.Time
	// At is what "now" means in the text; zero means the clock's now.
	At time.Time
	// ExtraFilters are LogsQL filters that are and-ed to the question, also inside its subqueries.
	ExtraFilters []string
	// HiddenFields are names of fields, or their beginnings with * at the end, that the question sees as absent.
	HiddenFields []string
}

// Kinds returns all kinds that are asked, each once, in the order of their numbers.
func (q *RowsQuestion) Kinds() []edge.Kind {
	kinds := append([]edge.Kind{q.Kind}, q.Also...)
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// SeriesQuestion is a question to samples.
type SeriesQuestion struct {
	Tenant edge.Tenant
	// MetricsQL is the text.
	MetricsQL string
	From, To  time.Time
	Step      time.Duration
}

// TotalsQuestion is a question for sums of samples.
type TotalsQuestion struct {
	Tenant edge.Tenant
	// Selector is a MetricsQL series selector, such as {__name__="a",zone=~"x|y" or __name__="b"}.
	Selector string
	// From and To bound the samples: From <= time < To. Step is the length of a bucket, whole milliseconds.
	From, To time.Time
	Step     time.Duration
}

// Series is one answer row: Values[i] belongs to From + i*Step, NaN where there is none.
type Series struct {
	// Labels are sorted by key and hold no edge_tenant.
	Labels []edge.Attr
	Values []float64
}

// Label returns the value of a label, "" when it is absent.
func (s *Series) Label(key string) string {
	for i := range s.Labels {
		if s.Labels[i].Key == key {
			return s.Labels[i].Value
		}
	}
	return ""
}
