package embedded

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/netstorage"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/promql"
	"github.com/VictoriaMetrics/VictoriaMetrics/app/vmselect/searchutil"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/httpserver"
	"github.com/VictoriaMetrics/VictoriaMetrics/lib/storage"

	"edgescope/edge"
	"edgescope/store"
)

// instantStep is the step of a question at one moment: it is how far back a bare selector looks, as in Prometheus.
const instantStep = 5 * time.Minute

// Series implements store.Reader. When its context ends it returns at once; the engine, which knows deadlines only, stops
// at the context's deadline or after Options.MaxQueryDuration.
func (s *Store) Series(ctx context.Context, q store.SeriesQuestion) ([]store.Series, error) {
	ec, err := evalConfig(&q)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	timeout := s.opts.MaxQueryDuration
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, end.Sub(now))
	}
	ec.Deadline = searchutil.NewDeadline(now, timeout, "")

	if err := s.enter(); err != nil {
		return nil, err
	}
	type answer struct {
		series []netstorage.Result
		err    error
	}
	done := make(chan answer, 1)
	// The goroutine is owned by the store: it holds the lock that Close waits for.
	go func() {
		defer s.leave()
		series, err := promql.Exec(nil, ec, q.MetricsQL, false)
		done <- answer{series, err}
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("question to samples: %w", ctx.Err())
	case a := <-done:
		if a.err != nil {
			return nil, fmt.Errorf("question to samples: %w", seriesError(a.err))
		}
		return seriesOf(a.series), nil
	}
}

// evalConfig checks what the engine would panic at.
func evalConfig(q *store.SeriesQuestion) (*promql.EvalConfig, error) {
	from, to, step := q.From.UnixMilli(), q.To.UnixMilli(), q.Step.Milliseconds()
	switch {
	case q.To.IsZero():
		return nil, fmt.Errorf("%w: the range is not given", store.ErrBadQuery)
	case q.Step == 0:
		from, step = to, instantStep.Milliseconds()
	case q.From.IsZero() || from > to:
		return nil, fmt.Errorf("%w: the range must not end before it starts", store.ErrBadQuery)
	case step <= 0:
		return nil, fmt.Errorf("%w: step is %s: it must be at least 1ms", store.ErrBadQuery, q.Step)
	case (to-from)/step >= maxPoints:
		return nil, fmt.Errorf("%w: %d points a series: at most %d", store.ErrTooMuch, (to-from)/step+1, maxPoints)
	}
	text := q.MetricsQL
	return &promql.EvalConfig{
		Start: from, End: to, Step: step,
		MaxSeries: maxSeries, MaxPointsPerSeries: maxPoints, RoundDigits: 100,
		EnforcedTagFilterss: [][]storage.TagFilter{{{Key: []byte(edge.LabelTenant), Value: []byte(formatTenant(q.Tenant))}}},
		GetRequestURI:       func() string { return text },
		QueryStats:          &promql.QueryStats{},
	}, nil
}

// seriesError sorts an error of the engine. It has a type for texts that it can't parse; what it won't do for its size names
// the limit, and what is left is wrong in the text, such as an unknown function.
func seriesError(err error) error {
	var status *httpserver.ErrorWithStatusCode
	if errors.As(err, &status) && status.StatusCode == http.StatusBadRequest {
		return fmt.Errorf("%w: %w", store.ErrBadQuery, err)
	}
	text := err.Error()
	for _, limit := range [...]string{"-search.max", "timeout exceeded", "not enough memory"} {
		if strings.Contains(text, limit) {
			return fmt.Errorf("%w: %w", store.ErrTooMuch, err)
		}
	}
	return fmt.Errorf("%w: %w", store.ErrBadQuery, err)
}

func seriesOf(results []netstorage.Result) []store.Series {
	series := make([]store.Series, len(results))
	for i := range results {
		series[i] = store.Series{Labels: labelsOf(&results[i].MetricName), Values: results[i].Values}
	}
	return series
}

func labelsOf(name *storage.MetricName) []edge.Attr {
	labels := make([]edge.Attr, 0, len(name.Tags)+1)
	if len(name.MetricGroup) > 0 {
		labels = append(labels, edge.Attr{Key: edge.LabelName, Value: string(name.MetricGroup)})
	}
	for i := range name.Tags {
		if t := &name.Tags[i]; string(t.Key) != edge.LabelTenant {
			labels = append(labels, edge.Attr{Key: string(t.Key), Value: string(t.Value)})
		}
	}
	slices.SortFunc(labels, func(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) })
	return labels
}
