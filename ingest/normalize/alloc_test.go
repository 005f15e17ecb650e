package normalize_test

import (
	"encoding/binary"
	"slices"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// typicalResource and typicalAttrs are those of a Worker instrumented with otel-cf-workers.
var (
	typicalResource = attrs("service.name", "edge-img", "service.namespace", "ns", "service.version", "1.0.0",
		"cloud.provider", "cloudflare", "cloud.platform", "cloudflare.workers", "cloud.region", "earth",
		"faas.max_memory", "134217728", "telemetry.sdk.language", "js", "telemetry.sdk.name",
		"@microlabs/otel-cf-workers",
		"telemetry.sdk.version", "1.0.0-rc.52")
	typicalAttrs = attrs("faas.trigger", "http", "faas.invocation_id", "8f1e2d3c4b5a6978-FRA", "http.request.method",
		"GET",
		"network.protocol.name", "http", "network.protocol.version", "HTTP/2", "user_agent.original", "curl/7.88.1",
		"url.full", "http://127.0.0.1:34381/img/1", "server.address", "127.0.0.1:34381", "url.scheme", "http",
		"url.path", "/img/1", "net.colo", "FRA", "net.country", "DE", "net.tls_version", "TLSv1.3", "net.asn", "13335",
		"net.tcp_rtt", "12", "faas.coldstart", "true", "http.response.status_code", "200",
		"http.response.header.cf-cache-status", `["HIT"]`)
)

// typicalBatch is n invocations of two spans each.
func typicalBatch(n int) []edge.Event {
	child := attrs("http.request.method", "GET", "url.full", "http://origin/a.png", "server.address", "origin",
		"url.scheme", "http",
		"url.path", "/a.png", "http.response.status_code", "200")
	events := make([]edge.Event, 0, 2*n)
	for i := range n {
		e := edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanServer, Name: "GET /img/1", Time: 5_000_000, Duration: 2_000_000,
			HasDuration: true,
			Resource:    typicalResource, Attrs: slices.Clone(typicalAttrs),
		}
		binary.BigEndian.PutUint64(e.TraceID[:], uint64(i+1))
		binary.BigEndian.PutUint64(e.SpanID[:], uint64(2*i+1))
		c := edge.Event{
			Kind: edge.KindSpan, SpanKind: edge.SpanClient, Name: "fetch GET", Time: 4_000_000, Duration: 1_000_000,
			HasDuration: true,
			TraceID:     e.TraceID, ParentID: e.SpanID, Resource: typicalResource, Attrs: slices.Clone(child),
		}
		binary.BigEndian.PutUint64(c.SpanID[:], uint64(2*i+2))
		events = append(events, e, c)
	}
	return events
}

// forget makes the events of a batch as they were before they were normalised.
func forget(events, before []edge.Event) {
	for i := range events {
		attrs := events[i].Attrs[:len(before[i].Attrs)] // there was room for all
		copy(attrs, before[i].Attrs)
		events[i] = before[i]
		events[i].Attrs = attrs
	}
}

// TestNormalizeNeedsNoMemory holds the hot path to no allocation per span once routes are known.
func TestNormalizeNeedsNoMemory(t *testing.T) {
	events, before := typicalBatch(250), typicalBatch(250)
	n := normalize.New(normalize.Options{})
	n.Normalize(events)
	got := testing.AllocsPerRun(100, func() {
		forget(events, before)
		n.Normalize(events)
	})
	// The pool loses its memory to a garbage collection now and then, and often under the race detector: that costs a
	// few allocations for a whole batch.
	if perSpan := got / float64(len(events)); perSpan > 0.1 {
		t.Errorf("a batch of %d spans makes %.1f allocations, %.2f per span, want none", len(events), got, perSpan)
	}
}

func BenchmarkNormalize(b *testing.B) {
	events, before := typicalBatch(25), typicalBatch(25)
	n := normalize.New(normalize.Options{})
	b.ReportAllocs()
	for b.Loop() {
		forget(events, before)
		n.Normalize(events)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/span")
}
