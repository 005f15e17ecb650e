package ingest

import (
	"context"
	"runtime/pprof"
)

// labels are contexts with the profiler label of each stage, made once: making one takes as long as logging a span.
type labels struct{ normalise, log, store, rollup, flush context.Context }

func newLabels(ctx context.Context) labels {
	of := func(stage string) context.Context { return pprof.WithLabels(ctx, pprof.Labels("stage", stage)) }
	return labels{of("normalise"), of("log"), of("store"), of("rollup"), of("flush")}
}

// stage puts the goroutine under the label of a stage until the function that it returns is called, so that a CPU
// profile can be split by what the pipeline was doing.
func stage(ctx, labelled context.Context) (end func()) {
	pprof.SetGoroutineLabels(labelled)
	return func() { pprof.SetGoroutineLabels(ctx) }
}
