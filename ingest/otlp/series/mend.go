package series

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
func (p *Point) mend(kind Kind) (lost, reason string) {
	switch kind {
	case Histogram:
		p.exponential = exponential{}
		lost = p.mendBounds()
	case ExponentialHistogram:
		p.Counts, p.Bounds = nil, nil
		lost = p.mendExponential()
	default:
		p.Counts, p.Bounds, p.exponential = nil, nil, exponential{}
	}
	if countable(p.Count) {
		return lost, ""
	}
	if lost == lostCounts || kind == Summary || p.bucketCount() == 0 {
		return "", reasonNoNumber
	}
	p.Count = 0 // what the buckets hold counts
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
func (p *Point) bucketCount() int { return len(p.Counts) + len(p.Positive) + len(p.Negative) }

// countable tells whether a number can count something.
func countable(n float64) bool { return n >= 0 && !math.IsInf(n, 0) }

func uncountable(n float64) bool { return !countable(n) }

func (p *Point) mendBounds() (lost string) {
	switch n := len(p.Counts); {
	case n == 0 && len(p.Bounds) == 0:
		return ""
	case slices.ContainsFunc(p.Counts, uncountable):
		lost = lostCounts
	case n == 0:
		// Bounds alone: how many there are of each is not told, and not that there are none.
		lost = lostOtherCount + p.sizes()
	case n == len(p.Bounds):
		p.Bounds, lost = p.Bounds[:n-1], lostLastBound
	case n != len(p.Bounds)+1:
		lost = lostOtherCount + p.sizes()
	}
	if lost == "" || lost == lostLastBound {
		if p.dropRedundant() && lost == "" {
			lost = lostRedundant
		}
		if increase(p.Bounds) {
			return lost
		}
		lost = lostUnsorted
	}
	p.Counts, p.Bounds = nil, nil
	return lost
}

func (p *Point) sizes() string {
	return strconv.Itoa(len(p.Counts)) + " counts and " + strconv.Itoa(len(p.Bounds)) + " bounds"
}

// dropRedundant takes out the last bounds of +Inf, the first ones of -Inf, and one of two that are the same. It works
// in place: the lists belong to the point.
func (p *Point) dropRedundant() (dropped bool) {
	before := len(p.Bounds)
	for n := len(p.Bounds); n > 0 && math.IsInf(p.Bounds[n-1], 1); n-- {
		p.Counts[n-1] += p.Counts[n]
		p.Bounds, p.Counts = p.Bounds[:n-1], p.Counts[:n]
	}
	for len(p.Bounds) > 0 && math.IsInf(p.Bounds[0], -1) {
		p.Counts[1] += p.Counts[0]
		p.Bounds, p.Counts = p.Bounds[1:], p.Counts[1:]
	}
	to := 0
	for i, bound := range p.Bounds {
		if to > 0 && bound == p.Bounds[to-1] { // what is in the bucket between them is at most the bound
			p.Counts[to-1] += p.Counts[i]
			continue
		}
		p.Bounds[to], p.Counts[to] = bound, p.Counts[i]
		to++
	}
	p.Counts[to] = p.Counts[len(p.Bounds)]
	p.Bounds, p.Counts = p.Bounds[:to], p.Counts[:to+1]
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

func (p *Point) mendExponential() (lost string) {
	good := countable(p.ZeroCount) && !slices.ContainsFunc(p.Positive, uncountable) &&
		!slices.ContainsFunc(p.Negative, uncountable)
	if !countable(p.ZeroThreshold) {
		p.ZeroThreshold = 0
	}
	if good {
		return ""
	}
	p.ZeroCount, p.Positive, p.Negative = 0, nil, nil
	return lostCounts
}
