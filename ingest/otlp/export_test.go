package otlp

import (
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
)

// Points decodes an ExportMetricsServiceRequest in protobuf and spells its data points, before they become samples.
func Points(body []byte, now time.Time) ([]string, error) {
	d := newDecoder()
	d.begin(0, now)
	if err := d.proto(signalMetrics, body); err != nil {
		return nil, err
	}
	var list []string
	for _, m := range d.metrics {
		for _, p := range d.data[m.from:m.to] {
			list = append(list, PointText(PointFields{
				m.name, m.unit, m.scope, m.scopeVersion, kindText(m.kind), m.temporality, m.monotonic && m.kind == metricSum,
				attrTexts(m.resource), attrTexts(m.scopeAttrs), attrTexts(p.attrs), p.index, p.start, p.time, p.flags, p.hasValue, p.value, p.count, p.hasSum || m.kind == metricSummary, p.sum,
				p.counts, p.bounds, p.quantiles, p.scale, p.zeroCount, p.zeroThreshold, p.positiveOffset, p.negativeOffset, p.positive, p.negative,
			}))
		}
	}
	return list, nil
}

// PointFields is all that is known of a data point.
type PointFields struct {
	Name, Unit, Scope, ScopeVersion, Kind string
	Temporality                           uint8
	Monotonic                             bool
	Resource, ScopeAttrs, Attrs           []string
	Index                                 int
	Start, Time                           uint64
	Flags                                 uint32
	HasValue                              bool
	Value, Count                          float64
	HasSum                                bool
	Sum                                   float64
	Counts, Bounds, Quantiles             []float64
	Scale                                 int32
	ZeroCount, ZeroThreshold              float64
	PositiveOffset, NegativeOffset        int32
	Positive, Negative                    []float64
}

// PointText spells a data point; NaN is equal to NaN then.
func PointText(p PointFields) string { return fmt.Sprintf("%+v", p) }

func attrTexts(attrs []edge.Attr) []string {
	list := []string{}
	for _, at := range attrs {
		list = append(list, at.Key+"="+at.Value)
	}
	slices.Sort(list)
	return list
}

func kindText(k metricKind) string {
	return [...]string{"Empty", "Gauge", "Sum", "Histogram", "ExponentialHistogram", "Summary"}[k]
}
