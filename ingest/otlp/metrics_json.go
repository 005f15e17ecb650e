package otlp

import (
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
	"edgescope/internal/jsonwire"
)

func (d *decoder) jsonMetric(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.rejectEntry()
		return
	}
	at := d.startMetric()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch key {
		case "name":
			d.metrics[at].Name = values.StringOf(r.Scalar()).Str
		case "unit":
			d.metrics[at].Unit = values.StringOf(r.Scalar()).Str
		case "description":
			d.metrics[at].Description = values.StringOf(r.Scalar()).Str
		default:
			d.jsonMetricData(r, at, jsonMetricKind(key))
		}
	}
	d.endMetric(at)
}

func jsonMetricKind(key string) series.Kind {
	switch key {
	case "gauge":
		return series.Gauge
	case "sum":
		return series.Sum
	case "histogram":
		return series.Histogram
	case "exponentialHistogram", "exponential_histogram":
		return series.ExponentialHistogram
	case "summary":
		return series.Summary
	}
	return series.None
}

func (d *decoder) jsonMetricData(r *jsonwire.Reader, at int, kind series.Kind) {
	if kind == series.None || r.Peek() != jsonwire.Object {
		r.Skip()
		return
	}
	d.setMetricKind(at, kind)
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return
		}
		switch key {
		case "dataPoints", "data_points":
			for list := d.List(r); list.Next(); {
				d.jsonPoint(r)
			}
		case "aggregationTemporality", "aggregation_temporality":
			d.metrics[at].SetTemporality(d.JSONEnum(r, &values.Temporalities))
		case "isMonotonic", "is_monotonic":
			d.metrics[at].Monotonic = values.BoolOf(r.Scalar()).Num != 0
		default:
			r.Skip()
		}
	}
}

func (d *decoder) jsonPoint(r *jsonwire.Reader) {
	if r.Peek() != jsonwire.Object {
		r.Skip()
		d.rejectEntry()
		return
	}
	p := d.startPoint()
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		if !d.jsonPointShared(r, p, key) && !d.jsonPointLists(r, key) {
			d.jsonPointExponential(r, p, key)
		}
	}
	d.endPoint(p)
	d.roomForJSON(r)
}

// jsonPointShared reads the members that are one value and that several kinds of points have.
func (d *decoder) jsonPointShared(r *jsonwire.Reader, p *series.Point, key string) bool {
	switch key {
	case "attributes":
		d.JSONAttrs(r, &d.own, d.Limits.Key)
	case "startTimeUnixNano", "start_time_unix_nano":
		p.Start = d.JSONTime(r)
	case "timeUnixNano", "time_unix_nano":
		p.Time = d.JSONTime(r)
	case "asDouble", "as_double":
		p.SetNumber(values.Number(values.DoubleOf(r.Scalar())))
	case "asInt", "as_int":
		p.SetNumber(values.Number(values.IntOf(r.Scalar())))
	case "count":
		p.Count = values.Number(values.DoubleOf(r.Scalar()))
	case "sum":
		p.Sum, p.HasSum = values.Number(values.DoubleOf(r.Scalar())), true
	case "flags":
		p.Flags = values.Unsigned32(r.Scalar())
	default:
		return false
	}
	return true
}

// jsonPointLists reads the members that are lists.
func (d *decoder) jsonPointLists(r *jsonwire.Reader, key string) bool {
	switch key {
	case "bucketCounts", "bucket_counts":
		d.counts = d.jsonNumbers(r, d.counts[:0])
	case "explicitBounds", "explicit_bounds":
		d.bounds = d.jsonNumbers(r, d.bounds[:0])
	case "quantileValues", "quantile_values":
		d.quantiles = d.quantiles[:0]
		for list := d.List(r); list.Next(); {
			d.jsonQuantile(r)
		}
	default:
		return false
	}
	return true
}

// jsonPointExponential reads what only exponential histograms have.
func (d *decoder) jsonPointExponential(r *jsonwire.Reader, p *series.Point, key string) {
	switch key {
	case "scale":
		p.Scale = values.Signed32(r.Scalar())
	case "zeroCount", "zero_count":
		p.ZeroCount = values.Number(values.DoubleOf(r.Scalar()))
	case "zeroThreshold", "zero_threshold":
		p.ZeroThreshold = values.Number(values.DoubleOf(r.Scalar()))
	case "positive":
		d.jsonBuckets(r, &p.PositiveOffset, &d.positive)
	case "negative":
		d.jsonBuckets(r, &p.NegativeOffset, &d.negative)
	default:
		r.Skip()
	}
}

func (d *decoder) jsonBuckets(r *jsonwire.Reader, offset *int32, counts *[]float64) {
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			return
		}
		switch key {
		case "offset":
			*offset = values.Signed32(r.Scalar())
		case "bucketCounts", "bucket_counts":
			*counts = d.jsonNumbers(r, (*counts)[:0])
		default:
			r.Skip()
		}
	}
}

func (d *decoder) jsonQuantile(r *jsonwire.Reader) {
	quantile, v := 0.0, 0.0
	for o := r.Object(); ; {
		key, ok := o.Member()
		if !ok {
			break
		}
		switch key {
		case "quantile":
			quantile = values.Number(values.DoubleOf(r.Scalar()))
		case "value":
			v = values.Number(values.DoubleOf(r.Scalar()))
		default:
			r.Skip()
		}
	}
	d.quantiles = append(d.quantiles, quantile, v)
}

// jsonNumbers reads a list of numbers; an entry that is none becomes NaN, which costs the point.
func (d *decoder) jsonNumbers(r *jsonwire.Reader, dst []float64) []float64 {
	for list := d.List(r); list.Next(); {
		dst = append(dst, values.Number(values.DoubleOf(r.Scalar())))
	}
	return dst
}
