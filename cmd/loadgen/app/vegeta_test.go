package app

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"edgescope/internal/run"
	"edgescope/report"
)

// vegetaProgram builds the real vegeta, in the version that go.mod names as a tool.
func vegetaProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "vegeta")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path,
		"github.com/tsenart/vegeta/v12").CombinedOutput(); err != nil {
		t.Fatalf("build vegeta: %v\n%s", err, out)
	}
	return path
}

// vegetaFigures are those of vegeta report -type json, in nanoseconds.
type vegetaFigures struct {
	Latencies struct {
		Mean float64 `json:"mean"`
		Max  float64 `json:"max"`
	} `json:"latencies"`
	Requests int64            `json:"requests"`
	Codes    map[string]int64 `json:"status_codes"`
}

// The real vegeta reads what --vegeta writes: report, plot and encode, with our figures.
func TestVegetaReadsOurResults(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds vegeta")
	}
	server := newTarget()
	defer server.Close()
	vegeta, dir := vegetaProgram(t), t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	script := "config: {phases: [{duration: 500ms, arrivalCount: 60}]}\n" +
		"scenarios: [{name: shop, flow: [{post: {url: /task}}, {get: {url: /code/404}}]}]"
	if err := os.WriteFile(file("s.yml"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{
		"run", file("s.yml"), "-t", server.URL, "-q", "--lag-limit", "1h", "--vegeta", file("results.gob"),
		"-o", file("report.json"),
	}
	if err := Main(t.Context(), run.Process{
		Args: args, LookupEnv: func(string) (string, bool) { return "", false }, Stdout: io.Discard, Stderr: io.Discard,
	}); err != nil {
		t.Fatal(err)
	}
	ask := func(args ...string) []byte {
		t.Helper()
		c := exec.CommandContext(t.Context(), vegeta, args...)
		out, err := c.Output()
		if err != nil {
			t.Fatalf("vegeta %v: %v", args, err)
		}
		return out
	}
	theirs, ours := figures(t, ask("report", "-type", "json", file("results.gob"))), ourReport(t, file("report.json"))
	d := ours.Aggregate.Summaries["edgescope.response_time"]
	if theirs.Requests != 120 || theirs.Codes["200"] != 60 || theirs.Codes["404"] != 60 {
		t.Errorf("vegeta report counts %d requests, %v; want 60 of 200 and of 404", theirs.Requests, theirs.Codes)
	}
	near := func(what string, ns, ms float64) {
		t.Helper()
		if math.Abs(ns/1e6-ms) > 0.001 {
			t.Errorf("%s is %.6f ms by vegeta report, %.3f ms by ours", what, ns/1e6, ms)
		}
	}
	near("the mean", theirs.Latencies.Mean, d.Mean)
	near("the maximum", theirs.Latencies.Max, d.Max)
	if text := string(ask("report", file("results.gob"))); !strings.Contains(text, "200:60") ||
		!strings.Contains(text, "404:60") {
		t.Errorf("vegeta report prints\n%s", text)
	}
	if page := ask("plot", file("results.gob")); !bytes.Contains(page, []byte("shop/POST /task")) ||
		!bytes.Contains(page, []byte("shop/GET /code/404")) {
		t.Error("vegeta plot lacks a line for each step")
	}
	// Of the latencies that vegeta decodes, ours are the quantiles, to one value and the width of a bucket.
	latencies := latenciesOf(t, ask("encode", "-to", "csv", file("results.gob")))
	for q, got := range map[float64]float64{0.5: d.P50, 0.95: d.P95, 0.99: d.P99} {
		at := int(q * float64(len(latencies)))
		low, high := latencies[max(at-1, 0)], latencies[min(at+1, len(latencies)-1)]
		if got < 0.995*low || got > 1.005*high {
			t.Errorf("p%g is %.3f ms, want %.3f to %.3f", 100*q, got, low, high)
		}
	}
	for _, format := range []string{"csv", "json"} {
		if err := os.WriteFile(file(format), ask("encode", "-to", format, file("results.gob")), 0o600); err != nil {
			t.Fatal(err)
		}
		if again := figures(t, ask("report", "-type", "json", file(format))); again.Requests != 120 ||
			again.Latencies != theirs.Latencies {
			t.Errorf("encoded as %s: %+v, want %+v", format, again, theirs)
		}
	}
}

// latenciesOf are the latencies of vegeta's CSV in milliseconds, sorted.
func latenciesOf(t *testing.T, text []byte) (ms []float64) {
	t.Helper()
	records, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		ns, err := strconv.ParseFloat(record[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, ns/1e6)
	}
	slices.Sort(ms)
	return ms
}

func figures(t *testing.T, text []byte) (f vegetaFigures) {
	t.Helper()
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return f
}

func ourReport(t *testing.T, file string) *report.Report {
	t.Helper()
	r, err := readReport(run.Process{}, file)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
