//go:build unix

package limits_test

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/query/querytest"
	"edgescope/store/storetest"
)

// BenchmarkLimits asks both questions over an hour of invocations of three services at 330 points of presence, each of
// which tells its CPU time, first byte and subrequests, after four weeks of totals. EDGESCOPE_BENCH_SPANS is how many
// (100,000). The first question of a room remembers nothing; the others are those that pages ask within a minute.
func BenchmarkLimits(b *testing.B) {
	n := 100_000
	if text := os.Getenv("EDGESCOPE_BENCH_SPANS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	w := querytest.New(b)
	plant(w, 28*24, 0, func(int) bool { return false })
	now := w.Now
	for done := 0; done < n; done += 5000 {
		events := make([]edge.Event, min(5000, n-done))
		for i := range events {
			at := now.Add(-time.Hour + time.Duration(float64(time.Hour)*float64(done+i)/float64(n)))
			w.Now = at
			pop := fmt.Sprintf("P%03d", (done+i)%330)
			events[i] = w.Invocation(at, 10*time.Millisecond, edge.Facts{
				Service: fmt.Sprint("s", i%3), Platform: platform.CloudflareWorkers, Region: pop, Colo: pop, HasCPU: true,
				CPUTime: int64(1e6 * (1 + i%7)), HasTTFB: true, TTFB: int64(2e6 * (1 + i%5)), HasSubrequests: true,
				Subrequests: int64(1 + i%4),
			})
		}
		w.Add(querytest.Tenant, events...)
	}
	w.Now = now
	w.Store.Flush()
	storetest.AwaitIdle(b)
	q := w.Ask("range=1h")
	x := room(b, w, "")
	for name, ask := range map[string]func() error{
		"limits":   func() error { _, err := x.Limits(b.Context(), querytest.Tenant, q); return err },
		"forecast": func() error { _, err := x.Forecast(b.Context(), querytest.Tenant, q); return err },
	} {
		for _, first := range []bool{true, false} {
			b.Run(fmt.Sprint(name, " first=", first), func(b *testing.B) {
				start := storetest.CPUTime(b)
				for b.Loop() {
					if first {
						x = room(b, w, "")
					}
					if err := ask(); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
			})
		}
	}
}
