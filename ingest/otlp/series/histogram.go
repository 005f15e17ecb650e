package series

import (
	"fmt"
	"math"

	"edgescope/edge"
)

const (
	suffixBucket = "_bucket"
	suffixCount  = "_count"
	suffixSum    = "_sum"
	labelLE      = "le"

	// finestScale is the scale that exponential histograms are brought to: 8 buckets for each doubling, so that a
	// quantile is off by at most 4.5 %. OpenTelemetry SDKs start at scale 20 and go down as values spread; at one scale
	// for all, the counts of a bucket never move to another. 160 buckets, what SDKs have, hold a range of 1 to a
	// million at this scale.
	finestScale = 3
)

// bucket is a bucket of an exponential histogram on its way to a series; the id is its number at that scale.
type bucket struct {
	id    int64
	count float64
}

// The ids of the buckets that are none of the scale: 0, and those of negative values, which are counted from here down.
const (
	idZero     = math.MinInt64
	idNegative = math.MinInt64 / 2
)

// layout returns how many series a point needs, and a number that is the same for points whose series are the same.
func (t *tenantStreams) layout(m *Metric, p *Point) (need int, layout uint64) {
	layout = 14695981039346656037 // FNV-1a, 64 bits
	mix := func(n uint64) { layout = (layout ^ n) * 1099511628211 }
	if p.HasSum {
		mix(1)
	}
	switch m.Kind {
	case Histogram:
		for _, b := range p.Bounds {
			mix(math.Float64bits(b))
		}
		return 3 + len(p.Bounds), layout
	case Summary:
		for i := 0; i < len(p.Quantiles); i += 2 {
			mix(math.Float64bits(p.Quantiles[i]))
		}
		return 2 + len(p.Quantiles)/2, layout
	case ExponentialHistogram:
		t.ranges = p.buckets(t.ranges[:0])
		mix(uint64(uint32(min(p.Scale, finestScale)))) // bits
		mix(math.Float64bits(p.ZeroThreshold))
		return 2 + len(t.ranges), layout
	}
	return 1, layout
}

// point writes the series of a point.
func (w *writer) point(kind Kind, p *Point) {
	if kind == Gauge || kind == Sum {
		w.put(0, p.Value, "", edge.Attr{})
		return
	}
	w.put(0, p.observations(), suffixCount, edge.Attr{})
	first := 1
	if p.HasSum {
		w.put(1, p.Sum, suffixSum, edge.Attr{})
		first = 2
	}
	switch kind {
	case Histogram:
		w.histogram(p, first)
	case ExponentialHistogram:
		w.exponential(p)
	default:
		w.summary(p, first)
	}
}

// observations returns the count of a histogram, which is at least what its buckets hold.
func (p *Point) observations() float64 {
	sum := p.ZeroCount
	for _, list := range [...][]float64{p.Counts, p.Positive, p.Negative} {
		for _, n := range list {
			sum += n
		}
	}
	return max(p.Count, sum)
}

// histogram writes cumulative buckets, as Prometheus has them.
func (w *writer) histogram(p *Point, first int) {
	below := 0.0
	for i, bound := range p.Bounds {
		if len(p.Counts) > 0 {
			below += p.Counts[i]
		}
		w.putBound(first+i, below, suffixBucket, labelLE, bound)
	}
	w.putBound(first+len(p.Bounds), p.observations(), suffixBucket, labelLE, math.Inf(1))
}

// summary writes the quantiles as they are; they are no counters.
func (w *writer) summary(p *Point, first int) {
	gauge := *w
	gauge.delta, gauge.zero = false, 0
	for i := 0; i < len(p.Quantiles); i += 2 {
		gauge.putBound(first+i/2, p.Quantiles[i+1], "", "quantile", p.Quantiles[i])
	}
}

// exponential writes the buckets that hold something as ranges, in the way of VictoriaMetrics' histograms.
func (w *writer) exponential(p *Point) {
	if w.s.index == nil {
		w.s.index = make(map[int64]int)
	}
	scale := min(p.Scale, finestScale)
	for _, b := range w.t.ranges {
		i, ok := w.s.index[b.id]
		label := edge.Attr{}
		if !ok {
			i = len(w.s.parts)
			w.s.index[b.id] = i
			label = edge.Attr{Key: edge.LabelVMRange, Value: rangeText(b.id, scale, p.ZeroThreshold)}
		}
		w.put(i, b.count, suffixBucket, label)
	}
}

// buckets appends what a point holds, brought to finestScale at most: from one scale to the next lower one, two
// neighbours become one (OpenTelemetry metrics data model, "Exponential Scale").
func (p *Point) buckets(list []bucket) []bucket {
	if p.ZeroCount > 0 {
		list = append(list, bucket{idZero, p.ZeroCount})
	}
	shift := max(int64(p.Scale)-finestScale, 0)
	list = appendBuckets(list, p.Positive, int64(p.PositiveOffset), shift, func(i int64) int64 { return i })
	return appendBuckets(list, p.Negative, int64(p.NegativeOffset), shift,
		func(i int64) int64 { return idNegative - i })
}

func appendBuckets(list []bucket, counts []float64, offset, shift int64, id func(int64) int64) []bucket {
	from := len(list)
	for i, n := range counts {
		if n == 0 {
			continue
		}
		at := id((offset + int64(i)) >> min(shift, 62))
		if last := len(list) - 1; last >= from && list[last].id == at {
			list[last].count += n
			continue
		}
		list = append(list, bucket{at, n})
	}
	return list
}

// rangeText returns a bucket's label: its bounds with four digits.
func rangeText(id int64, scale int32, zeroThreshold float64) string {
	if id == idZero {
		if zeroThreshold <= 0 {
			zeroThreshold = 1e-9 // the lowest range of VictoriaMetrics' histograms
		}
		return fmt.Sprintf("0...%.3e", zeroThreshold)
	}
	if id <= idNegative/2 {
		i := idNegative - id
		return fmt.Sprintf("%.3e...%.3e", -edgeOf(i+1, scale), -edgeOf(i, scale))
	}
	return fmt.Sprintf("%.3e...%.3e", edgeOf(id, scale), edgeOf(id+1, scale))
}

// edgeOf returns the lower bound of a bucket: base^i, where base is 2^(2^-scale).
func edgeOf(i int64, scale int32) float64 {
	return math.Exp2(math.Ldexp(float64(i), -int(scale)))
}
