package load_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"edgescope/load"
	"edgescope/load/loadtest"
)

// BenchmarkLateness starts 2,000 users per second and reports how late they start. It needs a machine that does little
// else.
func BenchmarkLateness(b *testing.B) {
	script := "config: {target: 'http://target.test', phases: [{duration: 2, arrivalRate: 2000}]}\nscenarios: " +
		"[{flow: [{log: ''}]}]"
	for b.Loop() {
		runner, err := load.New(loadtest.Plan(b, "", script), load.Options{})
		if err != nil {
			b.Fatal(err)
		}
		var lag []time.Duration
		began := loadtest.CPU()
		err = runner.Run(b.Context(), func(e load.Event) {
			if start, ok := e.(*load.UserStart); ok {
				lag = append(lag, start.Lag)
			}
		})
		if err != nil || len(lag) != 4000 {
			b.Fatalf("%d arrivals, want 4000; error %v", len(lag), err)
		}
		b.ReportMetric((loadtest.CPU()-began).Seconds()/float64(len(lag))*1e6, "cpu-µs/arrival")
		slices.Sort(lag)
		b.ReportMetric(float64(lag[len(lag)/2])/1e3, "p50-µs")
		b.ReportMetric(float64(lag[len(lag)*99/100])/1e3, "p99-µs")
	}
}

// benchTarget builds and starts the server of the bench folder, in a process of its own, so that its work is not
// counted.
func benchTarget(b *testing.B) string {
	b.Helper()
	shared := os.Getenv("EDGESCOPE_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "shared")
	}
	source := filepath.Join(shared, "bench", "target")
	if _, err := os.Stat(source); err != nil {
		b.Skipf("no target to measure against (set EDGESCOPE_SHARED): %v", err)
	}
	program := filepath.Join(b.TempDir(), "target")
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-C", source, "-o", program,
		".").CombinedOutput(); err != nil {
		b.Skipf("build the target: %v\n%s", err, out)
	}
	target := exec.Command(program, "-addr", "127.0.0.1:0")
	out, err := target.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := target.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		target.Process.Kill()
		target.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, addr, ok := strings.Cut(strings.TrimSpace(line), "addr=")
	if err != nil || !ok {
		b.Fatalf("the target said %q: %v", line, err)
	}
	return "http://" + addr
}

// counted is how many requests the target has counted.
func counted(b *testing.B, base string) float64 {
	b.Helper()
	res, err := http.Get(base + "/stat")
	if err != nil {
		b.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	var n float64
	if _, scanned := fmt.Sscan(string(text), &n); err != nil || scanned != nil {
		b.Fatalf("the target counted %q: %v", text, err)
	}
	return n
}

const round = time.Second

// closedLoop is what our side of the comparison costs: 50 connections that are always busy.
func closedLoop(b *testing.B, base string) float64 {
	b.Helper()
	script := fmt.Sprintf("config: {target: '%s', http: {pool: 50}, phases: [{duration: 10ms, arrivalCount: 50}]}\n"+
		"scenarios: [{flow: [{loop: [{get: {url: /plain}}], count: -1}]}]", base)
	return costOf(b, base, script, load.Options{Stop: round})
}

// vegetaCost is the same by vegeta.
func vegetaCost(b *testing.B, base string) float64 {
	b.Helper()
	attacker := vegeta.NewAttacker(vegeta.Workers(50), vegeta.MaxWorkers(50), vegeta.Connections(50))
	targeter := vegeta.NewStaticTargeter(vegeta.Target{Method: "GET", URL: base + "/plain"})
	before, began := counted(b, base), loadtest.CPU()
	for r := range attacker.Attack(targeter, vegeta.ConstantPacer{Freq: 0}, round, "bench") {
		if r.Error != "" {
			b.Fatal(r.Error)
		}
	}
	return (loadtest.CPU() - began).Seconds() / (counted(b, base) - before) * 1e6
}

// BenchmarkClosedLoop compares the processor time of a request with vegeta's and, where it is installed, wrk's, in
// rounds that take turns. The ratio of two rounds that follow each other is what counts: both meet the same machine.
func BenchmarkClosedLoop(b *testing.B) {
	base := benchTarget(b)
	var ours, ratios, toWrk []float64
	for b.Loop() {
		us := closedLoop(b, base)
		ours, ratios = append(ours, us), append(ratios, vegetaCost(b, base)/us)
		if wrk := wrkCost(b, base); wrk > 0 {
			toWrk = append(toWrk, us/wrk)
		}
	}
	b.ReportMetric(loadtest.Median(ours), "cpu-µs/request")
	b.ReportMetric(loadtest.Median(ratios), "vegeta/ours")
	if len(toWrk) > 0 {
		b.ReportMetric(loadtest.Median(toWrk), "ours/wrk")
	}
}

// wrkCost is the processor time of a request of wrk, 0 if there is no wrk.
func wrkCost(b *testing.B, base string) float64 {
	b.Helper()
	path, err := exec.LookPath("wrk")
	if err != nil {
		return 0
	}
	before := counted(b, base)
	wrk := exec.CommandContext(context.WithoutCancel(b.Context()), path, "-t1", "-c50", "-d1s", base+"/plain")
	if err := wrk.Run(); err != nil {
		b.Fatal(err)
	}
	used := wrk.ProcessState.UserTime() + wrk.ProcessState.SystemTime()
	return used.Seconds() / (counted(b, base) - before) * 1e6
}

// BenchmarkFlow is a login, a pause and a look with a captured token, of 50 users.
func BenchmarkFlow(b *testing.B) {
	base := benchTarget(b)
	script := fmt.Sprintf(`config: {target: '%s', phases: [{duration: 10ms, arrivalCount: 50}]}
scenarios:
  - flow:
      - loop:
          - post:
              url: /login
              json: {u: a, n: "{{ $loopCount }}"}
              capture: {json: $.user.token, as: token}
              expect: {statusCode: 200}
          - think: 0.01
          - get:
              url: /item?id=7
              headers: {Authorization: "Bearer {{ token }}"}
              expect: [{statusCode: 200}, {hasProperty: item.name}]
        count: -1`, base)
	for b.Loop() {
		b.ReportMetric(2*costOf(b, base, script, load.Options{Stop: round}), "cpu-µs/turn")
	}
}

// costOf runs a script and returns the processor time of a request.
func costOf(b *testing.B, base, script string, o load.Options) (us float64) {
	b.Helper()
	runner, err := load.New(loadtest.Plan(b, "", script), o)
	if err != nil {
		b.Fatal(err)
	}
	before, began := counted(b, base), loadtest.CPU()
	if err := runner.Run(b.Context(), func(load.Event) {}); err != nil {
		b.Fatal(err)
	}
	return (loadtest.CPU() - began).Seconds() / (counted(b, base) - before) * 1e6
}

// BenchmarkArrival starts 2,000 users per second, each of which sends one request over a pool that is warm.
func BenchmarkArrival(b *testing.B) {
	base := benchTarget(b)
	script := fmt.Sprintf("config: {target: '%s', http: {pool: 100}, phases: [{duration: 2, arrivalRate: 2000}]}\n"+
		"scenarios: [{flow: [{get: {url: /plain}}]}]", base)
	for b.Loop() {
		b.ReportMetric(costOf(b, base, script, load.Options{}), "cpu-µs/arrival")
	}
}
