package wasmbench

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// Result is what a comparison found: the file of loadgen bench -o. Lengths of time are milliseconds, sizes are bytes. A
// number that could not be measured is left out.
type Result struct {
	Runtime Runtime `json:"runtime"`
	Machine Machine `json:"machine"`
	// Started is when the first process was started, Took how long all of it lasted in seconds.
	Started time.Time `json:"started"`
	Took    float64   `json:"took_s"`
	// Rounds is how many rounds each size had, divided over so many Generations of processes; Seed repeats the order.
	Rounds      int    `json:"rounds"`
	Generations int    `json:"generations"`
	Seed        uint64 `json:"seed"`
	// AA compares js with itself in a second process. If Valid is false, its interval misses 1: the ratios of this run say
	// less than their intervals claim.
	AA      Control `json:"aa"`
	Results []Row   `json:"results"`
	// ColdIsolates is how long an isolate takes from nothing to its first answer, inside a running workerd.
	ColdIsolates []ColdIsolate `json:"cold_isolates,omitempty"`
	// Codecs are the JPEG stages, which are no part of any ratio above.
	Codecs []Codec `json:"codecs,omitempty"`
}

// Runtime is what ran the engines.
type Runtime struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Engine is the JavaScript engine with its version, such as "V8 15.8.62.5"; empty when it can't be found out.
	Engine string `json:"engine,omitempty"`
}

// Machine is where it ran.
type Machine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPU  string `json:"cpu,omitempty"`
	// CPUs is how many may be used at the same time.
	CPUs int `json:"cpus"`
	// LoadBefore and LoadAfter are the load averages of one minute.
	LoadBefore float64 `json:"load_before"`
	LoadAfter  float64 `json:"load_after"`
}

// Control is a comparison of an engine with itself.
type Control struct {
	Ratio float64    `json:"ratio"`
	CI    [2]float64 `json:"ci"`
	Valid bool       `json:"valid"`
	// CPURatio and CPUCI compare processor time.
	CPURatio float64    `json:"cpu_ratio,omitzero"`
	CPUCI    [2]float64 `json:"cpu_ci,omitzero"`
	CPUValid bool       `json:"cpu_valid,omitzero"`
}

// Row is one engine at one size.
type Row struct {
	Size     string `json:"size"`
	Engine   string `json:"engine"`
	Baseline string `json:"baseline"`
	// Ratio is the baseline's wall time divided by the engine's: greater is better. CI is its 95 % interval.
	Ratio float64    `json:"ratio"`
	CI    [2]float64 `json:"ci"`
	// CPURatio is the same of the server's processor time; on a busy machine it is the one to quote.
	CPURatio float64    `json:"cpu_ratio,omitzero"`
	CPUCI    [2]float64 `json:"cpu_ci,omitzero"`
	// WallMS is what a client waits for one operation: the median over rounds of the least of a round. Wall has the
	// distribution of all timed operations.
	WallMS float64   `json:"wall_ms"`
	Wall   Quantiles `json:"wall"`
	// CPUMS is the processor time of all threads of the process for one operation, the median over rounds.
	CPUMS float64 `json:"cpu_ms,omitzero"`
	// KernelMS is one operation without HTTP: the processor time (elsewhere than on Linux the wall time) that a further
	// repetition inside a request adds.
	KernelMS float64 `json:"kernel_ms,omitzero"`
	// FirstOpMS is the first operation of a fresh process, the input being there; compare it with WallMS.
	FirstOpMS float64 `json:"first_op_ms"`
	// ColdProcessMS is from the start of the process to its first answer, of any kind.
	ColdProcessMS float64 `json:"cold_process_ms"`
	// RSS is the resident memory of the process after the rounds.
	RSS int64 `json:"rss,omitzero"`
	// WASMBytes is the size of the WebAssembly module, 0 of an engine without one.
	WASMBytes int64  `json:"wasm_bytes,omitzero"`
	Hash      string `json:"hash"`
	// Note says what a reader of the row must know.
	Note string `json:"note,omitempty"`
}

// Quantiles are those of a distribution in ms.
type Quantiles struct {
	Count int     `json:"count"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	Max   float64 `json:"max"`
}

func newQuantiles(values []float64) Quantiles {
	return Quantiles{
		Count: len(values), Min: quantile(values, 0), P50: quantile(values, 0.5), P90: quantile(values, 0.9), Max: quantile(values, 1),
	}
}

// ColdIsolate is a kind of isolate and the median time to its first answer, less that of a request that starts none.
type ColdIsolate struct {
	// Kind is js, or wasm: then compiling and instantiating the SIMD module is part of it.
	Kind string  `json:"kind"`
	MS   float64 `json:"ms"`
	N    int     `json:"n"`
}

// Codec is one JPEG stage by one codec at one size.
type Codec struct {
	Size  string `json:"size"`
	Stage string `json:"stage"`
	Codec string `json:"codec"`
	// MS is the median time of one stage without HTTP, CPUMS its processor time.
	MS    float64 `json:"ms"`
	CPUMS float64 `json:"cpu_ms,omitzero"`
	// Bytes is the length of the encoded image.
	Bytes int64 `json:"bytes"`
}

// WriteJSON writes the result, indented.
func (r *Result) WriteJSON(w io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
