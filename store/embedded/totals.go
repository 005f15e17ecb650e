package embedded

import (
	"context"
	"fmt"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/searchutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"edgescope/edge"
	"edgescope/store"
)

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
