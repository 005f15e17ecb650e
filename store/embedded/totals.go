package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
	"unsafe"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/searchutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"edgescope/edge"
	"edgescope/store"
)

// Totals implements store.Reader. It reads the engine's blocks in their order: no evaluator sorts, copies and groups
// series in between, which costs as much again as reading them.
func (s *Store) Totals(ctx context.Context, q store.TotalsQuestion, emit func(*store.Series) error) error {
	search, err := totalsSearch(&q)
	if err != nil {
		return err
	}
	if err := s.takeTurn(ctx); err != nil {
		return fmt.Errorf("add up samples: %w", err)
	}
	defer s.leave()
	defer func() { <-s.turns }()
	timeout := s.opts.MaxQueryDuration
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end))
	}
	deadline := searchutil.NewDeadline(time.Now(), timeout, "")
	blocks, _, err := vmstorage.GetSearch(nil, search, deadline.Deadline())
	if err != nil {
		return fmt.Errorf("add up samples: %w", seriesError(err))
	}
	defer vmstorage.PutSearch(blocks)
	a := newAdding(&q, emit)
	for n := 0; blocks.NextMetricBlock(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return fmt.Errorf("add up samples: %w", ctx.Err())
		}
		if err := a.take(&blocks.MetricBlockRef); err != nil {
			return err
		}
	}
	if err := blocks.Error(); errors.Is(err, storage.ErrDeadlineExceeded) {
		return fmt.Errorf("add up samples: %w: %w", store.ErrTooMuch, err)
	} else if err != nil {
		return fmt.Errorf("add up samples: %w", seriesError(err))
	}
	return a.finish()
}

func totalsSearch(q *store.TotalsQuestion) (*storage.SearchQuery, error) {
	switch {
	case q.Step < time.Millisecond || q.Step%time.Millisecond != 0:
		return nil, fmt.Errorf("%w: step is %s: it must be whole milliseconds", store.ErrBadQuery, q.Step)
	case q.From.IsZero() || !q.From.Before(q.To):
		return nil, fmt.Errorf("%w: the range must end after it starts", store.ErrBadQuery)
	case q.To.Sub(q.From)/q.Step > maxPoints:
		return nil, fmt.Errorf("%w: %d points a series: at most %d", store.ErrTooMuch, q.To.Sub(q.From)/q.Step,
			maxPoints)
	}
	filters, err := searchutil.ParseMetricSelector(q.Selector)
	if err != nil {
		return nil, fmt.Errorf("%w: selector: %w", store.ErrBadQuery, err)
	}
	tenant := storage.TagFilter{Key: []byte(edge.LabelTenant), Value: []byte(formatTenant(q.Tenant))}
	for i := range filters {
		filters[i] = append(filters[i], tenant)
	}
	return storage.NewSearchQuery(q.From.UnixMilli(), q.To.UnixMilli()-1, filters, maxSeries), nil
}

// adding adds up one series after the other.
type adding struct {
	emit   func(*store.Series) error
	from   int64 // ms
	step   int64 // ms
	span   storage.TimeRange
	id     []byte // the series whose samples are held
	name   storage.MetricName
	labels []edge.Attr
	totals []float64
	held   run // rising in time
	next   run // of one block
	tail   run
	block  storage.Block
}

// run is samples in the order of time.
type run struct {
	times  []int64 // ms
	values []float64
}

func (r *run) add(time int64, value float64) {
	r.times, r.values = append(r.times, time), append(r.values, value)
}

// once keeps the greatest of the samples of one time.
func (r *run) once() {
	n := 0
	for i, t := range r.times {
		if n > 0 && r.times[n-1] == t {
			r.values[n-1] = max(r.values[n-1], r.values[i])
			continue
		}
		r.times[n], r.values[n] = t, r.values[i]
		n++
	}
	r.cut(n)
}

func (r *run) cut(n int) { r.times, r.values = r.times[:n], r.values[:n] }

func newAdding(q *store.TotalsQuestion, emit func(*store.Series) error) *adding {
	from, to, step := q.From.UnixMilli(), q.To.UnixMilli(), q.Step.Milliseconds()
	return &adding{
		emit: emit, from: from, step: step, span: storage.TimeRange{MinTimestamp: from, MaxTimestamp: to - 1},
		totals: make([]float64, (to-from+step-1)/step),
	}
}

// take takes the next block: those of one series follow each other, the one that begins first in front, but for the
// border of two months, where no time is in both.
func (a *adding) take(ref *storage.MetricBlockRef) error {
	if string(a.id) != string(ref.MetricName) {
		if err := a.finish(); err != nil {
			return err
		}
		a.id = append(a.id[:0], ref.MetricName...)
	}
	a.block.Reset()
	ref.BlockRef.MustReadBlock(&a.block)
	if err := a.block.UnmarshalData(); err != nil {
		return fmt.Errorf("add up samples: read a block: %w", err)
	}
	to := &a.next
	if len(a.held.times) == 0 {
		to = &a.held
	}
	to.times, to.values = a.block.AppendRowsWithTimeRangeFilter(to.times[:0], to.values[:0], a.span)
	to.once()
	if to == &a.next {
		a.merge()
	}
	return nil
}

// merge takes the next samples to those that are held, in the order of time: blocks of several parts may overlap.
func (a *adding) merge() {
	if len(a.next.times) == 0 {
		return
	}
	at, _ := slices.BinarySearch(a.held.times, a.next.times[0])
	a.tail.cut(0)
	a.tail.times, a.tail.values = append(a.tail.times, a.held.times[at:]...),
		append(a.tail.values, a.held.values[at:]...)
	a.held.cut(at)
	x, y := &a.tail, &a.next
	i, j := 0, 0
	for i < len(x.times) && j < len(y.times) {
		switch {
		case x.times[i] < y.times[j]:
			a.held.add(x.times[i], x.values[i])
			i++
		case x.times[i] > y.times[j]:
			a.held.add(y.times[j], y.values[j])
			j++
		default: // the greatest of one time
			a.held.add(x.times[i], max(x.values[i], y.values[j]))
			i, j = i+1, j+1
		}
	}
	a.held.times, a.held.values = append(a.held.times, x.times[i:]...), append(a.held.values, x.values[i:]...)
	a.held.times, a.held.values = append(a.held.times, y.times[j:]...), append(a.held.values, y.values[j:]...)
}

// finish emits the series that is held, if it has samples in the range.
func (a *adding) finish() error {
	if len(a.held.times) == 0 {
		return nil
	}
	clear(a.totals)
	for i, t := range a.held.times {
		a.totals[(t-a.from)/a.step] += a.held.values[i]
	}
	a.held.cut(0)
	if err := a.name.Unmarshal(a.id); err != nil {
		return fmt.Errorf("add up samples: read the name of a series: %w", err)
	}
	a.readLabels()
	return a.emit(&store.Series{Labels: a.labels, Values: a.totals})
}

func (a *adding) readLabels() {
	a.labels = append(a.labels[:0], edge.Attr{Key: edge.LabelName, Value: borrowed(a.name.MetricGroup)})
	for i := range a.name.Tags {
		if t := &a.name.Tags[i]; string(t.Key) != edge.LabelTenant {
			a.labels = append(a.labels, edge.Attr{Key: borrowed(t.Key), Value: borrowed(t.Value)})
		}
	}
}

// borrowed is a text that is valid as long as its bytes are: the call of emit.
func borrowed(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
