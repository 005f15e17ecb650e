package waiting

import (
	"fmt"
	"sync"
	"testing"

	"edgescope/edge"
)

// BenchmarkAdd adds batches of 50 spans of 20 attributes, of three services, from all cores at once, to rows that no
// engine takes.
//
//	go test ./store/embedded/waiting -run '^$' -bench Add -cpu 1,2
func BenchmarkAdd(b *testing.B) {
	const spans = 50
	batches := make([][]edge.Event, 3)
	for i := range batches {
		for n := range spans {
			e := edge.Event{
				Time: int64(n), Name: "GET /", SpanKind: edge.SpanServer, TraceID: edge.TraceID{byte(n)},
				SpanID: edge.SpanID{byte(i + 1)},
			}
			e.Facts = edge.Facts{Service: fmt.Sprintf("shop-%d", i), Region: "FRA", Route: "/item/:id", Weight: 1}
			for a := range 20 {
				e.Attrs = append(e.Attrs, edge.Attr{
					Key:   fmt.Sprintf("app.attribute.%d", a),
					Value: fmt.Sprintf("value %d", n*a),
				})
			}
			batches[i] = append(batches[i], e)
		}
	}
	p := &Rows{most: 1 << 62, filled: make(chan struct{}, 1), full: make(chan struct{}, 1)}
	p.room = sync.NewCond(&p.mu)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			p.Add(edge.Tenant(n%2), batches[n%len(batches)])
			if n%50 == 0 {
				p.mu.Lock()
				days := p.days
				p.days, p.bytes = nil, 0
				p.mu.Unlock()
				for _, w := range days {
					w.release()
				}
			}
		}
	})
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/spans, "ns/span")
}
