package otlp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
)

func usualResource() pb {
	var resource pb
	for i, key := range []string{"service.name", "service.version", "cloud.provider", "cloud.platform", "cloud.region", "faas.name", "service.instance.id"} {
		resource = resource.msg(1, keyValue(key, anyString(fmt.Sprintf("value-%d", i))))
	}
	return resource
}

// usualLogs is what an edge function logs: n records of four attributes.
func usualLogs(n int) []byte {
	scope := pb(nil).msg(1, pb(nil).bytes(1, "app"))
	for i := range n {
		record := pb(nil).fixed64(1, startTime+uint64(i)).varint(2, 9).bytes(3, "INFO").msg(5, anyString("cache warmed for 12 keys in 34 ms"))
		for _, key := range []string{"http.route", "http.request.method", "code.function.name", "edge.colo"} {
			record = record.msg(6, keyValue(key, anyString("/cart/:id")))
		}
		scope = scope.msg(2, record.bytes(9, traceText).bytes(10, spanText).fixed64(11, startTime+uint64(i)))
	}
	return pb(nil).msg(1, pb(nil).msg(1, usualResource()).msg(2, scope))
}

// usualMetrics is what an SDK exports: n points in four, a counter, a gauge and two histograms of 15 bounds, with three
// attributes each. at is their time.
func usualMetrics(n int, temporality, at uint64) []byte {
	scope := pb(nil).msg(1, pb(nil).bytes(1, "app"))
	var bounds, counts []uint64
	for i := range 16 {
		counts = append(counts, uint64(i))
		if i < 15 {
			bounds = append(bounds, math.Float64bits(float64(i)/8))
		}
	}
	for i := range n {
		var attrs [3]pb
		for j, key := range []string{"http.route", "http.request.method", "http.response.status_code"} {
			attrs[j] = keyValue(key, anyString(strconv.Itoa(i/4)))
		}
		number := pb(nil).fixed64(2, startTime).fixed64(3, at).fixed64(4, math.Float64bits(7)).msg(7, attrs[0]).msg(7, attrs[1]).msg(7, attrs[2])
		hist := pb(nil).fixed64(2, startTime).fixed64(3, at).fixed64(4, 120).fixed64(5, math.Float64bits(9)).
			bytes(6, packed64(counts...)).bytes(7, packed64(bounds...)).msg(9, attrs[0]).msg(9, attrs[1]).msg(9, attrs[2])
		switch i % 4 {
		case 0:
			scope = scope.msg(2, pb(nil).bytes(1, "http.server.requests").bytes(3, "{request}").msg(7, pb(nil).msg(1, number).varint(2, temporality).varint(3, 1)))
		case 1:
			scope = scope.msg(2, pb(nil).bytes(1, "faas.mem_usage").bytes(3, "By").msg(5, pb(nil).msg(1, number)))
		default:
			scope = scope.msg(2, pb(nil).bytes(1, fmt.Sprintf("http.server.duration.%d", i%4)).bytes(3, "s").msg(9, pb(nil).msg(1, hist).varint(2, temporality)))
		}
	}
	return pb(nil).msg(1, pb(nil).msg(1, usualResource()).msg(2, scope))
}

// takeSamples keeps nothing, as a store does that copies.
func takeSamples(o *otlp.Options) {
	o.Samples = func(context.Context, *edge.Batch) (bool, error) { return false, nil }
}

// TestLogsAndMetricsAllocateNothingPerRecord holds both to a count that does not depend on the number of records, once the
// streams are known.
func TestLogsAndMetricsAllocateNothingPerRecord(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := newReceiver(t, discard{}, takeSamples)
	f := func(name string, take func(context.Context, edge.Tenant, []byte, otlp.Encoding) (otlp.Result, error), body []byte) {
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
		f(fmt.Sprintf("%d log records", n), r.Logs, usualLogs(n))
		f(fmt.Sprintf("%d data points", n), r.Metrics, usualMetrics(n, 2, endTime))
	}
}

func BenchmarkLogs(b *testing.B) {
	const n = 50
	body := usualLogs(n)
	r := newReceiver(b, discard{})
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
			r := newReceiver(b, discard{}, takeSamples)
			at := uint64(endTime)
			body := usualMetrics(n, temporality, at)
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
	logs, points := usualLogs(50), usualMetrics(48, 2, endTime)
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
