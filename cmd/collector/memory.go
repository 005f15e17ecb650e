package main

import (
	"context"
	"runtime/debug"

	"edgescope/internal/run"
)

// leastMemory is the least --memory-limit in bytes: the engines, idle, take half of it.
const leastMemory = 128 << 20

// inFlight answers how many bytes the requests at work may take.
func (o *options) inFlight() int64 {
	if o.maxInFlight > 0 {
		return o.maxInFlight
	}
	return o.memoryLimit / 4
}

// connections answers how many connections a door may have: one costs about 10 KB while it is idle, and up to 40 KB while the
// headers of a request come.
func (o *options) connections() int {
	if o.maxConnections > 0 {
		return o.maxConnections
	}
	return int(o.memoryLimit >> 18)
}

// engineMemory answers how many bytes the caches of the engines may take.
func (o *options) engineMemory() int64 { return o.memoryLimit * 2 / 5 }

// openMemory holds the garbage collector to the limit. A quarter of it is left for what the collector does not manage: caches
// and compressors of the engines live outside of Go's heap.
func (c *collector) openMemory(context.Context) error {
	before := debug.SetMemoryLimit(c.memoryLimit / 4 * 3)
	c.stack.Push("memory limit", func(context.Context) error {
		debug.SetMemoryLimit(before)
		return nil
	})
	return nil
}

func (o *options) validateMemory() error {
	if o.memoryLimit < leastMemory {
		return run.Usage("--memory-limit must be at least %d MiB", leastMemory>>20)
	}
	if o.maxConnections < 0 {
		return run.Usage("--max-connections must not be negative")
	}
	if o.maxInFlight < 0 || o.maxInFlight > o.memoryLimit/2 {
		return run.Usage("--max-in-flight must be at most half of --memory-limit: the engines and the garbage collector need the rest")
	}
	return nil
}
