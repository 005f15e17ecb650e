package series_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// texts are attributes as "key=value", of text.
func texts(pairs ...string) string {
	var list []string
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		list = append(list, fmt.Sprintf(`{"key":%q,"value":{"stringValue":%q}}`, key, value))
	}
	return `"attributes":[` + strings.Join(list, ",") + `]`
}

// from is a document of metrics from one resource and scope.
func from(resource, scope string, metrics ...string) string {
	return `{"resourceMetrics":[{"resource":{` + resource + `},"scopeMetrics":[{"scope":{` + scope + `},"metrics":[` +
		strings.Join(metrics, ",") + `]}]}]}`
}

// seriesOf sends a document that must be taken whole and returns its series, sorted.
func seriesOf(t *testing.T, r otlptest.Receiver, sink *otlptest.Recorder, doc string) []string {
	t.Helper()
	sink.GotSamples = nil
	if res, err := r.Metrics(t.Context(), 0, []byte(doc), otlp.JSON); err != nil || res != (otlp.Result{}) {
		t.Fatalf("%+v, %v", res, err)
	}
	var list []string
	for _, s := range sink.GotSamples {
		list = append(list, s.Series)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func named(series []string, name string) (found []string) {
	for _, s := range series {
		if strings.HasPrefix(s, name+"{") {
			found = append(found, s)
		}
	}
	return found
}

// TestEveryAttributeIsPartOfTheIdentity: metrics of two resources, or of two scopes, never share a series, whatever
// tells them apart, and those of one do, in whatever order it is written.
func TestEveryAttributeIsPartOfTheIdentity(t *testing.T) {
	f := func(same bool, resource1, scope1, resource2, scope2 string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		r := otlptest.New(t, sink, func(o *otlp.Options) { o.Resource = platform.Resource })
		first := named(seriesOf(t, r, sink, from(resource1, scope1, otlptest.Gauge("g", otlptest.Number(1, "1")))), "g")
		second := named(seriesOf(t, r, sink, from(resource2, scope2, otlptest.Gauge("g", otlptest.Number(1, "1")))),
			"g")
		if slices.Equal(first, second) != same {
			t.Errorf("%s %s\n%s %s\nshare a series: %t, want %t:\n%v\n%v", resource1, scope1, resource2, scope2, !same,
				same, first, second)
		}
	}
	differ := func(first, second string) {
		t.Helper()
		f(false, texts("service.name=s", first), "", texts("service.name=s", second), "")
		f(false, texts("service.name=s", "service.instance.id=i", first), "",
			texts("service.name=s", "service.instance.id=i", second), "")
		f(false, "", texts(first), "", texts(second))
		f(false, texts("service.name=s", first), "", texts("service.name=s"), "")
	}
	differ("host.name=a", "host.name=b")
	differ("faas.instance=a", "faas.instance=b")
	differ("process.pid=1", "process.pid=2")
	differ("host.name=a", "host.id=a")
	differ("a=b", "ab=")
	differ("k="+strings.Repeat("x", 2000)+"a", "k="+strings.Repeat("x", 2000)+"b")
	f(false, texts("service.instance.id=a"), "", texts("service.instance.id=b"), "")
	f(false, texts("service.instance.id="+strings.Repeat("x", 2000)+"a"), "",
		texts("service.instance.id="+strings.Repeat("x", 2000)+"b"), "")
	f(false, texts("cloud.region=earth"), "", texts("cloud.region=global"), "") // neither is a region
	f(false, texts("service.name=s"), "", texts("service.name=t"), "")
	f(false, "", `"name":"a"`, "", `"name":"b"`)
	f(false, "", `"name":"a","version":"1"`, "", `"name":"a","version":"2"`)
	f(false, "", `"name":"a",`+texts("k=1"), "", `"name":"a"`)
	f(true, texts("a=1", "b=2"), texts("c=3", "d=4"), texts("b=2", "a=1"), texts("d=4", "c=3"))
	f(true, texts("a=1"), "", texts("a=2", "a=1"), "") // the last one counts
	f(true, "", "", `"attributes":null`, `"attributes":[]`)
}

// TestTheIdentityIsStable: series go on with the next version, and those of another sender with the same attributes are
// the same.
func TestTheIdentityIsStable(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink, func(o *otlp.Options) { o.Resource = platform.Resource })
	f := func(resource string, want ...string) {
		t.Helper()
		got := seriesOf(t, r, sink, from(resource, "", otlptest.Gauge("g", otlptest.Number(1, "1"))))
		if !slices.Equal(got, want) {
			t.Errorf("got  %q\nwant %q", got, want)
		}
	}
	// A UUID of version 5 in the name space of instance ids.
	const derived = `instance="3108b732-38cb-5638-9e8d-71d074bbd21f"`
	id := strings.Replace(derived, "instance", "service_instance_id", 1)
	f(texts("service.name=s", "host.name=web-1"),
		`g{`+derived+`,job="s",`+id+`,service_name="s"}`,
		`target_info{host_name="web-1",`+derived+`,job="s",`+id+`,service_name="s"}`)
	f(texts("service.name=s", "service.instance.id=i"), `g{instance="i",job="s",service_instance_id="i",service_name="s"}`)
	const given = `instance="i",job="s",otel_resource_id="097423f0-6e10-5fd0-a12e-c3c5db1bd959",` +
		`service_instance_id="i",service_name="s"`
	f(texts("service.name=s", "service.instance.id=i", "host.name=web-2"), `g{`+given+`}`,
		`target_info{host_name="web-2",`+given+`}`)
}

// TestMetricsTellTheirPlaceAsSpansDo: old keys and those of platforms become the labels that questions name.
func TestMetricsTellTheirPlaceAsSpansDo(t *testing.T) {
	f := func(want string, resource ...string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		r := otlptest.New(t, sink, func(o *otlp.Options) { o.Resource = platform.Resource })
		got := named(seriesOf(t, r, sink, from(texts(resource...), "", otlptest.Gauge("g", otlptest.Number(1, "1")))),
			"g")
		if len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%v: got %q, want %s", resource, got, want)
		}
	}
	f(`cloud_platform="vercel",cloud_provider="vercel",cloud_region="iad1"`, "cloud.provider=vercel",
		"vercel.region=iad1")
	f(`cloud_region="eu-west-1"`, "cloud.availability_zone=eu-west-1a")
	f(`deployment_environment_name="prod"`, "deployment.environment=prod")
	f(`cloud_region="FRA",edge_colo="FRA"`, "cloud.platform=cloudflare.workers", "cloudflare.colo=FRA")
	f(`faas_name="f"`, "cloud.resource_id=arn:aws:lambda:eu-west-1:1:function:f")
	f(`job="unknown_service:node"`, "service.name=unknown_service:node")
}

func TestResourceLabelsCanBePromoted(t *testing.T) {
	f := func(labels, want string, resource ...string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		r := otlptest.New(t, sink, func(o *otlp.Options) { o.ResourceLabels = strings.Fields(labels) })
		got := named(seriesOf(t, r, sink, from(texts(resource...), "", otlptest.Gauge("g", otlptest.Number(1, "1")))),
			"g")
		if !slices.Equal(got, []string{"g{" + want + "}"}) {
			t.Errorf("%s: got %q, want %s", labels, got, want)
		}
	}
	f("host.name", `host_name="h"`, "host.name=h")
	f("k8s.* host.name", `host_name="h",k8s_pod_name="p",k8s_pod_uid="u"`, "host.name=h", "k8s.pod.name=p",
		"k8s.pod.uid=u")
	f("*", `a="1",b="2"`, "a=1", "b=2")
	// What would be one label stays two attributes of the identity: only the first is promoted.
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink, func(o *otlp.Options) { o.ResourceLabels = []string{"*"} })
	one := named(seriesOf(t, r, sink, from(texts("a.b=1", "a_b=2"), "", otlptest.Gauge("g", otlptest.Number(1, "1")))),
		"g")
	other := named(seriesOf(t, r, sink, from(texts("a.b=1", "a_b=3"), "",
		otlptest.Gauge("g", otlptest.Number(1, "1")))), "g")
	if slices.Equal(one, other) || !strings.Contains(one[0], `a_b="1"`) {
		t.Errorf("%q and %q", one, other)
	}
}

// TestInfoSeriesCarryTheRest: what is no label of a series can be asked of target_info and otel_scope_info.
func TestInfoSeriesCarryTheRest(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	many := []string{"service.name=s", "os.type=linux", "job=mine", "le=5", "a.b=1", "a_b=2", "empty="}
	got := seriesOf(t, r, sink, from(texts(many...), `"name":"lib","version":"2",`+texts("team=edge", "name=x"),
		otlptest.Gauge("g", otlptest.Number(1, "1"))))
	if len(got) != 3 {
		t.Fatalf("got %q, want g, target_info and otel_scope_info", got)
	}
	_, shared, _ := strings.Cut(strings.TrimSuffix(got[0], "}"), "{")
	contains := func(series string, labels ...string) {
		t.Helper()
		for _, label := range labels {
			if !strings.Contains(series, label) {
				t.Errorf("%s has no %s", series, label)
			}
		}
	}
	info := named(got, "target_info")[0]
	contains(info, `a_b="1;2"`, `exported_job="mine"`, `exported_le="5"`, `os_type="linux"`, `job="s"`,
		`service_name="s"`)
	scope := named(got, "otel_scope_info")[0]
	contains(scope, `otel_scope_name="lib"`, `otel_scope_team="edge"`, `resource_otel_scope_name="x"`,
		`otel_scope_version="2"`)
	for label := range strings.SplitSeq(shared, ",") {
		contains(scope, label)
		if !strings.HasPrefix(label, "otel_scope_") {
			contains(info, label)
		}
	}
	// Where the labels say all there is to say there is nothing to describe.
	if got := seriesOf(t, r, sink, from(texts("service.name=t"), `"name":"lib"`,
		otlptest.Gauge("g", otlptest.Number(1, "1")))); len(got) != 1 {
		t.Errorf("got %q, want g alone", got)
	}
}

// TestInfoSeriesAreWrittenAgain: a question at one moment looks back five minutes, at any time at which there are
// points.
func TestInfoSeriesAreWrittenAgain(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	f := func(points []string, want ...int64) {
		t.Helper()
		sink.GotSamples = nil
		if _, err := r.Metrics(t.Context(), 0, []byte(from(texts("host.name=h"), "", otlptest.Gauge("g", points...))),
			otlp.JSON); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, s := range sink.GotSamples {
			if strings.HasPrefix(s.Series, "target_info{") {
				got = append(got, (s.At-otlptest.T0)/1000)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%v: target_info at %v, want %v", points, got, want)
		}
	}
	f([]string{otlptest.Number(10, "1")}, 10)
	f([]string{otlptest.Number(20, "1")})
	f([]string{otlptest.Number(69, "1")})
	f([]string{otlptest.Number(70, "1")}, 70)
	f([]string{otlptest.Number(100, "1"), otlptest.Number(400, "1")}, 100, 400)
	f([]string{otlptest.Number(5, "1")}, 5) // late
	f([]string{otlptest.Number(401, "1")}, 401)
	sink.Refuse = &edge.UnavailableError{Reason: "full"}
	if _, err := r.Metrics(t.Context(), 0, []byte(from(texts("host.name=h"), "",
		otlptest.Gauge("g", otlptest.Number(500, "1")))), otlp.JSON); err == nil {
		t.Fatal("want the refusal")
	}
	sink.Refuse = nil
	f([]string{otlptest.Number(500, "1")}, 500) // what was not taken is written by the next
	f([]string{`{"flags":1}`})
}

// TestLargeResourcesAreCut: what describes a resource fits into the engine's index.
func TestLargeResourcesAreCut(t *testing.T) {
	var list []string
	for i := range 800 {
		list = append(list, fmt.Sprintf("k%03d=%s", i, strings.Repeat("v", 900)))
	}
	sink := &otlptest.Recorder{}
	got := named(seriesOf(t, otlptest.New(t, sink), sink, from(texts(list...), "",
		otlptest.Gauge("g", otlptest.Number(1, "1")))), "target_info")
	if len(got) != 1 || len(got[0]) > 18<<10 || !strings.Contains(got[0], `k000="v`) {
		t.Errorf("%d series, the first of %d bytes", len(got), len(got[0]))
	}
}

// TestFunctionsThatComeAndGoAreCounted: a hundred instances of one function each bring a series, and those that are
// gone make room.
func TestFunctionsThatComeAndGoAreCounted(t *testing.T) {
	now := otlptest.Arrival
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink, func(o *otlp.Options) {
		o.MaxSeries = 600 // each instance takes three: itself, target_info and the series
		o.Now = func() time.Time { return now }
	})
	total := 0.0
	for hour := range 3 {
		for i := range 100 {
			now = now.Add(36 * time.Second)
			doc := from(texts("service.name=f", fmt.Sprintf("faas.instance=%d-%d", hour, i)), "",
				sum("d", 1, fmt.Sprintf(`{"timeUnixNano":"%d","asInt":1}`, now.UnixNano())))
			seriesOf(t, r, sink, doc)
			for _, s := range sink.GotSamples {
				if strings.HasPrefix(s.Series, "d_total") {
					total += s.Value
				}
			}
		}
	}
	if total != 300 {
		t.Errorf("%v counted, want 300", total)
	}
	// When they come faster than the hour, what was silent for ten minutes gives way.
	for i := range 1000 {
		now = now.Add(10 * time.Second)
		seriesOf(t, r, sink, from(texts("service.name=f", fmt.Sprintf("faas.instance=fast-%d", i)), "",
			sum("d", 1, fmt.Sprintf(`{"timeUnixNano":"%d","asInt":1}`, now.UnixNano()))))
	}
}

// TestCutLabelsStayDifferent: values that begin alike are cut to values that differ.
func TestCutLabelsStayDifferent(t *testing.T) {
	long := strings.Repeat("é", 600)
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	list := take(t, r, sink, otlptest.Gauge("g", otlptest.Number(1, "1", texts("k="+long+"a")),
		otlptest.Number(1, "1", texts("k="+long+"b")), otlptest.Number(1, "1", texts("k="+long+"a"))))
	if list[0] == list[1] || list[0] != list[2] {
		t.Errorf("got %q", list)
	}
	_, value, _ := strings.Cut(sink.GotSamples[0].Series, `"`)
	if value = strings.TrimSuffix(value, `"}`); len(value) > 1024 || len(value) < 1020 ||
		!strings.HasPrefix(value, long[:1000]) {
		t.Errorf("%d bytes: %q", len(value), value)
	}
}
