//go:build unix

package latency_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/query/latency"
	"edgescope/query/querytest"
	"edgescope/store/storetest"
)

// BenchmarkLatency asks where the time goes over an hour of invocations at 330 points of presence and 40 routes.
// EDGESCOPE_BENCH_SPANS is how many (500,000).
func BenchmarkLatency(b *testing.B) {
	n := 500_000
	if text := os.Getenv("EDGESCOPE_BENCH_SPANS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	w := querytest.New(b)
	fill(w, n)
	storetest.AwaitIdle(b)
	for _, text := range []string{"range=1h", "range=1h&region=P001", "range=1h&route=/r1"} {
		b.Run(text, func(b *testing.B) {
			start, least := storetest.CPUTime(b), time.Hour
			for b.Loop() {
				asked := storetest.CPUTime(b)
				a, err := latency.New(w.Read, latency.Options{}).Latency(context.Background(), querytest.Tenant, w.Ask(text))
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(a.Looked), "looked")
				least = min(least, storetest.CPUTime(b)-asked)
			}
			b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
		})
	}
}

// fill writes n invocations of the last hour in the order of time; the clock goes with them.
func fill(w *querytest.World, n int) {
	now := w.Now
	r := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(r, 1.3, 8, 329)
	batch := max(1, n/120)
	var events []edge.Event
	for i := range n {
		at := now.Add(-time.Hour + time.Duration(float64(time.Hour)*float64(i)/float64(n)))
		x := times{origin: 20 * math.Exp(r.NormFloat64()/2), cpu: 2 * math.Exp(r.NormFloat64()/2), wait: 3}
		if r.IntN(50) == 0 {
			x.init = 50
		}
		f := x.facts()
		f.Region = fmt.Sprintf("P%03d", zipf.Uint64())
		f.Colo, f.Platform, f.Route = f.Region, "cloudflare.workers", fmt.Sprintf("/r%d", r.IntN(40))
		e := w.Invocation(at, ms(x.edge()), f)
		e.SpanID, e.TraceID = edge.SpanID{}, edge.TraceID{}
		for j := range e.TraceID {
			e.TraceID[j] = byte(r.Uint32())
		}
		copy(e.SpanID[:], e.TraceID[:8])
		if events = append(events, e); len(events) == batch {
			w.Now = at
			w.Add(querytest.Tenant, events...)
			events = events[:0]
		}
	}
	w.Now = now
	w.Add(querytest.Tenant, events...)
	w.Store.Flush()
}
