package otlp

import "edgescope/ingest/otlp/series"

// warnNoTime is the reason of a warning, as edge.Batch counts it.
const warnNoTime = "data point without time"

// points are the metrics and data points of a request, and the memory that they point into.
type points struct {
	metrics []series.Metric
	data    []series.Point
	numbers []float64
	// lists of the current point: they are copied when it ends, since a body may have them in parts.
	counts, bounds, quantiles, positive, negative []float64
	posted                                        series.Request
}

// dropPoints gives up references and returns how many bytes it keeps.
func (p *points) dropPoints() int {
	clear(p.metrics)
	clear(p.data)
	p.metrics, p.data, p.numbers = p.metrics[:0], p.data[:0], p.numbers[:0]
	p.posted.Metrics, p.posted.Points = nil, nil
	lists := cap(p.counts) + cap(p.bounds) + cap(p.quantiles) + cap(p.positive) + cap(p.negative)
	return cap(p.metrics)*int(metricBytes) + cap(p.data)*int(pointBytes) + 8*(cap(p.numbers)+lists)
}

// startMetric begins a metric and returns where it is in the list: the list may move while its points are read.
func (d *decoder) startMetric() int {
	d.metrics = append(d.metrics, series.Metric{From: len(d.data), FirstIndex: d.index})
	return len(d.metrics) - 1
}

// endMetric completes a metric.
func (d *decoder) endMetric(at int) { d.metrics[at].To = len(d.data) }

// setMetricKind begins the data of a metric. Data of a kind that was read before gives way: the last of the
// alternatives wins.
func (d *decoder) setMetricKind(at int, kind series.Kind) {
	m := &d.metrics[at]
	if m.Kind != series.None {
		clear(d.data[m.From:])
		d.data = d.data[:m.From]
		d.seen[Metrics] -= d.index - m.FirstIndex
		d.index = m.FirstIndex
	}
	m.Kind, m.Temporality, m.Monotonic = kind, series.Unspecified, false
}

// startPoint returns the point to fill.
func (d *decoder) startPoint() *series.Point {
	d.own.Reset()
	d.counts, d.bounds, d.quantiles = d.counts[:0], d.bounds[:0], d.quantiles[:0]
	d.positive, d.negative = d.positive[:0], d.negative[:0]
	d.data = append(d.data, series.Point{Index: d.count()})
	return &d.data[len(d.data)-1]
}

// endPoint completes the point that startPoint returned.
func (d *decoder) endPoint(p *series.Point) {
	p.Start, p.Time = uint64(d.Nanos(p.Start)), uint64(d.Nanos(p.Time)) // neither is negative
	if p.Time == 0 {
		d.batch.Warn(warnNoTime)
		p.Time = uint64(d.now) // after 1970
	}
	if p.Time > uint64(d.now+int64(maxAhead)) {
		d.note(warnFuture, "its time is more than 10 minutes ahead: it is that of its arrival")
		p.Time = uint64(d.now) // after 1970
	}
	p.Attrs = d.keep(&d.own)
	p.Counts, p.Bounds, p.Quantiles = d.keepNumbers(d.counts), d.keepNumbers(d.bounds), d.keepNumbers(d.quantiles)
	p.Positive, p.Negative = d.keepNumbers(d.positive), d.keepNumbers(d.negative)
}

// keepNumbers moves a list into the memory of the request.
func (d *decoder) keepNumbers(list []float64) []float64 {
	from := len(d.numbers)
	d.numbers = append(d.numbers, list...)
	return d.numbers[from:len(d.numbers):len(d.numbers)]
}
