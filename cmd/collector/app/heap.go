package app

import (
	"context"
	"math"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

const (
	// paceEvery is how often the garbage collector's pace is set anew, quietEvery how often the collector asks itself
	// whether it has nothing to do.
	paceEvery  = time.Second / 4
	quietEvery = 10 * time.Second
	// quietBytes is what a collector without work allocates in quietEvery at most, and what is worth giving back.
	quietBytes = 32 << 20
	// leastPercent and mostPercent bound the pace (GOGC). A collection also empties the engines' pools, so that twice
	// as many of them let the engines allocate three times as much: 512 MiB with a target of 160 MiB cost a seventh
	// more CPU than with 224 MiB. And a heap of next to nothing must not be let go far beyond the target before the
	// pace is set the next time.
	leastPercent, mostPercent = 50, 200
)

// heapUse is what Go's heap holds, in bytes.
type heapUse struct {
	// live is what the last collection found in use, held what objects and free pages take of the machine now.
	live, held uint64
	// allocated counts from the start of the process.
	allocated uint64
}

// heap keeps Go's heap near a target under load, and gives back what it does not need at rest. Left alone, the heap
// doubles what is in use before it is collected, and keeps that for minutes after the load has gone.
type heap struct {
	// target is the size in bytes that the heap may grow to before it is collected, as long as half more than what is
	// in use is less.
	target     uint64
	percent    int
	allocated  uint64 // at the last look for quiet
	read       func() heapUse
	setPercent func(int) int
	free       func()
}

func newHeap(target int64) *heap {
	return &heap{target: uint64(target), read: readHeap, setPercent: debug.SetGCPercent, free: debug.FreeOSMemory}
}

// percentOf returns by how many per cent of what is in use the heap may grow before it is collected (GOGC).
func percentOf(live, target uint64) int {
	grow := (float64(target)/float64(max(live, 1)) - 1) * 100
	return int(math.Round(min(max(grow, leastPercent), mostPercent)))
}

// pace sets how far the heap may grow before it is collected.
func (h *heap) pace() {
	if want := percentOf(h.read().live, h.target); want != h.percent {
		h.percent = want
		h.setPercent(want)
	}
}

// rest gives memory back to the machine when next to nothing was allocated since it was called the last time.
func (h *heap) rest() {
	use := h.read()
	quiet := use.allocated-h.allocated < quietBytes
	h.allocated = use.allocated
	if quiet && use.held > use.live+quietBytes {
		h.free()
	}
}

// run looks after the heap until ctx ends.
func (h *heap) run(ctx context.Context) {
	pace, rest := time.NewTicker(paceEvery), time.NewTicker(quietEvery)
	defer pace.Stop()
	defer rest.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
			h.pace()
		case <-rest.C:
			h.rest()
		}
	}
}

// start looks after the heap until the function that it returns is called, which leaves the pace as it was before.
func (h *heap) start(ctx context.Context) (stop func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.percent = percentOf(h.read().live, h.target)
	before := h.setPercent(h.percent)
	var wg sync.WaitGroup
	wg.Go(func() { h.run(ctx) })
	return func(context.Context) error {
		cancel()
		wg.Wait()
		h.setPercent(before)
		return nil
	}
}

func readHeap() heapUse {
	s := [...]metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(s[:])
	of := func(i int) uint64 { return s[i].Value.Uint64() }
	return heapUse{live: of(0), held: of(1) + of(2), allocated: of(3)}
}
