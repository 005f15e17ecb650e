package normalize_test

import (
	"sync"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/normalize"
)

// TestConcurrentUse normalises many batches at once; the race detector does the judging, the facts must not mix.
func TestConcurrentUse(t *testing.T) {
	n := normalize.New(normalize.Options{MaxInferredRoutes: 5})
	var all sync.WaitGroup
	for worker := range 8 {
		all.Go(func() {
			service := string(rune('a' + worker))
			for range 50 {
				events := []edge.Event{
					span(ids{1, 0}, edge.SpanServer, ms{0, 9}, "service.name", service, "url.path", "/"+service+"/1",
						"edge.colo", "FRA"),
					span(ids{2, 1}, edge.SpanClient, ms{1, 2}, "service.name", service),
				}
				n.Normalize(events)
				if f := events[1].Facts; f.Service != service || f.Region != "FRA" ||
					events[0].Facts.Route != "/"+service+"/:id" {
					t.Errorf("worker %s: %+v", service, f)
				}
			}
		})
	}
	all.Wait()
}
