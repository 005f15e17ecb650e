package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
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
	"edgescope/store/embedded/cost"
)

// errPanicked is not the fault of the question, as far as it is known.
var errPanicked = errors.New("the metrics engine panicked; the log has its stack")

// instantStep is the step of a question at one moment: it is how far back a bare selector looks, as in Prometheus.
const instantStep = 5 * time.Minute

// Series implements store.Reader. A few questions are evaluated at once, others wait for their turn. When its context
// ends it returns at once; the engine, which knows deadlines only, stops at the context's deadline or after
// Options.MaxQueryDuration, and keeps the turn until then.
func (s *Store) Series(ctx context.Context, q store.SeriesQuestion) ([]store.Series, error) {
	ec, err := evalConfig(&q)
	if err != nil {
		return nil, err
	}
	c, err := cost.OfMetricsQL(q.MetricsQL, cost.Points{From: q.From, To: q.To, Step: q.Step})
	if err != nil {
		return nil, fmt.Errorf("question to samples: %w", err)
	}
	s.parsed.note(q.MetricsQL, c.Text)
	if err := s.takeTurn(ctx); err != nil {
		return nil, fmt.Errorf("question to samples: %w", err)
	}
	timeout := s.opts.MaxQueryDuration
	if end, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(end))
	}
	ec.Deadline = searchutil.NewDeadline(time.Now(), timeout, "")

	// The goroutine is owned by the store: it holds the lock that Close waits for.
	done := make(chan evaluation, 1)
	go func() {
		defer s.leave()
		defer func() { <-s.turns }()
		done <- s.evaluate(ec, q.MetricsQL)
	}()
	select {
	case <-ctx.Done():
		return nil, fmt.Errorf("question to samples: %w", ctx.Err())
	case e := <-done:
		if errors.Is(e.err, errPanicked) {
			return nil, fmt.Errorf("question to samples: %w", e.err)
		}
		if e.err != nil {
			return nil, fmt.Errorf("question to samples: %w", seriesError(e.err))
		}
		return seriesOf(e.series), nil
	}
}

// evaluate runs the engine. Who asks does not wait for ever, so that it is here that a panic ends.
func (s *Store) evaluate(ec *promql.EvalConfig, text string) (e evaluation) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Logger.Error("the metrics engine panicked", slog.String("text", text), slog.Any("panic", p),
				slog.String("stack", string(debug.Stack())))
			e.err = errPanicked
		}
	}()
	series, err := promql.Exec(nil, ec, text, false)
	return evaluation{series, err}
}

// takeTurn begins an evaluation, which ends with leave and by giving the turn back.
func (s *Store) takeTurn(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err // select would as well take a turn that is free
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case s.turns <- struct{}{}:
	}
	if err := s.enter(); err != nil {
		<-s.turns
		return err
	}
	return nil
}

type evaluation struct {
	series []netstorage.Result
	err    error
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
		EnforcedTagFilterss: [][]storage.TagFilter{{{
			Key:   []byte(edge.LabelTenant),
			Value: []byte(formatTenant(q.Tenant)),
		}}},
		GetRequestURI: func() string { return text },
		QueryStats:    &promql.QueryStats{},
	}, nil
}

// seriesError sorts an error of the engine. It has a type for texts that it can't parse; what it won't do for its size
// names the limit, and what is left is wrong in the text, such as an unknown function.
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
