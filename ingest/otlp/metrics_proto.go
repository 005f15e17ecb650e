package otlp

import (
	"math"

	"edgescope/ingest/otlp/pbwire"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
)

// protoMetric reads a Metric (opentelemetry/proto/metrics/v1/metrics.proto).
func (d *decoder) protoMetric(f pbwire.Message) error {
	at := d.startMetric()
	for f.Next() {
		switch f.Num {
		case 1:
			d.metrics[at].Name = d.Arena.Text(f.Bytes())
		case 2:
			d.metrics[at].Description = d.Arena.Text(f.Bytes())
		case 3:
			d.metrics[at].Unit = d.Arena.Text(f.Bytes())
		case 5, 7, 9, 10, 11:
			f.Err = d.protoMetricData(f.Message(), at, protoMetricKind(f.Num))
		case 12:
			d.nested.Reset()
			f.Err = d.ProtoNested(f.Message(), &d.nested) // metadata, of which nothing is kept
		default:
			f.Skip()
		}
	}
	d.endMetric(at)
	return f.Err
}

func protoMetricKind(num int32) series.Kind {
	switch num {
	case 5:
		return series.Gauge
	case 7:
		return series.Sum
	case 9:
		return series.Histogram
	case 10:
		return series.ExponentialHistogram
	default:
		return series.Summary
	}
}

// protoMetricData reads a Gauge, Sum, Histogram, ExponentialHistogram or Summary, which have the same fields as far as
// they have them.
func (d *decoder) protoMetricData(f pbwire.Message, at int, kind series.Kind) error {
	d.setMetricKind(at, kind)
	for f.Next() {
		switch {
		case f.Num == 1:
			f.Err = d.protoPoint(f.Message(), kind)
		case f.Num == 2 && kind != series.Gauge && kind != series.Summary:
			d.metrics[at].SetTemporality(d.ProtoEnum(f.Varint(), &values.Temporalities))
		case f.Num == 3 && kind == series.Sum:
			d.metrics[at].Monotonic = f.Varint() != 0
		default:
			f.Skip()
		}
	}
	return f.Err
}

func (d *decoder) protoPoint(f pbwire.Message, kind series.Kind) error {
	p := d.startPoint()
	for f.Next() {
		switch {
		case f.Num == 2:
			p.Start = f.Fixed64()
		case f.Num == 3:
			p.Time = f.Fixed64()
		case kind == series.Histogram:
			d.protoHistogramField(&f, p)
		case kind == series.ExponentialHistogram:
			d.protoExponentialField(&f, p)
		case kind == series.Summary:
			d.protoSummaryField(&f, p)
		default:
			d.protoNumberField(&f, p)
		}
	}
	if f.Err != nil {
		return f.Err
	}
	d.endPoint(p)
	return d.room()
}

func (d *decoder) protoNumberField(f *pbwire.Message, p *series.Point) {
	switch f.Num {
	case 4:
		p.SetNumber(f.Double())
	case 5:
		f.Err = d.protoExemplar(f.Message())
	case 6:
		p.SetNumber(float64(int64(f.Fixed64()))) // the bits of an int64
	case 7:
		d.ProtoAttr(f, &d.own, d.Limits.Key)
	case 8:
		p.Flags = uint32(f.Varint()) // the field has 32 bits
	default:
		f.Skip()
	}
}

func (d *decoder) protoHistogramField(f *pbwire.Message, p *series.Point) {
	switch f.Num {
	case 4:
		p.Count = float64(f.Fixed64())
	case 5:
		p.Sum, p.HasSum = f.Double(), true
	case 6:
		d.counts = f.List64(d.counts, func(n uint64) float64 { return float64(n) })
	case 7:
		d.bounds = f.List64(d.bounds, math.Float64frombits)
	case 8:
		f.Err = d.protoExemplar(f.Message())
	case 9:
		d.ProtoAttr(f, &d.own, d.Limits.Key)
	case 10:
		p.Flags = uint32(f.Varint()) // the field has 32 bits
	case 11, 12:
		f.Fixed64() // the smallest and greatest value
	default:
		f.Skip()
	}
}

func (d *decoder) protoExponentialField(f *pbwire.Message, p *series.Point) {
	switch f.Num {
	case 1:
		d.ProtoAttr(f, &d.own, d.Limits.Key)
	case 4:
		p.Count = float64(f.Fixed64())
	case 5:
		p.Sum, p.HasSum = f.Double(), true
	case 6:
		p.Scale = pbwire.Zigzag32(f.Varint())
	case 7:
		p.ZeroCount = float64(f.Fixed64())
	case 8:
		f.Err = protoBuckets(f.Message(), &p.PositiveOffset, &d.positive)
	case 9:
		f.Err = protoBuckets(f.Message(), &p.NegativeOffset, &d.negative)
	case 10:
		p.Flags = uint32(f.Varint()) // the field has 32 bits
	case 11:
		f.Err = d.protoExemplar(f.Message())
	case 12, 13:
		f.Fixed64() // the smallest and greatest value
	case 14:
		p.ZeroThreshold = f.Double()
	default:
		f.Skip()
	}
}

func protoBuckets(f pbwire.Message, offset *int32, counts *[]float64) error {
	for f.Next() {
		switch f.Num {
		case 1:
			*offset = pbwire.Zigzag32(f.Varint())
		case 2:
			*counts = f.ListVarint(*counts)
		default:
			f.Skip()
		}
	}
	return f.Err
}

func (d *decoder) protoSummaryField(f *pbwire.Message, p *series.Point) {
	switch f.Num {
	case 4:
		p.Count = float64(f.Fixed64())
	case 5:
		p.Sum, p.HasSum = f.Double(), true
	case 6:
		f.Err = d.protoQuantile(f.Message())
	case 7:
		d.ProtoAttr(f, &d.own, d.Limits.Key)
	case 8:
		p.Flags = uint32(f.Varint()) // the field has 32 bits
	default:
		f.Skip()
	}
}

func (d *decoder) protoQuantile(f pbwire.Message) error {
	var quantile, v float64
	for f.Next() {
		switch f.Num {
		case 1:
			quantile = f.Double()
		case 2:
			v = f.Double()
		default:
			f.Skip()
		}
	}
	d.quantiles = append(d.quantiles, quantile, v)
	return f.Err
}

// protoExemplar reads over an exemplar, of which nothing is kept: the trace that it points to is asked of the spans.
func (d *decoder) protoExemplar(f pbwire.Message) error {
	for f.Next() {
		switch f.Num {
		case 2, 3, 6:
			f.Fixed64()
		case 4, 5:
			f.Bytes()
		case 7:
			d.nested.Reset()
			f.Err = d.ProtoNested(f.Message(), &d.nested)
		default:
			f.Skip()
		}
	}
	return f.Err
}
