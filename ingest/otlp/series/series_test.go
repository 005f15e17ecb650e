package series_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// sum is a monotonic sum; temporality 1 is delta, 2 cumulative.
func sum(name string, temporality int, points ...string) string {
	return fmt.Sprintf(`{"name":%q,"sum":{"aggregationTemporality":%d,"isMonotonic":true,"dataPoints":[%s]}}`, name,
		temporality, strings.Join(points, ","))
}

// take sends metrics that must all be taken and returns the samples, as series@seconds=value.
func take(t *testing.T, r otlptest.Receiver, sink *otlptest.Recorder, metrics ...string) []string {
	t.Helper()
	sink.GotSamples = nil
	res, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(metrics...)), otlp.JSON)
	if err != nil || res.Rejected() != 0 {
		t.Fatalf("got %+v, %v; want all taken", res, err)
	}
	return sink.Texts()
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("samples: want (-), got (+):\n%s", d)
	}
}

// TestMetricNames is the table of the compatibility rules: name, unit and type against the name that Prometheus tools
// give.
func TestMetricNames(t *testing.T) {
	f := func(name, unit, data, want string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		take(t, otlptest.New(t, sink), sink, fmt.Sprintf(`{"name":%q,"unit":%q,%s}`, name, unit, data))
		if got := strings.TrimSuffix(sink.GotSamples[0].Series, "{}"); got != want {
			t.Errorf("%s in %q: got %s, want %s", name, unit, got, want)
		}
	}
	point := `"dataPoints":[` + otlptest.Number(5, "1") + `]`
	gauge, counter := `"gauge":{`+point+`}`, `"sum":{"aggregationTemporality":2,"isMonotonic":true,`+point+`}`
	upDown := `"sum":{"aggregationTemporality":2,` + point + `}`
	f("faas.coldstarts", "", counter, "faas_coldstarts_total")
	f("faas.coldstarts", "{coldstart}", counter, "faas_coldstarts_total")
	f("faas.mem_usage", "By", gauge, "faas_mem_usage_bytes")
	f("memory.bytes", "By", gauge, "memory_bytes")
	f("cpu.time", "s", counter, "cpu_time_seconds_total")
	f("requests.total", "1", counter, "requests_total")
	f("total.requests", "", counter, "requests_total")
	f("cache.hit", "1", gauge, "cache_hit_ratio")
	f("cache.hit", "%", gauge, "cache_hit_percent")
	f("queue.length", "1", upDown, "queue_length")
	f("queue.length", "{item}", upDown, "queue_length")
	f("network.io", "By/s", gauge, "network_io_bytes_per_second")
	f("flow", "l/min", gauge, "flow_l_per_minute")
	f("storage", "furlongs/fortnight", gauge, "storage_furlongs_per_fortnight")
	f("a..b--c__d", "", gauge, "a_b_c_d")
	f("rule:sum", "", gauge, "rule:sum")
	f("5xx.responses", "", gauge, "_5xx_responses")
	f("größe", "", gauge, "gr_e")
	f("Mixed.Case", "", gauge, "Mixed_Case")
	f("t", "ms", gauge, "t_milliseconds")
}

func TestMetricLabels(t *testing.T) {
	f := func(resource, scope, attributes, want string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		doc := `{"resourceMetrics":[{"resource":{"attributes":[` + resource + `]},"scopeMetrics":[{"scope":{` + scope +
			`},"metrics":[` +
			otlptest.Gauge("m", otlptest.Number(5, "1", `"attributes":[`+attributes+`]`)) + `]}]}]}`
		res, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(doc), otlp.JSON)
		if err != nil || res != (otlp.Result{}) || len(sink.GotSamples) != 1 {
			t.Fatalf("%+v, %v, %d samples", res, err, len(sink.GotSamples))
		}
		if got := sink.GotSamples[0].Series; got != "m{"+want+"}" {
			t.Errorf("got  %s\nwant m{%s}", got, want)
		}
	}
	attr := func(key, text string) string { return fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, key, text) }
	f("", "", "", "")
	f(attr("service.name", "shop"), "", "", `job="shop",service_name="shop"`)
	f(attr("service.name", "shop")+","+attr("service.namespace", "eu")+","+attr("service.instance.id", "i-1"), "", "",
		`instance="i-1",job="eu/shop",service_instance_id="i-1",service_name="shop",service_namespace="eu"`)
	f(attr("cloud.region", "iad1"), `"name":"lib","version":"1.2"`, "",
		`cloud_region="iad1",otel_scope_name="lib",otel_scope_version="1.2"`)
	// A point's attribute wins over one of its resource, which still tells series apart.
	f(attr("cloud.region", "iad1"), "", attr("cloud.region", "iad1"), `cloud_region="iad1"`)
	f(attr("cloud.region", "iad1"), "", attr("cloud.region", "fra1"),
		`cloud_region="fra1",resource_cloud_region="iad1"`)
	f("", `"name":"lib"`, attr("otel_scope_name", "a")+","+attr("otel.resource.id", "b"),
		`exported_otel_resource_id="b",exported_otel_scope_name="a",otel_scope_name="lib"`)
	f("", "", attr("http.route", "/a")+","+`{"key":"n","value":{"intValue":"200"}}`+","+`{"key":"none","value":{}}`+","+attr("empty", ""), `http_route="/a",n="200"`)
	f("", "", attr("b_c", "second")+","+attr("b.c", "first"), `b_c="first;second"`)
	f("", "", attr("le", "1")+","+attr("quantile", "2")+","+attr("edge_tenant", "7")+","+attr("job", "j"),
		`exported_edge_tenant="7",exported_job="j",exported_le="1",exported_quantile="2"`)
	f("", "", attr("__name__", "other")+","+attr("_x", "1")+","+attr("9x", "2"),
		`key_9x="2",key__name__="other",key_x="1"`)
	f("", "", attr("größe", "1"), `gr_e="1"`)
}

func TestGaugesAndNumbers(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	f := func(point string, want ...string) {
		t.Helper()
		expect(t, take(t, r, sink, otlptest.Gauge("g", point)), want...)
	}
	at := fmt.Sprintf(`"timeUnixNano":"%d%s"`, otlptest.T0+5000, otlptest.Nano)
	f(`{`+at+`,"as_int":"-3"}`, "g@5=-3")
	f(`{`+at+`,"asDouble":2.5}`, "g@5=2.5")
	f(`{`+at+`,"asDouble":"2.5"}`, "g@5=2.5")
	f(`{`+at+`,"asInt":1e3}`, "g@5=1000")
	f(`{`+at+`,"asDouble":"Infinity"}`, "g@5=+Inf")
	f(`{` + at + `,"flags":1}`)
	f(`{` + at + `,"asDouble":"NaN","flags":1}`)
	f(`{"asInt":1}`, fmt.Sprintf("g@%v=1", float64(otlptest.Arrival.UnixMilli()-otlptest.T0)/1000))
	g := func(time string) { // what is no number of nanoseconds is read, and told
		t.Helper()
		sink.GotSamples = nil
		res, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(otlptest.Gauge("t",
			`{"timeUnixNano":`+time+`,"asInt":1}`))), otlp.JSON)
		if err != nil || res.Rejected() != 0 {
			t.Errorf("%s: %+v, %v", time, res, err)
		}
		expect(t, sink.Texts(), "t@5=1")
	}
	g(`"` + otlptest.Decimal(otlptest.T0+5000) + `"`)
	g(otlptest.Decimal((otlptest.T0 + 5000) / 1000))
	g(`"` + time.UnixMilli(otlptest.T0+5000).UTC().Format(time.RFC3339) + `"`)
	f(`{"timeUnixNano":"9000000000000000000","asInt":1}`, fmt.Sprintf("g@%v=1",
		float64(otlptest.Arrival.UnixMilli()-otlptest.T0)/1000))
}

// TestPointsThatCannotBeTaken: each costs itself and is named; its neighbour is taken.
func TestPointsThatCannotBeTaken(t *testing.T) {
	f := func(metric, wantReason string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		r := otlptest.New(t, sink, func(o *otlp.Options) { o.MaxAge = 24 * time.Hour })
		good := otlptest.Gauge("good", otlptest.Number(0, "1"))
		res, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(good, metric, good)), otlp.JSON)
		if err != nil || res.RejectedDataPoints != 1 || !strings.Contains(res.Message,
			"1 of 3 data points rejected: data point 1: "+wantReason) {
			t.Errorf("%.80s: %+v, %v; want %q", metric, res, err, wantReason)
		}
		if got := sink.Texts(); len(got) != 2 || got[0] != "good@0=1" {
			t.Errorf("%.80s: samples %v, want the two good ones", metric, got)
		}
	}
	many := strings.Repeat(`{"key":"%d","value":{"intValue":1}},`, 65)
	for i := range 65 {
		many = strings.Replace(many, "%d", otlptest.Decimal(int64(i)), 1)
	}
	f(otlptest.Gauge("m", `{"asDouble":null}`), "no value that is a number")
	f(otlptest.Gauge("m", otlptest.Number(1, `"NaN"`)), "no value that is a number")
	f(otlptest.Gauge("m", `{}`), "no value that is a number")
	f(otlptest.Gauge("m", `5`), "entry is no object")
	f(`null`, "entry is no object")
	f(otlptest.Gauge("", otlptest.Number(1, "1")), "metric without a name")
	f(otlptest.Gauge("...", otlptest.Number(1, "1")), "metric without a name")
	f(otlptest.Gauge("edge.colo.requests", otlptest.Number(1, "1")), "metric name is reserved")
	f(otlptest.Gauge("otel_metric_overflow_points_total", otlptest.Number(1, "1")), "metric name is reserved")
	f(otlptest.Gauge("m", otlptest.Number(-100_000_000, "1")), "older than the retention of samples")
	f(otlptest.Gauge("m", otlptest.Number(1, "1", `"attributes":[`+strings.TrimSuffix(many, ",")+`]`)),
		"more than 64 attributes")
	f(sum("m", 1, otlptest.Number(1, `"Infinity"`)), "delta is infinite")
	// two of them would make the total infinite for good
	f(sum("m", 1, otlptest.Number(1, `"1e308"`)), "delta is infinite, or too large to be added up")
	f(sum("m", 1, otlptest.Number(1, "-1e308")), "delta is infinite, or too large to be added up")
	f(sum("m", 1, otlptest.Number(1, "-1")), "delta of a monotonic sum is below 0")
	f(otlptest.Histogram(2, `{"count":"x"}`), "no value that is a number")
	f(otlptest.Histogram(2, `{"bucketCounts":[`+strings.Repeat("0,", 1000)+`0],"explicitBounds":`+ascending(1000)+`}`),
		"point needs more than 1000 series")
}

func ascending(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d", i)
	}
	return "[" + b.String()[1:] + "]"
}

func TestSamplesWithoutADoorAreRejected(t *testing.T) {
	r := otlptest.New(t, otlptest.Discard{})
	res, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(otlptest.Gauge("m", otlptest.Number(1, "1")))),
		otlp.JSON)
	if err != nil || res.RejectedDataPoints != 1 || !strings.Contains(res.Message, "metrics are not accepted here") {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestCumulativeSums(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	started := func(start, seconds int, value string) string {
		return fmt.Sprintf(`{"startTimeUnixNano":"%d%s","timeUnixNano":"%d%s","asDouble":%s}`, otlptest.T0+1000*start,
			otlptest.Nano, otlptest.T0+1000*seconds, otlptest.Nano, value)
	}
	// A counter was 0 when it began: with that sample, increase counts its first value.
	expect(t, take(t, r, sink, sum("c", 2, started(0, 10, "5"))), "c_total@0.001=0", "c_total@10=5")
	expect(t, take(t, r, sink, sum("c", 2, started(0, 20, "7"))), "c_total@20=7")
	expect(t, take(t, r, sink, sum("c", 2, started(0, 20, "7"))), "c_total@20=7") // a retry: the store keeps one
	// The sender started again: greater or not, the counter began at 0.
	expect(t, take(t, r, sink, sum("c", 2, started(25, 30, "9"))), "c_total@25.001=0", "c_total@30=9")
	// A late point of the time before does not undo that.
	expect(t, take(t, r, sink, sum("c", 2, started(0, 15, "6"))), "c_total@15=6")
	expect(t, take(t, r, sink, sum("c", 2, started(25, 40, "10"))), "c_total@40=10")
	// Start and time the same, or no start: no moment at which it was 0.
	expect(t, take(t, r, sink, sum("same", 2, started(10, 10, "3"))), "same_total@10=3")
	expect(t, take(t, r, sink, sum("none", 2, `{"timeUnixNano":"`+otlptest.Decimal(otlptest.T0+5000)+otlptest.Nano+`","asInt":"4"}`)), "none_total@5=4")
	// What is not monotonic is no counter.
	expect(t, take(t, r, sink, strings.Replace(sum("u", 2, started(0, 10, "5")), "true", "false", 1)), "u@10=5")
	// Without a temporality it is taken for cumulative.
	expect(t, take(t, r, sink, sum("x", 0, started(0, 10, "5"))), "x_total@0.001=0", "x_total@10=5")
}

func TestDeltasAreAddedUp(t *testing.T) {
	sink, set := &otlptest.Recorder{}, metrics.NewSet()
	r := otlptest.New(t, sink, func(o *otlp.Options) { o.Metrics = set })
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(10, "5"))), "d_total@0.001=0", "d_total@10=5")
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(20, "2"))), "d_total@20=7")
	sink.Repeats = true
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(20, "2")))) // a body that comes again adds nothing
	sink.Repeats = false
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(40, "1"))), "d_total@40=8")
	// Points of one time are added: nobody writes one delta twice, but two of whom nobody knows that they are two may.
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(40, "1"), otlptest.Number(40, "1"))), "d_total@40=9",
		"d_total@40=10")
	// A point that comes late is counted, at the time of the newest.
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(30, "3"))), "d_total@40=13")
	// Another series has a total of its own.
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(10, "4",
		`"attributes":[{"key":"k","value":{"stringValue":"v"}}]`))),
		`d_total{k="v"}@0.001=0`, `d_total{k="v"}@10=4`)
	if got := set.GetOrCreateCounter("edgescope_otlp_repeated_data_points_total").Get(); got != 1 {
		t.Errorf("%d repeated points counted, want 1", got)
	}
	for i := range 20 {
		take(t, r, sink, sum("d", 1, otlptest.Number(100+i, "1")))
	}
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(60, "1"))), "d_total@119=34") // however late
}

// TestTheLastValueOfAnInstantWins: the store keeps the greatest of several at one time, so a smaller one that came
// later goes a millisecond on.
func TestTheLastValueOfAnInstantWins(t *testing.T) {
	f := func(kind func(points ...string) string, name string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		r := otlptest.New(t, sink)
		expect(t, take(t, r, sink, kind(otlptest.Number(10, "5"), otlptest.Number(10, "7"))), name+"@10=5",
			name+"@10=7")
		expect(t, take(t, r, sink, kind(otlptest.Number(10, "3"))), name+"@10.001=3")
		expect(t, take(t, r, sink, kind(otlptest.Number(10, "3"))), name+"@10.001=3") // a retry
		expect(t, take(t, r, sink, kind(otlptest.Number(10, "4"))), name+"@10.001=4")
		expect(t, take(t, r, sink, kind(otlptest.Number(11, "1"))), name+"@11=1")
		expect(t, take(t, r, sink, kind(otlptest.Number(9, "2"))), name+"@9=2") // late, and no longer the newest
		expect(t, take(t, r, sink, kind(otlptest.Number(11, "0"))), name+"@11.001=0")
		// Of two times within a millisecond the later one wins, in whatever order they come.
		nanos := func(n int) string {
			return fmt.Sprintf(`{"timeUnixNano":"%d%06d","asInt":%d}`, otlptest.T0+20000, n, n)
		}
		expect(t, take(t, r, sink, kind(nanos(5), nanos(9), nanos(7))), name+"@20=5", name+"@20=9")
	}
	f(func(points ...string) string { return otlptest.Gauge("g", points...) }, "g")
	upDown := func(temporality int) func(points ...string) string {
		return func(points ...string) string {
			return strings.Replace(sum("u", temporality, points...), `"isMonotonic":true`, `"isMonotonic":false`, 1)
		}
	}
	f(upDown(2), "u")
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	expect(t, take(t, r, sink, upDown(1)(otlptest.Number(10, "5"), otlptest.Number(10, "-2"),
		otlptest.Number(10, "1"))), "u@10=5", "u@10.001=3", "u@10.001=4")
}

// TestFailedWritesAreNotCounted: what the store did not take is taken when the client sends it again.
func TestFailedWritesAreNotCounted(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	hist := otlptest.Histogram(1, otlptest.Point(10, `"bucketCounts":[1,2],"explicitBounds":[1]`))
	doc := []byte(otlptest.MetricDocument(sum("d", 1, otlptest.Number(10, "5"), otlptest.Number(20, "2")), hist))
	sink.Refuse = &edge.UnavailableError{Reason: "disk nearly full"}
	for range 2 {
		var unavailable *edge.UnavailableError
		if _, err := r.Metrics(t.Context(), 0, doc, otlp.JSON); !errors.As(err, &unavailable) {
			t.Fatalf("got %v, want the store's answer", err)
		}
	}
	sink.Refuse = nil
	want := []string{
		"d_total@0.001=0", "d_total@10=5", "d_total@20=7", "h_count@0.001=0", "h_count@10=3",
		`h_bucket{le="1"}@0.001=0`, `h_bucket{le="1"}@10=1`, `h_bucket{le="+Inf"}@0.001=0`, `h_bucket{le="+Inf"}@10=3`,
	}
	for range 2 { // and once: the client may have missed the answer
		if _, err := r.Metrics(t.Context(), 0, doc, otlp.JSON); err != nil {
			t.Fatal(err)
		}
		expect(t, sink.Texts(), want...)
		sink.Repeats = true
	}
	sink.Repeats = false
	expect(t, take(t, r, sink, sum("d", 1, otlptest.Number(30, "1"))), "d_total@30=8")
}

// TestConcurrentDeltasAddUp: requests for one stream that come at once lose nothing and double nothing.
func TestConcurrentDeltasAddUp(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for n := range 3 {
				doc := []byte(otlptest.MetricDocument(sum("d", 1, otlptest.Number(10+2*g, "1"),
					otlptest.Number(11+2*n, "1"))))
				if res, err := r.Metrics(t.Context(), 0, doc, otlp.JSON); err != nil || res != (otlp.Result{}) {
					t.Errorf("%+v, %v", res, err)
				}
			}
		})
	}
	wg.Wait()
	total := 0.0
	for _, s := range sink.GotSamples {
		total = max(total, s.Value)
	}
	if total != 48 {
		t.Errorf("the total is %v, want 48", total)
	}
}

// TestADeltaThatAnEarlierProcessKeptIsNotAddedUp: the sink knows its body, the streams do not.
func TestADeltaThatAnEarlierProcessKeptIsNotAddedUp(t *testing.T) {
	sink := &otlptest.Recorder{Repeats: true}
	r := otlptest.New(t, sink)
	send := func(at int, value string) {
		t.Helper()
		if _, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(sum("d", 1, otlptest.Number(at, value)))),
			otlp.JSON); err != nil {
			t.Fatal(err)
		}
	}
	send(10, "7")
	sink.Repeats = false
	send(20, "1")
	if n := len(sink.GotSamples); n == 0 || sink.GotSamples[n-1].Value != 1 {
		t.Errorf("got %v, want a total of 1 in the end", sink.GotSamples)
	}
}

// TestACanceledRequestLeavesNothing: a client that has gone while another request of its tenant is worked on changes
// nothing.
func TestACanceledRequestLeavesNothing(t *testing.T) {
	sink, entered, leave := &otlptest.Recorder{}, make(chan struct{}), make(chan struct{})
	r := otlptest.New(t, sink, func(o *otlp.Options) {
		o.Samples = func(ctx context.Context, b *edge.Batch) (bool, error) {
			entered <- struct{}{}
			<-leave
			return sink.Samples(ctx, b)
		}
	})
	first := make(chan error)
	go func() {
		_, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(sum("d", 1, otlptest.Number(10, "1")))),
			otlp.JSON)
		first <- err
	}()
	<-entered
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Metrics(gone, 0, []byte(otlptest.MetricDocument(sum("d", 1, otlptest.Number(20, "1")))),
		otlp.JSON); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the cancellation", err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Fatal(err)
	}
	expect(t, sink.Texts(), "d_total@0.001=0", "d_total@10=1")
}

func TestSeriesAreBounded(t *testing.T) {
	sink, set := &otlptest.Recorder{}, metrics.NewSet()
	now := otlptest.Arrival
	r := otlptest.New(t, sink, func(o *otlp.Options) {
		o.MaxSeries, o.Metrics = 4, set // one is the resource
		o.Now = func() time.Time { return now }
	})
	labelled := func(n int) string {
		return otlptest.Gauge("g", otlptest.Number(10, "1", fmt.Sprintf(`"attributes":[{"key":"n","value":{"intValue":%d}}]`,
			n)))
	}
	f := func(tenant edge.Tenant, n, wantRejected int) {
		t.Helper()
		sink.GotSamples = nil
		doc := strings.Replace(otlptest.MetricDocument(labelled(n)), `{"scopeMetrics"`,
			`{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics"`, 1)
		res, err := r.Metrics(t.Context(), tenant, []byte(doc), otlp.JSON)
		if err != nil || res.RejectedDataPoints != wantRejected {
			t.Fatalf("series %d: %+v, %v; want %d rejected", n, res, err, wantRejected)
		}
	}
	for n := range 3 {
		f(0, n, 0)
	}
	f(0, 3, 1)
	f(0, 4, 1)
	want := `otel_metric_overflow_points_total{otel_metric_overflow="true",service_name="shop"}`
	if got := sink.GotSamples; len(got) != 1 || got[0].Series != want || got[0].Value != 2 ||
		got[0].At != now.UnixMilli() {
		t.Errorf("got %v, want %s = 2", got, want)
	}
	f(0, 1, 0) // what is known goes on
	f(1, 3, 0) // the limit is of one tenant
	if got := set.GetOrCreateCounter("edgescope_otlp_overflow_data_points_total").Get(); got != 2 {
		t.Errorf("%d points over the limit counted, want 2", got)
	}
	now = now.Add(2 * time.Hour)
	f(0, 3, 0) // streams that are idle give way
}

// TestLongLabelsTakeTheRoomOfSeveralSeries: the bound holds for memory, too.
func TestLongLabelsTakeTheRoomOfSeveralSeries(t *testing.T) {
	f := func(length, maxSeries, wantRejected int) {
		t.Helper()
		r := otlptest.New(t, &otlptest.Recorder{}, func(o *otlp.Options) { o.MaxSeries = maxSeries })
		p := otlptest.Number(10, "1", `"attributes":[{"key":"k","value":{"stringValue":"`+strings.Repeat("x",
			length)+`"}}]`)
		res, err := r.Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(otlptest.Gauge("g", p))), otlp.JSON)
		if err != nil || res.RejectedDataPoints != wantRejected {
			t.Errorf("%d bytes in room for %d: %+v, %v; want %d rejected", length, maxSeries, res, err, wantRejected)
		}
	}
	f(100, 2, 0) // one is the resource
	f(600, 2, 1)
	f(600, 3, 0)
	f(1_000_000, 4, 0) // a value is cut at 1024 bytes
}

// TestMetricAlternatives: of several kinds of data in one metric the last one wins, as in protobuf.
func TestMetricAlternatives(t *testing.T) {
	sink := &otlptest.Recorder{}
	both := `{"name":"m","gauge":{"dataPoints":[` + otlptest.Number(1, "1") +
		`,5]},"sum":{"isMonotonic":true,"aggregationTemporality":"AGGREGATION_TEMPORALITY_CUMULATIVE","dataPoints":[` +
		otlptest.Number(2, "2") + `]},"histogram":null}`
	res, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(otlptest.MetricDocument(both)), otlp.JSON)
	if err != nil || res.RejectedDataPoints != 1 {
		t.Errorf("%+v, %v", res, err)
	}
	expect(t, sink.Texts(), "m_total@0.001=0", "m_total@2=2")
	sink = &otlptest.Recorder{}
	expect(t, take(t, otlptest.New(t, sink), sink, `{"name":"m","description":"d"}`))
}
