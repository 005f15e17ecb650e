package storetest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/store"
)

// totals returns what a question for totals gives, by the value of the label zone.
func (s *suite) totals(t *testing.T, q store.TotalsQuestion) map[string][]float64 {
	t.Helper()
	out := map[string][]float64{}
	err := s.store.Totals(t.Context(), q, func(r *store.Series) error {
		if r.Label(edge.LabelTenant) != "" {
			t.Errorf("%s: the label of the tenant shows: %v", q.Selector, r.Labels)
		}
		zone := strings.Clone(r.Label("zone"))
		sums := slices.Clone(r.Values)
		for i, v := range out[zone] {
			sums[i] += v
		}
		out[zone] = sums
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v", q.Selector, err)
	}
	return out
}

func totalsBuckets(t *testing.T, s *suite) {
	tenant := s.tenant()
	x, y, other := newSeries("__name__", "st_totals", "zone", "x"), newSeries("__name__", "st_totals", "zone", "y"),
		newSeries("__name__", "st_else")
	write := func(id *edge.Series, seconds int64, v float64) {
		s.writeSamples(t, tenant, edge.Sample{Series: id, Time: s.now.UnixMilli() + seconds*1000, Value: v})
	}
	write(x, -1, 1) // before the range
	write(x, 0, 2)
	write(x, 9, 3)
	write(x, 10, 4)
	write(x, 29, 5)
	write(x, 30, 6) // behind it
	write(y, 30, 7)
	write(other, 20, 8)
	f := func(selector string, step time.Duration, want map[string][]float64) {
		t.Helper()
		got := s.totals(t, store.TotalsQuestion{
			Tenant: tenant, Selector: selector, From: s.now,
			To: s.now.Add(30 * time.Second), Step: step,
		})
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Errorf("%s every %s (-want +got):\n%s", selector, step, diff)
		}
	}
	f(`st_totals`, 30*time.Second, map[string][]float64{"x": {14}})
	f(`st_totals`, 10*time.Second, map[string][]float64{"x": {5, 4, 5}})
	f(`st_totals{zone="y"}`, 10*time.Second, map[string][]float64{})
	f(`{__name__="st_totals",zone=~"x|y" or __name__="st_else"}`, 30*time.Second,
		map[string][]float64{"x": {14}, "": {8}})
	f(`{__name__=~"st_(totals|else)",zone=""}`, 20*time.Second, map[string][]float64{"": {0, 8}})
}

func totalsTenants(t *testing.T, s *suite) {
	a, b := s.tenant(), s.tenant()
	for tenant, v := range map[edge.Tenant]float64{a: 1, b: 2} {
		s.writeSamples(t, tenant, edge.Sample{
			Series: newSeries("__name__", "st_total_tenants", "zone", "z"),
			Time:   s.now.UnixMilli(), Value: v,
		})
	}
	for _, selector := range []string{
		`st_total_tenants`, `st_total_tenants{edge_tenant=~".*"}`, `st_total_tenants{zone="z" or edge_tenant=~".+"}`,
	} {
		got := s.totals(t, store.TotalsQuestion{
			Tenant: a, Selector: selector, From: s.now, To: s.now.Add(time.Second),
			Step: time.Second,
		})
		if diff := gocmp.Diff(map[string][]float64{"z": {1}}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", selector, diff)
		}
	}
}

// totalsGreatest writes the windows of a series again and again, as rollups do, over several parts of the engine.
func totalsGreatest(t *testing.T, s *suite) {
	tenant := s.tenant()
	id := newSeries("__name__", "st_total_greatest", "zone", "z")
	at := s.now.UnixMilli()
	for round := range int64(5) {
		var samples []edge.Sample
		for window := range round + 1 {
			samples = append(samples,
				edge.Sample{Series: id, Time: at + 10_000*window, Value: float64(10*window + round)},
				edge.Sample{Series: id, Time: at + 10_000*window, Value: float64(window)}) // smaller, in the same write
		}
		s.writeSamples(t, tenant, samples...)
	}
	got := s.totals(t, store.TotalsQuestion{
		Tenant: tenant, Selector: "st_total_greatest", From: s.now, To: s.now.Add(50 * time.Second),
		Step: 10 * time.Second,
	})
	if diff := gocmp.Diff(map[string][]float64{"z": {4, 14, 24, 34, 44}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func totalsRefuse(t *testing.T, s *suite) {
	good := store.TotalsQuestion{
		Tenant: s.tenant(), Selector: "st_refuse", From: s.now, To: s.now.Add(time.Minute),
		Step: time.Second,
	}
	s.writeSamples(t, good.Tenant, edge.Sample{
		Series: newSeries("__name__", "st_refuse"), Time: s.now.UnixMilli(),
		Value: 1,
	})
	f := func(change func(*store.TotalsQuestion), want error) {
		t.Helper()
		q := good
		change(&q)
		if err := s.store.Totals(t.Context(), q, func(*store.Series) error { return nil }); !errors.Is(err, want) {
			t.Errorf("%+v: %v, want %v", q, err, want)
		}
	}
	f(func(*store.TotalsQuestion) {}, nil)
	f(func(q *store.TotalsQuestion) { q.Selector = "sum(" }, store.ErrBadQuery)
	f(func(q *store.TotalsQuestion) { q.Selector = "sum(st_refuse)" }, store.ErrBadQuery)
	f(func(q *store.TotalsQuestion) { q.Step = time.Microsecond }, store.ErrBadQuery)
	f(func(q *store.TotalsQuestion) { q.To = q.From }, store.ErrBadQuery)
	f(func(q *store.TotalsQuestion) { q.Step, q.To = time.Millisecond, q.From.Add(time.Hour) }, store.ErrTooMuch)

	stop := errors.New("enough")
	if err := s.store.Totals(t.Context(), good, func(*store.Series) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("an error of emit: %v, want it back", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.store.Totals(ctx, good, func(*store.Series) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("a canceled context: %v", err)
	}
}
