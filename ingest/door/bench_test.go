package door_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"edgescope/edge"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
	"edgescope/ingest/rollup"
)

// adding is a sink that does what the pipeline does before it stores: it normalises and adds up.
type adding struct {
	normalizer *normalize.Normalizer
	rollup     *rollup.Rollup
}

func (a *adding) Events(_ context.Context, b *edge.Batch) error {
	a.normalizer.Normalize(b.Events)
	a.rollup.Add(b)
	return nil
}

// edgeProto is what functions at the edge send: traces of one invocation and four children, 14 attributes of the
// resource and 20 of each span, by the names that the platforms give them.
func edgeProto(n int) []byte {
	resource := otlptest.PB(nil)
	for key, val := range map[string]string{
		"service.name": "checkout", "service.version": "2026.11.3", "service.namespace": "shop",
		"deployment.environment.name": "production",
		"cloud.provider":              "cloudflare", "cloud.platform": "cloudflare.workers", "cloud.region": "earth",
		"faas.name":    "checkout",
		"faas.version": "2026.11.3", "faas.instance": "3f2a9c", "telemetry.sdk.name": "opentelemetry",
		"telemetry.sdk.language": "js",
		"telemetry.sdk.version":  "2.1.0", "process.runtime.name": "workerd",
	} {
		resource = resource.Msg(1, otlptest.KeyValue(key, otlptest.AnyString(val)))
	}
	scope := otlptest.PB(nil).Msg(1, otlptest.PB(nil).Bytes(1, "edge").Bytes(2, "1.4.2"))
	end := uint64(otlptest.Arrival.Add(-time.Minute).UnixNano())
	for i := range n {
		kind, name := uint64(2), "GET /cart/:id"
		if i%5 > 0 {
			kind, name = 3, "kv.get"
		}
		span := otlptest.PB(nil).Bytes(1, fmt.Sprintf("trace%011d", i/5)).Bytes(2, fmt.Sprintf("%08d", i)).Bytes(4,
			fmt.Sprintf("%08d", i/5*5)).
			Bytes(5, name).Varint(6, kind).Fixed64(7, end-uint64(i)*1e5-20e6).Fixed64(8, end-uint64(i)*1e5)
		scope = scope.Msg(2, edgeAttrs(span, i))
	}
	return otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(1, resource).Msg(2, scope))
}

func edgeAttrs(span otlptest.PB, i int) otlptest.PB {
	colo := []string{"FRA", "IAD", "SIN", "GRU"}[i/5%4]
	texts := [][2]string{
		{"http.request.method", "GET"},
		{"http.route", "/cart/:id"},
		{"url.path", fmt.Sprintf("/cart/%d", 10_000+i)},
		{"url.scheme", "https"},
		{"server.address", "shop.example"},
		{"user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/131.0"},
		{"edge.cache.status", []string{"HIT", "MISS", "EXPIRED"}[i%3]},
		{"cloudflare.colo", colo},
		{"cloudflare.ray_id", fmt.Sprintf("8f2e%012d", i)},
		{"geo.country.iso_code", "DE"},
		{"client.address", "203.0.113.9"},
		{"network.protocol.version", "2"},
		{"faas.trigger", "http"},
		{"faas.invocation_id", fmt.Sprintf("inv-%012d", i/5)},
	}
	for _, at := range texts {
		span = span.Msg(9, otlptest.KeyValue(at[0], otlptest.AnyString(at[1])))
	}
	return span.Msg(9, otlptest.KeyValue("http.response.status_code", otlptest.AnyInt(200))).Msg(9,
		otlptest.KeyValue("faas.coldstart", otlptest.AnyBool(0))).
		Msg(9, otlptest.KeyValue("cloudflare.cpu_time_ms", otlptest.AnyDouble(3.5))).Msg(9,
		otlptest.KeyValue("server.port", otlptest.AnyInt(443))).
		Msg(9, otlptest.KeyValue("http.response.body.size", otlptest.AnyInt(18_234))).Msg(9,
		otlptest.KeyValue("edge.ttfb_ms", otlptest.AnyDouble(11.25)))
}

// BenchmarkDoor is the cost of a door: a request without its socket, decompressed, decoded, normalised and added up.
// The budget is 1.4 CPU seconds for a million spans, 2.5 with gzip; pdata is the OpenTelemetry Collector's decoder
// alone, on the same body, to compare with on a machine of any speed.
func BenchmarkDoor(b *testing.B) {
	const spans = 50
	plain := edgeProto(spans)
	sink := &adding{normalize.New(normalize.Options{}), rollup.New(rollup.Options{
		Collector: "b",
		Open:      15 * time.Minute, MaxKeys: 20_000, Log: slog.New(slog.DiscardHandler),
	})}
	h := newDoor(b, sink).Inside()
	for name, body := range map[string][]byte{"plain": plain, "gzip": otlptest.Zipped(b, plain)} {
		b.Run(name, func(b *testing.B) {
			perMillion(b, spans, func() { post200(b, h, body, name) })
		})
	}
	b.Run("decode", func(b *testing.B) {
		r, err := otlp.New(otlp.Options{
			Sink: otlptest.Discard{}, Limits: otlptest.Limits,
			Now: func() time.Time { return otlptest.Arrival }, Logger: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			b.Fatal(err)
		}
		perMillion(b, spans, func() {
			taken, err := r.Take(b.Context(), otlp.Request{Signal: otlp.Traces, Encoding: otlp.Protobuf, Body: plain})
			if err != nil {
				b.Fatal(err)
			}
			taken.Release()
		})
	})
	b.Run("pdata", func(b *testing.B) {
		perMillion(b, spans, func() {
			if err := ptraceotlp.NewExportRequest().UnmarshalProto(plain); err != nil {
				b.Fatal(err)
			}
		})
	})
	b.Run("one span", func(b *testing.B) {
		single := edgeProto(1)
		perMillion(b, 1, func() { post200(b, h, single, "plain") })
	})
}

func post200(b *testing.B, h http.Handler, body []byte, encoding string) {
	req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/traces", bytes.NewReader(body))
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if encoding == "gzip" {
		req.Header.Set("Content-Encoding", encoding)
	}
	w := otlptest.Nowhere{Head: http.Header{}}
	if h.ServeHTTP(&w, req); w.Code != http.StatusOK {
		b.Fatalf("status %d", w.Code)
	}
}

// perMillion runs a request again and again and reports the CPU time of the process for a million spans.
func perMillion(b *testing.B, spans int, request func()) {
	b.Helper()
	b.ReportAllocs()
	var from, to syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &from); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		request()
	}
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &to); err != nil {
		b.Fatal(err)
	}
	used := time.Duration(to.Utime.Nano() + to.Stime.Nano() - from.Utime.Nano() - from.Stime.Nano())
	b.ReportMetric(used.Seconds()*1e6/float64(b.N)/float64(spans), "cpu-s/Mspans")
}

// BenchmarkHandler measures a whole request without its socket.
func BenchmarkHandler(b *testing.B) {
	const spans = 50
	plain := otlptest.UsualProto(spans)
	for name, body := range map[string][]byte{"plain": plain, "gzip": otlptest.Zipped(b, plain)} {
		b.Run(name, func(b *testing.B) {
			h := newDoor(b, otlptest.Discard{}).Inside()
			b.ReportAllocs()
			for b.Loop() {
				req, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "/v1/traces",
					bytes.NewReader(body))
				if err != nil {
					b.Fatal(err)
				}
				req.Header.Set("Content-Type", "application/x-protobuf")
				if name == "gzip" {
					req.Header.Set("Content-Encoding", "gzip")
				}
				w := otlptest.Nowhere{Head: http.Header{}}
				h.ServeHTTP(&w, req)
				if w.Code != http.StatusOK {
					b.Fatalf("status %d", w.Code)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
		})
	}
}
