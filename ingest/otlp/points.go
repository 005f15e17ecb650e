package otlp

import (
	"math"

	"edgescope/edge"
)

// metricKind is the type of a metric.
type metricKind uint8

const (
	metricNone metricKind = iota
	metricGauge
	metricSum
	metricHistogram
	metricExponential
	metricSummary
)

// The temporalities of sums and histograms (enum AggregationTemporality).
const (
	temporalityUnknown = iota
	temporalityDelta
	temporalityCumulative
)

// metric is what the points of one metric share.
type metric struct {
	name, unit           string
	kind                 metricKind
	temporality          uint8
	monotonic            bool
	resource, scopeAttrs []edge.Attr
	scope, scopeVersion  string
	// points from..to are its own, and firstIndex is the index of the first of them.
	from, to   int
	firstIndex int
}

// flagNoValue is set in a point that says that nothing was recorded (enum DataPointFlags).
const flagNoValue = 1

// point is one data point of any kind. Its lists lie in points.numbers.
type point struct {
	index       int
	attrs       []edge.Attr
	start, time uint64
	flags       uint32
	// value is of gauges and sums; hasValue is false when none was sent, or none that is a number.
	value    float64
	hasValue bool
	// count and sum are of histograms and summaries.
	count, sum float64
	hasSum     bool
	// counts are those of the buckets of a histogram, bounds their upper bounds.
	counts, bounds []float64
	// quantiles holds pairs of quantile and value.
	quantiles []float64
	exponential
}

// exponential is what an exponential histogram has beside a count and a sum.
type exponential struct {
	scale                          int32
	zeroCount, zeroThreshold       float64
	positiveOffset, negativeOffset int32
	positive, negative             []float64
}

// warnNoTime is the reason of a warning, as edge.Batch counts it.
const warnNoTime = "data point without time"

// points are the metrics and data points of a request, and the memory that they point into.
type points struct {
	metrics []metric
	data    []point
	numbers []float64
	// lists of the current point: they are copied when it ends, since a body may have them in parts.
	counts, bounds, quantiles, positive, negative []float64
	posted                                        posted
}

// dropPoints gives up references and answers how many bytes it keeps.
func (p *points) dropPoints() int {
	clear(p.metrics)
	clear(p.data)
	p.metrics, p.data, p.numbers = p.metrics[:0], p.data[:0], p.numbers[:0]
	p.posted.metrics, p.posted.points = nil, nil
	lists := cap(p.counts) + cap(p.bounds) + cap(p.quantiles) + cap(p.positive) + cap(p.negative)
	return cap(p.metrics)*int(metricBytes) + cap(p.data)*int(pointBytes) + 8*(cap(p.numbers)+lists)
}

// startMetric begins a metric and answers where it is in the list: the list may move while its points are read.
func (d *decoder) startMetric() int {
	d.metrics = append(d.metrics, metric{from: len(d.data), firstIndex: d.index})
	return len(d.metrics) - 1
}

// endMetric completes a metric.
func (d *decoder) endMetric(at int) { d.metrics[at].to = len(d.data) }

// setMetricKind begins the data of a metric. Data of a kind that was read before gives way: the last of the alternatives wins.
func (d *decoder) setMetricKind(at int, kind metricKind) {
	m := &d.metrics[at]
	if m.kind != metricNone {
		clear(d.data[m.from:])
		d.data = d.data[:m.from]
		d.seen[signalMetrics] -= d.index - m.firstIndex
		d.index = m.firstIndex
	}
	m.kind, m.temporality, m.monotonic = kind, temporalityUnknown, false
}

// setTemporality takes a temporality; a number outside of the enum is none.
func (m *metric) setTemporality(n uint64) {
	if n > temporalityCumulative {
		n = temporalityUnknown
	}
	m.temporality = uint8(n)
}

// startPoint answers the point to fill.
func (d *decoder) startPoint() *point {
	d.own.reset()
	d.counts, d.bounds, d.quantiles = d.counts[:0], d.bounds[:0], d.quantiles[:0]
	d.positive, d.negative = d.positive[:0], d.negative[:0]
	d.data = append(d.data, point{index: d.count()})
	return &d.data[len(d.data)-1]
}

// endPoint completes the point that startPoint answered.
func (d *decoder) endPoint(p *point) {
	p.start, p.time = uint64(d.nanos(p.start)), uint64(d.nanos(p.time)) // neither is negative
	if p.time == 0 {
		d.batch.Warn(warnNoTime)
		p.time = uint64(d.now) // after 1970
	}
	if p.time > uint64(d.now+int64(maxAhead)) {
		d.note(warnFuture, "its time is more than 10 minutes ahead: it is that of its arrival")
		p.time = uint64(d.now) // after 1970
	}
	p.attrs = d.keep(&d.own)
	p.counts, p.bounds, p.quantiles = d.keepNumbers(d.counts), d.keepNumbers(d.bounds), d.keepNumbers(d.quantiles)
	p.positive, p.negative = d.keepNumbers(d.positive), d.keepNumbers(d.negative)
}

// keepNumbers moves a list into the memory of the request.
func (d *decoder) keepNumbers(list []float64) []float64 {
	from := len(d.numbers)
	d.numbers = append(d.numbers, list...)
	return d.numbers[from:len(d.numbers):len(d.numbers)]
}

// setNumber takes the value of a gauge or sum.
func (p *point) setNumber(f float64) { p.value, p.hasValue = f, !math.IsNaN(f) }
