package otlp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// takeSamples keeps nothing, as a store does that copies.
func takeSamples(o *otlp.Options) {
	o.Samples = func(context.Context, *edge.Batch) (bool, error) { return false, nil }
}

// TestLogsAndMetricsAllocateNothingPerRecord holds both to a count that does not depend on the number of records, once
// the streams are known.
func TestLogsAndMetricsAllocateNothingPerRecord(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := otlptest.New(t, otlptest.Discard{}, takeSamples)
	f := func(name string, take func(context.Context, edge.Tenant, []byte, otlp.Encoding) (otlp.Result, error),
		body []byte,
	) {
		t.Helper()
		got := testing.AllocsPerRun(50, func() {
			if res, err := take(t.Context(), 0, body, otlp.Protobuf); err != nil || res != (otlp.Result{}) {
				t.Fatal(res, err)
			}
		})
		if got > 1 { // a collection may empty the pool once in a while
			t.Errorf("%s: %v allocations a request, want 0", name, got)
		}
	}
	for _, n := range []int{1, 50, 500} {
		f(fmt.Sprintf("%d log records", n), r.Logs, otlptest.UsualLogs(n))
		f(fmt.Sprintf("%d data points", n), r.Metrics, otlptest.UsualMetrics(n, 2, otlptest.EndTime))
	}
}

func BenchmarkLogs(b *testing.B) {
	const n = 50
	body := otlptest.UsualLogs(n)
	r := otlptest.New(b, otlptest.Discard{})
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Logs(b.Context(), 0, body, otlp.Protobuf); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/record")
}

// BenchmarkMetrics takes points of streams that are known, cumulative and as deltas, up to the samples.
func BenchmarkMetrics(b *testing.B) {
	const n = 48
	for name, temporality := range map[string]uint64{"delta": 1, "cumulative": 2} {
		b.Run(name, func(b *testing.B) {
			r := otlptest.New(b, otlptest.Discard{}, takeSamples)
			at := uint64(otlptest.EndTime)
			body := otlptest.UsualMetrics(n, temporality, at)
			b.ReportAllocs()
			for b.Loop() {
				at = moveTime(body, at)
				if _, err := r.Metrics(b.Context(), 0, body, otlp.Protobuf); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
		})
	}
}

// moveTime makes all points of a body a millisecond newer, since a delta that is known would be no work.
func moveTime(body []byte, at uint64) uint64 {
	from, to := binary.LittleEndian.AppendUint64(nil, at), binary.LittleEndian.AppendUint64(nil, at+1e6)
	for i := bytes.Index(body, from); i >= 0; i = bytes.Index(body, from) {
		copy(body[i:], to)
	}
	return at + 1e6
}

// BenchmarkOracleOfRecords is the OpenTelemetry Collector's decoder on the same bodies.
func BenchmarkOracleOfRecords(b *testing.B) {
	logs, points := otlptest.UsualLogs(50), otlptest.UsualMetrics(48, 2, otlptest.EndTime)
	b.Run("logs", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := plogotlp.NewExportRequest().UnmarshalProto(logs); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/50, "ns/record")
	})
	b.Run("metrics", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := pmetricotlp.NewExportRequest().UnmarshalProto(points); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/48, "ns/point")
	})
}
