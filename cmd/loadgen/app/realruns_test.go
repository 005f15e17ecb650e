package app

import (
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/report/compare"
)

// slowServer answers after a lognormal time of 20 ms at the median, times a factor.
func slowServer(factor float64) *httptest.Server {
	return httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		time.Sleep(time.Duration(20e6 * factor * math.Exp(0.4*rand.NormFloat64())))
	}))
}

// BenchmarkComparisonOfRealRuns makes real runs of a minute, 100 requests per second, of one server twice and of one
// that is 20 % slower, all three at a time so that each meets the same machine, and compares them: b.N rounds, of which
// it reports the shares of false alarms and of what was found. A round takes a minute:
//
//	go test ./cmd/loadgen/app -run '^$' -bench ComparisonOfRealRuns -benchtime 3x
func BenchmarkComparisonOfRealRuns(b *testing.B) {
	dir := b.TempDir()
	script := filepath.Join(dir, "s.yml")
	if err := os.WriteFile(script, []byte("config: {http: {pool: 50}, phases: [{duration: 60, arrivalRate: "+
		"100}]}\nscenarios: [{flow: [{get: {url: /}}]}]"), 0o600); err != nil {
		b.Fatal(err)
	}
	alarms, found := 0, 0
	for range b.N {
		var reports [3]*report.Report
		var errs [3]error
		var runs sync.WaitGroup
		for i, factor := range []float64{1, 1, 1.2} {
			runs.Go(func() {
				reports[i], errs[i] = realRun(b, script, filepath.Join(dir, string(rune('a'+i))+".json"), factor)
			})
		}
		runs.Wait()
		for _, err := range errs {
			if err != nil {
				b.Fatal(err)
			}
		}
		same, slower := compare.Runs(reports[:1], reports[1], 0), compare.Runs(reports[:1], reports[2], 0)
		b.Logf("itself: %s\n20 %% slower: %s", same.Sentence(), slower.Sentence())
		if same.Verdict != report.Same {
			alarms++
		}
		if slower.Verdict == report.Worse {
			found++
		}
	}
	b.ReportMetric(100*float64(alarms)/float64(b.N), "false-alarms/%")
	b.ReportMetric(100*float64(found)/float64(b.N), "found/%")
}

func realRun(b *testing.B, script, file string, factor float64) (*report.Report, error) {
	b.Helper()
	server := slowServer(factor)
	defer server.Close()
	err := Main(b.Context(), run.Process{
		Args:      []string{"run", script, "-t", server.URL, "-q", "-o", file, "--seed", "1", "--lag-limit", "1h"},
		LookupEnv: func(string) (string, bool) { return "", false }, Stdout: io.Discard, Stderr: io.Discard,
	})
	if err != nil {
		return nil, err
	}
	return readReport(run.Process{}, file)
}
