package health

import (
	"math"
	"runtime/metrics"
	"time"
)

// GC is what Go's garbage collector took of a run: of the time of all processors that loadgen may use, 0 to 1, and the
// longest pause in which nothing else ran.
type GC struct {
	Share float64
	Pause time.Duration
}

// GCWatch measures the garbage collector from its start on.
type GCWatch struct{ before gcSample }

// The metrics of package runtime/metrics that a sample is made of, in seconds.
const (
	gcIdle   = "/cpu/classes/gc/mark/idle:cpu-seconds" // on processors that had nothing else to do
	gcTime   = "/cpu/classes/gc/total:cpu-seconds"
	allTime  = "/cpu/classes/total:cpu-seconds" // idle time included
	gcPauses = "/sched/pauses/total/gc:seconds"
)

type gcSample struct {
	gc, all float64
	counts  []uint64  // of pauses, by length
	bounds  []float64 // of the lengths
}

// WatchGC begins to measure.
func WatchGC() *GCWatch { return &GCWatch{readGC()} }

// Use is what was taken since the start. The runtime counts processor time at the end of each collection only.
func (w *GCWatch) Use() GC { return readGC().since(w.before) }

func readGC() gcSample {
	samples := []metrics.Sample{{Name: gcTime}, {Name: gcIdle}, {Name: allTime}, {Name: gcPauses}}
	metrics.Read(samples)
	seconds := func(i int) float64 {
		if v := samples[i].Value; v.Kind() == metrics.KindFloat64 {
			return v.Float64()
		}
		return 0
	}
	s := gcSample{gc: seconds(0) - seconds(1), all: seconds(2)}
	if v := samples[3].Value; v.Kind() == metrics.KindFloat64Histogram {
		s.counts, s.bounds = v.Float64Histogram().Counts, v.Float64Histogram().Buckets
	}
	return s
}

func (s gcSample) since(before gcSample) (u GC) {
	if all := s.all - before.all; all > 0 {
		u.Share = (s.gc - before.gc) / all
	}
	for i := len(s.counts) - 1; i >= 0; i-- {
		was := uint64(0)
		if i < len(before.counts) {
			was = before.counts[i]
		}
		if s.counts[i] > was {
			u.Pause = atLeast(s.bounds[i])
			break
		}
	}
	return u
}

// atLeast is the lower bound of a bucket, which the longest pause reached; the first bucket has none.
func atLeast(seconds float64) time.Duration {
	if math.IsInf(seconds, -1) {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
