package edge

import "time"

// Bench is what a comparison of engines found (loadgen bench): its JSON is the file of -o, and travels to a collector
// as the text of attribute BenchAttr of a span named BenchSpan. Lengths of time are milliseconds, sizes are bytes. A
// number that could not be measured is left out.
type Bench struct {
	// ID is the trace id of the span that carries it, 32 lower-case hex digits; empty in a file that was not sent. Name
	// groups comparisons of one kind over time, Commit is what was measured, as CI says it.
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Commit string `json:"commit,omitempty"`

	Runtime BenchRuntime `json:"runtime"`
	Machine BenchMachine `json:"machine"`
	// Started is when the first process was started, Took how long all of it lasted in seconds.
	Started time.Time `json:"started"`
	Took    float64   `json:"took_s"`
	// Rounds is how many rounds each size had, divided over so many Generations of processes; Seed repeats the order.
	Rounds      int    `json:"rounds"`
	Generations int    `json:"generations"`
	Seed        uint64 `json:"seed"`
	// AA compares js with itself in a second process. If Valid is false, its interval misses 1: the ratios of this run
	// say less than their intervals claim.
	AA      BenchControl `json:"aa"`
	Results []BenchRow   `json:"results"`
	// ColdIsolates is how long an isolate takes from nothing to its first answer, inside a running workerd.
	ColdIsolates []BenchColdIsolate `json:"cold_isolates,omitempty"`
	// Native compares WebAssembly with the native engines of the run.
	Native []BenchNative `json:"native,omitempty"`
	// Codecs are JPEG stages, which are no part of any ratio above.
	Codecs []BenchCodec `json:"codecs,omitempty"`
}

// BenchRuntime is what ran the engines.
type BenchRuntime struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Engine is the JavaScript engine with its version, such as "V8 15.8.62.5"; empty when it can't be found out.
	Engine string `json:"engine,omitempty"`
}

// BenchMachine is where it ran.
type BenchMachine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPU  string `json:"cpu,omitempty"`
	// CPUs is how many may be used at the same time.
	CPUs int `json:"cpus"`
	// LoadBefore and LoadAfter are the load averages of one minute.
	LoadBefore float64 `json:"load_before"`
	LoadAfter  float64 `json:"load_after"`
}

// BenchControl is a comparison of an engine with itself.
type BenchControl struct {
	Ratio float64    `json:"ratio"`
	CI    [2]float64 `json:"ci"`
	Valid bool       `json:"valid"`
	// CPURatio and CPUCI compare processor time.
	CPURatio float64    `json:"cpu_ratio,omitzero"`
	CPUCI    [2]float64 `json:"cpu_ci,omitzero"`
	CPUValid bool       `json:"cpu_valid,omitzero"`
}

// BenchRow is one engine at one size.
type BenchRow struct {
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
	WallMS float64        `json:"wall_ms"`
	Wall   BenchQuantiles `json:"wall"`
	// CPUMS is the processor time of all threads of the process for one operation, the median over rounds.
	CPUMS float64 `json:"cpu_ms,omitzero"`
	// KernelMS is one operation without HTTP: the processor time (elsewhere than on Linux the wall time) of a request
	// less that of the same request without the operation, the median over rounds. KernelRatio is the baseline's
	// divided by the engine's.
	KernelMS    float64    `json:"kernel_ms,omitzero"`
	KernelRatio float64    `json:"kernel_ratio,omitzero"`
	KernelCI    [2]float64 `json:"kernel_ci,omitzero"`
	// PerCore is how many requests a core can serve in a second: 1000 / CPUMS.
	PerCore float64 `json:"requests_per_core_s,omitzero"`
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

// BenchQuantiles are those of a distribution in ms.
type BenchQuantiles struct {
	Count int     `json:"count"`
	Min   float64 `json:"min"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	Max   float64 `json:"max"`
}

// BenchColdIsolate is a kind of isolate and the median time to its first answer, less that of a request that starts
// none.
type BenchColdIsolate struct {
	// Kind is js, or wasm: then compiling and instantiating the SIMD module is part of it.
	Kind string  `json:"kind"`
	MS   float64 `json:"ms"`
	N    int     `json:"n"`
}

// BenchNative is how many times as long as a native engine's the kernel of an engine takes, HTTP apart, at one size;
// smaller is better. CI is its 95 % interval.
type BenchNative struct {
	Size   string     `json:"size"`
	Engine string     `json:"engine"`
	Native string     `json:"native"`
	Ratio  float64    `json:"ratio"`
	CI     [2]float64 `json:"ci"`
}

// BenchCodec is one JPEG stage by one codec at one size.
type BenchCodec struct {
	Size  string `json:"size"`
	Stage string `json:"stage"` // decode or encode
	Codec string `json:"codec"` // jpeg-js or jsquash
	// MS is the median wall time of a request, CPUMS its processor time, 0 where that is unknown.
	MS    float64 `json:"ms"`
	CPUMS float64 `json:"cpu_ms,omitzero"`
	// Bytes is the length of the file that was written or read.
	Bytes int64 `json:"bytes"`
}

// How a comparison travels: the service is RunService.
const (
	BenchSpan     = "loadgen.bench"
	BenchAttr     = "edge.bench"
	BenchNameAttr = "edge.bench.name"
	// KeyEngine is the attribute of an invocation that names the engine that did its work, such as js or wasm-simd.
	KeyEngine = "edge.engine"
)
