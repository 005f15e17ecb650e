package normalize

import (
	"math"
	"strconv"
	"strings"

	"edgescope/edge"
	"edgescope/edge/platform"
)

// DefaultMaxWeight is how many occurrences an event may stand for. Platforms sample at most one in a few thousand, and
// a client that adds up by itself does so for seconds: what is above is a number of another meaning, and would hide all
// others in a sum.
const DefaultMaxWeight = 1e6

// weigh fills how many occurrences an event stands for, between 1 and the bound.
func (n *Normalizer) weigh(v *platform.View, e *edge.Event, bounded *Bounded) {
	f := &e.Facts
	f.Weight = n.weight(v, e)
	if f.Weight > n.maxWeight || f.Count > n.maxWeight {
		f.Weight, f.Count = min(f.Weight, n.maxWeight), min(f.Count, n.maxWeight)
		bounded.Weights++
	}
}

// weight returns how many occurrences an event stands for, at least 1 and finite: of a data point its count times its
// sample interval, of a span what its trace state or the configured rate of its service says.
func (n *Normalizer) weight(v *platform.View, e *edge.Event) float64 {
	switch e.Kind {
	case edge.KindDataPoint:
		return pointWeight(v, &e.Facts)
	case edge.KindSpan:
		if w, ok := stateWeight(e.TraceState); ok {
			return w
		}
		if rate, ok := n.rates[e.Facts.Service]; ok {
			return 1 / rate
		}
	case edge.KindLog:
	}
	return 1
}

// pointWeight returns the count of a data point times its sample interval, and notes the count.
func pointWeight(v *platform.View, f *edge.Facts) float64 {
	count, interval := v.Sampling()
	if !f.HasCount {
		f.Count, f.HasCount = positive(count)
	} else if !(f.Count > 0) {
		f.Count, f.HasCount = 0, false
	}
	weight := 1.0
	if f.HasCount {
		weight = f.Count
	}
	if interval, ok := positive(interval); ok {
		weight *= interval
	}
	if !(weight >= 1) {
		return 1
	}
	return min(weight, math.MaxFloat64)
}

// positive reads a finite number above 0.
func positive(s string) (float64, bool) {
	if s == "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && f > 0 && !math.IsInf(f, 0)
}

// stateWeight reads the sampling threshold in a W3C trace state, ot=th:<hex>: 1 to 14 hex digits, of which left-out
// ones are zeros at the end. A threshold T keeps the share (2^56-T)/2^56 of all traces (OpenTelemetry specification,
// "TraceState: Probability Sampling").
func stateWeight(state string) (float64, bool) {
	if state == "" {
		return 0, false
	}
	for member := range strings.SplitSeq(state, ",") {
		vendor, ok := strings.CutPrefix(strings.TrimSpace(member), "ot=")
		if !ok {
			continue
		}
		for field := range strings.SplitSeq(vendor, ";") {
			if threshold, ok := strings.CutPrefix(field, "th:"); ok {
				return thresholdWeight(threshold)
			}
		}
		return 0, false
	}
	return 0, false
}

func thresholdWeight(digits string) (float64, bool) {
	const bits, maxDigits = 56, 14
	if digits == "" || len(digits) > maxDigits {
		return 0, false
	}
	t, err := strconv.ParseUint(digits, 16, bits)
	if err != nil || digits[0] == '+' {
		return 0, false
	}
	t <<= 4 * (maxDigits - len(digits))
	const all = uint64(1) << bits
	return float64(all) / float64(all-t), true
}
