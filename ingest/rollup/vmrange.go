package rollup

import (
	"fmt"
	"math"
)

// Durations fall into VictoriaMetrics' vmrange buckets: 18 per decade, from 1 ns to 1e6 s, with one bucket below and
// one above. Interpolating inside a bucket keeps quantiles within 2 % (docs.victoriametrics.com, "histogram").
const (
	rangesPerDecade = 18
	lowestExponent  = -9
	highestExponent = 6
	rangeCount      = (highestExponent-lowestExponent)*rangesPerDecade + 2
)

// rangeNames are the values of label vmrange, by bucket.
var rangeNames = func() [rangeCount]string {
	var names [rangeCount]string
	edge := func(i int) string {
		return fmt.Sprintf("%.3e", math.Pow(10, lowestExponent+float64(i)/rangesPerDecade))
	}
	names[0] = "0..." + edge(0)
	for i := 1; i < rangeCount-1; i++ {
		names[i] = edge(i-1) + "..." + edge(i)
	}
	names[rangeCount-1] = edge(rangeCount-2) + "...+Inf"
	return names
}()

// rangeOf returns the bucket of a length of time in seconds. A value on an edge belongs to the bucket below it, as in
// VictoriaMetrics' own histograms. Zero and negative values fall into the lowest.
func rangeOf(seconds float64) int {
	if seconds <= 0 {
		return 0
	}
	position := (math.Log10(seconds) - lowestExponent) * rangesPerDecade
	switch {
	case position <= 0:
		return 0
	case position > rangeCount-2:
		return rangeCount - 1
	default:
		return int(math.Ceil(position))
	}
}
