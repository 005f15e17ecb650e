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
	"edgescope/ingest/otlp/otlptest"
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
					if p.Time == 0 || min(p.Time, math.MaxInt64) > uint64(otlptest.Arrival.UnixNano())+10*60*1e9 {
						p.Time = uint64(otlptest.Arrival.UnixNano())
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
		shared.Temporality, shared.Monotonic = oracleTemporality(m.Sum().AggregationTemporality()),
			m.Sum().IsMonotonic()
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
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))),
			uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
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
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))),
			uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
		p.Count, p.Sum, p.HasSum = float64(d.Count()), d.Sum(), d.HasSum()
		p.Counts, p.Bounds = floats(d.BucketCounts()), d.ExplicitBounds().AsRaw()
		list = append(list, p)
	}
	return list
}

func oracleExponentials(
	points pmetric.ExponentialHistogramDataPointSlice, shared otlp.PointFields,
) (list []otlp.PointFields) {
	for _, d := range points.All() {
		p := shared
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))),
			uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
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
		p.Attrs, p.Start, p.Time, p.Flags = oracleTexts(d.Attributes()), uint64(oracleUnix(uint64(d.StartTimestamp()))),
			uint64(oracleUnix(uint64(d.Timestamp()))), uint32(d.Flags())
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

// compareMetrics decodes a body with both decoders: equal data points, or both refuse, or the difference is one that we
// want. Whatever was decoded must then become samples without harm.
func compareMetrics(t testing.TB, body []byte) {
	t.Helper()
	got, ours := otlp.Points(body, otlptest.Arrival)
	req := pmetricotlp.NewExportRequest()
	theirs := req.UnmarshalProto(body)
	if ours != nil || theirs != nil {
		if (ours == nil) != (theirs == nil) && wanted(body, ours, theirs) == "" {
			t.Fatalf("ours: %v; the Collector's: %v\n%x", ours, theirs, body)
		}
		return
	}
	sink := &otlptest.Recorder{}
	if _, err := otlptest.New(t, sink).Metrics(t.Context(), 0, body, otlp.Protobuf); err != nil {
		t.Fatal(err)
	}
	for _, s := range sink.GotSamples {
		if math.IsNaN(s.Value) || s.Series == "" {
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

// metricSeeds are bodies that between them have every field of every kind of metric, and every way to be broken.
func metricSeeds() map[string][]byte {
	attr, exemplar := otlptest.KeyValue("k", otlptest.AnyString("v")),
		otlptest.PB(nil).Fixed64(2, otlptest.StartTime).Fixed64(3, 1).Bytes(4, otlptest.SpanText).Bytes(5,
			otlptest.TraceText).Msg(7, otlptest.KeyValue("e", otlptest.AnyInt(1)))
	one, two := math.Float64bits(1), math.Float64bits(2.5)
	num := otlptest.PB(nil).Fixed64(2, otlptest.StartTime).Fixed64(3, otlptest.EndTime).Fixed64(4, two).Msg(5,
		exemplar).Msg(7, attr).Varint(8, 0)
	hist := otlptest.PB(nil).Fixed64(2, otlptest.StartTime).Fixed64(3, otlptest.EndTime).Fixed64(4, 3).Fixed64(5,
		two).Bytes(6, otlptest.Packed64(1, 2)).Bytes(7, otlptest.Packed64(one)).
		Msg(8, exemplar).Msg(9, attr).Varint(10, 0).Fixed64(11, one).Fixed64(12, two)
	unpacked := otlptest.PB(nil).Fixed64(3, otlptest.EndTime).Fixed64(4, 3).Fixed64(6, 1).Fixed64(7, one).Fixed64(6, 2)
	buckets := otlptest.PB(nil).Varint(1, 3).Bytes(2, "\x01\x00\x80\x01")
	exp := otlptest.PB(nil).Msg(1, attr).Fixed64(2, otlptest.StartTime).Fixed64(3, otlptest.EndTime).Fixed64(4,
		3).Fixed64(5, two).Varint(6, 5).Fixed64(7, 1).
		Msg(8, buckets).Msg(9, otlptest.PB(nil).Varint(2, 1).Varint(2, 2)).Varint(10, 0).Msg(11, exemplar).Fixed64(12,
		one).Fixed64(13, two).Fixed64(14, one)
	summary := otlptest.PB(nil).Fixed64(2, otlptest.StartTime).Fixed64(3, otlptest.EndTime).Fixed64(4, 3).Fixed64(5,
		two).Msg(6, otlptest.PB(nil).Fixed64(1, one).Fixed64(2, two)).Msg(7, attr).Varint(8, 0)
	wrap := func(metrics ...otlptest.PB) []byte {
		list := otlptest.PB(nil).Msg(1, otlptest.PB(nil).Bytes(1, "scope").Bytes(2, "1"))
		for _, m := range metrics {
			list = list.Msg(2, m)
		}
		return otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(1,
			otlptest.PB(nil).Msg(1, otlptest.KeyValue("service.name", otlptest.AnyString("s")))).Msg(2, list))
	}
	named := otlptest.PB(nil).Bytes(1, "faas.x").Bytes(2, "what it is").Bytes(3, "s")
	return map[string][]byte{
		"empty": {},
		"gauge": wrap(named.Msg(5, otlptest.PB(nil).Msg(1, num).Msg(1, num))),
		"sum":   wrap(named.Msg(7, otlptest.PB(nil).Msg(1, num).Varint(2, 2).Varint(3, 1))),
		"delta": wrap(named.Msg(7, otlptest.PB(nil).Msg(1, num).Msg(1, num).Varint(2, 1).Varint(3, 1))),
		"integer": wrap(named.Msg(5, otlptest.PB(nil).Msg(1,
			otlptest.PB(nil).Fixed64(3, otlptest.EndTime).Fixed64(6, math.MaxUint64)))),
		"number-twice": wrap(named.Msg(5, otlptest.PB(nil).Msg(1, num.Fixed64(6, 7)))),
		"histogram":    wrap(named.Msg(9, otlptest.PB(nil).Msg(1, hist).Varint(2, 2))),
		"unpacked":     wrap(named.Msg(9, otlptest.PB(nil).Msg(1, unpacked).Varint(2, 1))),
		"exponential":  wrap(named.Msg(10, otlptest.PB(nil).Msg(1, exp).Varint(2, 1))),
		"summary":      wrap(named.Msg(11, otlptest.PB(nil).Msg(1, summary))),
		"metadata":     wrap(named.Msg(12, attr).Msg(5, otlptest.PB(nil).Msg(1, num))),
		"name-last":    wrap(otlptest.PB(nil).Msg(5, otlptest.PB(nil).Msg(1, num)).Bytes(1, "late\xff")),
		"no-data":      wrap(named),
		"no-value":     wrap(named.Msg(5, otlptest.PB(nil).Msg(1, otlptest.PB(nil).Varint(8, 1)))),
		"nan": wrap(named.Msg(5, otlptest.PB(nil).Msg(1,
			otlptest.PB(nil).Fixed64(4, math.Float64bits(math.NaN()))))),
		"two-kinds":   wrap(named.Msg(5, otlptest.PB(nil).Msg(1, num)).Msg(7, otlptest.PB(nil).Msg(1, num))),
		"temporality": wrap(named.Msg(7, otlptest.PB(nil).Msg(1, num).Varint(2, 9))),
		"bad-packed":  wrap(named.Msg(9, otlptest.PB(nil).Msg(1, otlptest.PB(nil).Bytes(6, "123")))),
		"bad-exemplar-id": wrap(named.Msg(5, otlptest.PB(nil).Msg(1,
			otlptest.PB(nil).Msg(5, otlptest.PB(nil).Bytes(5, "short"))))),
		"cut-off":         wrap(named.Msg(5, otlptest.PB(nil).Msg(1, num)))[:50],
		"wrong-wire-type": wrap(named.Msg(5, otlptest.PB(nil).Msg(1, otlptest.PB(nil).Varint(4, 1)))),
		"scope": otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(2,
			otlptest.PB(nil).Msg(2, named.Msg(5, otlptest.PB(nil).Msg(1, num))).Msg(1,
				otlptest.PB(nil).Bytes(1, "lib").Bytes(2, "1").Msg(3, attr)))),
		"unknown-fields": wrap(named.Varint(4, 1).Varint(99, 1).Msg(5,
			otlptest.PB(nil).Varint(2, 1).Msg(1, num.Varint(98, 1)))),
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
