//go:build unix

package engine_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/store/storetest"
)

// BenchmarkPages asks every page over an hour of invocations at 330 points of presence, 40 routes and 3 versions, with
// cold starts and cache outcomes. EDGESCOPE_BENCH_SPANS is how many (500,000). Each question is the first one to its
// engine: nothing is remembered but what the store does; they begin when the store is idle. cpu-ms/op is the mean,
// least-cpu-ms the cheapest question: on a machine that others use it is nearest to what the code costs.
func BenchmarkPages(b *testing.B) {
	n := 500_000
	if text := os.Getenv("EDGESCOPE_BENCH_SPANS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	w := newWorld(b)
	w.fill(n)
	storetest.AwaitIdle(b)
	ctx := context.Background()
	for _, page := range []struct{ name, ask string }{
		{"overview", ""},
		{"overview", "&cmp=none"},
		{"regions", ""},
		{"regions/P001", ""},
		{"cold-starts", ""},
		{"cache", ""},
		{"routes", ""},
		{"versions", ""},
		{"traces", ""},
		{"traces", "&sort=-duration&region=P001"},
		{"overview", "&region=P001&route=/r1"},
	} {
		b.Run(page.name+page.ask, func(b *testing.B) {
			start, least := storetest.CPUTime(b), time.Hour
			defer func() {
				b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
			}()
			for b.Loop() {
				asked := storetest.CPUTime(b)
				e := w.newEngine(w.Store)
				q := w.Ask("range=1h" + page.ask)
				var err error
				switch page.name {
				case "overview":
					_, err = e.Overview(ctx, tenant, q)
				case "regions":
					_, err = e.Regions(ctx, tenant, q)
				case "regions/P001":
					_, err = e.Region(ctx, tenant, "P001", q)
				case "cold-starts":
					_, err = e.ColdStarts(ctx, tenant, q)
				case "cache":
					_, err = e.Cache(ctx, tenant, q)
				case "routes":
					_, err = e.Routes(ctx, tenant, q)
				case "versions":
					_, err = e.Versions(ctx, tenant, q)
				case "traces":
					_, err = e.Traces(ctx, tenant, q)
				}
				if err != nil {
					b.Fatal(err)
				}
				least = min(least, storetest.CPUTime(b)-asked)
			}
		})
	}
}

// BenchmarkDay asks for the P95 of every region over 24 hours in which 330 points of presence answered 100 million
// requests: 20,000 series of buckets, as rollups of an hour hold them.
func BenchmarkDay(b *testing.B) {
	const (
		colos, ranges = 330, 60
		requests      = 100e6
	)
	w := newWorld(b)
	hour := edge.Widths[len(edge.Widths)-1]
	var samples []edge.Sample
	add := func(value float64, labels ...string) {
		s := &edge.Series{}
		for i := 0; i < len(labels); i += 2 {
			s.Labels = append(s.Labels, edge.Attr{Key: labels[i], Value: labels[i+1]})
		}
		for h := range 24 {
			at := w.Now.Truncate(time.Hour).Add(-time.Duration(h) * time.Hour)
			samples = append(samples, edge.Sample{Series: s, Time: at.UnixMilli(), Value: value / 24})
		}
	}
	bound := func(i int) string { return strconv.FormatFloat(math.Pow(10, -3+float64(i)/18), 'e', 3, 64) }
	probe := []string{edge.LabelSignal, edge.SignalSpan, edge.LabelService, "shop"}
	for _, metric := range []string{edge.MetricRequests, edge.MetricDuration + "_sum"} {
		add(requests, append([]string{edge.LabelName, edge.Metric(edge.FamilyService, metric, hour)}, probe...)...)
	}
	for c := range colos {
		pop := fmt.Sprintf("P%03d", c)
		of := func(metric string) []string {
			return []string{
				edge.LabelName, edge.Metric(edge.FamilyColo, metric, hour), edge.LabelPlatform, "cloudflare.workers",
				edge.LabelRegion, pop, edge.LabelColo, pop,
			}
		}
		add(requests/colos, append(of(edge.MetricEvents), probe...)...)
		for i := range ranges {
			labels := append(of(edge.MetricDuration+"_bucket"), edge.LabelSignal, edge.SignalSpan, edge.LabelColdStart,
				"false")
			labels = append(labels, edge.LabelService, "shop", edge.LabelVMRange, bound(i)+"..."+bound(i+1))
			add(requests/colos/ranges, labels...)
		}
	}
	ctx := context.Background()
	if err := w.Store.WriteSamples(ctx, tenant, samples); err != nil {
		b.Fatal(err)
	}
	w.Store.Flush()
	storetest.AwaitIdle(b)
	for b.Loop() {
		a, err := w.newEngine(w.Store).Regions(ctx, tenant, w.Ask("range=24h&cmp=none"))
		if err != nil {
			b.Fatal(err)
		}
		if len(a.Regions) != colos || !a.Regions[0].P95.OK() || math.Abs(float64(a.Total.Samples)/requests-1) > 1e-6 {
			b.Fatalf("%d regions, the first with a P95 of %v, %v events in all", len(a.Regions), a.Regions[0].P95,
				a.Total.Samples)
		}
	}
}
