package wasmbench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"edgescope/edge"
	"edgescope/internal/wasmbench"
	"edgescope/internal/workerd"
)

// serveGo in the environment makes this test's program the process of the engine go.
const serveGo = "WASMBENCH_TEST_SERVE_GO"

func TestMain(m *testing.M) {
	if os.Getenv(serveGo) != "" {
		if err := wasmbench.ServeGo(context.Background(), os.Stdin, os.Stdout); err != nil {
			panic(err)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent())
}

const wasmBench = "../../wasm-bench"

func needWorkerd(t *testing.T) {
	t.Helper()
	if _, err := workerd.Find(wasmBench); err != nil {
		t.Skip(err)
	}
}

func TestOptionsAreChecked(t *testing.T) {
	f := func(o wasmbench.Options, want string) {
		t.Helper()
		_, err := wasmbench.Run(t.Context(), o)
		var usage *wasmbench.UsageError
		if !errors.As(err, &usage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want a usage error with %q", o, err, want)
		}
	}
	small := []string{"small"}
	f(wasmbench.Options{Rounds: 1}, "no size; want some of small, medium, large")
	f(wasmbench.Options{Rounds: 1, Sizes: []string{"tiny"}}, `size "tiny": want some of small, medium, large`)
	f(wasmbench.Options{Rounds: 1, Sizes: []string{"small", "small"}}, "size small is named twice")
	f(wasmbench.Options{Rounds: 1, Sizes: small, Engines: []string{"rust"}},
		`engine "rust": want some of js, js-swar, wasm, wasm-simd, go-wasm, go, c-plain, c`)
	f(wasmbench.Options{Rounds: 1, Sizes: small, Runtime: "v8"}, `runtime "v8": want one of workerd, node, deno, bun`)
	f(wasmbench.Options{Sizes: small}, "0 rounds: want at least 1")
	f(wasmbench.Options{Rounds: 2, Generations: 3, Sizes: small}, "3 generations of 2 rounds")
	f(wasmbench.Options{Rounds: 1, Sizes: small, Runtime: "node", Codecs: true}, "codecs are measured on workerd only")
	f(wasmbench.Options{Rounds: 1, Sizes: small, Engines: []string{"go"}}, "engine go needs a program")
}

func TestWithoutWorkerdNothingIsMeasured(t *testing.T) {
	dir := t.TempDir()
	r, err := wasmbench.Run(t.Context(), wasmbench.Options{Dir: dir, Rounds: 1, Sizes: []string{"small"}})
	var start *wasmbench.StartError
	if r != nil || !errors.As(err, &start) || !errors.Is(err, fs.ErrNotExist) ||
		!strings.Contains(err.Error(), "npm ci --prefix "+dir) {
		t.Errorf("in a folder without workerd: %v, %v, want a start error that names npm ci", r, err)
	}
}

func TestAMissingRuntimeIsNotReplaced(t *testing.T) {
	needWorkerd(t)
	t.Setenv("PATH", t.TempDir())
	for _, name := range []string{"node", "deno", "bun"} {
		r, err := wasmbench.Run(t.Context(), wasmbench.Options{
			Dir: wasmBench, Runtime: name, Rounds: 1,
			Sizes: []string{"small"},
		})
		var start *wasmbench.StartError
		if r != nil || !errors.As(err, &start) || !errors.Is(err, exec.ErrNotFound) ||
			!strings.Contains(err.Error(), name) {
			t.Errorf("without %s: %v, %v, want a start error", name, r, err)
		}
	}
}

// TestAWrongHashIsRefused changes one weight of the JavaScript kernel.
func TestAWrongHashIsRefused(t *testing.T) {
	needWorkerd(t)
	dir := changedBench(t, "edge/kernel.mjs", "3926, 3278", "3925, 3278")
	r, err := wasmbench.Run(t.Context(), wasmbench.Options{
		Dir: dir, Rounds: 1, Sizes: []string{"small"},
		Engines: []string{"wasm-simd"},
	})
	var hash *wasmbench.HashError
	if r != nil || !errors.As(err, &hash) {
		t.Fatalf("%v, %v, want a hash error", r, err)
	}
	if hash.Engine != "js" || hash.Size != "small" || hash.Want != "3fb5124e" || len(hash.Got) != 8 ||
		hash.Got == hash.Want {
		t.Errorf("%+v, want that js at small differs from 3fb5124e", hash)
	}
}

// changedBench is a copy of wasm-bench with one file changed. The worker embeds a module of ingest too.
func changedBench(t *testing.T, file, old, changed string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "wasm-bench")
	for _, part := range []string{"edge", "wasm", "native"} {
		if err := os.CopyFS(filepath.Join(dir, part), os.DirFS(filepath.Join(wasmBench, part))); err != nil {
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{
		filepath.Join(wasmBench, "node_modules"): "node_modules",
		"../../ingest":                           "../ingest",
	} {
		target, err := filepath.Abs(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, filepath.Join(dir, to)); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	replaced := strings.Replace(string(text), old, changed, 1)
	if replaced == string(text) {
		t.Fatalf("%s has no %q", file, old)
	}
	if err := os.WriteFile(path, []byte(replaced), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestResultOfARun measures two rounds for real and holds the shape of what others read, not the times.
func TestResultOfARun(t *testing.T) {
	needWorkerd(t)
	t.Setenv(serveGo, "1")
	var progress bytes.Buffer
	r, err := wasmbench.Run(t.Context(), wasmbench.Options{
		Dir: wasmBench, Rounds: 2, Generations: 2, Sizes: []string{"small"}, Engines: []string{
			"wasm-simd", "js-swar",
			"go",
		},
		Seed: 5, Codecs: true, GoServer: []string{os.Args[0]}, Progress: &progress,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Results) != 4 || r.Results[0].Engine != "js" || r.Results[0].Ratio != 1 ||
		r.Results[0].CI != [2]float64{1, 1} {
		t.Errorf("rows %+v, want four, the first of js against itself", r.Results)
	}
	for _, row := range r.Results {
		if row.Size != "small" || row.Baseline != "js" || row.Hash != "3fb5124e" || row.Wall.Count != 10 ||
			row.WallMS <= 0 ||
			row.FirstOpMS <= 0 || row.ColdProcessMS <= 0 || row.CI[0] > row.Ratio || row.CI[1] < row.Ratio {
			t.Errorf("row %+v", row)
		}
	}
	simd := r.Results[slices.IndexFunc(r.Results, func(row edge.BenchRow) bool { return row.Engine == "wasm-simd" })]
	if simd.Ratio < 1.5 || simd.WASMBytes == 0 {
		t.Errorf("wasm-simd: %+v, want that it is faster than js, and the size of its module", simd)
	}
	if r.Runtime.Name != "workerd" || strings.Count(r.Runtime.Version, ".") != 2 ||
		!strings.HasPrefix(r.Runtime.Engine, "V8 1") {
		t.Errorf("runtime %+v, want workerd with its version and that of its V8", r.Runtime)
	}
	if math.Abs(math.Log(r.AA.Ratio)) > math.Log(5) || len(r.ColdIsolates) != 2 || r.Seed != 5 {
		t.Errorf("control %+v, isolates %+v, seed %d", r.AA, r.ColdIsolates, r.Seed)
	}
	if len(r.Codecs) != 4 {
		t.Errorf("codecs %+v, want two stages by two codecs", r.Codecs)
	}
	for _, c := range r.Codecs {
		if c.Size != "small" || c.MS <= 0 || c.Bytes < 50_000 || c.Bytes > 300_000 {
			t.Errorf("codec %+v", c)
		}
	}
	if !strings.Contains(progress.String(), "generation 2 of 2, small: 1 rounds of 5 processes") {
		t.Errorf("progress:\n%s", &progress)
	}
	keysOf(t, r)
}

// keysOf holds the names that scripts read from the file.
func keysOf(t *testing.T, r *wasmbench.Result) {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(b.Bytes(), &file); err != nil {
		t.Fatal(err)
	}
	has := func(what any, keys ...string) {
		t.Helper()
		object, _ := what.(map[string]any)
		for _, key := range keys {
			if _, ok := object[key]; !ok {
				t.Errorf("the file lacks %q in %v", key, object)
			}
		}
	}
	has(file, "runtime", "machine", "rounds", "generations", "seed", "aa", "results", "cold_isolates")
	has(file["runtime"], "name", "version", "engine")
	has(file["aa"], "ratio", "ci", "valid")
	has(file["machine"], "cpu", "load_before", "load_after")
	rows, _ := file["results"].([]any)
	for _, row := range rows {
		has(row, "size", "engine", "baseline", "ratio", "ci", "wall_ms", "wall", "first_op_ms", "cold_process_ms",
			"hash")
	}
}

// TestOtherRuntimesRunTheEngines runs every engine that needs no more than the runtime on those of the PATH.
func TestOtherRuntimesRunTheEngines(t *testing.T) {
	f := func(name, engine string) {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath(name); err != nil {
				t.Skip(err)
			}
			r, err := wasmbench.Run(t.Context(), wasmbench.Options{
				Dir: wasmBench, Runtime: name, Rounds: 1, Sizes: []string{"small"}, Engines: []string{
					"js-swar", "wasm",
					"wasm-simd",
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			if r.Runtime.Name != name || strings.Count(r.Runtime.Version, ".") != 2 ||
				!strings.HasPrefix(r.Runtime.Engine, engine) || len(r.Results) != 4 {
				t.Errorf("%+v", r)
			}
		})
	}
	f("node", "V8 ")
	f("deno", "V8 ")
	f("bun", "JavaScriptCore ")
}

func TestServeGoEndsWithItsInput(t *testing.T) {
	var out bytes.Buffer
	if err := wasmbench.ServeGo(t.Context(), strings.NewReader(""), &out); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(out.String(), `{"event":"listen","port":`) {
		t.Errorf("it printed %q", &out)
	}
}

func result() *wasmbench.Result {
	return &wasmbench.Result{Bench: edge.Bench{
		Runtime: edge.BenchRuntime{Name: "workerd", Version: "1.2.3", Engine: "V8 15.8.62.5"},
		Machine: edge.BenchMachine{
			OS: "linux", Arch: "amd64", CPU: "Some CPU <1>", CPUs: 2, LoadBefore: 0.1,
			LoadAfter: 1.2,
		},
		Rounds: 10, Generations: 1, Seed: 3,
		AA: edge.BenchControl{
			Ratio: 1.004, CI: [2]float64{0.99, 1.02}, Valid: true, CPURatio: 1.001,
			CPUCI: [2]float64{0.999, 1.003}, CPUValid: true,
		},
		Results: []edge.BenchRow{
			{
				Size: "small", Engine: "js", Baseline: "js", Ratio: 1, CI: [2]float64{1, 1}, WallMS: 27.9, CPUMS: 28.8,
				FirstOpMS: 67, RSS: 76e6, Hash: "3fb5124e",
			},
			{
				Size: "small", Engine: "wasm-simd", Baseline: "js", Ratio: 7.15, CI: [2]float64{7.08, 7.22},
				WallMS:    3.9,
				WASMBytes: 2267, Hash: "3fb5124e",
			},
			{
				Size: "large", Engine: "js", Baseline: "js", Ratio: 1, CI: [2]float64{1, 1}, WallMS: 516,
				Hash: "29a46589",
				Note: "its buffers are large",
			},
		},
		ColdIsolates: []edge.BenchColdIsolate{{Kind: "js", MS: 3.4, N: 15}},
	}}
}

func TestTable(t *testing.T) {
	var b bytes.Buffer
	if err := result().WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"Image kernels on workerd 1.2.3 (V8 15.8.62.5), Some CPU <1>, load average 0.1 to 1.2",
		"small   wasm-simd       7.15 [7.08, 7.22]                      –      3.90",
		"A/A: js against js in a second process: wall 1.004 [0.990, 1.020], CPU 1.001 [0.999, 1.003].\n",
		"One generation: intervals don't cover", "A new isolate in a running process, to its first answer: js 3.40 ms.",
		"large: its buffers are large.",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &b)
		}
	}
}

func TestAnInvalidControlIsSaid(t *testing.T) {
	r := result()
	r.AA.Ratio, r.AA.CI, r.AA.Valid = 1.05, [2]float64{1.01, 1.1}, false
	for name, write := range map[string]func(io.Writer) error{
		"table": r.WriteTable, "Markdown": r.WriteMarkdown,
		"page": r.WriteHTML,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(b.String(), "A/A not valid") || !strings.Contains(b.String(), "quote the CPU ratios") {
			t.Errorf("the %s does not say that the control is not valid:\n%s", name, &b)
		}
	}
}

func TestMarkdownAndPage(t *testing.T) {
	var markdown, page bytes.Buffer
	if err := errors.Join(result().WriteMarkdown(&markdown), result().WriteHTML(&page)); err != nil {
		t.Fatal(err)
	}
	if want := "| small | wasm-simd | 7.15 [7.08, 7.22] | – | 3.90 |"; !strings.Contains(markdown.String(), want) {
		t.Errorf("Markdown lacks %q:\n%s", want, &markdown)
	}
	for _, want := range []string{
		"Some CPU &lt;1&gt;", `<span>wasm-simd</span><svg class="bar"`,
		`<b>7.15 [7.08, 7.22]</b>`, "Times as fast as js", "<code>29a46589</code>",
	} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, banned := range []string{"<script", "http://", "https://", "ZgotmplZ", "src="} {
		if strings.Contains(page.String(), banned) {
			t.Errorf("the page has %q: it must need nothing beside it", banned)
		}
	}
}

// TestADisturbedIntervalDoesNotStretchThePage: the axis ends near the bars, and the whisker with the axis.
func TestADisturbedIntervalDoesNotStretchThePage(t *testing.T) {
	r := result()
	r.Results[1].CI = [2]float64{0.2, 1209}
	var page bytes.Buffer
	if err := r.WriteHTML(&page); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(page.String(), `<rect class="whisker" y="4" height="2" x="16.7" width="983.3"/>`) ||
		strings.Contains(page.String(), "1200×") {
		t.Errorf("the axis follows an interval that ends at 1209:\n%s", &page)
	}
}
