package embedded

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unsafe"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/netstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/searchutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"edgescope/edge"
	"edgescope/store"
)

const (
	// maxWalks is how many readers of samples there are at once. They last as long as their clients read, and have no
	// turns, which pages need.
	maxWalks = 4
	// maxHeldSamples is about how many samples of a series are in memory at a time, 16 bytes each.
	maxHeldSamples = 64 << 10
	// maxMetricNames bounds the names of MetricNames.
	maxMetricNames = 50_000
)

// Samples reads the samples of each series that a question finds, as they are stored; of several at one time the
// greatest. emit is called from one goroutine, series after series, perhaps several times for one series, then in the
// order of time; its argument, texts included, is valid only during the call. An error of emit ends the question and is
// returned. The question may take as long as its context says.
func (s *Store) Samples(ctx context.Context, q store.SamplesQuestion, emit func(*store.Samples) error) error {
	search, err := samplesSearch(&q)
	if err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("read samples: %w", ctx.Err())
	case s.walks <- struct{}{}:
	}
	defer func() { <-s.walks }()
	if err := s.enter(); err != nil {
		return err
	}
	defer s.leave()
	err = s.walk(ctx, search, deadlineOf(ctx), &walk{
		most: maxHeldSamples,
		each: func(labels []edge.Attr, held *run) error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return emit(&store.Samples{Labels: labels, Times: held.times, Values: held.values})
		},
	})
	if err != nil {
		return fmt.Errorf("read samples: %w", err)
	}
	return nil
}

// deadlineOf is when the engine gives up: with the context, or after an hour.
func deadlineOf(ctx context.Context) searchutil.Deadline {
	timeout := time.Hour
	if end, ok := ctx.Deadline(); ok {
		timeout = time.Until(end)
	}
	return searchutil.NewDeadline(time.Now(), timeout, "")
}

func samplesSearch(q *store.SamplesQuestion) (*storage.SearchQuery, error) {
	if q.From.IsZero() || q.To.Before(q.From) {
		return nil, fmt.Errorf("%w: the range must not end before it starts", store.ErrBadQuery)
	}
	if len(q.Selectors) == 0 {
		return nil, fmt.Errorf("%w: no series are selected", store.ErrBadQuery)
	}
	filters, err := filtersOf(q.Selectors)
	if err != nil {
		return nil, err
	}
	for _, list := range q.Narrow {
		narrow, err := filtersOf(list)
		if err != nil {
			return nil, err
		}
		filters = searchutil.JoinTagFilterss(filters, narrow)
	}
	for i := range filters {
		filters[i] = append(filters[i], ofTenant(q.Tenant))
	}
	return storage.NewSearchQuery(q.From.UnixMilli(), q.To.UnixMilli(), filters, maxSeries), nil
}

// filtersOf returns what selectors find, as alternatives.
func filtersOf(selectors []string) (filters [][]storage.TagFilter, err error) {
	for _, selector := range selectors {
		alternatives, err := searchutil.ParseMetricSelector(selector)
		if err != nil {
			return nil, fmt.Errorf("%w: selector %s: %w", store.ErrBadQuery, selector, err)
		}
		filters = append(filters, alternatives...)
	}
	return filters, nil
}

// MetricNames returns the names of the series of a tenant that have samples between two times, sorted, 50,000 at most.
func (s *Store) MetricNames(ctx context.Context, tenant edge.Tenant, from, to time.Time) ([]string, error) {
	if err := s.takeTurn(ctx); err != nil {
		return nil, fmt.Errorf("list metrics: %w", err)
	}
	defer s.leave()
	defer func() { <-s.turns }()
	search := storage.NewSearchQuery(from.UnixMilli(), to.UnixMilli(),
		[][]storage.TagFilter{{ofTenant(tenant)}}, maxSeries)
	names, err := netstorage.LabelValues(nil, edge.LabelName, search, maxMetricNames, deadlineOf(ctx))
	if errors.Is(err, storage.ErrDeadlineExceeded) {
		return nil, fmt.Errorf("list metrics: %w: %w", store.ErrTooMuch, err)
	} else if err != nil {
		return nil, fmt.Errorf("list metrics: %w", seriesError(err))
	}
	return names, nil
}

// Totals implements store.Reader.
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
	from, to, step := q.From.UnixMilli(), q.To.UnixMilli(), q.Step.Milliseconds()
	totals := make([]float64, (to-from+step-1)/step)
	err = s.walk(ctx, search, searchutil.NewDeadline(time.Now(), timeout, ""), &walk{
		each: func(labels []edge.Attr, held *run) error {
			clear(totals)
			for i, t := range held.times {
				totals[(t-from)/step] += held.values[i]
			}
			return emit(&store.Series{Labels: labels, Values: totals})
		},
	})
	if err != nil {
		return fmt.Errorf("add up samples: %w", err)
	}
	return nil
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
	for i := range filters {
		filters[i] = append(filters[i], ofTenant(q.Tenant))
	}
	return storage.NewSearchQuery(q.From.UnixMilli(), q.To.UnixMilli()-1, filters, maxSeries), nil
}

// ofTenant is the filter that keeps a search to the series of a tenant.
func ofTenant(t edge.Tenant) storage.TagFilter {
	return storage.TagFilter{Key: []byte(edge.LabelTenant), Value: []byte(formatTenant(t))}
}

// walk reads the samples that a search finds, one series after the other. It reads the engine's blocks in their order:
// no evaluator sorts, copies and groups series in between, which costs as much again as reading them.
type walk struct {
	// each takes the samples that are held, rising in time: all of a series, or with most a part of them. They and the
	// labels are valid only during the call.
	each func(labels []edge.Attr, held *run) error
	// most is from how many samples on those are given to each that no later block can add to; 0 keeps all of a series.
	most int
	span storage.TimeRange
	id   []byte // the series whose samples are held
	name storage.MetricName
	held run // rising in time
	next run // of one block
	tail run

	labels []edge.Attr
	block  storage.Block
}

// walk runs a search to its end, or until its context or its deadline ends.
func (s *Store) walk(ctx context.Context, search *storage.SearchQuery, deadline searchutil.Deadline, w *walk) error {
	blocks, _, err := vmstorage.GetSearch(nil, search, deadline.Deadline())
	if err != nil {
		return seriesError(err)
	}
	defer vmstorage.PutSearch(blocks)
	w.span = storage.TimeRange{MinTimestamp: search.MinTimestamp, MaxTimestamp: search.MaxTimestamp}
	for n := 0; blocks.NextMetricBlock(); n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.take(&blocks.MetricBlockRef); err != nil {
			return err
		}
	}
	if err := blocks.Error(); errors.Is(err, storage.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", store.ErrTooMuch, err)
	} else if err != nil {
		return seriesError(err)
	}
	return w.finish()
}

// take takes the next block: those of one series follow each other, the one that begins first in front, but for the
// border of two months, where no time is in both.
func (w *walk) take(ref *storage.MetricBlockRef) error {
	if string(w.id) != string(ref.MetricName) {
		if err := w.finish(); err != nil {
			return err
		}
		w.id = append(w.id[:0], ref.MetricName...)
	}
	w.block.Reset()
	ref.BlockRef.MustReadBlock(&w.block)
	if err := w.block.UnmarshalData(); err != nil {
		return fmt.Errorf("read a block: %w", err)
	}
	to := &w.next
	if len(w.held.times) == 0 {
		to = &w.held
	}
	to.times, to.values = w.block.AppendRowsWithTimeRangeFilter(to.times[:0], to.values[:0], w.span)
	to.once()
	if to != &w.next || len(w.next.times) == 0 {
		return nil
	}
	if w.most > 0 && len(w.held.times) >= w.most {
		if err := w.giveBefore(w.next.times[0]); err != nil {
			return err
		}
	}
	w.merge()
	return nil
}

// merge takes the next samples to those that are held, in the order of time: blocks of several parts may overlap.
func (w *walk) merge() {
	at, _ := slices.BinarySearch(w.held.times, w.next.times[0])
	w.tail.cut(0)
	w.tail.times, w.tail.values = append(w.tail.times, w.held.times[at:]...),
		append(w.tail.values, w.held.values[at:]...)
	w.held.cut(at)
	x, y := &w.tail, &w.next
	i, j := 0, 0
	for i < len(x.times) && j < len(y.times) {
		switch {
		case x.times[i] < y.times[j]:
			w.held.add(x.times[i], x.values[i])
			i++
		case x.times[i] > y.times[j]:
			w.held.add(y.times[j], y.values[j])
			j++
		default: // the greatest of one time
			w.held.add(x.times[i], max(x.values[i], y.values[j]))
			i, j = i+1, j+1
		}
	}
	w.held.times, w.held.values = append(w.held.times, x.times[i:]...), append(w.held.values, x.values[i:]...)
	w.held.times, w.held.values = append(w.held.times, y.times[j:]...), append(w.held.values, y.values[j:]...)
}

// giveBefore gives away what is held before a time, and keeps the rest.
func (w *walk) giveBefore(at int64) error {
	n, _ := slices.BinarySearch(w.held.times, at)
	if n == 0 {
		return nil
	}
	if err := w.give(&run{w.held.times[:n], w.held.values[:n]}); err != nil {
		return err
	}
	rest := copy(w.held.times, w.held.times[n:])
	copy(w.held.values, w.held.values[n:])
	w.held.cut(rest)
	return nil
}

// finish gives away all that is held of a series.
func (w *walk) finish() error {
	if len(w.held.times) == 0 {
		return nil
	}
	defer w.held.cut(0)
	return w.give(&w.held)
}

func (w *walk) give(samples *run) error {
	if err := w.name.Unmarshal(w.id); err != nil {
		return fmt.Errorf("read the name of a series: %w", err)
	}
	w.labels = append(w.labels[:0], edge.Attr{Key: edge.LabelName, Value: borrowed(w.name.MetricGroup)})
	for i := range w.name.Tags {
		if t := &w.name.Tags[i]; string(t.Key) != edge.LabelTenant {
			w.labels = append(w.labels, edge.Attr{Key: borrowed(t.Key), Value: borrowed(t.Value)})
		}
	}
	slices.SortFunc(w.labels, func(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) }) // job comes first
	return w.each(w.labels, samples)
}

// borrowed is a text that is valid as long as its bytes are: the call of each.
func borrowed(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

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
