package otlp_test

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

// edgeProto is what functions at the edge send: traces of one invocation and four children, 14 attributes of the resource and 20
// of each span, by the names that the platforms give them.
func edgeProto(n int) []byte {
	resource := pb(nil)
	for key, val := range map[string]string{
		"service.name": "checkout", "service.version": "2026.11.3", "service.namespace": "shop", "deployment.environment.name": "production",
		"cloud.provider": "cloudflare", "cloud.platform": "cloudflare.workers", "cloud.region": "earth", "faas.name": "checkout",
		"faas.version": "2026.11.3", "faas.instance": "3f2a9c", "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "js",
		"telemetry.sdk.version": "2.1.0", "process.runtime.name": "workerd",
	} {
		resource = resource.msg(1, keyValue(key, anyString(val)))
	}
	scope := pb(nil).msg(1, pb(nil).bytes(1, "edge").bytes(2, "1.4.2"))
	end := uint64(arrival.Add(-time.Minute).UnixNano())
	for i := range n {
		kind, name := uint64(2), "GET /cart/:id"
		if i%5 > 0 {
			kind, name = 3, "kv.get"
		}
		span := pb(nil).bytes(1, fmt.Sprintf("trace%011d", i/5)).bytes(2, fmt.Sprintf("%08d", i)).bytes(4, fmt.Sprintf("%08d", i/5*5)).
			bytes(5, name).varint(6, kind).fixed64(7, end-uint64(i)*1e5-20e6).fixed64(8, end-uint64(i)*1e5)
		scope = scope.msg(2, edgeAttrs(span, i))
	}
	return pb(nil).msg(1, pb(nil).msg(1, resource).msg(2, scope))
}

func edgeAttrs(span pb, i int) pb {
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
		span = span.msg(9, keyValue(at[0], anyString(at[1])))
	}
	return span.msg(9, keyValue("http.response.status_code", anyInt(200))).msg(9, keyValue("faas.coldstart", anyBool(0))).
		msg(9, keyValue("cloudflare.cpu_time_ms", anyDouble(3.5))).msg(9, keyValue("server.port", anyInt(443))).
		msg(9, keyValue("http.response.body.size", anyInt(18_234))).msg(9, keyValue("edge.ttfb_ms", anyDouble(11.25)))
}

// BenchmarkDoor is the cost of a door: a request without its socket, decompressed, decoded, normalised and added up. The budget is
// 1.4 CPU seconds for a million spans, 2.5 with gzip; pdata is the OpenTelemetry Collector's decoder alone, on the same body, to
// compare with on a machine of any speed.
func BenchmarkDoor(b *testing.B) {
	const spans = 50
	plain := edgeProto(spans)
	sink := &adding{normalize.New(normalize.Options{}), rollup.New(rollup.Options{Collector: "b", Open: 15 * time.Minute, MaxKeys: 20_000, Log: slog.New(slog.DiscardHandler)})}
	h := newDoor(b, sink).Handler()
	for name, body := range map[string][]byte{"plain": plain, "gzip": zipped(b, plain)} {
		b.Run(name, func(b *testing.B) {
			perMillion(b, spans, func() { post200(b, h, body, name) })
		})
	}
	b.Run("decode", func(b *testing.B) {
		r, err := otlp.New(otlp.Options{Sink: discard{}, Now: func() time.Time { return arrival }, Logger: slog.New(slog.DiscardHandler)})
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
	w := nowhere{header: http.Header{}}
	if h.ServeHTTP(&w, req); w.code != http.StatusOK {
		b.Fatalf("status %d", w.code)
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
