package otlp_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"edgescope/ingest/otlp"
)

// oraclePoints spells the data points of a request that the Collector's decoder has read.
func oraclePoints(metrics pmetric.Metrics) (list []string) {
	for _, rm := range metrics.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				shared := otlp.PointFields{
					Name: validText(m.Name()), Unit: validText(m.Unit()), Kind: m.Type().String(),
					Scope: validText(sm.Scope().Name()), ScopeVersion: validText(sm.Scope().Version()),
					Resource: oracleTexts(rm.Resource().Attributes()), ScopeAttrs: oracleTexts(sm.Scope().Attributes()),
				}
				for _, p := range oracleData(m, shared) {
					p.Index = len(list)
					if p.Time == 0 || min(p.Time, math.MaxInt64) > uint64(arrival.UnixNano())+10*60*1e9 {
						p.Time = uint64(arrival.UnixNano())
					}
					list = append(list, otlp.PointText(p))
				}
			}
		}
	}
	return list
}

func oracleData(m pmetric.Metric, shared otlp.PointFields) []otlp.PointFields {
	switch m.Type() {
	case pmetric.MetricTypeGauge:
		return oracleNumbers(m.Gauge().DataPoints(), shared)
	case pmetric.MetricTypeSum:
		shared.Temporality, shared.Monotonic = oracleTemporality(m.Sum().AggregationTemporality()), m.Sum().IsMonotonic()
		return oracleNumbers(m.Sum().DataPoints(), shared)
	case pmetric.MetricTypeHistogram:
		shared.Temporality = oracleTemporality(m.Histogram().AggregationTemporality())
		return oracleHistograms(m.Histogram().DataPoints(), shared)
	case pmetric.MetricTypeExponentialHistogram:
		shared.Temporality = oracleTemporality(m.ExponentialHistogram().AggregationTemporality())
		return oracleExponentials(m.ExponentialHistogram().DataPoints(), shared)
	case pmetric.MetricTypeSummary:
		return oracleSummaries(m.Summary().DataPoints(), shared)
	default:
		return nil
	}
}

func oracleTemporality(t pmetric.AggregationTemporality) uint8 {
	if t == pmetric.AggregationTemporalityDelta || t == pmetric.AggregationTemporalityCumulative {
		return uint8(t)
	}
	return 0
}

func oracleNumbers(points pmetric.NumberDataPointSlice, shared otlp.PointFields) (list []otlp.PointFields) {
	for _, d := range points.All() {
		p := shared
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))), uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
		switch d.ValueType() {
		case pmetric.NumberDataPointValueTypeInt:
			p.Value, p.HasValue = float64(d.IntValue()), true
		case pmetric.NumberDataPointValueTypeDouble:
			p.Value, p.HasValue = d.DoubleValue(), !math.IsNaN(d.DoubleValue())
		case pmetric.NumberDataPointValueTypeEmpty:
		}
		list = append(list, p)
	}
	return list
}

func oracleHistograms(points pmetric.HistogramDataPointSlice, shared otlp.PointFields) (list []otlp.PointFields) {
	for _, d := range points.All() {
		p := shared
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))), uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
		p.Count, p.Sum, p.HasSum = float64(d.Count()), d.Sum(), d.HasSum()
		p.Counts, p.Bounds = floats(d.BucketCounts()), d.ExplicitBounds().AsRaw()
		list = append(list, p)
	}
	return list
}

func oracleExponentials(points pmetric.ExponentialHistogramDataPointSlice, shared otlp.PointFields) (list []otlp.PointFields) {
	for _, d := range points.All() {
		p := shared
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))), uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
		p.Count, p.Sum, p.HasSum, p.Scale = float64(d.Count()), d.Sum(), d.HasSum(), d.Scale()
		p.ZeroCount, p.ZeroThreshold = float64(d.ZeroCount()), d.ZeroThreshold()
		p.PositiveOffset, p.Positive = d.Positive().Offset(), floats(d.Positive().BucketCounts())
		p.NegativeOffset, p.Negative = d.Negative().Offset(), floats(d.Negative().BucketCounts())
		list = append(list, p)
	}
	return list
}

func oracleSummaries(points pmetric.SummaryDataPointSlice, shared otlp.PointFields) (list []otlp.PointFields) {
	for _, d := range points.All() {
		p := shared
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))), uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
		p.Count, p.Sum, p.HasSum = float64(d.Count()), d.Sum(), true
		for _, q := range d.QuantileValues().All() {
			p.Quantiles = append(p.Quantiles, q.Quantile(), q.Value())
		}
		list = append(list, p)
	}
	return list
}

func floats(counts pcommon.UInt64Slice) (list []float64) {
	for _, n := range counts.All() {
		list = append(list, float64(n))
	}
	return list
}

func oracleTexts(m pcommon.Map) []string {
	list := []string{}
	for key, text := range oracleAttrs(m) {
		list = append(list, key+"="+text)
	}
	slices.Sort(list)
	return list
}

// compareMetrics decodes a body with both decoders: equal data points, or both refuse, or the difference is one that we want.
// Whatever was decoded must then become samples without harm.
func compareMetrics(t testing.TB, body []byte) {
	t.Helper()
	got, ours := otlp.Points(body, arrival)
	req := pmetricotlp.NewExportRequest()
	theirs := req.UnmarshalProto(body)
	if ours != nil || theirs != nil {
		if (ours == nil) != (theirs == nil) && wanted(body, ours, theirs) == "" {
			t.Fatalf("ours: %v; the Collector's: %v\n%x", ours, theirs, body)
		}
		return
	}
	sink := &recorder{}
	if _, err := newReceiver(t, sink).Metrics(t.Context(), 0, body, otlp.Protobuf); err != nil {
		t.Fatal(err)
	}
	for _, s := range sink.samples {
		if math.IsNaN(s.value) || s.series == "" {
			t.Errorf("sample %+v", s)
		}
	}
	if hasBothScopes(body) {
		return
	}
	if d := cmp.Diff(oraclePoints(req.Metrics()), got); d != "" {
		t.Fatalf("the Collector's (-) and ours (+) differ:\n%s\n%x", d, body)
	}
}

func packed64(values ...uint64) string {
	var b pb
	for _, v := range values {
		b = b.fixed64(1, v)[:len(b)+9]
		b = append(b[:len(b)-9], b[len(b)-8:]...)
	}
	return string(b)
}

// metricSeeds are bodies that between them have every field of every kind of metric, and every way to be broken.
func metricSeeds() map[string][]byte {
	attr, exemplar := keyValue("k", anyString("v")), pb(nil).fixed64(2, startTime).fixed64(3, 1).bytes(4, spanText).bytes(5, traceText).msg(7, keyValue("e", anyInt(1)))
	one, two := math.Float64bits(1), math.Float64bits(2.5)
	num := pb(nil).fixed64(2, startTime).fixed64(3, endTime).fixed64(4, two).msg(5, exemplar).msg(7, attr).varint(8, 0)
	hist := pb(nil).fixed64(2, startTime).fixed64(3, endTime).fixed64(4, 3).fixed64(5, two).bytes(6, packed64(1, 2)).bytes(7, packed64(one)).
		msg(8, exemplar).msg(9, attr).varint(10, 0).fixed64(11, one).fixed64(12, two)
	unpacked := pb(nil).fixed64(3, endTime).fixed64(4, 3).fixed64(6, 1).fixed64(7, one).fixed64(6, 2)
	buckets := pb(nil).varint(1, 3).bytes(2, "\x01\x00\x80\x01")
	exp := pb(nil).msg(1, attr).fixed64(2, startTime).fixed64(3, endTime).fixed64(4, 3).fixed64(5, two).varint(6, 5).fixed64(7, 1).
		msg(8, buckets).msg(9, pb(nil).varint(2, 1).varint(2, 2)).varint(10, 0).msg(11, exemplar).fixed64(12, one).fixed64(13, two).fixed64(14, one)
	summary := pb(nil).fixed64(2, startTime).fixed64(3, endTime).fixed64(4, 3).fixed64(5, two).msg(6, pb(nil).fixed64(1, one).fixed64(2, two)).msg(7, attr).varint(8, 0)
	wrap := func(metrics ...pb) []byte {
		list := pb(nil).msg(1, pb(nil).bytes(1, "scope").bytes(2, "1"))
		for _, m := range metrics {
			list = list.msg(2, m)
		}
		return pb(nil).msg(1, pb(nil).msg(1, pb(nil).msg(1, keyValue("service.name", anyString("s")))).msg(2, list))
	}
	named := pb(nil).bytes(1, "faas.x").bytes(2, "what it is").bytes(3, "s")
	return map[string][]byte{
		"empty":           {},
		"gauge":           wrap(named.msg(5, pb(nil).msg(1, num).msg(1, num))),
		"sum":             wrap(named.msg(7, pb(nil).msg(1, num).varint(2, 2).varint(3, 1))),
		"delta":           wrap(named.msg(7, pb(nil).msg(1, num).msg(1, num).varint(2, 1).varint(3, 1))),
		"integer":         wrap(named.msg(5, pb(nil).msg(1, pb(nil).fixed64(3, endTime).fixed64(6, math.MaxUint64)))),
		"number-twice":    wrap(named.msg(5, pb(nil).msg(1, num.fixed64(6, 7)))),
		"histogram":       wrap(named.msg(9, pb(nil).msg(1, hist).varint(2, 2))),
		"unpacked":        wrap(named.msg(9, pb(nil).msg(1, unpacked).varint(2, 1))),
		"exponential":     wrap(named.msg(10, pb(nil).msg(1, exp).varint(2, 1))),
		"summary":         wrap(named.msg(11, pb(nil).msg(1, summary))),
		"metadata":        wrap(named.msg(12, attr).msg(5, pb(nil).msg(1, num))),
		"name-last":       wrap(pb(nil).msg(5, pb(nil).msg(1, num)).bytes(1, "late\xff")),
		"no-data":         wrap(named),
		"no-value":        wrap(named.msg(5, pb(nil).msg(1, pb(nil).varint(8, 1)))),
		"nan":             wrap(named.msg(5, pb(nil).msg(1, pb(nil).fixed64(4, math.Float64bits(math.NaN()))))),
		"two-kinds":       wrap(named.msg(5, pb(nil).msg(1, num)).msg(7, pb(nil).msg(1, num))),
		"temporality":     wrap(named.msg(7, pb(nil).msg(1, num).varint(2, 9))),
		"bad-packed":      wrap(named.msg(9, pb(nil).msg(1, pb(nil).bytes(6, "123")))),
		"bad-exemplar-id": wrap(named.msg(5, pb(nil).msg(1, pb(nil).msg(5, pb(nil).bytes(5, "short"))))),
		"cut-off":         wrap(named.msg(5, pb(nil).msg(1, num)))[:50],
		"wrong-wire-type": wrap(named.msg(5, pb(nil).msg(1, pb(nil).varint(4, 1)))),
		"scope":           pb(nil).msg(1, pb(nil).msg(2, pb(nil).msg(2, named.msg(5, pb(nil).msg(1, num))).msg(1, pb(nil).bytes(1, "lib").bytes(2, "1").msg(3, attr)))),
		"unknown-fields":  wrap(named.varint(4, 1).varint(99, 1).msg(5, pb(nil).varint(2, 1).msg(1, num.varint(98, 1)))),
	}
}

func TestProtobufMetricsAgreeWithTheCollector(t *testing.T) {
	for name, body := range metricSeeds() {
		t.Run(name, func(t *testing.T) { compareMetrics(t, body) })
	}
}

func FuzzMetricsProto(f *testing.F) {
	for _, body := range metricSeeds() {
		f.Add(body)
	}
	addFixtures(f, ".pb")
	f.Fuzz(func(t *testing.T, body []byte) { compareMetrics(t, body) })
}
