package wasmbench_test

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"edgescope/internal/wasmbench"
)

// needAVX2 skips where the engine c can't be built or run.
func needAVX2(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("engine c: ", err)
	}
	if text, err := os.ReadFile("/proc/cpuinfo"); runtime.GOARCH != "amd64" || err != nil ||
		!strings.Contains(string(text), " avx2 ") {
		t.Skip("engine c needs a processor with AVX2 that /proc/cpuinfo tells of")
	}
}

// TestNativeEnginesAreCompared builds the engine c and runs it beside WebAssembly: it gives the golden hash, or Run
// would fail.
func TestNativeEnginesAreCompared(t *testing.T) {
	needWorkerd(t)
	needAVX2(t)
	r, err := wasmbench.Run(t.Context(), wasmbench.Options{
		Dir: wasmBench, Rounds: 2, Generations: 1, Sizes: []string{"small"}, Engines: []string{
			"wasm-simd", "c-plain",
			"c",
		}, Seed: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Native) != 2 || r.Native[0].Native != "c-plain" || r.Native[1].Native != "c" {
		t.Fatalf("%+v, want wasm-simd against both", r.Native)
	}
	for _, n := range r.Native {
		if n.Engine != "wasm-simd" || n.Ratio < 0.1 || n.Ratio > 10 {
			t.Errorf("%+v, want how many times as long wasm-simd takes: 0.5 to 3 were seen", n)
		}
	}
	for _, row := range r.Results {
		if row.KernelMS <= 0 || row.KernelMS > row.Wall.Max || row.KernelRatio <= 0 || row.PerCore <= 0 {
			t.Errorf("row %+v, want a kernel that takes time, but no longer than a request, and a capacity", row)
		}
	}
	var table strings.Builder
	if err := r.WriteTable(&table); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"small, HTTP apart: wasm-simd takes ", "times as long as native c.",
		"times as long as native c-plain.", "c: native C with 256-bit AVX2", "-march=x86-64-v3",
	} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("the table lacks %q:\n%s", want, &table)
		}
	}
}

func TestWithoutACompilerEngineCIsRefused(t *testing.T) {
	needWorkerd(t)
	if runtime.GOARCH != "amd64" {
		t.Skip("engine c is refused for another reason on ", runtime.GOARCH)
	}
	t.Setenv("PATH", t.TempDir())
	r, err := wasmbench.Run(t.Context(), wasmbench.Options{
		Dir: wasmBench, Rounds: 1, Sizes: []string{"small"},
		Engines: []string{"c"},
	})
	var start *wasmbench.StartError
	if r != nil || !errors.As(err, &start) || !errors.Is(err, exec.ErrNotFound) ||
		!strings.Contains(err.Error(), "install gcc or clang") {
		t.Errorf("without a compiler: %v, %v, want a start error that names one", r, err)
	}
}

// TestCThatDoesNotCompileIsToldInTheCompilersWords breaks the kernel's source.
func TestCThatDoesNotCompileIsToldInTheCompilersWords(t *testing.T) {
	needWorkerd(t)
	needAVX2(t)
	dir := changedBench(t, "native/avx2.c", "void widen(const uint8_t *src", "void widen(const uint9_t *src")
	_, err := wasmbench.Run(t.Context(), wasmbench.Options{
		Dir: dir, Rounds: 1, Sizes: []string{"small"},
		Engines: []string{"c"},
	})
	var start *wasmbench.StartError
	if !errors.As(err, &start) || !strings.Contains(err.Error(), "avx2.c") {
		t.Errorf("%v, want a start error with the compiler's message", err)
	}
}
