package otlp

import "math"

// protoMetric reads a Metric (opentelemetry/proto/metrics/v1/metrics.proto).
func (d *decoder) protoMetric(f fields) error {
	at := d.startMetric()
	for f.next() {
		switch f.num {
		case 1:
			d.metrics[at].name = d.arena.Text(f.bytes())
		case 2:
			f.bytes() // the description
		case 3:
			d.metrics[at].unit = d.arena.Text(f.bytes())
		case 5, 7, 9, 10, 11:
			f.err = d.protoMetricData(f.message(), at, protoMetricKind(f.num))
		case 12:
			d.nested.reset()
			f.err = d.protoNested(f.message(), &d.nested) // metadata, of which nothing is kept
		default:
			f.skip()
		}
	}
	d.endMetric(at)
	return f.err
}

func protoMetricKind(num int32) metricKind {
	switch num {
	case 5:
		return metricGauge
	case 7:
		return metricSum
	case 9:
		return metricHistogram
	case 10:
		return metricExponential
	default:
		return metricSummary
	}
}

// protoMetricData reads a Gauge, Sum, Histogram, ExponentialHistogram or Summary, which have the same fields as far as they
// have them.
func (d *decoder) protoMetricData(f fields, at int, kind metricKind) error {
	d.setMetricKind(at, kind)
	for f.next() {
		switch {
		case f.num == 1:
			f.err = d.protoPoint(f.message(), kind)
		case f.num == 2 && kind != metricGauge && kind != metricSummary:
			d.metrics[at].setTemporality(d.protoEnum(f.varint(), &temporalities))
		case f.num == 3 && kind == metricSum:
			d.metrics[at].monotonic = f.varint() != 0
		default:
			f.skip()
		}
	}
	return f.err
}

func (d *decoder) protoPoint(f fields, kind metricKind) error {
	p := d.startPoint()
	for f.next() {
		switch {
		case f.num == 2:
			p.start = f.fixed64()
		case f.num == 3:
			p.time = f.fixed64()
		case kind == metricHistogram:
			d.protoHistogramField(&f, p)
		case kind == metricExponential:
			d.protoExponentialField(&f, p)
		case kind == metricSummary:
			d.protoSummaryField(&f, p)
		default:
			d.protoNumberField(&f, p)
		}
	}
	if f.err != nil {
		return f.err
	}
	d.endPoint(p)
	return d.room()
}

func (d *decoder) protoNumberField(f *fields, p *point) {
	switch f.num {
	case 4:
		p.setNumber(f.double())
	case 5:
		f.err = d.protoExemplar(f.message())
	case 6:
		p.setNumber(float64(int64(f.fixed64()))) // the bits of an int64
	case 7:
		d.protoAttrOf(f, &d.own, maxKey)
	case 8:
		p.flags = uint32(f.varint()) // the field has 32 bits
	default:
		f.skip()
	}
}

func (d *decoder) protoHistogramField(f *fields, p *point) {
	switch f.num {
	case 4:
		p.count = float64(f.fixed64())
	case 5:
		p.sum, p.hasSum = f.double(), true
	case 6:
		d.counts = f.list64(d.counts, func(n uint64) float64 { return float64(n) })
	case 7:
		d.bounds = f.list64(d.bounds, math.Float64frombits)
	case 8:
		f.err = d.protoExemplar(f.message())
	case 9:
		d.protoAttrOf(f, &d.own, maxKey)
	case 10:
		p.flags = uint32(f.varint()) // the field has 32 bits
	case 11, 12:
		f.fixed64() // the smallest and greatest value
	default:
		f.skip()
	}
}

func (d *decoder) protoExponentialField(f *fields, p *point) {
	switch f.num {
	case 1:
		d.protoAttrOf(f, &d.own, maxKey)
	case 4:
		p.count = float64(f.fixed64())
	case 5:
		p.sum, p.hasSum = f.double(), true
	case 6:
		p.scale = zigzag32(f.varint())
	case 7:
		p.zeroCount = float64(f.fixed64())
	case 8:
		f.err = protoBuckets(f.message(), &p.positiveOffset, &d.positive)
	case 9:
		f.err = protoBuckets(f.message(), &p.negativeOffset, &d.negative)
	case 10:
		p.flags = uint32(f.varint()) // the field has 32 bits
	case 11:
		f.err = d.protoExemplar(f.message())
	case 12, 13:
		f.fixed64() // the smallest and greatest value
	case 14:
		p.zeroThreshold = f.double()
	default:
		f.skip()
	}
}

func protoBuckets(f fields, offset *int32, counts *[]float64) error {
	for f.next() {
		switch f.num {
		case 1:
			*offset = zigzag32(f.varint())
		case 2:
			*counts = f.listVarint(*counts)
		default:
			f.skip()
		}
	}
	return f.err
}

func (d *decoder) protoSummaryField(f *fields, p *point) {
	switch f.num {
	case 4:
		p.count = float64(f.fixed64())
	case 5:
		p.sum, p.hasSum = f.double(), true
	case 6:
		f.err = d.protoQuantile(f.message())
	case 7:
		d.protoAttrOf(f, &d.own, maxKey)
	case 8:
		p.flags = uint32(f.varint()) // the field has 32 bits
	default:
		f.skip()
	}
}

func (d *decoder) protoQuantile(f fields) error {
	var quantile, v float64
	for f.next() {
		switch f.num {
		case 1:
			quantile = f.double()
		case 2:
			v = f.double()
		default:
			f.skip()
		}
	}
	d.quantiles = append(d.quantiles, quantile, v)
	return f.err
}

// protoExemplar reads over an exemplar, of which nothing is kept: the trace that it points to is asked of the spans.
func (d *decoder) protoExemplar(f fields) error {
	for f.next() {
		switch f.num {
		case 2, 3, 6:
			f.fixed64()
		case 4, 5:
			f.bytes()
		case 7:
			d.nested.reset()
			f.err = d.protoNested(f.message(), &d.nested)
		default:
			f.skip()
		}
	}
	return f.err
}

func (f *fields) double() float64 { return math.Float64frombits(f.fixed64()) }

// list64 reads a repeated field of 64-bit values, packed or one by one. A packed list that occurs again replaces the one before,
// as in the OpenTelemetry Collector; one value more is added.
func (f *fields) list64(list []float64, number func(uint64) float64) []float64 {
	if f.typ != wireBytes {
		return append(list, number(f.fixed64()))
	}
	list = list[:0]
	m := f.message()
	for m.pos < len(m.b) && m.err == nil {
		list = append(list, number(m.take64()))
	}
	f.err = m.err
	return list
}

// listVarint reads a repeated field of base-128 numbers, as list64 does.
func (f *fields) listVarint(list []float64) []float64 {
	if f.typ != wireBytes {
		return append(list, float64(f.varint()))
	}
	list = list[:0]
	m := f.message()
	for m.pos < len(m.b) && m.err == nil {
		list = append(list, float64(m.uvarint()))
	}
	f.err = m.err
	return list
}

// zigzag32 decodes a sint32.
func zigzag32(n uint64) int32 {
	u := uint32(n) // the field has 32 bits
	return int32(u>>1) ^ -int32(u&1)
}
