package otlp

import (
	"math"

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
			d.metrics[at].name = stringValue(r.Scalar()).str
		case "unit":
			d.metrics[at].unit = stringValue(r.Scalar()).str
		default:
			d.jsonMetricData(r, at, jsonMetricKind(key))
		}
	}
	d.endMetric(at)
}

func jsonMetricKind(key string) metricKind {
	switch key {
	case "gauge":
		return metricGauge
	case "sum":
		return metricSum
	case "histogram":
		return metricHistogram
	case "exponentialHistogram", "exponential_histogram":
		return metricExponential
	case "summary":
		return metricSummary
	}
	return metricNone
}

func (d *decoder) jsonMetricData(r *jsonwire.Reader, at int, kind metricKind) {
	if kind == metricNone || r.Peek() != jsonwire.Object {
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
			for list := d.list(r); list.Next(); {
				d.jsonPoint(r)
			}
		case "aggregationTemporality", "aggregation_temporality":
			d.metrics[at].setTemporality(d.jsonEnum(r, &temporalities))
		case "isMonotonic", "is_monotonic":
			d.metrics[at].monotonic = boolValue(r.Scalar()).num != 0
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
func (d *decoder) jsonPointShared(r *jsonwire.Reader, p *point, key string) bool {
	switch key {
	case "attributes":
		d.jsonAttrs(r, &d.own, maxKey)
	case "startTimeUnixNano", "start_time_unix_nano":
		p.start = d.jsonTime(r)
	case "timeUnixNano", "time_unix_nano":
		p.time = d.jsonTime(r)
	case "asDouble", "as_double":
		p.setNumber(number(doubleValue(r.Scalar())))
	case "asInt", "as_int":
		p.setNumber(number(intValue(r.Scalar())))
	case "count":
		p.count = number(doubleValue(r.Scalar()))
	case "sum":
		p.sum, p.hasSum = number(doubleValue(r.Scalar())), true
	case "flags":
		p.flags = unsigned32(r.Scalar())
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
		for list := d.list(r); list.Next(); {
			d.jsonQuantile(r)
		}
	default:
		return false
	}
	return true
}

// jsonPointExponential reads what only exponential histograms have.
func (d *decoder) jsonPointExponential(r *jsonwire.Reader, p *point, key string) {
	switch key {
	case "scale":
		p.scale = signed32(r.Scalar())
	case "zeroCount", "zero_count":
		p.zeroCount = number(doubleValue(r.Scalar()))
	case "zeroThreshold", "zero_threshold":
		p.zeroThreshold = number(doubleValue(r.Scalar()))
	case "positive":
		d.jsonBuckets(r, &p.positiveOffset, &d.positive)
	case "negative":
		d.jsonBuckets(r, &p.negativeOffset, &d.negative)
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
			*offset = signed32(r.Scalar())
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
			quantile = number(doubleValue(r.Scalar()))
		case "value":
			v = number(doubleValue(r.Scalar()))
		default:
			r.Skip()
		}
	}
	d.quantiles = append(d.quantiles, quantile, v)
}

// jsonNumbers reads a list of numbers; an entry that is none becomes NaN, which costs the point.
func (d *decoder) jsonNumbers(r *jsonwire.Reader, dst []float64) []float64 {
	for list := d.list(r); list.Next(); {
		dst = append(dst, number(doubleValue(r.Scalar())))
	}
	return dst
}

// number answers the number that a value holds, NaN when it holds none.
func number(v value) float64 {
	switch v.kind {
	case kindInt:
		return float64(int64(v.num)) // the bits of an int64
	case kindDouble:
		return math.Float64frombits(v.num)
	default:
		return math.NaN()
	}
}

func signed32(t jsonwire.Token, text string) int32 {
	f := number(doubleValue(t, text))
	if math.IsNaN(f) {
		return 0
	}
	return int32(min(max(f, math.MinInt32), math.MaxInt32)) // bounded
}
