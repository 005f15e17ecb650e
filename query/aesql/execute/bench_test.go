//go:build unix

package execute_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"edgescope/query/aesql/value"
	"edgescope/store/embedded"
	"edgescope/store/storetest"
)

// benchPoints is how many points the benchmarks ask, EDGESCOPE_BENCH_POINTS or 500,000.
func benchPoints(b *testing.B) int {
	text := os.Getenv("EDGESCOPE_BENCH_POINTS")
	if text == "" {
		return 500_000
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// benchStore is a store of points of a day. With EDGESCOPE_BENCH_DIR it is that directory, which is filled once.
func benchStore(b *testing.B) *embedded.Store {
	dir := os.Getenv("EDGESCOPE_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	}
	_, err := os.Stat(filepath.Join(dir, "datapoints"))
	s := openStore(b, dir)
	if err != nil {
		fill(b, s, benchPoints(b), time.Now().UTC().Truncate(time.Hour))
		storetest.AwaitIdle(b)
	}
	return s
}

// BenchmarkQuestions asks points of a day. A scan reads every row; stats is the same question grouped by the store.
// cpu-ms/op is the mean, least-cpu-ms the cheapest question: on a machine that others use it is nearest to what the
// code costs.
func BenchmarkQuestions(b *testing.B) {
	w := &world{t: b, store: benchStore(b), now: time.Now().UTC().Truncate(time.Hour), memory: 256 << 20}
	const series = "SELECT toStartOfInterval(timestamp, INTERVAL '5' MINUTE) AS t, blob1 AS city, " +
		"SUM(_sample_interval * double1) / SUM(_sample_interval) AS a FROM bench GROUP BY t, city"
	for _, q := range []struct {
		name, text string
		scans      bool
	}{
		{"scan/series-of-4-columns", series, true},
		{"stats/series-of-4-columns", series, false},
		{"scan/weighted-count-by-index", "SELECT index1, SUM(_sample_interval) AS n FROM bench GROUP BY index1", true},
		{"stats/weighted-count-by-index", "SELECT index1, SUM(_sample_interval) AS n FROM bench GROUP BY index1", false},
		{"scan/filtered", "SELECT blob1, count() AS n, avg(double1) AS a FROM bench WHERE double1 > 20 GROUP BY blob1", true},
		{"scan/quantiles", "SELECT blob1, quantileExactWeighted(0.5)(double3, _sample_interval) AS p50, " +
			"quantileExactWeighted(0.99)(double3, _sample_interval) AS p99 FROM bench GROUP BY blob1", true},
		{"scan/one-index", "SELECT blob2, SUM(_sample_interval) AS n FROM bench WHERE index1 = 'cust-7' GROUP BY blob2", true},
		{"newest-100", "SELECT timestamp, blob1, double1 FROM bench ORDER BY timestamp DESC LIMIT 100", false},
		{"top-100-by-value", "SELECT timestamp, blob1, double1 FROM bench ORDER BY double1 DESC LIMIT 100", false},
	} {
		b.Run(q.name, func(b *testing.B) {
			w.scans = q.scans
			b.ReportAllocs()
			start, least := storetest.CPUTime(b), time.Hour
			for b.Loop() {
				asked := storetest.CPUTime(b)
				rows := 0
				err := w.each(context.Background(), q.text, func([]value.Type, []value.Value) { rows++ })
				if err != nil || rows == 0 {
					b.Fatalf("%d rows, %v", rows, err)
				}
				least = min(least, storetest.CPUTime(b)-asked)
			}
			b.ReportMetric(float64(storetest.CPUTime(b)-start)/1e6/float64(b.N), "cpu-ms/op")
			b.ReportMetric(float64(least)/1e6, "least-cpu-ms")
		})
	}
}
