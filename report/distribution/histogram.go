// Package distribution keeps lengths of time as histograms that add up exactly: in memory, in files, and drawn anew to
// judge a difference.
package distribution

import (
	"math"
	"math/bits"
	"time"
)

// The layout of a Histogram: values in units of 8 ns, exact below 128 units, then 128 buckets for each doubling, up to
// 2^42 ns (73 minutes). The middle of a bucket is within 1/256 = 0.39 % of every value in it.
const (
	unitBits    = 3
	subBits     = 7
	bucketCount = 33 << subBits
	// Layout names the layout in files: buckets of different layouts must not be added.
	Layout = "loglinear-8ns-128"
)

// Histogram counts lengths of time. Two histograms add up exactly (Merge): the quantiles of a sum do not depend on how
// it was divided. The zero value is empty and ready. It is not safe for concurrent use.
type Histogram struct {
	counts   *[bucketCount]uint64
	count    uint64
	sum      float64 // ns; a float, since 73 minutes times 2^32 values is more than an int64
	min, max time.Duration
}

// Record adds one value. A negative one counts as 0; one beyond 73 minutes falls into the last bucket, Max stays exact.
func (h *Histogram) Record(d time.Duration) {
	d = max(d, 0)
	if h.counts == nil {
		h.counts = new([bucketCount]uint64)
		h.min = d
	}
	h.counts[bucketOf(d)]++
	h.count++
	h.sum += float64(d)
	h.min, h.max = min(h.min, d), max(h.max, d)
}

// Merge adds all of o to h; o stays as it is.
func (h *Histogram) Merge(o *Histogram) {
	if o.count == 0 {
		return
	}
	if h.counts == nil {
		h.counts = new([bucketCount]uint64)
		h.min = o.min
	}
	for i, n := range o.counts {
		h.counts[i] += n
	}
	h.count += o.count
	h.sum += o.sum
	h.min, h.max = min(h.min, o.min), max(h.max, o.max)
}

// Count is how many values were recorded.
func (h *Histogram) Count() uint64 { return h.count }

// Min is the least value, exactly; 0 when empty.
func (h *Histogram) Min() time.Duration { return h.min }

// Max is the greatest value, exactly; 0 when empty.
func (h *Histogram) Max() time.Duration { return h.max }

// Mean is the exact mean; 0 when empty.
func (h *Histogram) Mean() time.Duration {
	if h.count == 0 {
		return 0
	}
	return time.Duration(h.sum / float64(h.count))
}

// Quantile is the value below or at which the share q (0..1) of all values lies (nearest rank), within 0.4 %; 0 when
// empty.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.count == 0 {
		return 0
	}
	rank := max(uint64(math.Ceil(q*float64(h.count))), 1)
	if rank >= h.count {
		return h.max
	}
	var seen uint64
	for i, n := range h.counts {
		if seen += n; seen >= rank {
			return min(max(bucketMiddle(i), h.min), h.max)
		}
	}
	return h.max
}

func bucketOf(d time.Duration) int {
	v := uint64(d) >> unitBits
	if v < 1<<subBits {
		return int(v)
	}
	e := bits.Len64(v) - subBits - 1
	return min((e+1)<<subBits+int(v>>e)-1<<subBits, bucketCount-1)
}

func bucketMiddle(i int) time.Duration {
	octave, sub := i>>subBits, uint64(i&(1<<subBits-1))
	low, width := sub, uint64(1)
	if octave > 0 {
		low, width = (1<<subBits+sub)<<(octave-1), 1<<(octave-1)
	}
	return time.Duration(low<<unitBits + width<<unitBits/2)
}
