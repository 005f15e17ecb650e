package spans_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/query/jaeger/spans"
	"edgescope/store"
)

const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"

// start is when the spans of the tests start, in Unix nanoseconds.
var start = time.Date(2026, 3, 4, 12, 0, 0, 123_456_789, time.UTC).UnixNano()

// row is the row of a span; fields are names and values.
func row(id, parent string, after, length time.Duration, fields ...string) store.Row {
	r := store.Row{
		{Name: store.FieldTime, Value: strconv.FormatInt(start+int64(after+length), 10)},
		{Name: edge.KeyDuration, Value: strconv.FormatInt(int64(length), 10)},
		{Name: store.FieldTraceID, Value: traceID},
		{Name: store.FieldSpanID, Value: id},
		{Name: store.FieldParentID, Value: parent},
	}
	for i := 0; i < len(fields); i += 2 {
		r = append(r, store.Field{Name: fields[i], Value: fields[i+1]})
	}
	return r
}

func gather(t testing.TB, rows ...store.Row) []*spans.Trace {
	t.Helper()
	g := spans.NewGathering([]string{traceID}, spans.MaxSpans)
	for _, r := range rows {
		if _, err := g.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return g.Done()
}

// written returns what an answer writes, indented, so that a difference shows where it is.
func written(t testing.TB, a io.WriterTo) string {
	t.Helper()
	var b, indented bytes.Buffer
	n, err := a.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	if err := json.Indent(&indented, b.Bytes(), "", " "); err != nil {
		t.Fatalf("%v: %.2000s", err, b.String())
	}
	return indented.String()
}

func indent(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	if err := json.Indent(&b, []byte(text), "", " "); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// aTrace are the rows of a trace with all that a row may have.
func aTrace() []store.Row {
	return []store.Row{
		row("00000000000000b2", "00000000000000b1", time.Millisecond, 2*time.Millisecond+999,
			edge.KeyServiceName, "pay", store.FieldName, "POST /pay", store.FieldKind, "server", "host.name", "h2",
			store.FieldLinks, `[{"trace_id":"0000000000000000a3ce929d0e0e4736","span_id":"00000000000000c1","attrs":{"l":1}},`+
				`{"trace_id":"","span_id":"00000000000000c2","attrs":{}},`+
				`{"trace_id":"00000000000000000000000000000000","span_id":"00000000000000c3","attrs":{}}]`),
		row("00000000000000b1", "", 0, 9*time.Millisecond,
			edge.KeyServiceName, "shop", store.FieldName, "GET /cart", store.FieldKind, "client", "host.name", "h1",
			edge.KeyServiceVersion, "1.2", "resource.tier", "gold", "faas.name", "f", "faas.trigger", "http",
			store.FieldScopeName, "lib", store.FieldScopeVersion, "2", store.FieldStatusCode, "ERROR",
			store.FieldStatusMessage, "bad", store.FieldTraceState, "a=b", store.FieldFlags, "257",
			store.FieldDroppedAttrs, "3", store.FieldDroppedEvents, "4", store.FieldDroppedLinks, "5",
			store.FieldSeq, "7", store.FieldLog, "x", "_stream", "{}", "_stream_id", "1", store.FieldMsg, "m",
			"attr.name", "own", "attr.mine", "kept", "error", "false", "i", "42", "big", "9007199254740993", "f", "1.5",
			"b", "true", "nan", "NaN", "zeros", "0042", "text", "<&\u2028\n\"",
			store.FieldEvents, `[{"name":"exception","time":`+strconv.FormatInt(start+int64(2*time.Millisecond), 10)+
				`,"attrs":{"n":3,"exception.message":"boom","ok":true,"list":[1,"x"],"huge":1e999,"gone":null}},`+
				`{"name":"","time":`+strconv.FormatInt(start, 10)+`,"attrs":{}}]`),
	}
}

func TestTracesOfVersion1(t *testing.T) {
	got := written(t, &spans.Version1{List: gather(t, aTrace()...), Missing: []string{
		"00000000000000000000000000000099", "11111111111111111111111111111111",
	}})
	want := indent(t, `{"data":[{"traceID":"`+traceID+`","spans":[
		{"traceID":"`+traceID+`","spanID":"00000000000000b1","operationName":"GET /cart","references":[],
		"startTime":1772625600123456,"duration":9000,"tags":[
			{"key":"attr.mine","type":"string","value":"kept"},
			{"key":"b","type":"bool","value":true},
			{"key":"big","type":"int64","value":"9007199254740993"},
			{"key":"error","type":"bool","value":true},
			{"key":"f","type":"float64","value":1.5},
			{"key":"faas.trigger","type":"string","value":"http"},
			{"key":"i","type":"int64","value":42},
			{"key":"name","type":"string","value":"own"},
			{"key":"nan","type":"string","value":"NaN"},
			{"key":"otel.scope.name","type":"string","value":"lib"},
			{"key":"otel.scope.version","type":"string","value":"2"},
			{"key":"otel.status_code","type":"string","value":"ERROR"},
			{"key":"otel.status_description","type":"string","value":"bad"},
			{"key":"span.kind","type":"string","value":"client"},
			{"key":"text","type":"string","value":"<&`+"\u2028"+`\n\""},
			{"key":"w3c.tracestate","type":"string","value":"a=b"},
			{"key":"zeros","type":"string","value":"0042"}],
		"logs":[{"timestamp":1772625600125456,"fields":[
			{"key":"event","type":"string","value":"exception"},
			{"key":"exception.message","type":"string","value":"boom"},
			{"key":"gone","type":"string","value":""},
			{"key":"huge","type":"string","value":"1e999"},
			{"key":"list","type":"string","value":"[1,\"x\"]"},
			{"key":"n","type":"int64","value":3},
			{"key":"ok","type":"bool","value":true}]},{"timestamp":1772625600123456,"fields":[]}],
		"processID":"p1","warnings":null},
		{"traceID":"`+traceID+`","spanID":"00000000000000b2","operationName":"POST /pay","references":[
			{"refType":"CHILD_OF","traceID":"`+traceID+`","spanID":"00000000000000b1"},
			{"refType":"FOLLOWS_FROM","traceID":"a3ce929d0e0e4736","spanID":"00000000000000c1"}],
		"startTime":1772625600124456,"duration":2000,"tags":[{"key":"span.kind","type":"string","value":"server"}],"logs":[],
		"processID":"p2","warnings":["Invalid span link removed"]}],
		"processes":{"p1":{"serviceName":"shop","tags":[
			{"key":"faas.name","type":"string","value":"f"},
			{"key":"host.name","type":"string","value":"h1"},
			{"key":"service.version","type":"string","value":"1.2"},
			{"key":"tier","type":"string","value":"gold"}]},
		"p2":{"serviceName":"pay","tags":[{"key":"host.name","type":"string","value":"h2"}]}},"warnings":null}],
		"total":0,"limit":0,"offset":0,"errors":[
			{"msg":"trace not found","traceID":"0000000000000099"},
			{"msg":"trace not found","traceID":"11111111111111111111111111111111"}]}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTracesOfVersion3(t *testing.T) {
	got := written(t, &spans.Version3{List: gather(t, aTrace()...)})
	text := func(key, value string) string { return `{"key":"` + key + `","value":{"stringValue":"` + value + `"}}` }
	want := indent(t, `{"result":{"resourceSpans":[
		{"resource":{"attributes":[`+text("faas.name", "f")+`,`+text("host.name", "h1")+`,`+text("service.name", "shop")+`,`+
		text("service.version", "1.2")+`,`+text("tier", "gold")+`]},"scopeSpans":[{"scope":{"name":"lib","version":"2"},"spans":[
		{"traceId":"`+traceID+`","spanId":"00000000000000b1","traceState":"a=b","flags":257,"name":"GET /cart","kind":3,
		"startTimeUnixNano":"1772625600123456789","endTimeUnixNano":"1772625600132456789","attributes":[
			`+text("attr.mine", "kept")+`,{"key":"b","value":{"boolValue":true}},
			{"key":"big","value":{"intValue":"9007199254740993"}},{"key":"error","value":{"boolValue":false}},
			{"key":"f","value":{"doubleValue":1.5}},`+text("faas.trigger", "http")+`,{"key":"i","value":{"intValue":"42"}},
			`+text("name", "own")+`,`+text("nan", "NaN")+`,`+text("text", "<&\u2028\\n\\\"")+`,`+text("zeros", "0042")+`],
		"droppedAttributesCount":3,"events":[{"timeUnixNano":"1772625600123456789"},
			{"timeUnixNano":"1772625600125456789","name":"exception","attributes":[`+text("exception.message", "boom")+`,
			`+text("gone", "")+`,`+text("huge", "1e999")+`,`+text("list", `[1,\"x\"]`)+`,
			{"key":"n","value":{"intValue":"3"}},{"key":"ok","value":{"boolValue":true}}]}],
		"droppedEventsCount":4,"droppedLinksCount":5,"status":{"message":"bad","code":2}}]}]},
		{"resource":{"attributes":[`+text("host.name", "h2")+`,`+text("service.name", "pay")+`]},"scopeSpans":[
		{"scope":{},"spans":[{"traceId":"`+traceID+`","spanId":"00000000000000b2","parentSpanId":"00000000000000b1",
		"name":"POST /pay","kind":2,"startTimeUnixNano":"1772625600124456789","endTimeUnixNano":"1772625600126457788",
		"links":[{"traceId":"0000000000000000a3ce929d0e0e4736","spanId":"00000000000000c1",
			"attributes":[{"key":"l","value":{"intValue":"1"}}]}],"status":{}}]}]}]}}`)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestSummaries(t *testing.T) {
	f := func(want string, rows ...store.Row) {
		t.Helper()
		got := written(t, spans.Summaries(gather(t, rows...)))
		want = indent(t, `{"summaries":[`+want+`]}`)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	ms := time.Millisecond
	f("")
	f(`{"traceId":"`+traceID+`","rootServiceName":"shop","rootOperationName":"root","minStartTimeUnixNano":"1772625600118456789",
		"maxEndTimeUnixNano":"1772625600132456789","spanCount":4,"errorSpanCount":2,"orphanSpanCount":1,"services":[
		{"name":"missing-service-name","spanCount":1,"errorSpanCount":1},{"name":"pay","spanCount":1,"errorSpanCount":0},
		{"name":"shop","spanCount":2,"errorSpanCount":1}]}`,
		row("0000000000000001", "", 0, 9*ms, edge.KeyServiceName, "shop", store.FieldName, "root"),
		row("0000000000000002", "", ms, ms, edge.KeyServiceName, "shop", store.FieldName, "later", store.FieldStatusCode,
			"ERROR"),
		row("0000000000000003", "00000000000000ff", -5*ms, ms, edge.KeyServiceName, "pay", store.FieldName, "orphan",
			store.FieldStatusCode, "OK"),
		row("0000000000000004", "0000000000000001", 2*ms, ms, store.FieldStatusCode, "ERROR"))
	// Without a root it is the first span whose parent is missing; in a circle the first.
	f(`{"traceId":"`+traceID+`","rootServiceName":"s","rootOperationName":"orphan","minStartTimeUnixNano":"1772625600123456789",
		"maxEndTimeUnixNano":"1772625600125456789","spanCount":2,"errorSpanCount":0,"orphanSpanCount":1,
		"services":[{"name":"s","spanCount":2,"errorSpanCount":0}]}`,
		row("0000000000000001", "0000000000000002", 0, ms, edge.KeyServiceName, "s", store.FieldName, "child"),
		row("0000000000000002", "00000000000000ff", ms, ms, edge.KeyServiceName, "s", store.FieldName, "orphan"))
	f(`{"traceId":"`+traceID+`","rootServiceName":"s","rootOperationName":"a","minStartTimeUnixNano":"1772625600123456789",
		"maxEndTimeUnixNano":"1772625600125456789","spanCount":2,"errorSpanCount":0,"orphanSpanCount":0,
		"services":[{"name":"s","spanCount":2,"errorSpanCount":0}]}`,
		row("0000000000000001", "0000000000000002", 0, ms, edge.KeyServiceName, "s", store.FieldName, "a"),
		row("0000000000000002", "0000000000000001", ms, ms, edge.KeyServiceName, "s", store.FieldName, "b"))
}

func TestWarnings(t *testing.T) {
	f := func(raw bool, want1, want3 string, rows ...store.Row) {
		t.Helper()
		list := gather(t, rows...)
		var a struct {
			Data []struct{ Spans []struct{ Warnings []string } }
		}
		if err := json.Unmarshal([]byte(written(t, &spans.Version1{List: list, Raw: raw})), &a); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(a.Data[0].Spans[0].Warnings, "; "); got != want1 {
			t.Errorf("version 1: %q, want %q", got, want1)
		}
		got := written(t, &spans.Version3{List: list, Raw: raw})
		if want3 == "" && strings.Contains(got, "@jaeger@warnings") || !strings.Contains(got, want3) {
			t.Errorf("version 3: %s, want %q", got, want3)
		}
	}
	orphan := row("0000000000000001", "00000000000000ff", 0, 1)
	f(false, "invalid parent span IDs=00000000000000ff; skipping clock skew adjustment",
		"parent span ID=00000000000000ff is not in the trace; skipping clock skew adjustment", orphan)
	f(true, "", "", orphan)
	// For a span without a parent, version 1 takes a link into its own trace for one.
	link := func(trace string) string { return `[{"trace_id":"` + trace + `","span_id":"00000000000000fe"}]` }
	f(false, "invalid parent span IDs=00000000000000fe; skipping clock skew adjustment", "",
		row("0000000000000001", "", 0, 1, store.FieldLinks, link(traceID)))
	f(false, "", "", row("0000000000000001", "", 0, 1, store.FieldLinks, link(strings.Repeat("1", 32))))
	f(false, "", "", row("0000000000000001", "", 0, 1), row("0000000000000002", "0000000000000001", 0, 1))
}

// TestATraceIsCutAtItsFirstSpans holds the bounds of one trace: what started first stays, and the rest is told.
func TestATraceIsCutAtItsFirstSpans(t *testing.T) {
	const all = 50_000
	g := spans.NewGathering([]string{traceID}, spans.MaxSpans)
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same order each time
	most := int64(0)
	held := int64(0)
	for _, i := range random.Perm(all) {
		bytes, err := g.Add(row(fmt.Sprintf("%016x", i+1), "", time.Duration(i), 1, edge.KeyServiceName, "s"))
		if err != nil {
			t.Fatal(err)
		}
		held += bytes
		most = max(most, held)
	}
	list := g.Done()
	if n := len(list[0].Spans); n != spans.MaxSpans || list[0].All != all {
		t.Fatalf("%d spans of %d", n, list[0].All)
	}
	text := written(t, &spans.Version1{List: list})
	for _, want := range []string{
		`"the trace has 50000 spans: the 10000 that started first are shown"`,
		`"spanID": "0000000000000001"`, fmt.Sprintf(`"spanID": "%016x"`, spans.MaxSpans),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the answer does not have %s", want)
		}
	}
	if strings.Contains(text, fmt.Sprintf(`"spanID": "%016x"`, spans.MaxSpans+1)) {
		t.Error("a span is there that started later")
	}
	if !strings.Contains(written(t, &spans.Version3{List: list}), "the 10000 that started first") {
		t.Error("version 3 does not tell")
	}
	if limit := int64(2*spans.MaxSpans) * 1100; most > limit {
		t.Errorf("it asked for %d bytes: more than those of twice what it keeps, %d", most, limit)
	}
}

// TestAnAnswerIsCutAtItsLastTraces holds the bound of all traces together.
func TestAnAnswerIsCutAtItsLastTraces(t *testing.T) {
	ids := make([]string, 30)
	for i := range ids {
		ids[i] = fmt.Sprintf("%032x", i+1)
	}
	g := spans.NewGathering(ids, spans.MaxSpans)
	for n := range spans.MaxSpans {
		for i := range ids {
			r := row(fmt.Sprintf("%016x", n+1), "", time.Duration(n), 1)
			r[2].Value = ids[i]
			if _, err := g.Add(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	list := g.Done()
	if len(list) != spans.MaxAllSpans/spans.MaxSpans || list[0].ID != ids[0] {
		t.Fatalf("%d traces", len(list))
	}
	for i, tr := range list {
		if tr.ID != ids[i] || len(tr.Spans) != spans.MaxSpans {
			t.Errorf("trace %s has %d spans", tr.ID, len(tr.Spans))
		}
	}
	if w := list[len(list)-1].Warnings; len(w) != 1 || w[0] != "10 more traces are left out: an answer has at most 200000 spans" {
		t.Errorf("warnings: %q", w)
	}
}

func TestSpansThatCameTwiceAreOne(t *testing.T) {
	list := gather(t, row("0000000000000001", "", 0, 5), row("0000000000000001", "", 0, 5),
		row("0000000000000001", "", 1, 4), // another span with the same id, as Zipkin's clients and servers share one
		row("", "", 0, 5), row("", "", 0, 5))
	if len(list[0].Spans) != 4 || list[0].All != 4 {
		t.Errorf("%d spans of %d, want 4", len(list[0].Spans), list[0].All)
	}
}

func TestRowsOfOtherTracesAreLeftOut(t *testing.T) {
	other := row("0000000000000001", "", 0, 5)
	other[2].Value = strings.Repeat("9", 32)
	if list := gather(t, other); len(list) != 0 {
		t.Errorf("%d traces", len(list))
	}
	g := spans.NewGathering([]string{traceID}, spans.MaxSpans)
	broken := row("0000000000000001", "", 0, 5)
	broken[0].Value = "yesterday"
	if _, err := g.Add(broken); err == nil {
		t.Error("a row without a time is a span")
	}
}

func TestTypesAreThoseOfTheSpelling(t *testing.T) {
	f := func(key, value, want string) {
		t.Helper()
		if got := spans.TypeOf(key, value); got != want {
			t.Errorf("%s=%s is %s, want %s", key, value, got, want)
		}
	}
	for _, value := range []string{"true", "false"} {
		f("k", value, spans.Bool)
	}
	for _, value := range []string{"0", "7", "-7", "9223372036854775807", "-9223372036854775808"} {
		f("k", value, spans.Int)
	}
	for _, value := range []string{"1.5", "-0.25", "1e+21", "1.5e-07", "-0"} {
		f("k", value, spans.Float)
	}
	for _, value := range []string{
		"", "00123", "007", "+1", "1.0", "1.50", "1e3", "1.5e-7", ".5", "5.", "0x10", "1_000", "NaN", "Infinity", "-Infinity", "-", "True",
		"tru", "18446744073709551615", "1e400", " 1", "1 ", "٣", "10.0.0.1", "deadbeef", "12e", "2026-01-01",
	} {
		f("k", value, spans.Text)
	}
	f("service.version", "1.2", spans.Text)
	f("customer.id", "4711", spans.Text)
	f("thread.id", "12", spans.Int)
	f("http.response.status_code", "200", spans.Int)
}

// FuzzTypes holds that whatever is called a number or a boolean is one in JSON, and the same.
func FuzzTypes(f *testing.F) {
	for _, value := range []string{"1", "-0", "1e+21", "1.5", "true", "Infinity", "0x1p-2", "1e999", "00"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		kind := spans.TypeOf("k", value)
		var v any
		err := json.Unmarshal([]byte(value), &v)
		switch x := v.(type) {
		case bool:
			if kind != spans.Bool && kind != spans.Text {
				t.Errorf("%q is %s", value, kind)
			}
		case float64:
			if kind == spans.Float && (math.IsInf(x, 0) || math.IsNaN(x)) {
				t.Errorf("%q is %s", value, kind)
			}
		}
		if kind != spans.Text && err != nil {
			t.Errorf("%q is %s and no JSON: %v", value, kind, err)
		}
	})
}

func TestIDs(t *testing.T) {
	f := func(text, want, wrong string) {
		t.Helper()
		got, err := spans.ReadID(text)
		if got != want || (err == nil) != (wrong == "") || err != nil && !strings.Contains(err.Error(), wrong) {
			t.Errorf("%q: %q, %v; want %q, %q", text, got, err, want, wrong)
		}
	}
	const zeros = "00000000000000000000000000000000"
	f(traceID, traceID, "")
	f(strings.ToUpper(traceID), traceID, "")
	f("a3ce929d0e0e4736", zeros[:16]+"a3ce929d0e0e4736", "")
	f("1", zeros[:31]+"1", "")
	f("0", zeros, "")
	f("bf92f3577b34da6a3ce929d0e0e4736", "0bf92f3577b34da6a3ce929d0e0e4736", "")
	f("S/kvNXezTaajzpKdDg5HNg==", traceID, "") // base64 of the bytes, as protobuf's JSON has them
	f("S_kvNXezTaajzpKdDg5HNg", traceID, "")
	f("", "", `strconv.ParseUint: parsing "": invalid syntax`)
	f("zz", "", `strconv.ParseUint: parsing "zz": invalid syntax`)
	f("4bf92f35-77b3-4da6-a3ce-929d0e0e", "", "invalid syntax")
	f(traceID+"0", "", "TraceID cannot be longer than 32 hex characters: "+traceID+"0")
	f("-1", "", "invalid syntax")
	f("+1", "", "invalid syntax")
	f("1_0", "", "invalid syntax")
	f(`" or *`, "", "invalid syntax")
	f("AAAA", zeros[:28]+"aaaa", "") // hex before base64
	f("zAAAAAAA", "", "invalid syntax")
}

func FuzzReadID(f *testing.F) {
	for _, seed := range []string{traceID, "zz", "S/kvNXezTaajzpKdDg5HNg==", "1", strings.Repeat("f", 33)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := spans.ReadID(text)
		if err == nil && (len(id) != 32 || strings.Trim(id, "0123456789abcdef") != "") || err != nil && id != "" {
			t.Errorf("%q: %q, %v", text, id, err)
		}
		if err != nil {
			return
		}
		if again, err := spans.ReadID(id); err != nil || again != id {
			t.Errorf("%q: %q is read as %q, %v", text, id, again, err)
		}
	})
}

// FuzzAnswers holds that whatever a row has, answers are JSON, and printed for people they are the same.
func FuzzAnswers(f *testing.F) {
	f.Add("k", "v", `[{"name":"e","time":1,"attrs":{"a":1}}]`, `[{"trace_id":"x","span_id":"y","attrs":{"a":[]}}]`, "12")
	f.Add("resource.\xff", "\x00\"\\", `[{"name":"{[","time":-1,"attrs":{"\u0000":"\ud800"}}]`, "[]", "-5")
	f.Add("attr.name", "1e+21", "{}", "null", "99999999999999999999")
	f.Add("service.name", "", `[null,{"attrs":null,"time":1.5}]`, "[1]", "")
	f.Fuzz(func(t *testing.T, key, value, events, links, duration string) {
		r := row("00000000000000b1", value, 0, time.Second, key, value, store.FieldEvents, events, store.FieldLinks, links,
			store.FieldFlags, duration)
		r[1].Value = duration
		list := gather(t, r)
		one := written(t, &spans.Version1{List: list})
		written(t, &spans.Version3{List: list})
		written(t, spans.Summaries(list))
		var pretty, compact, want bytes.Buffer
		if _, err := (&spans.Version1{List: list, Pretty: true}).WriteTo(&pretty); err != nil {
			t.Fatal(err)
		}
		if err := json.Indent(&want, []byte(one), "", "    "); err != nil {
			t.Fatal(err)
		}
		if pretty.String() != want.String() {
			t.Errorf("printed for people: %s, want %s", pretty.String(), want.String())
		}
		if err := json.Compact(&compact, pretty.Bytes()); err != nil {
			t.Fatal(err)
		}
	})
}

// failing fails after some bytes.
type failing struct{ left int }

func (f *failing) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestAClientThatLeavesEndsTheAnswer(t *testing.T) {
	rows := make([]store.Row, 2000)
	for i := range rows {
		rows[i] = row(fmt.Sprintf("%016x", i+1), "", 0, 1, "k", strings.Repeat("x", 100))
	}
	list := gather(t, rows...)
	for _, a := range []io.WriterTo{
		&spans.Version1{List: list}, &spans.Version1{List: list, Pretty: true},
		&spans.Version3{List: list},
	} {
		if _, err := a.WriteTo(&failing{left: 100_000}); err == nil {
			t.Errorf("%T: a client that is gone got all", a)
		}
	}
}
