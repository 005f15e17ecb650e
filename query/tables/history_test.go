package tables

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query/tally"
	"edgescope/store"
)

// past is a store of hourly totals by full metric name; every service sends spans.
type past struct {
	store.Reader

	series []store.Series
}

func (p *past) add(metric, service string, values []float64, more ...edge.Attr) {
	name := edge.Metric(edge.FamilyService, metric, edge.Widths[2])
	p.series = append(p.series, store.Series{Values: values, Labels: append([]edge.Attr{
		{Key: edge.LabelName, Value: name},
		{Key: edge.LabelSignal, Value: edge.SignalSpan},
		{Key: edge.LabelService, Value: service},
	}, more...)})
}

func (p *past) Series(context.Context, store.SeriesQuestion) ([]store.Series, error) {
	var probes []store.Series
	for _, s := range p.series {
		s.Values = []float64{1}
		probes = append(probes, s)
	}
	return probes, nil
}

func (p *past) Totals(_ context.Context, q store.TotalsQuestion, emit func(*store.Series) error) error {
	for i := range p.series {
		name, _, _ := strings.Cut(p.series[i].Label(edge.LabelName), ":")
		name = strings.TrimPrefix(name, edge.FamilyService)
		if strings.Contains(q.Selector, name) {
			if err := emit(&p.series[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (p *past) history(t *testing.T, hours int, by ...string) map[string]*History {
	t.Helper()
	read := New(p, func() time.Time { return noon.Add(time.Minute) }, 4)
	all, err := read.History(t.Context(), Cut{By: by}, hours)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func hourly(n int, value func(i int) float64) []float64 {
	values := make([]float64, n)
	for i := range values {
		values[i] = value(i)
	}
	return values
}

// TestAHistoryAddsUpAndLeavesGapsOut holds that an hour is judged 90 s after its end, that parts add up, that CPU time
// is that of all invocations, and what an hour without events means.
func TestAHistoryAddsUpAndLeavesGapsOut(t *testing.T) {
	const hours = 3*7*24 + 1
	start := noon.Add(-(hours + 1) * time.Hour)
	weekday := func(i int) bool { return start.Add(time.Duration(i)*time.Hour).Weekday()%6 != 0 }
	p := &past{}
	shop := hourly(hours, func(i int) float64 {
		if i < 5 || !weekday(i) || i >= 300 && i < 310 { // not yet there, closed, an outage
			return 0
		}
		return 100
	})
	halves := hourly(hours, func(i int) float64 { return shop[i] / 2 })
	p.add(edge.MetricEvents, "shop", shop)
	p.add(edge.MetricRequests, "shop", shop, edge.Attr{Key: edge.LabelOutcome, Value: edge.OutcomeOK})
	p.add(edge.MetricRequests, "shop", shop, edge.Attr{Key: edge.LabelOutcome, Value: edge.OutcomeError})
	p.add(edge.MetricDuration+"_sum", "shop", shop)
	p.add(edge.MetricCPU+"_sum", "shop", shop)
	p.add(edge.MetricCPU+"_bucket", "shop", halves, edge.Attr{Key: edge.LabelVMRange, Value: "1.000e-02...1.136e-02"})
	p.add(edge.MetricEvents, "rare", hourly(hours, func(i int) float64 { return float64(i % 5 / 4) }))
	p.add(edge.MetricEvents, "others", shop, edge.Attr{Key: edge.LabelOverflow, Value: "true"})

	all := p.history(t, hours, edge.KeyServiceName)
	h := all["shop"]
	if h == nil || all["rare"] == nil || len(all) != 2 || len(h.Events) != hours {
		t.Fatalf("histories of %d services: %v", len(all), all)
	}
	if !h.From.Equal(start) {
		t.Errorf("it begins at %v, want %v: the last hour ended a minute ago and is not judged", h.From, start)
	}
	for i, n := range h.Requests {
		gap := i < 5 || i >= 300 && i < 310 && weekday(i)
		if gap != math.IsNaN(n) || !gap && n != 2*shop[i] {
			t.Fatalf("hour %d has %v requests, a gap: %t", i, n, gap)
		}
		if n > 0 && (h.CPU[i] != 4*100 || h.Duration[i] != 100) { // a quarter said their CPU time
			t.Fatalf("hour %d: %v s CPU, %v s", i, h.CPU[i], h.Duration[i])
		}
		if n == 0 && (h.CPU[i] != 0 || h.Duration[i] != 0) {
			t.Fatalf("hour %d, closed: %v s CPU, %v s", i, h.CPU[i], h.Duration[i])
		}
	}
	rare := all["rare"]
	for i := range rare.Events {
		if want := float64(i % 5 / 4); i >= 4 && rare.Events[i] != want || i < 4 && !math.IsNaN(rare.Events[i]) {
			t.Fatalf("hour %d of a rare service: %v", i, rare.Events[i])
		}
		if !math.IsNaN(rare.CPU[i]) {
			t.Fatalf("hour %d: CPU time that nobody sent: %v", i, rare.CPU[i])
		}
	}
	if got, want := p.history(t, hours)[""].Events[449], 2*shop[449]+1; got != want || shop[449] == 0 {
		t.Errorf("everything: %v events, want %v", got, want)
	}
}

// TestAHistoryIsOfRollups holds its bounds.
func TestAHistoryIsOfRollups(t *testing.T) {
	p := &past{}
	if h := p.history(t, 24, edge.KeyRegion, edge.KeyRoute); h != nil {
		t.Errorf("a history of what no rollups hold: %v", h)
	}
	p.add(edge.MetricRequests, "shop", hourly(MaxHistory, func(int) float64 { return 1 }))
	h := p.history(t, 1e6)[""]
	if len(h.Events) != MaxHistory || !h.From.Equal(tally.Floor(noon.Add(-MaxHistory*time.Hour), time.Hour).Add(-time.Hour)) {
		t.Errorf("%d hours from %v", len(h.Events), h.From)
	}
}
