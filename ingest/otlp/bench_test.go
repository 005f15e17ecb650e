package otlp_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
)

// discard takes everything and keeps nothing.
type discard struct{}

func (discard) Events(context.Context, *edge.Batch) error { return nil }

// usualProto is what an edge function sends, in the order in which SDKs write fields: one resource of 14 attributes, n spans of
// 20, one of them in five with status, event and trace state.
func usualProto(n int) []byte {
	var resource, scope pb
	for i := range 14 {
		resource = resource.msg(1, keyValue(fmt.Sprintf("service.attribute_%d", i), anyString("checkout-worker")))
	}
	scope = scope.msg(1, pb(nil).bytes(1, "edge").bytes(2, "1.4.2"))
	for i := range n {
		scope = scope.msg(2, usualSpan(i))
	}
	return pb(nil).msg(1, pb(nil).msg(1, resource).msg(2, scope))
}

func usualSpan(i int) pb {
	span := pb(nil).bytes(1, fmt.Sprintf("trace%011d", i/5)).bytes(2, fmt.Sprintf("%08d", i)).bytes(4, fmt.Sprintf("%08d", i/5*5)).
		bytes(5, "GET /cart/:id").varint(6, 2).fixed64(7, startTime+uint64(i)).fixed64(8, endTime+uint64(i))
	for j := range 16 {
		span = span.msg(9, keyValue(fmt.Sprintf("http.request.attribute_%d", j), anyString("/cart/12345?x=1")))
	}
	span = span.msg(9, keyValue("http.response.status_code", anyInt(200))).msg(9, keyValue("faas.coldstart", anyBool(0))).
		msg(9, keyValue("edge.ratio", anyDouble(0.25))).msg(9, keyValue("server.port", anyInt(443)))
	if i%5 == 0 {
		span = span.bytes(3, "ot=th:8").msg(15, pb(nil).bytes(2, "boom").varint(3, 2)).
			msg(11, pb(nil).fixed64(1, startTime).bytes(2, "exception").
				msg(3, keyValue("exception.type", anyString("TypeError"))).
				msg(3, keyValue("exception.message", anyString("x is not a function"))))
	}
	return span
}

func usualJSON(t testing.TB, n int) []byte {
	t.Helper()
	req := ptraceotlp.NewExportRequest()
	if err := req.UnmarshalProto(usualProto(n)); err != nil {
		t.Fatal(err)
	}
	b, err := req.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

// TestProtobufAllocatesNothingPerSpan holds decoding to a count of allocations that does not depend on the number of spans.
func TestProtobufAllocatesNothingPerSpan(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	r := newReceiver(t, discard{})
	for _, n := range []int{1, 50, 500} {
		body := usualProto(n)
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
		benchmarkTraces(b, fmt.Sprintf("protobuf/spans=%d", n), usualProto(n), otlp.Protobuf, n)
		benchmarkTraces(b, fmt.Sprintf("json/spans=%d", n), usualJSON(b, n), otlp.JSON, n)
	}
}

func benchmarkTraces(b *testing.B, name string, body []byte, enc otlp.Encoding, spans int) {
	b.Run(name, func(b *testing.B) {
		r := newReceiver(b, discard{})
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
	body := usualProto(spans)
	b.ReportAllocs()
	for b.Loop() {
		if err := ptraceotlp.NewExportRequest().UnmarshalProto(body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
}

// BenchmarkHandler measures a whole request without its socket.
func BenchmarkHandler(b *testing.B) {
	const spans = 50
	plain := usualProto(spans)
	for name, body := range map[string][]byte{"plain": plain, "gzip": zipped(b, plain)} {
		b.Run(name, func(b *testing.B) {
			h := newDoor(b, discard{}).Handler()
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/traces", bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/x-protobuf")
				if name == "gzip" {
					req.Header.Set("Content-Encoding", "gzip")
				}
				w := nowhere{header: http.Header{}}
				h.ServeHTTP(&w, req)
				if w.code != http.StatusOK {
					b.Fatalf("status %d", w.code)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		})
	}
}

// nowhere is a response writer that keeps the status only.
type nowhere struct {
	header http.Header
	code   int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(code int)        { n.code = code }
func (n *nowhere) Write(b []byte) (int, error) { return io.Discard.Write(b) }
