package series_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
	"edgescope/ingest/otlp/series"
)

// described is a metric with a description and a unit, as JSON.
func described(name, unit, help, data string) string {
	return fmt.Sprintf(`{"name":%q,"unit":%q,"description":%q,%s}`, name, unit, help, data)
}

func TestMetricsAreDescribed(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	point := `"dataPoints":[` + otlptest.Number(5, "1") + `]`
	gauge, counter := `"gauge":{`+point+`}`, `"sum":{"aggregationTemporality":2,"isMonotonic":true,`+point+`}`
	take(t, r, sink,
		described("http.requests", "{request}", "Served", counter),
		described("queue", "1", "", strings.Replace(counter, `"isMonotonic":true,`, "", 1)),
		described("http.duration", "s", "Took", `"histogram":{"aggregationTemporality":2,"dataPoints":[{"timeUnixNano":"`+
			otlptest.Decimal(otlptest.T0)+otlptest.Nano+`","count":"1","sum":2,"bucketCounts":["1"]}]}`),
		described("net.io", "By/s", "Sent", gauge),
		described("long", "", strings.Repeat("é", 1000), gauge))
	got := r.Described(0)
	if long := got["long"].Help; len(long) > 256 || len(long) < 250 || !utf8.ValidString(long) {
		t.Errorf("a long help is %d bytes: %q", len(long), long)
	}
	delete(got, "long")
	if d := cmp.Diff(map[string]series.Description{
		"http_requests_total":     {Kind: series.Sum, Monotonic: true, Help: "Served"},
		"queue":                   {Kind: series.Sum},
		"http_duration_seconds":   {Kind: series.Histogram, Unit: "seconds", Help: "Took"},
		"net_io_bytes_per_second": {Kind: series.Gauge, Unit: "bytes_per_second", Help: "Sent"},
	}, got); d != "" {
		t.Errorf("want (-), got (+):\n%s", d)
	}
	if other := r.Described(2); other != nil {
		t.Errorf("another tenant's: %v", other)
	}
	// What is said last is told, in either encoding.
	pb := otlptest.PB(nil)
	number := pb.Fixed64(3, otlptest.T0*1e6).Fixed64(4, math.Float64bits(1))
	metric := pb.Bytes(1, "net.io").Bytes(2, "Sent now").Bytes(3, "By/s").Msg(5, pb.Msg(1, number))
	body := pb.Msg(1, pb.Msg(2, pb.Msg(2, metric)))
	if res, err := r.Metrics(t.Context(), 0, body, otlp.Protobuf); err != nil || res.Rejected() != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if got := r.Described(0)["net_io_bytes_per_second"].Help; got != "Sent now" {
		t.Errorf("got %q", got)
	}
	// A metric that is refused says nothing.
	_, _ = r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(described("edge_colo_requests", "", "x", gauge),
		described("none", "", "x", `"gauge":{}`))), otlp.JSON)
	if n := len(r.Described(0)); n != 5 {
		t.Errorf("%d are described, want 5", n)
	}
}

func TestDescriptionsAreBounded(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	var many []string
	for i := range 5100 {
		many = append(many, otlptest.Gauge(fmt.Sprintf("m%d", i), otlptest.Number(5, "1")))
	}
	take(t, r, sink, many...)
	if n := len(r.Described(0)); n != 5000 {
		t.Errorf("%d metrics are described, want 5000", n)
	}
}
