package e2e_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run/runtest"
	"edgescope/internal/workerd"
)

// bin is the folder of the programs, built once for all tests.
var bin string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "edgescope-e2e-")
	if err == nil {
		bin = filepath.Join(dir, "bin")
		build := exec.Command("go", "build", "-o", bin+"/", "./cmd/...", "./e2e/demo")
		build.Dir, build.Stderr = "..", os.Stderr
		err = build.Run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "build the programs:", err)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

const wasmBench = "../wasm-bench"

// needWorkerd skips a test that needs the edge function where it is not installed.
func needWorkerd(t *testing.T) {
	t.Helper()
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
}

// start runs the whole product for the length of a test.
func start(t *testing.T, dataDir string) *e2e.Product {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := &runtest.Log{}
	p, err := e2e.Start(ctx, e2e.Options{Bin: bin, DataDir: dataDir, WASMBench: wasmBench, Log: log})
	if err != nil {
		t.Fatalf("start: %v\n%s", err, log.String())
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("log of the programs:\n%s", log.String())
		}
	})
	return p
}

// startCollector runs a collector alone.
func startCollector(t *testing.T, dataDir string, args ...string) (*e2e.Program, *runtest.Log) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	log := &runtest.Log{}
	c, err := e2e.StartProgram(ctx, e2e.Command{
		Path: filepath.Join(bin, "collector"),
		Args: append([]string{
			"--data-dir", dataDir, "--otlp-grpc-addr", "127.0.0.1:0", "--otlp-http-addr", "127.0.0.1:0", "--query-addr",
			"127.0.0.1:0",
		}, args...),
		Listeners: []string{"otlp-grpc", "ingest", "query"},
		Log:       log,
	})
	if err != nil {
		t.Fatalf("start collector: %v\n%s", err, log.String())
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Errorf("stop collector: %v", err)
		}
	})
	return c, log
}

// table reads a CSV table of the dashboard: rows as column -> text.
func table(t *testing.T, url string) []map[string]string {
	t.Helper()
	status, body, err := runtest.Get(t.Context(), url)
	if err != nil || status != http.StatusOK {
		t.Fatalf("GET %s: %d %v: %.300s", url, status, err, body)
	}
	records, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("GET %s is no CSV: %v: %.300s", url, err, body)
	}
	var rows []map[string]string
	for _, record := range records[1:] {
		row := map[string]string{}
		for i, column := range records[0] {
			row[column] = record[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// report is what these tests read of loadgen's JSON report.
type report struct {
	Aggregate struct {
		Counters  map[string]int64 `json:"counters"`
		Summaries map[string]struct {
			P50 float64 `json:"p50"`
		} `json:"summaries"`
	} `json:"aggregate"`
}

// runScript runs a shipped script against the product's regions and returns its report. It must pass; only how punctual
// a busy machine is does not matter here.
func runScript(t *testing.T, p *e2e.Product, script, name string, args ...string) report {
	t.Helper()
	out := filepath.Join(t.TempDir(), "report.json")
	var console runtest.Log
	cmd := p.Loadgen(&console, filepath.Join("..", "scenarios", script), name,
		append(args, "-o", out, "--lag-limit", "1m")...)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	code, err := e2e.Run(ctx, cmd)
	if err != nil || code != 0 {
		t.Fatalf("loadgen run %s: exit code %d, %v\n%s", script, code, err, console.String())
	}
	data, err := os.ReadFile(out)
	var r report
	if err := errors.Join(err, json.Unmarshal(data, &r)); err != nil {
		t.Fatalf("report of %s: %v", script, err)
	}
	return r
}

// sum adds up the counters of several reports that have a prefix.
func sum(reports []report, prefix string) (n int64) {
	for _, r := range reports {
		for name, v := range r.Aggregate.Counters {
			if strings.HasPrefix(name, prefix) {
				n += v
			}
		}
	}
	return n
}

func sorted[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
