package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/internal/wasmbench"
	"edgescope/internal/workerd"
)

const wasmBench = "../../../wasm-bench"

// bench runs the verb in this process and returns its exit code and what it wrote.
func bench(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := run.Process{
		Args: append([]string{"bench"}, args...), LookupEnv: func(string) (string, bool) { return "", false },
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs,
	}
	code = run.ExitCode("loadgen", &errs, Main(t.Context(), p))
	return code, out.String(), errs.String()
}

func TestBenchExitCodes(t *testing.T) {
	dir := t.TempDir()
	f := func(want int, message string, args ...string) {
		t.Helper()
		code, _, stderr := bench(t, args...)
		if code != want || !strings.Contains(stderr, message) {
			t.Errorf("%q: exit code %d, %q, want %d with %q", args, code, stderr, want, message)
		}
	}
	f(2, `size "huge": want some of small, medium, large`, "--sizes", "huge", "--wasm-bench", dir)
	f(2, `engine "rust": want some of js`, "--engines", "rust", "--wasm-bench", dir)
	f(2, "0 rounds", "--rounds", "0", "--wasm-bench", dir)
	f(2, "no operands", "small")
	f(2, "want the URL of an OTLP/HTTP receiver", "--otlp", "nonsense", "--wasm-bench", dir)
	f(3, "npm ci --prefix "+dir, "--wasm-bench", dir)
	f(3, "write "+dir+"/no/such/file", "--wasm-bench", dir, "-o", dir+"/no/such/file")
}

func TestBenchErrorsHaveTheirCodes(t *testing.T) {
	f := func(err error, want int) {
		t.Helper()
		var code *run.CodeError
		if got := benchError(t.Context(), err); !errors.As(got, &code) || code.Code != want || !errors.Is(got, err) {
			t.Errorf("%v: %v, want exit code %d", err, got, want)
		}
	}
	f(&wasmbench.HashError{Engine: "js", Size: "small", Got: "1", Want: "2"}, 1)
	f(&wasmbench.UsageError{Reason: "no"}, 2)
	f(&wasmbench.StartError{Engine: "js", Runtime: "workerd", Err: os.ErrNotExist}, 3)
	f(errors.New("connection lost"), 3)
}

// TestBenchWritesAndSends runs two rounds for real: every file is there, and a collector gets the same result.
func TestBenchWritesAndSends(t *testing.T) {
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
	collector := newTarget()
	defer collector.Close()
	dir := t.TempDir()
	code, stdout, stderr := bench(t, "--wasm-bench", wasmBench, "--sizes", "small", "--engines", "wasm-simd",
		"--rounds", "2", "--seed", "7",
		"-o", dir, "--markdown", dir, "--html", dir+"/page.html", "--otlp", collector.URL, "--run", "nightly", "--quiet")
	if code != 0 || stderr != "" || !strings.Contains(stdout, "small   wasm-simd") ||
		!strings.Contains(stdout, "A/A: js against js") {
		t.Fatalf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
	text, err := os.ReadFile(filepath.Join(dir, "wasm-bench.json"))
	if err != nil {
		t.Fatal(err)
	}
	var written, sent edge.Bench
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"wasm-bench.md", "page.html"} {
		if text, err := os.ReadFile(filepath.Join(dir, file)); err != nil ||
			!bytes.Contains(text, []byte("wasm-simd")) {
			t.Errorf("%s: %v, %d bytes", file, err, len(text))
		}
	}
	collector.mu.Lock()
	defer collector.mu.Unlock()
	if len(collector.spans) != 1 || collector.spans[0].Name() != edge.BenchSpan {
		t.Fatalf("the collector has %d spans, want the one of the comparison", len(collector.spans))
	}
	attribute, _ := collector.spans[0].Attributes().Get(edge.BenchAttr)
	if err := json.Unmarshal([]byte(attribute.Str()), &sent); err != nil {
		t.Fatal(err)
	}
	if sent.ID != collector.spans[0].TraceID().String() || sent.ID != written.ID || sent.Name != "nightly" ||
		sent.Seed != 7 ||
		len(sent.Results) != 2 || sent.Results[1].Ratio != written.Results[1].Ratio {
		t.Errorf("sent %+v, written %+v", sent, written)
	}
}
