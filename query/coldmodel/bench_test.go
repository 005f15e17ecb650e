package coldmodel_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query/coldmodel"
	"edgescope/query/querytest"
	"edgescope/store/storetest"
)

// BenchmarkColdModel asks for the model of a service at 330 points of presence over a week: from 60 requests a day to one
// in four seconds.
func BenchmarkColdModel(b *testing.B) {
	w := querytest.New(b)
	r := rand.New(rand.NewPCG(1, 2))
	for colo := range 330 {
		writeColo(w, r, fmt.Sprintf("P%03d", colo), math.Max(4, 1440/math.Pow(1.03, float64(colo))))
	}
	w.Store.Flush()
	storetest.AwaitIdle(b)
	for b.Loop() {
		room := coldmodel.New(w.Read, coldmodel.Options{Policy: func(edge.Tenant) *policy.Policy {
			return &policy.Policy{}
		}})
		a, err := room.ColdModels(context.Background(), querytest.Tenant, w.Ask("range=7d"))
		if err != nil {
			b.Fatal(err)
		}
		if m := a.Services[0]; !m.Tau50.Value.OK() {
			b.Fatalf("%s: %s", m.State, m.Reason)
		}
		b.ReportMetric(float64(a.Read.Windows), "windows")
		b.ReportMetric(float64(a.Read.Busy), "busy")
		b.ReportMetric(float64(a.Read.LeftOut), "left-out")
		b.ReportMetric(a.Read.To.Sub(a.Read.From).Hours()/24, "days")
	}
}

// writeColo writes the totals of a week in all widths, of requests that come at random every so many seconds and of
// instances that live 600 seconds.
func writeColo(w *querytest.World, r *rand.Rand, colo string, every float64) {
	type key struct {
		metric, cold string
		width        int
	}
	series := map[key]*edge.Series{}
	sums := map[key]map[int64]float64{}
	add := func(metric, cold string, at time.Time) {
		for i, width := range edge.Widths {
			k := key{metric, cold, i}
			if series[k] == nil {
				labels := []edge.Attr{
					{Key: edge.LabelName, Value: edge.Metric(edge.FamilyColo, metric, width)},
					{Key: edge.LabelPlatform, Value: "cloudflare.workers"},
					{Key: edge.LabelRegion, Value: colo},
					{Key: edge.LabelColo, Value: colo},
					{Key: edge.LabelSignal, Value: edge.SignalSpan},
				}
				if cold != "" {
					labels = append(labels, edge.Attr{Key: edge.LabelColdStart, Value: cold})
				}
				labels = append(labels, edge.Attr{Key: edge.LabelService, Value: "shop"})
				series[k], sums[k] = &edge.Series{Labels: labels}, map[int64]float64{}
			}
			sums[k][at.Unix()/width.Seconds*width.Seconds*1000]++
		}
	}
	last := time.Time{}
	step := func() time.Duration { return time.Duration(r.ExpFloat64() * every * 1e9) }
	for at := w.Now.Add(-7 * 24 * time.Hour).Add(step()); at.Before(w.Now); at = at.Add(step()) {
		cold := map[bool]string{true: "true", false: "false"}[at.Sub(last) > 600*time.Second]
		add(edge.MetricRequests, "", at)
		add(edge.MetricEvents, "", at)
		add(edge.MetricColdStarts, cold, at)
		last = at
	}
	var samples []edge.Sample
	for k, of := range sums {
		all := *series[k] // the sources of a service are found in totals without places
		all.Labels = slices.DeleteFunc(slices.Clone(all.Labels), func(a edge.Attr) bool {
			return a.Key == edge.LabelPlatform || a.Key == edge.LabelRegion || a.Key == edge.LabelColo
		})
		all.Labels[0].Value = edge.Metric(edge.FamilyService, k.metric, edge.Widths[k.width])
		for at, n := range of {
			samples = append(samples, edge.Sample{Series: series[k], Time: at, Value: n})
			if colo == "P000" {
				samples = append(samples, edge.Sample{Series: &all, Time: at, Value: n})
			}
		}
	}
	if err := w.Store.WriteSamples(context.Background(), querytest.Tenant, samples); err != nil {
		w.T.Fatal(err)
	}
}
