package otlp

import (
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
)

// Points decodes an ExportMetricsServiceRequest in protobuf and spells its data points, before they become samples.
func Points(body []byte, now time.Time) ([]string, error) {
	d := newDecoder(values.Limits{})
	d.begin(0, now)
	if err := d.proto(Metrics, body); err != nil {
		return nil, err
	}
	var list []string
	for _, m := range d.metrics {
		for _, p := range d.data[m.From:m.To] {
			list = append(list, PointText(PointFields{
				m.Name, m.Unit, m.Scope, m.ScopeVersion, kindText(m.Kind), m.Temporality,
				m.Monotonic && m.Kind == series.Sum,
				attrTexts(m.Resource), attrTexts(m.ScopeAttrs), attrTexts(p.Attrs), p.Index, p.Start, p.Time, p.Flags,
				p.HasValue, p.Value, p.Count, p.HasSum || m.Kind == series.Summary, p.Sum,
				p.Counts, p.Bounds, p.Quantiles, p.Scale, p.ZeroCount, p.ZeroThreshold, p.PositiveOffset,
				p.NegativeOffset, p.Positive, p.Negative,
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

func kindText(k series.Kind) string {
	return [...]string{"Empty", "Gauge", "Sum", "Histogram", "ExponentialHistogram", "Summary"}[k]
}
