package door_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/ingest/otlp/otlptest"
)

// TestFixturesOverHTTP sends what real clients sent, byte for byte, to a real server.
func TestFixturesOverHTTP(t *testing.T) {
	for _, f := range otlptest.LoadFixtures(t) {
		t.Run(f.ID, func(t *testing.T) {
			if strings.HasPrefix(f.ID, "tail-") {
				t.Skip("tail events belong to another package")
			}
			sink, set := &otlptest.Recorder{}, metrics.NewSet()
			server := httptest.NewServer(newDoor(t, sink, func(o *options) { o.Metrics = set }).Handler())
			defer server.Close()
			resp, err := server.Client().Do(f.Request(t, server.URL))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			f.CheckAnswer(t, resp, otlptest.ReadAll(t, resp.Body))
			f.CheckEvents(t, sink.Got)
			f.CheckPoints(t, set, sink.GotSamples)
		})
	}
}
