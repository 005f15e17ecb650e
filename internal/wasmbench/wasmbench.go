// Package wasmbench compares the image engines of wasm-bench: JavaScript against WebAssembly on the same runtime, each
// engine in a process of its own, operations interleaved at random, ratios paired by round. The method and what its
// numbers mean are in docs/wasm-bench.md.
package wasmbench

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"

	"edgescope/internal/wasmkernel"
)

// The engines' names, as requests to the edge function have them.
const (
	JS       = "js"
	JSSWAR   = "js-swar"
	WASM     = "wasm"
	WASMSIMD = "wasm-simd"
	GoWASM   = "go-wasm"
	Go       = "go"
	C        = "c"
	CPlain   = "c-plain"
)

// EngineNames returns the engines that can be measured, the baseline first.
func EngineNames() []string { return []string{JS, JSSWAR, WASM, WASMSIMD, GoWASM, Go, CPlain, C} }

// DefaultEngines returns those that are measured when none are named: they need nothing but the runtime.
func DefaultEngines() []string { return []string{JS, JSSWAR, WASM, WASMSIMD} }

// SizeNames returns the image sizes, smallest first; wasm-bench/SPEC.md has their pixels.
func SizeNames() []string {
	var names []string
	for _, s := range wasmkernel.Sizes() {
		if s.Name != "tiny" {
			names = append(names, s.Name)
		}
	}
	return names
}

// Options say what to compare.
type Options struct {
	// Dir is the folder wasm-bench.
	Dir string
	// Runtime is workerd, node, deno or bun; empty means workerd. Another one is never tried in its place.
	Runtime string
	// Sizes and Engines are what to measure; the baseline js is always measured, a second time as the A/A control too.
	Sizes, Engines []string
	// Rounds is how many rounds each size gets in all, at least 1; Generations into how many sets of fresh processes
	// they are divided: 0 means one for every ten rounds.
	Rounds, Generations int
	// Codecs measures JPEG stages too, on workerd only.
	Codecs bool
	// Seed fixes the order of operations and the bootstrap.
	Seed uint64
	// GoServer is the command line that serves the engine go, see ServeGo. Without one that engine can't be measured.
	GoServer []string
	// Progress takes one line for each step; nil drops them.
	Progress io.Writer

	native nativeC // the engines in C, once they are built
}

// UsageError says that options make no sense.
type UsageError struct{ Reason string }

// Error returns what would be right.
func (e *UsageError) Error() string { return e.Reason }

// HashError says that an engine computes other bytes than the specification, so that its time means nothing.
type HashError struct{ Engine, Size, Got, Want string }

// Error names the engine, the size and both hashes.
func (e *HashError) Error() string {
	return fmt.Sprintf("engine %s at size %s gives hash %q, the specification (wasm-bench/SPEC.md) %q: nothing was "+
		"compared",
		e.Engine, e.Size, e.Got, e.Want)
}

func (o *Options) setDefaults() {
	o.Runtime = cmp.Or(o.Runtime, runtimeWorkerd)
	o.Engines = slices.DeleteFunc(slices.Clone(o.Engines), func(e string) bool { return e == JS })
	o.Engines = slices.Insert(o.Engines, 0, JS)
	o.Generations = cmp.Or(o.Generations, max(1, o.Rounds/10))
	if o.Progress == nil {
		o.Progress = io.Discard
	}
}

func (o *Options) validate() error {
	if err := oneEach("size", o.Sizes, SizeNames()); err != nil {
		return err
	}
	if err := oneEach("engine", o.Engines, EngineNames()); err != nil {
		return err
	}
	switch {
	case !slices.Contains(RuntimeNames(), o.Runtime):
		return &UsageError{fmt.Sprintf("runtime %q: want one of %s", o.Runtime, strings.Join(RuntimeNames(), ", "))}
	case len(o.Sizes) == 0:
		return &UsageError{"no size; want some of " + strings.Join(SizeNames(), ", ")}
	case o.Rounds < 1:
		return &UsageError{fmt.Sprintf("%d rounds: want at least 1, and 10 or more for an interval that says much",
			o.Rounds)}
	case o.Generations < 1 || o.Generations > o.Rounds:
		return &UsageError{fmt.Sprintf("%d generations of %d rounds: want at least 1, and a round in each",
			o.Generations, o.Rounds)}
	case o.Codecs && o.Runtime != runtimeWorkerd:
		return &UsageError{"codecs are measured on workerd only"}
	case slices.Contains(o.Engines, Go) && len(o.GoServer) == 0:
		return &UsageError{"engine go needs a program that serves it"}
	}
	return nil
}

// oneEach makes sure that names are legal and stand there once.
func oneEach(kind string, names, legal []string) error {
	for i, name := range names {
		if !slices.Contains(legal, name) {
			return &UsageError{fmt.Sprintf("%s %q: want some of %s", kind, name, strings.Join(legal, ", "))}
		}
		if slices.Contains(names[:i], name) {
			return &UsageError{fmt.Sprintf("%s %s is named twice", kind, name)}
		}
	}
	return nil
}

func (o *Options) say(format string, args ...any) {
	// What a terminal can't show is no reason to stop measuring.
	_, _ = fmt.Fprintf(o.Progress, format+"\n", args...)
}

// cpuIsKnown tells whether the processor time of another process can be read exactly enough: only on Linux.
func cpuIsKnown() bool { return runtime.GOOS == "linux" }
