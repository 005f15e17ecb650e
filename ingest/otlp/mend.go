package otlp

import (
	"math"
	"slices"
	"strconv"
)

// A histogram with buckets that can't be used keeps its count and sum, and one with bounds that say nothing keeps its
// buckets:
//
//	what was sent                              what is kept
//	a last bound of +Inf, a first one of -Inf  the others; what the empty bucket counts goes to its neighbour
//	the same bound twice                       one of them, likewise
//	as many bounds as counts                   all but the last bound: its bucket becomes the one without a bound
//	another number of counts, bounds that do not increase or are no numbers, counts that are no numbers or below 0
//	                                           count and sum
//
// A count that is less than its buckets hold, or that is missing, is what they hold. mend returns what was lost, and
// why the point can't be taken at all.
func (p *point) mend(kind metricKind) (lost, reason string) {
	switch kind {
	case metricHistogram:
		p.exponential = exponential{}
		lost = p.mendBounds()
	case metricExponential:
		p.counts, p.bounds = nil, nil
		lost = p.mendExponential()
	default:
		p.counts, p.bounds, p.exponential = nil, nil, exponential{}
	}
	if countable(p.count) {
		return lost, ""
	}
	if lost == lostCounts || kind == metricSummary || p.bucketCount() == 0 {
		return "", reasonNoNumber
	}
	p.count = 0 // what the buckets hold counts
	return lost, ""
}

// What answers say of buckets.
const (
	lostCounts     = "buckets left out: a count is no number of at least 0"
	lostUnsorted   = "buckets left out: the bounds do not increase"
	lostRedundant  = "bounds left out that are infinite or the same as their neighbour"
	lostLastBound  = "the last bound left out: there are as many bounds as counts"
	lostOtherCount = "buckets left out: want one count more than bounds, got "
)

// bucketCount returns how many counts of buckets there are.
func (p *point) bucketCount() int { return len(p.counts) + len(p.positive) + len(p.negative) }

// countable tells whether a number can count something.
func countable(n float64) bool { return n >= 0 && !math.IsInf(n, 0) }

func uncountable(n float64) bool { return !countable(n) }

func (p *point) mendBounds() (lost string) {
	switch n := len(p.counts); {
	case n == 0 && len(p.bounds) == 0:
		return ""
	case slices.ContainsFunc(p.counts, uncountable):
		lost = lostCounts
	case n == 0:
		// Bounds alone: how many there are of each is not told, and not that there are none.
		lost = lostOtherCount + p.sizes()
	case n == len(p.bounds):
		p.bounds, lost = p.bounds[:n-1], lostLastBound
	case n != len(p.bounds)+1:
		lost = lostOtherCount + p.sizes()
	}
	if lost == "" || lost == lostLastBound {
		if p.dropRedundant() && lost == "" {
			lost = lostRedundant
		}
		if increase(p.bounds) {
			return lost
		}
		lost = lostUnsorted
	}
	p.counts, p.bounds = nil, nil
	return lost
}

func (p *point) sizes() string {
	return strconv.Itoa(len(p.counts)) + " counts and " + strconv.Itoa(len(p.bounds)) + " bounds"
}

// dropRedundant takes out the last bounds of +Inf, the first ones of -Inf, and one of two that are the same. It works
// in place: the lists belong to the point.
func (p *point) dropRedundant() (dropped bool) {
	before := len(p.bounds)
	for n := len(p.bounds); n > 0 && math.IsInf(p.bounds[n-1], 1); n-- {
		p.counts[n-1] += p.counts[n]
		p.bounds, p.counts = p.bounds[:n-1], p.counts[:n]
	}
	for len(p.bounds) > 0 && math.IsInf(p.bounds[0], -1) {
		p.counts[1] += p.counts[0]
		p.bounds, p.counts = p.bounds[1:], p.counts[1:]
	}
	to := 0
	for i, bound := range p.bounds {
		if to > 0 && bound == p.bounds[to-1] { // what is in the bucket between them is at most the bound
			p.counts[to-1] += p.counts[i]
			continue
		}
		p.bounds[to], p.counts[to] = bound, p.counts[i]
		to++
	}
	p.counts[to] = p.counts[len(p.bounds)]
	p.bounds, p.counts = p.bounds[:to], p.counts[:to+1]
	return to < before
}

// increase tells whether bounds are finite and each is greater than the one before.
func increase(bounds []float64) bool {
	for i, b := range bounds {
		if math.IsInf(b, 0) || math.IsNaN(b) || i > 0 && b <= bounds[i-1] {
			return false
		}
	}
	return true
}

func (p *point) mendExponential() (lost string) {
	good := countable(p.zeroCount) && !slices.ContainsFunc(p.positive, uncountable) && !slices.ContainsFunc(p.negative, uncountable)
	if !countable(p.zeroThreshold) {
		p.zeroThreshold = 0
	}
	if good {
		return ""
	}
	p.zeroCount, p.positive, p.negative = 0, nil, nil
	return lostCounts
}
