package health

import (
	"math"
	"runtime"
	"testing"
	"time"
)

func TestGCUseIsWhatWasAddedSinceTheStart(t *testing.T) {
	f := func(before, after gcSample, want GC) {
		t.Helper()
		if got := after.since(before); got != want {
			t.Errorf("%+v to %+v: %+v, want %+v", before, after, got, want)
		}
	}
	bounds := []float64{math.Inf(-1), 0.001, 0.01, 0.1}
	f(gcSample{}, gcSample{}, GC{})
	f(gcSample{gc: 1, all: 3}, gcSample{gc: 2, all: 7}, GC{Share: 0.25})
	f(gcSample{counts: []uint64{0, 5, 1}, bounds: bounds}, gcSample{counts: []uint64{0, 7, 1}, bounds: bounds},
		GC{Pause: time.Millisecond})
	f(gcSample{}, gcSample{counts: []uint64{3, 0, 0}, bounds: bounds}, GC{})
	f(gcSample{}, gcSample{counts: []uint64{3, 0, 1}, bounds: bounds}, GC{Pause: 10 * time.Millisecond})
}

func TestGCWatchSeesACollection(t *testing.T) {
	w := WatchGC()
	runtime.GC()
	if u := w.Use(); u.Share < 0 || u.Share > 1 || u.Pause <= 0 {
		t.Errorf("%+v, want a share from 0 to 1 and a pause", u)
	}
}
