package otlp

import "math"

func (d *decoder) jsonMetric(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		d.rejectEntry()
		return
	}
	at := d.startMetric()
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "name":
			d.metrics[at].name = stringValue(r.scalar()).str
		case "unit":
			d.metrics[at].unit = stringValue(r.scalar()).str
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

func (d *decoder) jsonMetricData(r *jsonReader, at int, kind metricKind) {
	if kind == metricNone || r.peek() != tokObject {
		r.skip()
		return
	}
	d.setMetricKind(at, kind)
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		switch key {
		case "dataPoints", "data_points":
			for list := d.list(r); list.next(); {
				d.jsonPoint(r)
			}
		case "aggregationTemporality", "aggregation_temporality":
			d.metrics[at].setTemporality(d.jsonEnum(r, &temporalities))
		case "isMonotonic", "is_monotonic":
			d.metrics[at].monotonic = boolValue(r.scalar()).num != 0
		default:
			r.skip()
		}
	}
}

func (d *decoder) jsonPoint(r *jsonReader) {
	if r.peek() != tokObject {
		r.skip()
		d.rejectEntry()
		return
	}
	p := d.startPoint()
	for o := r.object(); ; {
		key, ok := o.member()
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
func (d *decoder) jsonPointShared(r *jsonReader, p *point, key string) bool {
	switch key {
	case "attributes":
		d.jsonAttrs(r, &d.own, maxKey)
	case "startTimeUnixNano", "start_time_unix_nano":
		p.start = d.jsonTime(r)
	case "timeUnixNano", "time_unix_nano":
		p.time = d.jsonTime(r)
	case "asDouble", "as_double":
		p.setNumber(number(doubleValue(r.scalar())))
	case "asInt", "as_int":
		p.setNumber(number(intValue(r.scalar())))
	case "count":
		p.count = number(doubleValue(r.scalar()))
	case "sum":
		p.sum, p.hasSum = number(doubleValue(r.scalar())), true
	case "flags":
		p.flags = unsigned32(r.scalar())
	default:
		return false
	}
	return true
}

// jsonPointLists reads the members that are lists.
func (d *decoder) jsonPointLists(r *jsonReader, key string) bool {
	switch key {
	case "bucketCounts", "bucket_counts":
		d.counts = d.jsonNumbers(r, d.counts[:0])
	case "explicitBounds", "explicit_bounds":
		d.bounds = d.jsonNumbers(r, d.bounds[:0])
	case "quantileValues", "quantile_values":
		d.quantiles = d.quantiles[:0]
		for list := d.list(r); list.next(); {
			d.jsonQuantile(r)
		}
	default:
		return false
	}
	return true
}

// jsonPointExponential reads what only exponential histograms have.
func (d *decoder) jsonPointExponential(r *jsonReader, p *point, key string) {
	switch key {
	case "scale":
		p.scale = signed32(r.scalar())
	case "zeroCount", "zero_count":
		p.zeroCount = number(doubleValue(r.scalar()))
	case "zeroThreshold", "zero_threshold":
		p.zeroThreshold = number(doubleValue(r.scalar()))
	case "positive":
		d.jsonBuckets(r, &p.positiveOffset, &d.positive)
	case "negative":
		d.jsonBuckets(r, &p.negativeOffset, &d.negative)
	default:
		r.skip()
	}
}

func (d *decoder) jsonBuckets(r *jsonReader, offset *int32, counts *[]float64) {
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			return
		}
		switch key {
		case "offset":
			*offset = signed32(r.scalar())
		case "bucketCounts", "bucket_counts":
			*counts = d.jsonNumbers(r, (*counts)[:0])
		default:
			r.skip()
		}
	}
}

func (d *decoder) jsonQuantile(r *jsonReader) {
	quantile, v := 0.0, 0.0
	for o := r.object(); ; {
		key, ok := o.member()
		if !ok {
			break
		}
		switch key {
		case "quantile":
			quantile = number(doubleValue(r.scalar()))
		case "value":
			v = number(doubleValue(r.scalar()))
		default:
			r.skip()
		}
	}
	d.quantiles = append(d.quantiles, quantile, v)
}

// jsonNumbers reads a list of numbers; an entry that is none becomes NaN, which costs the point.
func (d *decoder) jsonNumbers(r *jsonReader, dst []float64) []float64 {
	for list := d.list(r); list.next(); {
		dst = append(dst, number(doubleValue(r.scalar())))
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

func signed32(t token, text string) int32 {
	f := number(doubleValue(t, text))
	if math.IsNaN(f) {
		return 0
	}
	return int32(min(max(f, math.MinInt32), math.MaxInt32)) // bounded
}
