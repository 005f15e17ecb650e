package otlp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// oneSpan decodes a document of one span with those members, which must be taken.
func oneSpan(t *testing.T, members string) edge.Event {
	t.Helper()
	spans := decodeJSON(t, otlptest.DocumentJSON(`{`+members+`}`))
	if len(spans) != 1 {
		t.Fatalf("%s: %d spans taken, want 1", members, len(spans))
	}
	return spans[0]
}

// TestJSONValues is the table of values: what an SDK may send against the text that is kept; "-" means that the
// attribute is dropped.
func TestJSONValues(t *testing.T) {
	f := func(input, want string) {
		t.Helper()
		e := oneSpan(t, otlptest.IDsJSON+`,"attributes":[{"key":"before","value":{"intValue":1}},{"key":"k","value":`+input+`},{"key":"after","value":{"intValue":2}}]`)
		if e.Attr("before") != "1" || e.Attr("after") != "2" {
			t.Errorf("%s: a neighbour was lost: %v", input, e.Attrs)
		}
		got := "-"
		for _, a := range e.Attrs {
			if a.Key == "k" {
				got = a.Value
			}
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", input, got, want)
		}
	}
	f(`null`, "-")
	f(`{}`, "-")
	f(`5`, "-")
	f(`{"doubleValue":null}`, "-")
	f(`{"unknownValue":5}`, "-")
	f(`{"intValue":42}`, "42")
	f(`{"intValue":"42"}`, "42")
	f(`{"int_value":"-3"}`, "-3")
	f(`{"intValue":1e3}`, "1000")
	f(`{"intValue":1.0}`, "1")
	f(`{"intValue":12.50e1}`, "125")
	f(`{"intValue":-0}`, "0")
	f(`{"intValue":"9223372036854775807"}`, "9223372036854775807")
	f(`{"intValue":-9223372036854775808}`, "-9223372036854775808")
	f(`{"intValue":1.5}`, "1.5")
	f(`{"intValue":1e+300}`, "1e+300")
	f(`{"intValue":9223372036854775808}`, "9223372036854776000")
	f(`{"intValue":1e-7}`, "1e-07")
	f(`{"intValue":"forty"}`, "-")
	f(`{"intValue":"0x10"}`, "-")
	f(`{"intValue":true}`, "-")
	f(`{"intValue":{"a":1}}`, "-")
	f(`{"intValue":{"low":200,"high":0,"unsigned":false}}`, "200")
	f(`{"intValue":{"low":-2,"high":-1}}`, "-2")
	f(`{"intValue":{"low":200}}`, "-")
	f(`{"doubleValue":2.5}`, "2.5")
	f(`{"doubleValue":"2.5"}`, "2.5")
	f(`{"doubleValue":3}`, "3")
	f(`{"doubleValue":1e6}`, "1000000")
	f(`{"doubleValue":"NaN"}`, "NaN")
	f(`{"doubleValue":"Infinity"}`, "Infinity")
	f(`{"doubleValue":"-Infinity"}`, "-Infinity")
	f(`{"doubleValue":"inf"}`, "-")
	f(`{"boolValue":true}`, "true")
	f(`{"boolValue":"true"}`, "true")
	f(`{"boolValue":"false"}`, "false")
	f(`{"boolValue":1}`, "true")
	f(`{"boolValue":0}`, "false")
	f(`{"boolValue":"yes"}`, "-")
	f(`{"stringValue":"x"}`, "x")
	f(`{"string_value":"x"}`, "x")
	f(`{"stringValue":5}`, "5")
	f(`{"stringValue":1.50}`, "1.50")
	f(`{"stringValue":true}`, "true")
	f(`{"stringValue":""}`, "")
	f(`{"stringValue":"a\ud800b"}`, "a\ufffdb")
	f(`{"stringValue":"\ud83d\ude00\u00e9\n\/"}`, "😀é\n/")
	f("{\"stringValue\":\"a\xff\xfeb\"}", "a\ufffd\ufffdb")
	f("{\"stringValue\":\"\xff\\n\"}", "\ufffd\n")
	f("{\"stringValue\":\"a\tb\"}", "a\tb")
	f(`{"bytesValue":"AAH/"}`, "AAH/")
	f(`{"bytesValue":"AAH_"}`, "AAH/")
	f(`{"bytesValue":"AA"}`, "AA==")
	f(`{"bytesValue":"*"}`, "-")
	f(`{"arrayValue":{"values":[{"stringValue":"x"},{},null,{"intValue":1},{"doubleValue":"NaN"},{"bytesValue":"AAH/"}]}}`,
		`["x",null,null,1,"NaN","AAH/"]`)
	f(`{"arrayValue":{"values":null}}`, `[]`)
	f(`{"arrayValue":{}}`, `[]`)
	f(`{"arrayValue":{"values":[{"intValue":1}],"x":"\n"}}`, `[1]`)
	f(`{"array_value":{"values":[{"array_value":{"values":[{"bool_value":false}]}},{"x\n":1,"stringValue":"\n"}]}}`,
		`[[false],"\n"]`)
	f(`{"arrayValue":null}`, "-")
	f(`{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"b\"","value":{}},`+
		`{"value":{"intValue":2}},null,{"key":"a","value":{"stringValue":"\t"}}]}}`, `{"a":"\t","b\"":null}`)
	f(`{"kvlist_value":{"values":[{"key":"m","value":{"kvlistValue":{"values":[{"key":"n",`+
		`"value":{"doubleValue":1.5}}]}}}]}}`, `{"m":{"n":1.5}}`)
	f(`{"intValue":1,"stringValue":"last"}`, "last")
	f(`{"intValue":1,"intValue":2}`, "2")
}

func TestJSONAttributesThatAreNone(t *testing.T) {
	e := oneSpan(t, otlptest.IDsJSON+`,"attributes":[null,5,"x",[],{"value":{"stringValue":"nokey"}},{"key":"",`+
		`"value":{"intValue":1}},{"key":null,"value":{"intValue":1}},{"key":"a","value":{"intValue":1}},{"key":"a",`+
		`"value":{"intValue":2}}]`)
	if len(e.Attrs) != 1 || e.Attrs[0] != (edge.Attr{Key: "a", Value: "2"}) {
		t.Errorf("got %v, want a=2 alone", e.Attrs)
	}
}

// TestJSONIDs: hex of any case and base64 of exactly the length are ids; nothing else is, and costs its span.
func TestJSONIDs(t *testing.T) {
	const hexID, want = "515e10166ac4887d4b00afb87a732fb7", "515e10166ac4887d4b00afb87a732fb7"
	f := func(traceID, spanID string, taken bool) {
		t.Helper()
		spans := decodeJSON(t, otlptest.DocumentJSON(`{"traceId":`+traceID+`,"spanId":`+spanID+`}`))
		if got := len(spans) == 1; got != taken {
			t.Errorf("%s %s: taken %v, want %v", traceID, spanID, got, taken)
			return
		}
		if taken && (fmt.Sprintf("%x", spans[0].TraceID) != want ||
			fmt.Sprintf("%x", spans[0].SpanID) != "5177762381fce526") {
			t.Errorf("%s %s: got %x %x", traceID, spanID, spans[0].TraceID, spans[0].SpanID)
		}
	}
	const span = `"5177762381fce526"`
	f(`"`+hexID+`"`, span, true)
	f(`"`+strings.ToUpper(hexID)+`"`, `"5177762381FCE526"`, true)
	f(`"UV4QFmrEiH1LAK+4enMvtw=="`, `"UXd2I4H85SY="`, true)
	f(`"UV4QFmrEiH1LAK-4enMvtw"`, `"UXd2I4H85SY"`, true)
	f(`"00000000000000000000000000000000"`, span, false)
	f(`"abcd"`, span, false)
	f(`"`+strings.Repeat("z", 32)+`"`, span, false)
	f(`""`, span, false)
	f(`null`, span, false)
	f(`5`, span, false)
	f(`"`+hexID+`"`, `"0000000000000000"`, false)
	f(`"`+hexID+`"`, `{}`, false)
	f(`"`+hexID+`"`, `"AAAA"`, false)
	for _, parent := range []string{`null`, `""`, `"0000000000000000"`, `"zz"`, `[1]`} {
		if e := oneSpan(t, otlptest.IDsJSON+`,"parentSpanId":`+parent); !e.ParentID.IsZero() {
			t.Errorf("parent %s: got %x, want none", parent, e.ParentID)
		}
	}
}

func TestTimes(t *testing.T) {
	now, second := otlptest.Arrival.UnixNano(), int64(time.Second)
	f := func(start, end string, wantTime, wantDuration int64) {
		t.Helper()
		e := oneSpan(t, otlptest.IDsJSON+`,"startTimeUnixNano":`+start+`,"endTimeUnixNano":`+end)
		if e.Time != wantTime || e.Duration != wantDuration || !e.HasDuration {
			t.Errorf("%s to %s: got %d, %d; want %d, %d", start, end, e.Time, e.Duration, wantTime, wantDuration)
		}
	}
	at := func(offset int64) string { return strconv.FormatInt(now+offset, 10) }
	f(`"1795215405000000001"`, `"1795215405000000003"`, 1795215405000000003, 2)
	f(`1795215405000000001`, `1.795215405005e18`, 1795215405005000000, 4999999)
	f(`1795215405000000000.0`, `"1795215405000000001"`, 1795215405000000001, 1)
	f(`1795215405000000000.5`, `null`, 1795215405000000000, 0)
	f(`null`, `null`, now, 0)
	f(`""`, `"0"`, now, 0)
	f(`"0"`, `"1795215405000000001"`, 1795215405000000001, 0)
	f(`"soon"`, `{}`, now, 0)
	f(`-5`, `-4`, now, 0)
	f(`"1795215405000000001"`, `"5"`, 1795215405000000001, 0)
	f(at(0), at(9*60*second), now+9*60*second, 9*60*second)
	f(at(3600*second), at(3601*second), now, second) // a clock that is ahead: durations are good
	f(at(-2*second), at(3600*second), now, 2*second) // an end that is not
	f(at(0), `18446744073709551615`, now, 0)         // the largest time there is
	f(`1e30`, `1e31`, now, 0)                        // beyond it
	f(`18446744073709551615`, `18446744073709551615`, now, 0)
}

func TestEnumsOutsideAreInternalAndUnset(t *testing.T) {
	f := func(kind, status string, wantKind edge.SpanKind, wantStatus edge.StatusCode) {
		t.Helper()
		e := oneSpan(t, otlptest.IDsJSON+`,"kind":`+kind+`,"status":`+status)
		if e.SpanKind != wantKind || e.Status != wantStatus {
			t.Errorf("%s %s: got %v %v", kind, status, e.SpanKind, e.Status)
		}
	}
	f(`2`, `{"code":2}`, edge.SpanServer, edge.StatusError)
	f(`"3"`, `{"code":"1"}`, edge.SpanClient, edge.StatusOK)
	f(`"SPAN_KIND_INTERNAL"`, `{"code":"STATUS_CODE_UNSET"}`, edge.SpanInternal, edge.StatusUnset)
	f(`"SPAN_KIND_SERVER"`, `{"code":"STATUS_CODE_ERROR"}`, edge.SpanServer, edge.StatusError)
	f(`"SPAN_KIND_CLIENT"`, `{"code":"STATUS_CODE_OK"}`, edge.SpanClient, edge.StatusOK)
	f(`"SPAN_KIND_PRODUCER"`, `{}`, edge.SpanProducer, edge.StatusUnset)
	f(`"SPAN_KIND_CONSUMER"`, `null`, edge.SpanConsumer, edge.StatusUnset)
	f(`0`, `{"code":7}`, edge.SpanInternal, edge.StatusUnset)
	f(`99`, `5`, edge.SpanInternal, edge.StatusUnset)
	f(`null`, `{"code":null}`, edge.SpanInternal, edge.StatusUnset)
	f(`"BAD"`, `{"code":-1}`, edge.SpanInternal, edge.StatusUnset)
}

func TestOnlyAnErrorKeepsItsMessage(t *testing.T) {
	if e := oneSpan(t, otlptest.IDsJSON+`,"status":{"code":1,"message":"fine"}`); e.StatusMessage != "" {
		t.Errorf("status OK keeps message %q", e.StatusMessage)
	}
	if e := oneSpan(t, otlptest.IDsJSON+`,"status":{"message":"boom","code":2}`); e.StatusMessage != "boom" {
		t.Errorf("status ERROR has message %q, want boom", e.StatusMessage)
	}
}

func TestSpanMembers(t *testing.T) {
	e := oneSpan(t, otlptest.IDsJSON+`,"name":"a","name":"b","flags":257,"traceState":"k=v","parentSpanId":"00000000000000ff",
		"droppedAttributesCount":1,"dropped_events_count":"2","droppedLinksCount":3.0,
		"attributes":[{"key":"old","value":{"intValue":1}}],"attributes":[{"key":"new","value":{"intValue":1}}],
		"events":[null,{"name":"e\"1","timeUnixNano":"7","attributes":[{"key":"a","value":{"arrayValue":{"values":[{"intValue":1}]}}},{"key":"n","value":null}]},{}],
		"links":[5,{"traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef","attributes":[{"key":"a","value":{"boolValue":true}}]},{"traceId":"zz"}]`)
	if e.Name != "b" || e.Flags != 257 || e.TraceState != "k=v" || e.ParentID[7] != 0xff || e.DroppedAttrs != 1 ||
		e.DroppedEvents != 2 || e.DroppedLinks != 3 {
		t.Errorf("got %+v", e)
	}
	if e.Attr("old") != "" || e.Attr("new") != "1" {
		t.Errorf("attributes %v, want the last list", e.Attrs)
	}
	if want := `[{"name":"e\"1","time":7,"attrs":{"a":[1],"n":null}},{"name":"","time":0,"attrs":{}}]`; e.SpanEvents != want {
		t.Errorf("events %s, want %s", e.SpanEvents, want)
	}
	if want := `[{"trace_id":"0123456789abcdef0123456789abcdef","span_id":"0123456789abcdef","attrs":{"a":true}}]`; e.Links != want {
		t.Errorf("links %s, want %s", e.Links, want)
	}
	if !json.Valid([]byte(e.SpanEvents)) || !json.Valid([]byte(e.Links)) {
		t.Error("events or links are no JSON")
	}
}

func TestExceptionIsLifted(t *testing.T) {
	f := func(attrs, events, wantType, wantMessage string) {
		t.Helper()
		e := oneSpan(t, otlptest.IDsJSON+`,"attributes":[`+attrs+`],"events":[`+events+`]`)
		if got := e.Attr("exception.type"); got != wantType {
			t.Errorf("%s: type %q, want %q", events, got, wantType)
		}
		if got := e.Attr("exception.message"); got != wantMessage {
			t.Errorf("%s: message %q, want %q", events, got, wantMessage)
		}
	}
	event := func(name, kind, message string) string {
		return `{"name":"` + name + `","attributes":[{"key":"exception.type","value":{"stringValue":"` + kind +
			`"}},{"key":"exception.message","value":{"stringValue":"` + message + `"}}]}`
	}
	f("", event("log", "A", "a"), "", "")
	f("", event("exception", "A", "a"), "A", "a")
	f("", event("exception", "A", "a")+","+event("exception", "B", "b"), "A", "a")
	f(`{"key":"exception.type","value":{"stringValue":"own"}}`, event("exception", "A", "a"), "own", "a")
	f("", `{"name":"exception"}`, "", "")
}

func TestResourceAndScopeReachTheirSpans(t *testing.T) {
	const attrs = `{"attributes":[{"key":"service.name","value":{"stringValue":"%s"}}]}`
	span := otlptest.SpanJSON(`"name":"x"`)
	doc := `{"resourceSpans":[
		{"scopeSpans":[{"spans":[` + span + `],"scope":{"name":"late","version":"1"}}],"resource":` + fmt.Sprintf(attrs, "first") + `},
		{"resource":` + fmt.Sprintf(attrs, "second") + `,"instrumentationLibrarySpans":[{"instrumentationLibrary":{"name":"old"},"spans":[` + span + `]}]},
		{"scopeSpans":[{"spans":[` + span + `]}]}]}`
	var got []string
	for _, e := range decodeJSON(t, doc) {
		got = append(got, e.ResourceAttr("service.name")+"/"+e.ScopeName+"/"+e.ScopeVersion)
	}
	if want := "first/late/1 second/old/ //"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDocuments(t *testing.T) {
	good := otlptest.DocumentJSON(otlptest.SpanJSON(`"name":"x"`))
	f := func(doc string, wantSpans int, wantErr string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		_, err := otlptest.New(t, sink).Traces(t.Context(), 0, []byte(doc), otlp.JSON)
		if len(sink.Got) != wantSpans {
			t.Errorf("%.60q: %d spans, want %d", doc, len(sink.Got), wantSpans)
		}
		if (err == nil) != (wantErr == "") || err != nil && !strings.Contains(err.Error(), wantErr) {
			t.Errorf("%.60q: error %v, want %q", doc, err, wantErr)
		}
	}
	f(good, 1, "")
	f("\xef\xbb\xbf \r\n\t"+good+" \n", 1, "")
	f(``, 0, "")
	f(` `, 0, "")
	f(`{}`, 0, "")
	f(`null`, 0, "")
	f(`{"resourceSpans":{}}`, 0, "")
	f(`{"unknown":[{"a":[1,2,{"b":null}]}],"resourceSpans":[null,{"resource":null,"scopeSpans":[null,{"spans":null}]}]}`,
		0, "")
	f(`{"resourceSpans":[],`+good[1:], 1, "")
	f(good+`{}`, 0, "want nothing after the document")
	f(good[:len(good)-1], 0, "cut off")
	f(good[:len(good)/2], 0, "cut off")
	f(`<html>`, 0, "want a value at byte 0")
	f(`[]`, 0, "want an object with resourceSpans")
	f(`"x"`, 0, "want an object with resourceSpans")
	f(`{"a":01}`, 0, "number is malformed")
	f(`{"a":nul}`, 0, "want null")
	f(`{"a" 1}`, 0, "want : after a member's name")
	f(`{a:1}`, 0, "want a member's name in quotes")
	f(`{"a":1 "b":2}`, 0, "want , or }")
	f(`{"a":[1 2]}`, 0, "want , or ]")
	f(`{"a":[1,]}`, 0, "want a value")
	f(`{"a":"\x"}`, 0, `unknown escape \x`)
	f(`{"a":"\u12g4"}`, 0, "four hex digits")
	f(`{"a":`+strings.Repeat("[", 20000)+`}`, 0, "nested deeper than 10000")
}

func TestSpansThatAreNoObjectsAreCounted(t *testing.T) {
	sink := &otlptest.Recorder{}
	good := otlptest.SpanJSON(`"name":"x"`)
	res, err := otlptest.New(t, sink).Traces(t.Context(), 0,
		[]byte(otlptest.DocumentJSON("null", "5", good, `{"name":"no ids"}`, good)), otlp.JSON)
	if err != nil || res.Rejected() != 3 || len(sink.Got) != 2 {
		t.Fatalf("got %+v, %v, %d spans; want 3 rejected and 2 taken", res, err, len(sink.Got))
	}
	if sink.Got[0].Index != 2 || sink.Got[1].Index != 4 {
		t.Errorf("indexes %d and %d, want 2 and 4", sink.Got[0].Index, sink.Got[1].Index)
	}
	const want = "3 of 5 spans rejected: span 0: entry is no object; span 1: entry is no object; span 3: no valid " +
		"trace id: want 16 bytes, not all zero"
	if res.Message != want {
		t.Errorf("message %q, want %q", res.Message, want)
	}
}

// TestAllSignalsOfADocumentAreTaken: whatever door a document comes to, each of its lists is read, and what is rejected
// is told by signal.
func TestAllSignalsOfADocumentAreTaken(t *testing.T) {
	doc := []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"hello"}},5]}]}],` +
		`"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m","gauge":{"dataPoints":[{"asInt":1},{}]}}]}]}],` +
		otlptest.DocumentJSON(otlptest.SpanJSON(`"name":"x"`), `{}`)[1:])
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	want := otlp.Result{
		RejectedSpans: 1, RejectedLogRecords: 1, RejectedDataPoints: 1,
		Message: "3 of 6 records rejected: log record 1: entry is no object; span 5: no valid trace id: want 16 " +
			"bytes, not all zero; " +
			"data point 3: no value that is a number",
	}
	for i, take := range []func(context.Context, edge.Tenant, []byte, otlp.Encoding) (otlp.Result, error){
		r.Traces,
		r.Logs, r.Metrics,
	} {
		got, err := take(t.Context(), 0, doc, otlp.JSON)
		if err != nil || got != want {
			t.Errorf("door %d: %+v, %v", i, got, err)
		}
	}
	if len(sink.Got) != 6 || sink.Got[0].Kind != edge.KindLog || sink.Got[1].Kind != edge.KindSpan ||
		len(sink.GotSamples) != 3 {
		t.Errorf("%d events and %d samples taken, want a log record, a span and a sample each time", len(sink.Got),
			len(sink.GotSamples))
	}
	const answer = `{"partialSuccess":{"rejectedSpans":"1","rejectedLogRecords":"1","rejectedDataPoints":"1",` +
		`"errorMessage":`
	if got := string(want.AppendJSON(nil)); !strings.HasPrefix(got, answer) {
		t.Errorf("answer %s", got)
	}
}

func TestDeepValuesAreCut(t *testing.T) {
	nested := strings.Repeat(`{"arrayValue":{"values":[`, 100) + `{"intValue":1}` + strings.Repeat(`]}}`, 100)
	e := oneSpan(t, otlptest.IDsJSON+`,"attributes":[{"key":"k","value":`+nested+`}]`)
	if want := strings.Repeat("[", 32) + "null" + strings.Repeat("]", 32); e.Attr("k") != want {
		t.Errorf("got %s", e.Attr("k"))
	}
}

func TestLimitsOfAttributes(t *testing.T) {
	var attrs strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&attrs, `{"key":"k%d","value":{"intValue":%d}},`, i, i)
	}
	long := strings.Repeat("é", 100)
	e := oneSpan(t, otlptest.IDsJSON+`,"attributes":[{"key":"`+long+`","value":{"intValue":1}},`+attrs.String()+
		`{"key":"k7","value":{"stringValue":"last"}}]`)
	if len(e.Attrs) != 900 || e.Attr("k7") != "last" || e.Attr(strings.Repeat("é", 64)) != "1" {
		t.Errorf("%d attributes, k7 = %q, first %q", len(e.Attrs), e.Attr("k7"), e.Attrs[0].Key)
	}
	text := strings.Repeat("x", 1<<20)
	e = oneSpan(t, otlptest.IDsJSON+`,"attributes":[{"key":"k","value":{"stringValue":"`+text+`"}}]`)
	if e.Attr("k") != text {
		t.Errorf("a text of 1 MiB has %d bytes", len(e.Attr("k")))
	}
}
