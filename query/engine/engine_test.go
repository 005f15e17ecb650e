package engine_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// TestPercentilesFromRollupsAreWithinTwoPercent sends a warm and a cold mode through the real rollups and both ways to
// ask.
func TestPercentilesFromRollupsAreWithinTwoPercent(t *testing.T) {
	w := newWorld(t)
	r := rand.New(rand.NewPCG(5, 6))
	var all, cold, warm []float64
	events := make([]edge.Event, 20_000)
	for i := range events {
		f := edge.Facts{Service: "shop", Region: "FRA", Route: "/a", ColdStart: edge.False}
		ms := 20 * math.Exp(r.NormFloat64()*0.4)
		if r.Float64() < 0.04 {
			f.ColdStart = edge.True
			ms = 400 * math.Exp(r.NormFloat64()*0.3)
			cold = append(cold, ms)
		} else {
			warm = append(warm, ms)
		}
		all = append(all, ms)
		when := w.Now.Add(-time.Duration(1+i) * time.Hour / 20_001)
		events[i] = w.Invocation(when, time.Duration(ms*1e6), f)
	}
	w.Write(tenant, events...)
	exact := func(values []float64, phi float64) float64 {
		slices.Sort(values)
		return values[int(phi*float64(len(values)))]
	}
	for _, source := range []string{"rollups", "events"} {
		ask := "range=1h"
		if source == "events" {
			ask += "&region=FRA&route=/a"
		}
		o, err := w.engine.Overview(t.Context(), tenant, w.Ask(ask))
		if err != nil {
			t.Fatal(err)
		}
		f := func(name string, got query.Num, want float64) {
			t.Helper()
			if off := math.Abs(float64(got)/want - 1); !(off <= 0.02) {
				t.Errorf("%s: %s is %.2f ms, exact %.2f: %.1f %% off", o.Source, name, float64(got), want, 100*off)
			}
		}
		if o.Source != source {
			t.Errorf("source %s, want %s", o.Source, source)
		}
		f("p50", o.Total.P50, exact(all, 0.50))
		f("p95", o.Total.P95, exact(all, 0.95))
		f("p99", o.Total.P99, exact(all, 0.99))
		f("cold p95", o.Total.ColdP95, exact(cold, 0.95))
		f("warm p95", o.Total.WarmP95, exact(warm, 0.95))
		f("region p95", o.Regions[0].P95, exact(all, 0.95))
	}
}

func TestTenantsSeeTheirOwnOnly(t *testing.T) {
	w := newWorld(t)
	for i, n := range []int{3, 5} {
		for range n {
			w.Write(tenant+edge.Tenant(i),
				w.Invocation(w.Now.Add(-time.Minute), time.Millisecond, edge.Facts{Service: "shop", Region: "FRA"}))
		}
	}
	for i, want := range []query.Num{3, 5, 0} {
		who := tenant + edge.Tenant(i)
		o, err := w.engine.Overview(t.Context(), who, w.Ask(""))
		if err != nil {
			t.Fatal(err)
		}
		if o.Requests != want || o.Empty != (want == 0) {
			t.Errorf("tenant %d: %v requests, empty %t, want %v", who, o.Requests, o.Empty, want)
		}
		list, err := w.engine.Traces(t.Context(), who, w.Ask(""))
		if err != nil {
			t.Fatal(err)
		}
		if len(list.Traces) != int(want) || list.Found != int64(want) {
			t.Errorf("tenant %d: %d traces, %d found, want %v", who, len(list.Traces), list.Found, want)
		}
	}
}

func TestOverflowIsCountedAndTold(t *testing.T) {
	w := newWorld(t)
	series := func(labels ...edge.Attr) *edge.Series {
		all := append([]edge.Attr{
			{Key: edge.LabelCollector, Value: "c"},
			{Key: edge.LabelSignal, Value: edge.SignalSpan},
			{Key: edge.LabelService, Value: "shop"},
		}, labels...)
		slices.SortFunc(all, func(a, b edge.Attr) int { return strings.Compare(a.Key, b.Key) })
		return &edge.Series{Labels: all}
	}
	var samples []edge.Sample
	for _, width := range edge.Widths {
		start := w.Now.Add(-20*time.Minute).Unix() / width.Seconds * width.Seconds * 1000
		name := edge.Attr{Key: edge.LabelName, Value: edge.Metric(edge.FamilyColo, edge.MetricRequests, width)}
		samples = append(samples,
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelRegion, Value: "FRA"},
				edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 40},
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelOverflow, Value: "true"},
				edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 2},
			// A part of a window that was opened again, and another collector's window: both add up.
			edge.Sample{
				Series: series(name, edge.Attr{Key: edge.LabelRegion, Value: "FRA"},
					edge.Attr{Key: edge.LabelOutcome, Value: "ok"}, edge.Attr{Key: edge.LabelPart, Value: "1"}),
				Time: start, Value: 5,
			},
		)
		name.Value = edge.Metric(edge.FamilyService, edge.MetricRequests, width)
		samples = append(samples,
			edge.Sample{Series: series(name, edge.Attr{Key: edge.LabelOutcome, Value: "ok"}), Time: start, Value: 47})
	}
	if err := w.Store.WriteSamples(t.Context(), tenant, samples); err != nil {
		t.Fatal(err)
	}
	w.Store.Flush()
	o, err := w.engine.Overview(t.Context(), tenant, w.Ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if o.Requests != 47 || o.Overflow != 2 || o.RegionCount != 1 || o.Regions[0].Requests != 45 || len(o.Notes) != 1 {
		t.Errorf("%v requests, overflow %v, regions %d %v, notes %q; want 47, 2, 1, 45, one note",
			o.Requests, o.Overflow, o.RegionCount, o.Regions, o.Notes)
	}
}

func TestNormIsOfTheWeekBefore(t *testing.T) {
	w := newWorld(t)
	for i := range 200 {
		w.Write(tenant,
			w.Invocation(w.Now.Add(-25*time.Hour-time.Duration(i)*time.Second), time.Duration(50+i%10)*time.Millisecond,
				edge.Facts{Service: "shop", Region: "FRA", Route: "/a"}))
	}
	for range 120 {
		w.Write(tenant,
			w.Invocation(w.Now.Add(-time.Minute), 115*time.Millisecond,
				edge.Facts{Service: "shop", Region: "FRA", Route: "/a"}))
	}
	r, err := w.engine.Regions(t.Context(), tenant, w.Ask(""))
	if err != nil {
		t.Fatal(err)
	}
	if row := r.Regions[0]; math.Abs(float64(row.Norm)-59) > 4 || math.Abs(float64(row.Ratio)-2) > 0.2 {
		t.Errorf("norm %v, ratio %v, want about 59 ms and 2", row.Norm, row.Ratio)
	}
}
