package otlp

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

	// finestScale is the scale that exponential histograms are brought to: 8 buckets for each doubling, so that a quantile is off
	// by at most 4.5 %. OpenTelemetry SDKs start at scale 20 and go down as values spread; at one scale for all, the counts of a
	// bucket never move to another. 160 buckets, what SDKs have, hold a range of 1 to a million at this scale.
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

// layout answers how many series a point needs, and a number that is the same for points whose series are the same.
func (t *tenantStreams) layout(m *metric, p *point) (need int, layout uint64) {
	layout = 14695981039346656037 // FNV-1a, 64 bits
	mix := func(n uint64) { layout = (layout ^ n) * 1099511628211 }
	if p.hasSum {
		mix(1)
	}
	switch m.kind {
	case metricHistogram:
		for _, b := range p.bounds {
			mix(math.Float64bits(b))
		}
		return 3 + len(p.bounds), layout
	case metricSummary:
		for i := 0; i < len(p.quantiles); i += 2 {
			mix(math.Float64bits(p.quantiles[i]))
		}
		return 2 + len(p.quantiles)/2, layout
	case metricExponential:
		t.ranges = p.buckets(t.ranges[:0])
		mix(uint64(uint32(min(p.scale, finestScale)))) // bits
		mix(math.Float64bits(p.zeroThreshold))
		return 2 + len(t.ranges), layout
	}
	return 1, layout
}

// point writes the series of a point.
func (w *writer) point(kind metricKind, p *point) {
	if kind == metricGauge || kind == metricSum {
		w.put(0, p.value, "", edge.Attr{})
		return
	}
	w.put(0, p.observations(), suffixCount, edge.Attr{})
	first := 1
	if p.hasSum {
		w.put(1, p.sum, suffixSum, edge.Attr{})
		first = 2
	}
	switch kind {
	case metricHistogram:
		w.histogram(p, first)
	case metricExponential:
		w.exponential(p)
	default:
		w.summary(p, first)
	}
}

// observations returns the count of a histogram, which is at least what its buckets hold.
func (p *point) observations() float64 {
	sum := p.zeroCount
	for _, list := range [...][]float64{p.counts, p.positive, p.negative} {
		for _, n := range list {
			sum += n
		}
	}
	return max(p.count, sum)
}

// histogram writes cumulative buckets, as Prometheus has them.
func (w *writer) histogram(p *point, first int) {
	below := 0.0
	for i, bound := range p.bounds {
		if len(p.counts) > 0 {
			below += p.counts[i]
		}
		w.putBound(first+i, below, suffixBucket, labelLE, bound)
	}
	w.putBound(first+len(p.bounds), p.observations(), suffixBucket, labelLE, math.Inf(1))
}

// summary writes the quantiles as they are; they are no counters.
func (w *writer) summary(p *point, first int) {
	gauge := *w
	gauge.delta, gauge.zero = false, 0
	for i := 0; i < len(p.quantiles); i += 2 {
		gauge.putBound(first+i/2, p.quantiles[i+1], "", "quantile", p.quantiles[i])
	}
}

// exponential writes the buckets that hold something as ranges, in the way of VictoriaMetrics' histograms.
func (w *writer) exponential(p *point) {
	if w.s.index == nil {
		w.s.index = make(map[int64]int)
	}
	scale := min(p.scale, finestScale)
	for _, b := range w.t.ranges {
		i, ok := w.s.index[b.id]
		label := edge.Attr{}
		if !ok {
			i = len(w.s.parts)
			w.s.index[b.id] = i
			label = edge.Attr{Key: edge.LabelVMRange, Value: rangeText(b.id, scale, p.zeroThreshold)}
		}
		w.put(i, b.count, suffixBucket, label)
	}
}

// buckets appends what a point holds, brought to finestScale at most: from one scale to the next lower one, two neighbours
// become one (OpenTelemetry metrics data model, "Exponential Scale").
func (p *point) buckets(list []bucket) []bucket {
	if p.zeroCount > 0 {
		list = append(list, bucket{idZero, p.zeroCount})
	}
	shift := max(int64(p.scale)-finestScale, 0)
	list = appendBuckets(list, p.positive, int64(p.positiveOffset), shift, func(i int64) int64 { return i })
	return appendBuckets(list, p.negative, int64(p.negativeOffset), shift, func(i int64) int64 { return idNegative - i })
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

// rangeText answers a bucket's label: its bounds with four digits.
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

// edgeOf answers the lower bound of a bucket: base^i, where base is 2^(2^-scale).
func edgeOf(i int64, scale int32) float64 {
	return math.Exp2(math.Ldexp(float64(i), -int(scale)))
}
