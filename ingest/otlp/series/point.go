package series

import (
	"math"

	"edgescope/edge"
)

// Kind is the type of a metric.
type Kind uint8

// The types of metrics; None has no data.
const (
	None Kind = iota
	Gauge
	Sum
	Histogram
	ExponentialHistogram
	Summary
)

// The temporalities of sums and histograms (enum AggregationTemporality).
const (
	Unspecified = iota
	Delta
	Cumulative
)

// Metric is what the points of one metric share.
type Metric struct {
	Name, Unit           string
	Description          string
	Kind                 Kind
	Temporality          uint8
	Monotonic            bool
	Resource, ScopeAttrs []edge.Attr
	Scope, ScopeVersion  string
	// The points From to To, without To, are its own, and FirstIndex is the index of the first of them.
	From, To   int
	FirstIndex int
}

// flagNoValue is set in a point that says that nothing was recorded (enum DataPointFlags).
const flagNoValue = 1

// Point is one data point of any kind. Its lists lie in points.numbers.
type Point struct {
	Index       int
	Attrs       []edge.Attr
	Start, Time uint64
	Flags       uint32
	// Value is of gauges and sums; HasValue is false when none was sent, or none that is a number.
	Value    float64
	HasValue bool
	// Count and Sum are of histograms and summaries.
	Count, Sum float64
	HasSum     bool
	// Counts are those of the buckets of a histogram, Bounds their upper bounds.
	Counts, Bounds []float64
	// Quantiles holds pairs of quantile and value.
	Quantiles []float64
	exponential
}

// exponential is what an exponential histogram has beside a count and a sum.
type exponential struct {
	Scale                          int32
	ZeroCount, ZeroThreshold       float64
	PositiveOffset, NegativeOffset int32
	Positive, Negative             []float64
}

// SetTemporality takes a temporality; a number outside of the enum is none.
func (m *Metric) SetTemporality(n uint64) {
	if n > Cumulative {
		n = Unspecified
	}
	m.Temporality = uint8(n)
}

// SetNumber takes the value of a gauge or sum.
func (p *Point) SetNumber(f float64) { p.Value, p.HasValue = f, !math.IsNaN(f) }
