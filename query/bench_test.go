//go:build unix

package query_test

import (
	"context"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"
)

// BenchmarkPages asks every page over an hour of invocations at 330 points of presence, 40 routes and 3 versions, with
// cold starts and cache outcomes. EDGESCOPE_BENCH_SPANS is how many (500,000). Each question is the first one to its engine:
// nothing is remembered but what the store does; they begin when the store is idle. cpu-ms/op is the mean, least-cpu-ms the cheapest question: on a machine that
// others use it is nearest to what the code costs.
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
	awaitIdle(b)
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
			start, least := cpuTime(b), time.Hour
			defer func() {
				b.ReportMetric(float64(cpuTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
				b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
			}()
			for b.Loop() {
				asked := cpuTime(b)
				e := w.newEngine(w.store)
				q := w.ask("range=1h" + page.ask)
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
				least = min(least, cpuTime(b)-asked)
			}
		})
	}
}

// awaitIdle waits, two minutes at most, until the store has merged what was written: its merges would count as questions.
func awaitIdle(b *testing.B) {
	for range 240 {
		before := cpuTime(b)
		time.Sleep(500 * time.Millisecond)
		if cpuTime(b)-before < 10*time.Millisecond {
			return
		}
	}
}

// cpuTime answers what the process has used.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
