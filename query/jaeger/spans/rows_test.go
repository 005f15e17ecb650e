package spans_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query/jaeger/spans"
	"edgescope/store"
)

// one is an answer of version 1 as a test reads it.
type one struct {
	Data []struct {
		Spans []struct {
			SpanID, OperationName, ProcessID string
			StartTime, Duration              int64
			References                       []struct{ RefType, TraceID, SpanID string }
			Tags                             []tag
			Logs                             []struct {
				Timestamp int64
				Fields    []tag
			}
			Warnings []string
		}
		Processes map[string]struct {
			ServiceName string
			Tags        []tag
		}
	}
}

type tag struct {
	Key, Type string
	Value     any
}

func (t tag) String() string { return fmt.Sprintf("%s:%s=%v", t.Key, t.Type, t.Value) }

func tagsOf(list []tag) string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].String()
	}
	return strings.Join(out, " ")
}

func readOne(t testing.TB, list []*spans.Trace) *one {
	t.Helper()
	var a one
	if err := json.Unmarshal([]byte(written(t, &spans.Version1{List: list})), &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// three is an answer of version 3 as a test reads it.
type three struct {
	Result struct {
		ResourceSpans []struct {
			Resource struct {
				Attributes []struct {
					Key   string
					Value map[string]any
				}
			}
			ScopeSpans []struct {
				Scope map[string]string
				Spans []struct {
					SpanID, ParentSpanID, Name         string
					StartTimeUnixNano, EndTimeUnixNano string
					Kind                               int
					DroppedAttributesCount             *int
					Flags                              *int
					Status                             struct {
						Code    int
						Message string
					}
					Events []struct{ Name, TimeUnixNano string }
					Links  []struct{ TraceID, SpanID string }
				}
			}
		}
	}
}

func readThree(t testing.TB, list []*spans.Trace) *three {
	t.Helper()
	var a three
	if err := json.Unmarshal([]byte(written(t, &spans.Version3{List: list})), &a); err != nil {
		t.Fatal(err)
	}
	return &a
}

// TestNamesTellWhereAnAttributeBelongs holds which attributes are those of the process.
func TestNamesTellWhereAnAttributeBelongs(t *testing.T) {
	f := func(field, wantSpan, wantProcess string) {
		t.Helper()
		a := readOne(t, gather(t, row("0000000000000001", "", 0, 1, store.FieldKind, "client", field, "v")))
		s := a.Data[0].Spans[0]
		got := slices.DeleteFunc(s.Tags, func(t tag) bool { return t.Key == "span.kind" && t.Value == "client" })
		if tagsOf(got) != wantSpan || tagsOf(a.Data[0].Processes[s.ProcessID].Tags) != wantProcess {
			t.Errorf("%s: tags %q, of the process %q", field, tagsOf(got), tagsOf(a.Data[0].Processes[s.ProcessID].Tags))
		}
	}
	for _, name := range []string{
		"service.version", "service.namespace", "service.instance.id", "telemetry.sdk.name", "cloud.region", "host.name",
		"deployment.environment.name", "k8s.pod.name", "container.id", "process.pid", "os.type", "faas.name", "faas.version",
		"faas.instance",
	} {
		f(name, "", name+":string=v")
	}
	for _, name := range []string{
		"services", "faas.trigger", "faas.coldstart", "http.route", "cloudflare.colo", "hostname", "edge.colo", "my.service.name",
		"resource", "attr", "attr.mine",
	} {
		f(name, name+":string=v", "")
	}
	f("resource.tier", "", "tier:string=v")
	f("resource.service.name", "", "service.name:string=v")
	for _, name := range []string{"name", "kind", "duration", "_time", "_msg", "trace_id", "events", "wal.seq"} {
		f("attr."+name, name+":string=v", "") // an attribute whose name the row has taken
	}
	for _, name := range []string{
		store.FieldMsg, "_stream", "_stream_id", store.FieldSeq, store.FieldLog, store.FieldFlags, store.FieldDroppedAttrs,
		store.FieldDroppedEvents, store.FieldDroppedLinks, store.FieldEvents, store.FieldLinks,
	} {
		f(name, "", "")
	}
	f(store.FieldTraceState, "w3c.tracestate:string=v", "")
	f(store.FieldWeight, "edge.weight:string=v", "")
}

// TestSpansOfOneProcessShareIt holds that a process is a service and its attributes.
func TestSpansOfOneProcessShareIt(t *testing.T) {
	rows := []store.Row{
		row("0000000000000001", "", 0, 1, edge.KeyServiceName, "a", "host.name", "h1", store.FieldScopeName, "x"),
		row("0000000000000002", "", 1, 1, edge.KeyServiceName, "a", "host.name", "h2", store.FieldScopeName, "x"),
		row("0000000000000003", "", 2, 1, "host.name", "h1", edge.KeyServiceName, "a", store.FieldScopeName, "y"),
		row("0000000000000004", "", 3, 1, edge.KeyServiceName, "b", "host.name", "h1"),
		row("0000000000000005", "", 4, 1, "host.name", "h1"),
		row("0000000000000006", "", 5, 1, "host.name", "h1", edge.KeyServiceName, "a", store.FieldScopeName, "x",
			store.FieldScopeVersion, "2"),
		row("0000000000000007", "", 6, 1, "host.name", "h1", edge.KeyServiceName, "a", store.FieldScopeName, "x"),
	}
	a := readOne(t, gather(t, rows...))
	var got []string
	for _, s := range a.Data[0].Spans {
		got = append(got, s.ProcessID)
	}
	if want := []string{"p1", "p2", "p1", "p3", "p4", "p1", "p1"}; !slices.Equal(got, want) {
		t.Errorf("processes %v, want %v", got, want)
	}
	if name := a.Data[0].Processes["p4"].ServiceName; len(a.Data[0].Processes) != 4 || name != "missing-service-name" {
		t.Errorf("%d processes, the last is %s", len(a.Data[0].Processes), name)
	}
	var groups []string
	for _, r := range readThree(t, gather(t, rows...)).Result.ResourceSpans {
		var text strings.Builder
		for _, attr := range r.Resource.Attributes {
			fmt.Fprintf(&text, "%s=%s ", attr.Key, attr.Value["stringValue"])
		}
		for _, scope := range r.ScopeSpans {
			fmt.Fprintf(&text, "(%s %s:", scope.Scope["name"], scope.Scope["version"])
			for _, s := range scope.Spans {
				text.WriteString(" " + s.SpanID[15:])
			}
			text.WriteString(")")
		}
		groups = append(groups, text.String())
	}
	want := []string{
		"host.name=h1 service.name=a (x : 1 7)(y : 3)(x 2: 6)", "host.name=h2 service.name=a (x : 2)",
		"host.name=h1 service.name=b ( : 4)", "host.name=h1 service.name=missing-service-name ( : 5)",
	}
	if diff := cmp.Diff(want, groups); diff != "" {
		t.Error(diff)
	}
}

func TestTimes(t *testing.T) {
	f := func(fields []store.Field, start1, duration1 int64, start3, end3 string) {
		t.Helper()
		r := append(store.Row{{Name: store.FieldTraceID, Value: traceID}}, fields...)
		s := readOne(t, gather(t, r)).Data[0].Spans[0]
		if s.StartTime != start1 || s.Duration != duration1 {
			t.Errorf("%v: version 1: %d for %d, want %d for %d", fields, s.StartTime, s.Duration, start1, duration1)
		}
		three := readThree(t, gather(t, r)).Result.ResourceSpans[0].ScopeSpans[0].Spans[0]
		if three.StartTimeUnixNano != start3 || three.EndTimeUnixNano != end3 {
			t.Errorf("%v: version 3: %s to %s, want %s to %s", fields, three.StartTimeUnixNano, three.EndTimeUnixNano, start3, end3)
		}
	}
	at := func(end, duration string) []store.Field {
		return []store.Field{{Name: store.FieldTime, Value: end}, {Name: edge.KeyDuration, Value: duration}}
	}
	f(at("1772625600123456789", "1000"), 1772625600123455, 1, "1772625600123455789", "1772625600123456789")
	f(at("1772625600123456789", "999"), 1772625600123455, 0, "1772625600123455790", "1772625600123456789") // down
	f(at("1772625600123456789", "0"), 1772625600123456, 0, "1772625600123456789", "1772625600123456789")
	f(at("1772625600123456789", ""), 1772625600123456, 0, "1772625600123456789", "1772625600123456789")
	f(at("1772625600123456789", "long"), 1772625600123456, 0, "1772625600123456789", "1772625600123456789")
	f(at("1772625600123456789", "-5"), 1772625600123456, 0, "1772625600123456789", "1772625600123456789")
	f(at("1772625600123456789", "9223372036854775807"), 1772625600123456, 0, "1772625600123456789", "1772625600123456789")
	f(at("2026-03-04T12:00:00.5Z", "500000000"), 1772625600000000, 500000, "1772625600000000000", "1772625600500000000")
}

func TestKindAndStatus(t *testing.T) {
	f := func(kind, status, message string, wantKind, wantCode int, wantTags string) {
		t.Helper()
		list := gather(t, row("0000000000000001", "", 0, 1, store.FieldKind, kind, store.FieldStatusCode, status,
			store.FieldStatusMessage, message, "error", "perhaps"))
		s := readThree(t, list).Result.ResourceSpans[0].ScopeSpans[0].Spans[0]
		if s.Kind != wantKind || s.Status.Code != wantCode || s.Status.Message != message {
			t.Errorf("%s %s: kind %d, status %+v", kind, status, s.Kind, s.Status)
		}
		if got := tagsOf(readOne(t, list).Data[0].Spans[0].Tags); got != wantTags {
			t.Errorf("%s %s: tags %q, want %q", kind, status, got, wantTags)
		}
	}
	f("internal", "", "", 1, 0, "error:string=perhaps span.kind:string=internal")
	f("server", "OK", "", 2, 1, "error:string=perhaps otel.status_code:string=OK span.kind:string=server")
	f("client", "ERROR", "m", 3, 2, "error:bool=true otel.status_code:string=ERROR otel.status_description:string=m "+
		"span.kind:string=client")
	f("producer", "", "", 4, 0, "error:string=perhaps span.kind:string=producer")
	f("consumer", "", "", 5, 0, "error:string=perhaps span.kind:string=consumer")
	f("", "", "", 1, 0, "error:string=perhaps span.kind:string=internal")
	f("other", "", "", 1, 0, "error:string=perhaps span.kind:string=other")
}

// TestEventsAndLinksOfAnyForm holds that what is no such list costs no span.
func TestEventsAndLinksOfAnyForm(t *testing.T) {
	f := func(events, links string, wantEvents, wantLinks int, wantWarning bool) {
		t.Helper()
		list := gather(t, row("0000000000000001", "", 0, 1, store.FieldEvents, events, store.FieldLinks, links))
		s := readOne(t, list).Data[0].Spans[0]
		if len(s.Logs) != wantEvents || len(s.References) != wantLinks || len(s.Warnings) > 0 != wantWarning {
			t.Errorf("%s %s: version 1: %d events, %d links, warnings %q", events, links, len(s.Logs), len(s.References), s.Warnings)
		}
		three := readThree(t, list).Result.ResourceSpans[0].ScopeSpans[0].Spans[0]
		if len(three.Events) != wantEvents || len(three.Links) != wantLinks {
			t.Errorf("%s %s: version 3: %d events, %d links", events, links, len(three.Events), len(three.Links))
		}
	}
	const trace, id = "11111111111111111111111111111111", "2222222222222222"
	link := func(trace, id string) string {
		return `[{"trace_id":"` + trace + `","span_id":"` + id + `","attrs":{}}]`
	}
	f("", "", 0, 0, false)
	f("[]", "[]", 0, 0, false)
	f("null", "null", 0, 0, false)
	f("{}", "{}", 0, 0, false)
	f("[", "text", 0, 0, false)
	f(`[{"name":"e","time":1,"attrs":{}}]`, link(trace, id), 1, 1, false)
	f(`[{"name":"e","time":"x"}]`, link("", id), 0, 0, true)
	f(`[{"name":"e"}]`, link(trace, ""), 1, 0, true)
	f(`[{"name":7}]`, link(trace, "222"), 0, 0, true)
	f(`[{"name":"e","time":1.5}]`, link(strings.ToUpper("aaaa")+trace[4:], id), 1, 0, true)
	f(`[{"name":"e","time":-1}]`, link(strings.Repeat("0", 32), id), 1, 0, true)
	f(`[{"name":"e","time":99999999999999999999}]`, link(trace, strings.Repeat("0", 16)), 1, 0, true)
	f(`[{},{}]`, `[{}]`, 2, 0, true)
}

func TestCountsOf32Bits(t *testing.T) {
	f := func(value string, want int) {
		t.Helper()
		s := readThree(t, gather(t, row("0000000000000001", "", 0, 1, store.FieldFlags, value, store.FieldDroppedAttrs, value))).
			Result.ResourceSpans[0].ScopeSpans[0].Spans[0]
		there := s.Flags != nil && s.DroppedAttributesCount != nil
		if there != (want > 0) || there && (*s.Flags != want || *s.DroppedAttributesCount != want) {
			t.Errorf("%q: %v and %v, want %d", value, s.Flags, s.DroppedAttributesCount, want)
		}
	}
	f("1", 1)
	f("4294967295", 4294967295)
	f("4294967296", 0)
	f("0", 0)
	f("", 0)
	f("-1", 0)
	f("1.5", 0)
	f("many", 0)
}

// TestVersionsAgree makes traces at random and holds that all three forms tell the same of them, in whatever order rows
// come.
func TestVersionsAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same traces each time
	for n := range 200 {
		rows := randomTrace(random)
		list := gather(t, rows...)
		random.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
		if got, want := written(t, &spans.Version1{List: gather(t, rows...)}), written(t, &spans.Version1{List: list}); got != want {
			t.Fatalf("trace %d in another order: %s", n, cmp.Diff(want, got))
		}
		first, third := spansOfOne(readOne(t, list)), spansOfThree(t, readThree(t, list))
		slices.Sort(first)
		slices.Sort(third)
		if diff := cmp.Diff(first, third); diff != "" {
			t.Fatalf("trace %d: %s", n, diff)
		}
		summaryAgrees(t, list)
	}
}

func randomTrace(random *rand.Rand) []store.Row {
	rows := make([]store.Row, 1+random.IntN(20))
	for i := range rows {
		parent := ""
		switch random.IntN(8) {
		case 0:
		case 1:
			parent = "00000000000000ff"
		default:
			parent = fmt.Sprintf("%016x", 1+random.IntN(len(rows)))
		}
		fields := []string{store.FieldName, "op" + strconv.Itoa(random.IntN(3)), store.FieldKind, "server"}
		if of := random.IntN(4); of > 0 {
			fields = append(fields, edge.KeyServiceName, "s"+strconv.Itoa(of))
		}
		if random.IntN(3) == 0 {
			fields = append(fields, store.FieldStatusCode, "ERROR")
		}
		if random.IntN(2) == 0 {
			fields = append(fields, "host.name", "h"+strconv.Itoa(random.IntN(2)))
		}
		rows[i] = row(fmt.Sprintf("%016x", i+1), parent, time.Duration(random.IntN(1000)+i), time.Duration(random.IntN(5000)), fields...)
	}
	return rows
}

// spansOfOne are the spans of version 1 as texts.
func spansOfOne(a *one) []string {
	var out []string
	for _, s := range a.Data[0].Spans {
		parent := ""
		for _, ref := range s.References {
			if ref.RefType == "CHILD_OF" && ref.TraceID == traceID {
				parent = ref.SpanID
			}
		}
		failed := strings.Contains(tagsOf(s.Tags), "error:bool=true")
		out = append(out, fmt.Sprintln(s.SpanID, parent, s.OperationName, s.StartTime, s.Duration, failed,
			a.Data[0].Processes[s.ProcessID].ServiceName, tagsOf(a.Data[0].Processes[s.ProcessID].Tags)))
	}
	return out
}

// spansOfThree are those of version 3.
func spansOfThree(t *testing.T, a *three) []string {
	t.Helper()
	var out []string
	for _, r := range a.Result.ResourceSpans {
		service, rest := "", []tag{}
		for _, attr := range r.Resource.Attributes {
			if attr.Key == edge.KeyServiceName {
				service = attr.Value["stringValue"].(string)
				continue
			}
			rest = append(rest, tag{attr.Key, spans.Text, attr.Value["stringValue"]})
		}
		for _, scope := range r.ScopeSpans {
			for _, s := range scope.Spans {
				start, err1 := strconv.ParseInt(s.StartTimeUnixNano, 10, 64)
				end, err2 := strconv.ParseInt(s.EndTimeUnixNano, 10, 64)
				if err1 != nil || err2 != nil {
					t.Fatal(err1, err2)
				}
				out = append(out, fmt.Sprintln(s.SpanID, s.ParentSpanID, s.Name, start/1000, (end-start)/1000,
					s.Status.Code == 2, service, tagsOf(rest)))
			}
		}
	}
	return out
}

// summaryAgrees counts again what a summary has counted.
func summaryAgrees(t *testing.T, list []*spans.Trace) {
	t.Helper()
	type counts struct{ SpanCount, ErrorSpanCount int }
	var a struct {
		Summaries []struct {
			RootServiceName, RootOperationName         string
			SpanCount, ErrorSpanCount, OrphanSpanCount int
			Services                                   []struct {
				Name string
				counts
			}
		}
	}
	if err := json.Unmarshal([]byte(written(t, spans.Summaries(list))), &a); err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	trace := readOne(t, list).Data[0]
	for _, s := range trace.Spans {
		ids[s.SpanID] = true
	}
	services := map[string]counts{}
	failed, orphans := 0, 0
	root := ""
	for _, s := range trace.Spans {
		of := trace.Processes[s.ProcessID].ServiceName
		c := services[of]
		c.SpanCount++
		if strings.Contains(tagsOf(s.Tags), "error:bool=true") {
			c.ErrorSpanCount++
			failed++
		}
		services[of] = c
		if len(s.References) == 0 && root == "" {
			root = of + " " + s.OperationName
		}
		if len(s.References) > 0 && !ids[s.References[0].SpanID] {
			orphans++
		}
	}
	s := a.Summaries[0]
	if s.SpanCount != len(trace.Spans) || s.ErrorSpanCount != failed || s.OrphanSpanCount != orphans ||
		root != "" && root != s.RootServiceName+" "+s.RootOperationName {
		t.Errorf("%+v: counted %d spans, %d failed, %d orphans, root %s", s, len(trace.Spans), failed, orphans, root)
	}
	names := slices.Sorted(maps.Keys(services))
	for i, of := range s.Services {
		if of.Name != names[i] || of.counts != services[of.Name] {
			t.Errorf("service %d is %+v, want %s %+v", i, of, names[i], services[names[i]])
		}
	}
}

// TestPrettyIsTheSameForAnyPieces holds that the printing for people does not depend on how much is written at a time.
func TestPrettyIsTheSameForAnyPieces(t *testing.T) {
	rows := make([]store.Row, 1500) // more than one piece
	for i := range rows {
		rows[i] = row(fmt.Sprintf("%016x", i+1), "", time.Duration(i), 1, "text", strings.Repeat(`\"{[,:]}`, i%20), "e", "[]")
	}
	list := gather(t, rows...)
	var pretty, plain, want bytes.Buffer
	for _, a := range []struct {
		pretty bool
		to     *bytes.Buffer
	}{{true, &pretty}, {false, &plain}} {
		if _, err := (&spans.Version1{List: list, Pretty: a.pretty}).WriteTo(a.to); err != nil {
			t.Fatal(err)
		}
	}
	if err := json.Indent(&want, plain.Bytes(), "", "    "); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pretty.Bytes(), want.Bytes()) {
		t.Error("it is not what encoding/json prints")
	}
	if empty := written(t, &spans.Version1{Pretty: true}); !strings.Contains(empty, `"data": []`) {
		t.Errorf("an empty list: %s", empty)
	}
}
