// Package monitor answers the Monitor tab of Jaeger UI from the rollups: how many calls a second services and their
// operations got, what part of them failed, and how long they took. The figures are those of our own pages: of
// invocations, with the weight of sampled ones, each service by its own source. An operation is a route.
//
// A point stands for the ratePer before it. Rollups have windows of 10 seconds: what is shorter is taken for 10 seconds,
// and a point inside a window stands for what was before that window. Where step and ratePer are both ten or more of the
// longer windows, of 5 minutes or an hour, those are asked.
package monitor

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"edgescope/edge"
	"edgescope/query/gate"
	"edgescope/query/jaeger/param"
	"edgescope/query/tables"
	"edgescope/store"
)

// atOnce is how many questions the store gets at a time: the tab asks five.
const atOnce = 4

// Monitor answers from the rollups of a store. It is safe for concurrent use.
type Monitor struct {
	read *tables.Reader
	now  func() time.Time
}

// New makes a monitor whose clock is now.
func New(reader store.Reader, now func() time.Time) *Monitor {
	return &Monitor{read: tables.New(reader, now, atOnce), now: now}
}

// Answer returns the family of metrics that answers a question for a figure: latencies, calls or errors. Its errors are
// *gate.RefusedError where the question is wrong or too much.
func (m *Monitor) Answer(ctx context.Context, tenant edge.Tenant, figure string, form url.Values) (any, error) {
	f, ok := figures[figure]
	if !ok {
		return nil, &gate.RefusedError{
			Status: http.StatusNotFound, Reason: "no such figure: want latencies, calls or errors",
		}
	}
	q := question{figure: f}
	if f.quantiles {
		var err error
		if q.quantile, err = param.Fraction(form, "quantile"); err != nil {
			return nil, err
		}
	}
	if err := q.read(form, m.now()); err != nil {
		return nil, err
	}
	a := answer{question: q, series: map[name][]float64{}}
	if !q.served {
		return &a, nil
	}
	return &a, m.fill(ctx, tenant, &a)
}

// fill asks the rollups, a part of the points at a time.
func (m *Monitor) fill(ctx context.Context, tenant edge.Tenant, a *answer) error {
	cut := tables.Cut{Tenant: tenant, By: []string{edge.KeyServiceName}, Parts: a.figure.parts}.
		Where(edge.KeyServiceName, a.services)
	if a.byOperation {
		cut.By = append(cut.By, edge.KeyRoute)
	}
	whole := a.grid.window(0, a.grid.points)
	s := sums{answer: a, by: map[name]counted{}, ranges: map[string]int{}}
	for first := 0; first < a.grid.points; first += a.grid.atOnce {
		last := min(first+a.grid.atOnce, a.grid.points)
		cut.Window = a.grid.window(first, last)
		s.begin(cut.Window)
		err := m.read.EachSeries(ctx, cut, whole, func(metric string, of *store.Series) error {
			return s.add(ctx, metric, of)
		})
		if err != nil {
			return err
		}
		if err := s.end(ctx, first, last); err != nil {
			return err
		}
	}
	return nil
}
