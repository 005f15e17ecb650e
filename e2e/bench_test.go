package e2e_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
)

// BenchmarkCollector measures the whole collector as a process on one core: what its senders send over HTTP with gzip
// is decoded, normalised, durable before the answer, stored and added up. The CPU time is user and system of the
// process until it has ended, after a warm-up that makes the series of the totals: each costs 20 to 40 us, once a day,
// which is told apart. Afterwards otlpload asks for every span.
//
//	go test ./e2e -run '^$' -bench Collector -benchtime 1x
func BenchmarkCollector(b *testing.B) {
	load := buildLoad(b)
	f := func(name string, spans int, args ...string) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				measure(b, load, spans, args)
			}
		})
	}
	f("batch50", 1_000_000, "-gzip", "-pool", "4000")
	f("single", 40_000, "-batch", "1", "-trace-spans", "1", "-conns", "16")
}

// measured is what otlpload tells on stdout.
type measured struct {
	Accepted int `json:"accepted_spans"`
	Stored   int `json:"stored_spans"`
	Lost     int `json:"lost_spans"`
	Doubled  int `json:"doubled_spans"`
	Foreign  int `json:"foreign_spans"`
}

func measure(b *testing.B, load string, spans int, args []string) {
	b.Helper()
	data, ledger := b.TempDir(), filepath.Join(b.TempDir(), "ledger.json")
	c := startBench(b, data)
	runLoad(b, load, "-addr", c.Addr("ingest"), "-n", strconv.Itoa(warmUp), "-d", "5m", "-gzip", "-seed", "7")
	before := cpuOf(b, c.PID())
	sent := runLoad(b, load, append([]string{
		"-addr", c.Addr("ingest"), "-n", strconv.Itoa(spans), "-d", "5m", "-pid", strconv.Itoa(c.PID()), "-ledger",
		ledger,
	}, args...)...)
	if err := c.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
	millions := float64(sent.Accepted) / 1e6
	b.ReportMetric((c.CPU()-before).Seconds()/millions, "cpu-s/Mspans")
	b.ReportMetric(before.Seconds(), "warm-up-cpu-s")

	c = startBench(b, data)
	found := runLoad(b, load, "-verify", c.URL("query"), "-ledger", ledger)
	b.ReportMetric(spanBytes(b, c)/float64(sent.Accepted+warmUp), "B/span")
	if found.Lost+found.Doubled+found.Foreign != 0 || found.Stored < sent.Accepted || sent.Accepted < spans*9/10 {
		b.Errorf("of %d spans %d were accepted; stored are %+v", spans, sent.Accepted, found)
	}
	if err := c.Stop(b.Context()); err != nil {
		b.Fatal(err)
	}
}

// warmUp is the spans that are sent before the measurement.
const warmUp = 100_000

// cpuOf returns the CPU time that a running process has taken, which /proc tells in hundredths of a second.
func cpuOf(b *testing.B, pid int) time.Duration {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		b.Skipf("the CPU time of a running process is read from /proc: %v", err)
	}
	_, fields, _ := strings.Cut(string(text), ") ") // behind the name of the program
	list := strings.Fields(fields)
	user, err := strconv.Atoi(list[11])
	system, err2 := strconv.Atoi(list[12])
	if err := errors.Join(err, err2); err != nil {
		b.Fatal(err)
	}
	return time.Duration(user+system) * 10 * time.Millisecond
}

// startBench starts a collector on one core.
func startBench(b *testing.B, data string) *e2e.Program {
	b.Helper()
	c, err := e2e.StartProgram(b.Context(), e2e.Command{
		Path: filepath.Join(bin, "collector"), Env: []string{"GOMAXPROCS=1"},
		Args: []string{
			"--data-dir", data, "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--query-addr",
			"127.0.0.1:0",
		},
		Listeners: []string{"otlp-grpc", "ingest", "query"},
	})
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func runLoad(b *testing.B, path string, args ...string) (m measured) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), path, args...)
	var out, log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		b.Fatalf("otlpload %v: %v\n%s%s", args, err, out.String(), log.String())
	}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		b.Fatalf("otlpload: %v: %s", err, out.String())
	}
	return m
}

// buildLoad builds the load source, which has a module of its own.
func buildLoad(b *testing.B) string {
	b.Helper()
	source := filepath.Join(cmp.Or(os.Getenv("EDGESCOPE_SHARED"), "../../shared"), "bench", "otlpload")
	if _, err := os.Stat(source); err != nil {
		b.Skipf("the load source is not here (EDGESCOPE_SHARED names its folder): %v", err)
	}
	path := filepath.Join(b.TempDir(), "otlpload")
	build := exec.CommandContext(b.Context(), "go", "build", "-C", source, "-o", path, ".")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("build otlpload: %v\n%s", err, out)
	}
	return path
}

// spanBytes returns what a collector says that its spans take on disk.
func spanBytes(b *testing.B, c *e2e.Program) float64 {
	b.Helper()
	_, text, err := runtest.Get(b.Context(), c.URL("query")+"/metrics")
	if err != nil {
		b.Fatal(err)
	}
	_, rest, found := strings.Cut(string(text), `edgescope_store_bytes{kind="span"} `)
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if err != nil || !found {
		b.Fatalf("/metrics does not tell the bytes of spans: %v", err)
	}
	return n
}
