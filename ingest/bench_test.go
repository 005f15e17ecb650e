package ingest_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest"
	"edgescope/ingest/normalize"
	"edgescope/ingest/rollup"
)

// nothing is a store that takes everything and keeps nothing.
type nothing struct{}

func (nothing) WriteEvents(context.Context, edge.Tenant, []edge.Event) error   { return nil }
func (nothing) WriteSamples(context.Context, edge.Tenant, []edge.Sample) error { return nil }
func (nothing) Check(*edge.Event) error                                        { return nil }

// BenchmarkEvents tells what the pipeline costs beside its log and its store, for a batch of one span and of 50.
func BenchmarkEvents(b *testing.B) {
	f := func(name string, count int) {
		b.Run(name, func(b *testing.B) {
			p, err := ingest.Open(b.Context(), ingest.Options{
				Store: nothing{}, Normalizer: normalize.New(normalize.Options{}),
				Rollup: rollup.New(rollup.Options{Collector: "c", Log: slog.New(slog.DiscardHandler)}),
				Logger: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				b.Fatal(err)
			}
			defer p.Close(b.Context())
			events := make([]edge.Event, count)
			batch := &edge.Batch{}
			b.ReportAllocs()
			for b.Loop() {
				for i := range events {
					events[i] = edge.Event{
						Name: "GET /", Time: time.Now().UnixNano(), Duration: 1e6, HasDuration: true,
						SpanKind: edge.SpanServer,
						TraceID:  edge.TraceID{1}, SpanID: edge.SpanID{byte(i + 1)}, Resource: benchResource,
						Attrs: benchAttrs,
					}
				}
				batch.Reset()
				batch.Events = append(batch.Events, events...)
				if err := p.Events(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*count), "ns/span")
		})
	}
	f("1", 1)
	f("50", 50)
}

var (
	benchResource = []edge.Attr{
		{Key: "service.name", Value: "shop"},
		{Key: "cloud.provider", Value: "cloudflare"},
		{Key: "cloud.region", Value: "FRA"},
		{Key: "service.version", Value: "1.0"},
		{Key: "telemetry.sdk.name", Value: "opentelemetry"},
	}
	benchAttrs = []edge.Attr{
		{Key: "http.request.method", Value: "GET"},
		{Key: "http.route", Value: "/cart"},
		{Key: "url.path", Value: "/cart/7"},
		{Key: "http.response.status_code", Value: "200"},
		{Key: "faas.coldstart", Value: "false"},
	}
)
