package worker

import (
	"errors"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"

	"edgescope/scenarios/processor"
)

// errTooLong interrupts JavaScript that runs too long.
var errTooLong = errors.New("took too long")

// watch bounds how long JavaScript runs in one go.
type watch struct {
	give      func(why string) // ends the process
	interrupt func(any)        // of the runtime

	mu          sync.Mutex
	timer       *time.Timer
	rings       time.Time // when the timer does; zero: it does not run
	armed       bool      // JavaScript runs
	interrupted bool
	deadline    time.Time
	why         string
}

func newWatch(give func(string)) *watch { return &watch{give: give} }

// begin says that JavaScript runs until end is called, and why the worker is given up if it does not stop.
func (w *watch) begin(limit time.Duration, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed, w.interrupted, w.deadline, w.why = true, false, time.Now().Add(limit), why
	if w.rings.IsZero() || w.rings.After(w.deadline) { // else it rings earlier, and looks again
		w.again(limit)
	}
}

// end says that JavaScript does not run any more, and whether it was interrupted.
func (w *watch) end() (interrupted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.armed = false
	return w.interrupted
}

// again sets the timer.
func (w *watch) again(d time.Duration) {
	w.rings = time.Now().Add(d)
	if w.timer == nil {
		w.timer = time.AfterFunc(d, w.ring)
		return
	}
	w.timer.Reset(d)
}

// ring looks whether the time is over: first JavaScript is interrupted, then the worker is given up.
func (w *watch) ring() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rings = time.Time{}
	left := time.Until(w.deadline)
	switch {
	case !w.armed:
	case left > 0:
		w.again(left)
	case !w.interrupted:
		w.interrupted = true
		w.interrupt(errTooLong)
		w.deadline = time.Now().Add(processor.Grace)
		w.again(processor.Grace)
	default:
		w.give(w.why)
	}
}

// guard runs JavaScript for at most so long. When it returns nothing will interrupt the runtime any more. A panic of
// the engine, whose state is of no use then, ends the process.
func (r *realm) guard(limit time.Duration, why string, f func() error) (err error) {
	r.watch.begin(max(limit, time.Millisecond), why)
	defer func() {
		if recover() != nil {
			r.watch.give("processor crashed" + whose(why))
		}
		if r.watch.end() {
			r.rt.ClearInterrupt()
		}
	}()
	return f()
}

// memoryEvery is how often the size of the process is looked at.
const memoryEvery = 20 * time.Millisecond

// heap is what lives on the heap, and what is dead and not swept yet.
const heap = "/memory/classes/heap/objects:bytes"

// bound bounds the memory of the process. What is above the limit is told and ends it within [memoryEvery]; what grows
// faster is stopped by the kernel, where it can (limitData).
func bound(limit int64, give func(string)) {
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(limit - limit/8)
	debug.SetMaxStack(int(limit / 4))
	limitData(limit)
	go func() {
		sample := []metrics.Sample{{Name: heap}}
		size := func() int64 { metrics.Read(sample); return int64(sample[0].Value.Uint64()) }
		for range time.Tick(memoryEvery) {
			if size() < limit {
				continue
			}
			if runtime.GC(); size() >= limit {
				give(processor.OutOfMemory)
			}
		}
	}()
}
