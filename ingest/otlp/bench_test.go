package otlp_test

import (
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

func usualJSON(t testing.TB, n int) []byte {
	t.Helper()
	req := ptraceotlp.NewExportRequest()
	if err := req.UnmarshalProto(otlptest.UsualProto(n)); err != nil {
		t.Fatal(err)
	}
	b, err := req.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestProtobufAllocatesNothingPerSpan holds decoding to a count of allocations that does not depend on the number of
// spans.
func TestProtobufAllocatesNothingPerSpan(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := otlptest.New(t, otlptest.Discard{})
	for _, n := range []int{1, 50, 500} {
		body := otlptest.UsualProto(n)
		got := testing.AllocsPerRun(50, func() {
			if _, err := r.Traces(t.Context(), 0, body, otlp.Protobuf); err != nil {
				t.Fatal(err)
			}
		})
		if got > 1 { // a collection may empty the pool once in a while
			t.Errorf("%d spans: %v allocations a request, want 0", n, got)
		}
	}
}

func BenchmarkTraces(b *testing.B) {
	for _, n := range []int{1, 50, 500} {
		benchmarkTraces(b, fmt.Sprintf("protobuf/spans=%d", n), otlptest.UsualProto(n), otlp.Protobuf, n)
		benchmarkTraces(b, fmt.Sprintf("json/spans=%d", n), usualJSON(b, n), otlp.JSON, n)
	}
}

func benchmarkTraces(b *testing.B, name string, body []byte, enc otlp.Encoding, spans int) {
	b.Run(name, func(b *testing.B) {
		r := otlptest.New(b, otlptest.Discard{})
		b.ReportAllocs()
		b.SetBytes(int64(len(body)))
		for b.Loop() {
			if _, err := r.Traces(b.Context(), 0, body, enc); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(spans), "ns/span")
	})
}

// BenchmarkOracle is the OpenTelemetry Collector's decoder on the same body, to compare with on a machine of any speed.
func BenchmarkOracle(b *testing.B) {
	const spans = 50
	body := otlptest.UsualProto(spans)
	b.ReportAllocs()
	for b.Loop() {
		if err := ptraceotlp.NewExportRequest().UnmarshalProto(body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
}
