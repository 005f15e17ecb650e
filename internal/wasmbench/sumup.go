package wasmbench

import (
	"math"
	"os"
	"path/filepath"
	"slices"

	"edgescope/edge"
)

// sumUp turns what was measured into the rows and the control.
func (o *Options) sumUp(r *Result, measured map[string]map[string]*series) {
	var wall, cpu [][]float64
	for _, size := range o.Sizes {
		base := measured[size][JS]
		for _, engine := range o.Engines {
			r.Results = append(r.Results, o.row(size, engine, base, measured[size][engine]))
		}
		r.Native = append(r.Native, o.natives(size, measured[size])...)
		for i, g := range logRatios(base, measured[size][control], wallOf) {
			wall = pool(wall, i, g)
		}
		for i, g := range logRatios(base, measured[size][control], cpuOf) {
			cpu = pool(cpu, i, g)
		}
	}
	aa := NewEstimate(wall, o.Seed)
	r.AA = edge.BenchControl{Ratio: aa.Ratio, CI: aa.CI, Valid: aa.Contains(1)}
	if cpuIsKnown() {
		e := NewEstimate(cpu, o.Seed)
		r.AA.CPURatio, r.AA.CPUCI, r.AA.CPUValid = e.Ratio, e.CI, e.Contains(1)
	}
}

// pool adds values to the i-th list.
func pool(lists [][]float64, i int, values []float64) [][]float64 {
	if i == len(lists) {
		return append(lists, slices.Clone(values))
	}
	lists[i] = append(lists[i], values...)
	return lists
}

func wallOf(r round) float64   { return r.wall }
func cpuOf(r round) float64    { return r.cpu }
func kernelOf(r round) float64 { return r.kernel }

// natives compares WebAssembly with SIMD with each native engine: its kernel's time divided by theirs, in the same
// round.
func (o *Options) natives(size string, measured map[string]*series) []edge.BenchNative {
	var out []edge.BenchNative
	simd := measured[WASMSIMD]
	for _, native := range []string{Go, CPlain, C} {
		if s := measured[native]; s != nil && simd != nil {
			e := NewEstimate(logRatios(simd, s, kernelOf), o.Seed)
			out = append(out, edge.BenchNative{Size: size, Engine: WASMSIMD, Native: native, Ratio: e.Ratio, CI: e.CI})
		}
	}
	return out
}

// logRatios pairs the rounds of two participants: the logarithm of base over engine, by generation.
func logRatios(base, engine *series, of func(round) float64) [][]float64 {
	out := make([][]float64, len(base.generations))
	for g := range base.generations {
		for i := range base.generations[g] {
			out[g] = append(out[g], math.Log(of(base.generations[g][i])/of(engine.generations[g][i])))
		}
	}
	return out
}

func (o *Options) row(size, engine string, base, s *series) edge.BenchRow {
	row := edge.BenchRow{
		Size: size, Engine: engine, Baseline: JS, Ratio: 1, CI: [2]float64{1, 1},
		WallMS: median(s.each(wallOf)), Wall: newQuantiles(s.wall), KernelMS: median(s.each(kernelOf)), KernelRatio: 1,
		KernelCI:  [2]float64{1, 1},
		FirstOpMS: median(s.first), ColdProcessMS: median(s.cold), RSS: int64(median(s.rss)),
		WASMBytes: o.moduleBytes(engine), Hash: s.hash, Note: o.note(size, engine),
	}
	if engine != JS {
		e := NewEstimate(logRatios(base, s, wallOf), o.Seed)
		row.Ratio, row.CI = e.Ratio, e.CI
		e = NewEstimate(logRatios(base, s, kernelOf), o.Seed)
		row.KernelRatio, row.KernelCI = e.Ratio, e.CI
	}
	if !cpuIsKnown() {
		return row
	}
	row.CPUMS, row.CPURatio, row.CPUCI = median(s.each(cpuOf)), 1, [2]float64{1, 1}
	row.PerCore = 1000 / row.CPUMS
	if engine != JS {
		e := NewEstimate(logRatios(base, s, cpuOf), o.Seed)
		row.CPURatio, row.CPUCI = e.Ratio, e.CI
	}
	return row
}

// each returns one figure of all rounds.
func (s *series) each(of func(round) float64) []float64 {
	var out []float64
	for _, r := range slices.Concat(s.generations...) {
		out = append(out, of(r))
	}
	return out
}

// note says what a reader of a row must know.
func (o *Options) note(size, engine string) string {
	switch {
	case engine == C:
		return "native C with 256-bit AVX2 by hand in a process of its own, " + o.native.compiler +
			": no runtime for edge functions runs this"
	case engine == CPlain:
		return "the same in plain C, which the compiler makes AVX2 of"
	case engine == Go:
		return "native Go in a process of its own: no runtime for edge functions runs this"
	case engine == GoWASM:
		return "Go compiled to WebAssembly: without SIMD, with Go's runtime in the module"
	case size == "large":
		return "the image takes 35 MB, js's buffers 80, WebAssembly's 45: near the 128 MB that an isolate may have " +
			"in production"
	default:
		return ""
	}
}

// moduleBytes is the size of an engine's WebAssembly module, 0 if it has none.
func (o *Options) moduleBytes(engine string) int64 {
	file := map[string]string{
		WASM: "wasm/kernel-scalar.wasm", WASMSIMD: "wasm/kernel-simd.wasm",
		GoWASM: goModule,
	}[engine]
	if file == "" {
		return 0
	}
	stat, err := os.Stat(filepath.Join(o.Dir, file))
	if err != nil {
		return 0 // the process that just ran it had it
	}
	return stat.Size()
}
