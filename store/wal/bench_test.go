package wal

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"golang.org/x/sys/unix"

	"edgescope/edge"
	"edgescope/store"
)

// realistic returns a batch as an instrumented edge function sends it: 14 resource and 20 span attributes, facts set.
func realistic(n int) *edge.Batch {
	resource := make([]edge.Attr, 14)
	for i := range resource {
		resource[i] = edge.Attr{
			Key:   fmt.Sprint("resource.attribute.", i),
			Value: fmt.Sprint("a value of usual length ", i),
		}
	}
	b := &edge.Batch{Body: edge.BodyHash{1}}
	for i := range n {
		e := edge.Event{
			Index: i, Time: 1_795_219_200_000_000_000 + int64(i)*37e6, Duration: int64(20e6 + i*1000),
			HasDuration: true, SpanKind: edge.SpanServer,
			TraceID: edge.TraceID{1, byte(i)}, SpanID: edge.SpanID{2, byte(i)}, ParentID: edge.SpanID{3, byte(i)},
			Name:     "GET /products/:id",
			Resource: resource, ScopeName: "@opentelemetry/instrumentation-fetch", ScopeVersion: "0.203.0",
			Facts: edge.Facts{
				Service: "shop", Version: "1.4.2", Environment: "production", Provider: "cloudflare",
				Platform: "cloudflare.workers", Region: "FRA",
				Colo: "FRA", Country: "DE", FaasName: "shop", InvocationID: fmt.Sprintf("%016x", i*7919),
				Trigger: "http", ColdStart: edge.False,
				ColdStartSource: "attribute", Route: fmt.Sprint("/products/", i%7), Method: "GET", Status: 200,
				Outcome:     edge.OutcomeOK,
				CacheStatus: edge.CacheHit, CacheSource: "cf-cache-status", Weight: 1, Invocation: true,
				Source: edge.SourceOTLP,
			},
		}
		for a := range 20 {
			value := fmt.Sprint("value ", a)
			if a < 5 { // what differs from span to span
				value = fmt.Sprintf("https://shop.example/products/%d?session=%08x", i*31+a, i*104729)
			}
			e.Attrs = append(e.Attrs, edge.Attr{Key: fmt.Sprint("http.request.attribute.", a), Value: value})
		}
		b.Events = append(b.Events, e)
	}
	return b
}

func openBench(b *testing.B, durability Durability) *Log {
	b.Helper()
	l, err := Open(Options{
		Dir: b.TempDir(), Collector: testUUID, Epoch: 1, Durability: durability,
		Metrics: metrics.NewSet(), MaxSize: 1 << 40,
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	return l
}

func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkEncode(b *testing.B) {
	batch, w := realistic(50), new(encoder)
	b.ReportAllocs()
	began := cpu(b)
	for b.Loop() {
		w.batch(batch)
	}
	b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N)/50, "cpu-ns/span")
	b.ReportMetric(float64(len(w.batch(batch)))/50, "B/span")
}

func BenchmarkDecode(b *testing.B) {
	payload := new(encoder).batch(realistic(50))
	var batch edge.Batch
	b.ReportAllocs()
	began := cpu(b)
	for b.Loop() {
		batch.Reset()
		if err := decodeBatch(payload, &batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N)/50, "cpu-ns/span")
}

// BenchmarkAppend has 16 senders, as many as the pipeline works on at a time. CPU is of the whole process, the kernel
// included.
func BenchmarkAppend(b *testing.B) {
	for _, durability := range []Durability{Commit, Interval} {
		for _, spans := range []int{1, 50, 500} {
			b.Run(fmt.Sprintf("%s/%d", durability, spans), func(b *testing.B) {
				l := openBench(b, durability)
				b.ReportAllocs()
				b.SetParallelism(8)
				batches := make(chan *edge.Batch, 8*runtime.GOMAXPROCS(0))
				for range cap(batches) {
					batches <- realistic(spans)
				}
				began := cpu(b)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					batch := <-batches
					for pb.Next() {
						if err := l.Append(b.Context(), batch); err != nil {
							b.Error(err)
							return
						}
					}
				})
				b.StopTimer()
				b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(b.N)/float64(spans), "cpu-ns/span")
			})
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	l := openBench(b, Interval)
	const batches = 2000
	batch := realistic(50)
	for range batches {
		if err := l.Append(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	spans := 0
	began := cpu(b)
	b.ResetTimer()
	for b.Loop() {
		err := l.Replay(b.Context(), func(store.LogSpan) (func(*edge.Batch) error, error) {
			return func(batch *edge.Batch) error {
				spans += len(batch.Events)
				return nil
			}, nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpu(b)-began).Nanoseconds())/float64(spans), "cpu-ns/span")
}
