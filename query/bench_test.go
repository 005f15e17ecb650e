package query_test

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
)

// BenchmarkPages asks every page over an hour of invocations at 330 points of presence, 40 routes and 3 versions, with
// cold starts and cache outcomes. EDGESCOPE_BENCH_SPANS is how many (500,000). Each question is asked as by a newcomer:
// nothing is remembered from the one before.
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
			q := w.ask("range=1h" + page.ask)
			for b.Loop() {
				e := w.newEngine(w.store)
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
			}
		})
	}
}

// fill writes n invocations of the last hour in the order of time.
func (w *world) fill(n int) {
	r := rand.New(rand.NewPCG(1, 2))
	const batch = 10_000
	events := make([]edge.Event, 0, batch)
	caches := []string{"", edge.CacheHit, edge.CacheHit, edge.CacheHit, edge.CacheMiss, edge.CacheStale}
	zipf := rand.NewZipf(r, 1.3, 8, 329)
	for i := range n {
		when := w.now.Add(-time.Hour + time.Duration(float64(time.Hour)*float64(i)/float64(n)))
		pop := fmt.Sprintf("P%03d", zipf.Uint64())
		f := edge.Facts{
			Service: "shop", Region: pop, Colo: pop, Platform: "cloudflare.workers", Route: fmt.Sprintf("/r%d", r.IntN(40)),
			Version: fmt.Sprintf("v%d", r.IntN(3)), Country: []string{"DE", "US", "SG", "BR", "JP"}[r.IntN(5)], Status: 200,
			CacheStatus: caches[r.IntN(len(caches))], ColdStart: edge.False, HasCPU: true, CPUTime: int64(1e6 * math.Exp(r.NormFloat64()/2)),
		}
		d := 8e6 * math.Exp(r.NormFloat64()*0.5)
		if r.IntN(50) == 0 {
			f.ColdStart, f.HasInit, f.InitDuration = edge.True, true, int64(5e7*math.Exp(r.NormFloat64()/3))
			d += float64(f.InitDuration)
		}
		if r.IntN(100) == 0 {
			f.Status, f.Outcome = 500, edge.OutcomeError
		}
		if events = append(events, w.invocation(when, time.Duration(d), f)); len(events) == batch {
			if err := w.store.WriteEvents(context.Background(), tenant, events); err != nil {
				w.t.Fatal(err)
			}
			w.rollup.Add(tenant, events)
			events = events[:0]
		}
	}
	w.write(tenant, events...)
}
