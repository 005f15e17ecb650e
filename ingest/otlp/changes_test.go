package otlp_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// told takes a document of spans and returns them with the answer's message.
func told(t *testing.T, spans ...string) ([]edge.Event, string) {
	t.Helper()
	sink := &otlptest.Recorder{}
	res, err := otlptest.New(t, sink).Traces(t.Context(), 0, []byte(otlptest.DocumentJSON(spans...)), otlp.JSON)
	if err != nil || res.Rejected() != 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	return sink.Got, res.Message
}

func TestEnumsAreReadInEverySpelling(t *testing.T) {
	f := func(kind, code string, wantKind edge.SpanKind, wantStatus edge.StatusCode) {
		t.Helper()
		spans, message := told(t, otlptest.SpanJSON(`"kind":`+kind+`,"status":`+code))
		if e := spans[0]; e.SpanKind != wantKind || e.Status != wantStatus || message != "" {
			t.Errorf("%s %s: got %v %v, told %q", kind, code, e.SpanKind, e.Status, message)
		}
	}
	f(`"server"`, `{"code":"ok"}`, edge.SpanServer, edge.StatusOK)
	f(`"Client"`, `{"code":"Error"}`, edge.SpanClient, edge.StatusError)
	f(`"PRODUCER"`, `{"statusCode":"ERROR"}`, edge.SpanProducer, edge.StatusError)
	f(`"span_kind_consumer"`, `{"code":"status_code_error"}`, edge.SpanConsumer, edge.StatusError)
	f(`"SpanKind.SERVER"`, `{"status_code":"StatusCode.ERROR"}`, edge.SpanServer, edge.StatusError)
	f(`2.0`, `{"status_code":2e0}`, edge.SpanServer, edge.StatusError)
	f(`"2"`, `"STATUS_CODE_ERROR"`, edge.SpanServer, edge.StatusError)
	f(`"SPAN_KIND_UNSPECIFIED"`, `1`, edge.SpanInternal, edge.StatusOK)
	f(`0`, `{"code":""}`, edge.SpanInternal, edge.StatusUnset)
	f(`null`, `null`, edge.SpanInternal, edge.StatusUnset)
}

func TestUnknownEnumsAreTold(t *testing.T) {
	f := func(members, want string) {
		t.Helper()
		spans, message := told(t, otlptest.SpanJSON(`"name":"good"`), otlptest.SpanJSON(members))
		if len(spans) != 2 || spans[1].SpanKind != edge.SpanInternal || spans[1].Status != edge.StatusUnset {
			t.Errorf("%s: got %+v", members, spans)
		}
		if want = "kept with changes: span 1: " + want; message != want {
			t.Errorf("%s: told %q, want %q", members, message, want)
		}
	}
	const kinds, codes = "is not known: taken as internal; want internal, server, client, producer or consumer or " +
		"the number",
		"is not known: taken as unset; want unset, ok or error or the number"
	f(`"kind":"servr"`, `kind "servr" `+kinds)
	f(`"kind":6`, `kind "6" `+kinds)
	f(`"kind":2.5`, `kind "2.5" `+kinds)
	f(`"kind":{"server":1}`, `kind "" `+kinds)
	f(`"kind":"`+strings.Repeat("ä", 500)+`"`, `kind "`+strings.Repeat("ä", 20)+`" `+kinds)
	f(`"status":{"code":"failed"}`, `status code "failed" `+codes)
	f(`"status":{"code":-1}`, `status code "-1" `+codes)

	sink := &otlptest.Recorder{}
	res, err := otlptest.New(t, sink).Traces(t.Context(), 0, otlptest.Request(otlptest.GoodSpan().Varint(6, 9)),
		otlp.Protobuf)
	if want := "kept with changes: span 0: kind 9 " + kinds; err != nil || res.Message != want ||
		sink.Warnings["unknown kind"] != 1 {
		t.Errorf("protobuf: told %q, %v, warned %v", res.Message, err, sink.Warnings)
	}
}

// TestAnswersTellAFewChanges: however many there are, an answer stays short, and tells rejections first.
func TestAnswersTellAFewChanges(t *testing.T) {
	spans := []string{`5`}
	for range 20 {
		spans = append(spans, otlptest.SpanJSON(`"kind":"x"`))
	}
	sink := &otlptest.Recorder{}
	res, err := otlptest.New(t, sink).Traces(t.Context(), 0, []byte(otlptest.DocumentJSON(spans...)), otlp.JSON)
	if err != nil || res.RejectedSpans != 1 || sink.Warnings["unknown kind"] != 20 {
		t.Fatalf("%+v, %v, %v", res, err, sink.Warnings)
	}
	if !strings.HasPrefix(res.Message, "1 of 21 spans rejected: span 0: entry is no object; kept with changes: span "+
		"1: kind") ||
		!strings.HasSuffix(res.Message, "; and 15 more") {
		t.Errorf("told %q", res.Message)
	}
}

// TestTimesOfOtherShapes: what is certain is read; what is not is told, and never taken for a time.
func TestTimesOfOtherShapes(t *testing.T) {
	const end = 1_795_215_078_341_000_000
	f := func(start string, want int64, wantTold string) {
		t.Helper()
		spans, message := told(t, `{`+otlptest.IDsJSON+`,"startTimeUnixNano":`+start+`,"endTimeUnixNano":"`+
			strconv.Itoa(end)+`"}`)
		if got := spans[0].Time - spans[0].Duration; got != want || spans[0].Time != end {
			t.Errorf("%s: got %d to %d, want %d", start, got, spans[0].Time, want)
		}
		if !strings.Contains(message, wantTold) || wantTold == "" && message != "" {
			t.Errorf("%s: told %q, want %q", start, message, wantTold)
		}
	}
	const at = 1_795_215_078_300_000_000
	f(`{"low":763305728,"high":417981082}`, at, "")
	f(`{"low":-3531661568,"high":417981082,"unsigned":true}`, at, "")
	f(`{"low":"-3531661568","high":"417981082"}`, at, "")
	f(`{"low":-1013133952,"high":395276536,"unsigned":true}`, end, "from 2023-10-19 to 2026-11-20: longer than 30 days")
	f(`"2026-11-20T22:51:18.3Z"`, at, "")
	f(`"2026-11-20T23:51:18.300+01:00"`, at, "")
	f(`"2026-11-20 22:51:18.3Z"`, at, "")
	f(`"2026-11-20T23:51:18.3+0100"`, at, "")
	f(`[1795215078,300000000]`, at, "")
	f(`{"seconds":"1795215078","nanos":300000000}`, at, "")
	f(`{"seconds":1795215078}`, 1795215078e9, "")
	f(`1795215078.3`, at, "")
	f(`"1795215078300.25"`, at+250_000, "")
	f(`1795215078`, 1795215078e9, "time 1795215078 is no number of nanoseconds since 1970: read as seconds")
	f(`"1795215078300"`, at, "read as milliseconds")
	f(`1795215078300000`, at, "read as microseconds")
	const none = "is no time: want nanoseconds since 1970, as a number or as text"
	f(`"2026-11-20T22:51:18.3"`, end, `span 0: "2026-11-20T22:51:18.3" `+none) // of what place?
	f(`"yesterday"`, end, none)
	f(`{"low":1}`, end, none)
	f(`{}`, end, none)
	f(`[1795215078]`, end, none)
	f(`[1795215078,1e9]`, end, none)
	f(`true`, end, none)
	f(`-5`, end, none)
	f(`null`, end, "span 0: no start: taken as its end")
}

func TestSpansWhoseTimesDisagreeAreTold(t *testing.T) {
	now := otlptest.Arrival.UnixNano()
	f := func(start, end string, wantTime, wantDuration int64, has bool, want string) {
		t.Helper()
		spans, message := told(t, `{`+otlptest.IDsJSON+`,"startTimeUnixNano":`+start+`,"endTimeUnixNano":`+end+`}`)
		if e := spans[0]; e.Time != wantTime || e.Duration != wantDuration || e.HasDuration != has ||
			!strings.Contains(message, want) {
			t.Errorf("%s to %s: got %d, %d %v, told %q", start, end, e.Time, e.Duration, e.HasDuration, message)
		}
	}
	// A start in milliseconds and an end in nanoseconds, and the other way round.
	f(`1795215078300`, `1795215078341000000`, 1795215078341000000, 41e6, true, "read as milliseconds")
	f(`1795215078300000000`, `1795215078341`, 1795215078341000000, 41e6, true, "read as milliseconds")
	f(`"1795215078300000"`, `1795215079`, 1795215079e9, 700e6, true, "read as seconds")
	f(`1234`, `1795215078341000000`, 1795215078341000000, 0, false,
		"from 1970-01-01 to 2026-11-20: longer than 30 days, it has no duration")
	f(`1234`, `18446744073709551615`, now, 0, false, "longer than 30 days")
	f(otlptest.Decimal(now-31*24*int64(time.Hour)), otlptest.Decimal(now), now, 0, false, "longer than 30 days")
	f(otlptest.Decimal(now-30*24*int64(time.Hour)), otlptest.Decimal(now), now, 30*24*int64(time.Hour), true, "")
	f(otlptest.Decimal(now), otlptest.Decimal(now-1), now, 0, true, "end before start: the duration is 0")
	f(otlptest.Decimal(now), `null`, now, 0, true, "no end: taken as its start")
	f(`null`, `0`, now, 0, true, "no time of its own: it is that of its arrival")
	f(otlptest.Decimal(now-2e9), otlptest.Decimal(now+3600e9), now, 2e9, true,
		"ends in the future: it ends with its arrival")
}

// skewed returns a span of that trace with a child event, whose times are offsets in seconds from the arrival.
func skewed(trace byte, id byte, start, end float64) string {
	at := func(s float64) string { return otlptest.Decimal(otlptest.Arrival.UnixNano() + int64(s*1e9)) }
	return fmt.Sprintf(`{"traceId":"%032x","spanId":"%016x","startTimeUnixNano":%s,"endTimeUnixNano":%s,
		"events":[{"name":"e","timeUnixNano":%s,"attributes":[{"key":"time","value":{"intValue":7}}]}]}`, trace, id, at(start), at(end), at(start))
}

// TestAClockAheadMovesWholeTraces: the newest span of a trace ends with its arrival, and all others keep their distance
// to it.
func TestAClockAheadMovesWholeTraces(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	send := func(spans ...string) []edge.Event {
		t.Helper()
		from := len(sink.Got)
		if _, err := r.Traces(t.Context(), 0, []byte(otlptest.DocumentJSON(spans...)), otlp.JSON); err != nil {
			t.Fatal(err)
		}
		return sink.Got[from:]
	}
	want := func(e *edge.Event, start, end float64) {
		t.Helper()
		s, n := float64(e.Time-e.Duration-otlptest.Arrival.UnixNano())/1e9,
			float64(e.Time-otlptest.Arrival.UnixNano())/1e9
		if s != start || n != end {
			t.Errorf("span %x of trace %x: %g to %g s after its arrival, want %g to %g", e.SpanID[7], e.TraceID[15], s,
				n, start, end)
		}
		if at := fmt.Sprintf(`[{"name":"e","time":%d,"attrs":{"time":7}}]`, e.Time-e.Duration); e.SpanEvents != at {
			t.Errorf("span %x of trace %x: events %s, want %s", e.SpanID[7], e.TraceID[15], e.SpanEvents, at)
		}
	}
	first := send(skewed(1, 1, 3600, 3601), skewed(1, 2, 3600.25, 3600.5), skewed(2, 3, -2, -1), skewed(3, 4, 300, 301))
	want(&first[0], -1, 0)
	want(&first[1], -0.75, -0.5)
	want(&first[2], -2, -1)   // another trace
	want(&first[3], 300, 301) // a clock may be ahead a little
	// Other traces of that clock keep their distance too, one of another clock has its own.
	clock := send(skewed(11, 1, 3600, 3601), skewed(12, 2, 3590, 3590.5), skewed(13, 3, 1800, 1801))
	want(&clock[0], -1, 0)
	want(&clock[1], -11, -10.5)
	want(&clock[2], -1, 0)
	// A second body of the trace, of an earlier and a later part of it: moved as the first was.
	second := send(skewed(1, 5, 3599, 3599.5), skewed(1, 6, 3602, 3604))
	want(&second[0], -2, -1.5)
	want(&second[1], 1, 3)
	// The same trace of a sender whose clock is ahead by another hour.
	other := send(skewed(1, 7, 7200, 7201), skewed(1, 8, 7200.5, 7200.75))
	want(&other[0], -1, 0)
	want(&other[1], -0.5, -0.25)
	// One broken time drags nothing along.
	broken := send(skewed(4, 9, 50*365*86400, 50*365*86400+1), skewed(4, 10, -3, -2))
	want(&broken[0], -1, 0)
	want(&broken[1], -3, -2)
}

// TestLogsOfATraceMoveWithIt: and those of none move by themselves.
func TestLogsOfATraceMoveWithIt(t *testing.T) {
	sink := &otlptest.Recorder{}
	r := otlptest.New(t, sink)
	ahead := func(s int64) string { return otlptest.Decimal(otlptest.Arrival.UnixNano() + s*1e9) }
	if _, err := r.Traces(t.Context(), 0, []byte(otlptest.DocumentJSON(skewed(1, 1, 3600, 3601))),
		otlp.JSON); err != nil {
		t.Fatal(err)
	}
	doc := otlptest.LogDocument(`{"traceId":"00000000000000000000000000000001","timeUnixNano":`+ahead(3600)+`}`,
		`{"timeUnixNano":`+ahead(7200)+`}`, `{"timeUnixNano":`+ahead(7190)+`}`, `{"timeUnixNano":`+ahead(-5)+`}`)
	res, err := r.Logs(t.Context(), 0, []byte(doc), otlp.JSON)
	if err != nil || !strings.Contains(res.Message, "the clock of its sender is ahead by 2h0m0s") {
		t.Fatalf("%+v, %v", res, err)
	}
	for i, want := range []int64{-1, 0, -10, -5} {
		if got := (sink.Got[1+i].Time - otlptest.Arrival.UnixNano()) / 1e9; got != want {
			t.Errorf("log %d: %d s after its arrival, want %d", i, got, want)
		}
	}
}

// TestHandledExceptionsAreLiftedLast: the exception that left the span is the one to group by, wherever it stands.
func TestHandledExceptionsAreLiftedLast(t *testing.T) {
	event := func(kind, escaped string) string {
		return `{"name":"exception","attributes":[{"key":"exception.type","value":{"stringValue":"` + kind +
			`"}},{"key":"exception.escaped","value":` + escaped + `}]}`
	}
	f := func(events, wantType, wantEscaped string) {
		t.Helper()
		e := oneSpan(t, otlptest.IDsJSON+`,`+otlptest.TimesJSON+`,"events":[`+events+`]`)
		if e.Attr("exception.type") != wantType || e.Attr("exception.escaped") != wantEscaped {
			t.Errorf("%s: got %v", events, e.Attrs)
		}
	}
	const handled, unhandled, unknown = `{"boolValue":false}`, `{"boolValue":true}`, `{}`
	f(event("A", handled), "A", "false")
	f(event("A", `{"stringValue":"False"}`), "A", "False")
	f(event("A", handled)+","+event("B", handled), "A", "false")
	f(event("A", handled)+","+event("B", unhandled), "B", "true")
	f(event("A", handled)+","+event("B", unknown)+","+event("C", unhandled), "B", "")
	f(event("A", unhandled)+","+event("B", handled), "A", "true")
}

// TestTimesOfPoints: data points take their times as spans do.
func TestTimesOfPoints(t *testing.T) {
	f := func(at string, want int64, wantTold string) {
		t.Helper()
		sink := &otlptest.Recorder{}
		res, err := otlptest.New(t, sink).Metrics(t.Context(), 0, []byte(`{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"g","gauge":{"dataPoints":[{"asDouble":1,"timeUnixNano":`+at+`}]}}]}]}]}`), otlp.JSON)
		if err != nil || res.Rejected() != 0 || !strings.Contains(res.Message, wantTold) || wantTold == "" &&
			res.Message != "" {
			t.Errorf("%s: %+v, %v", at, res, err)
		}
		if len(sink.GotSamples) != 1 || sink.GotSamples[0].At != want {
			t.Errorf("%s: got %v, want one at %d", at, sink.GotSamples, want)
		}
	}
	now := otlptest.Arrival.UnixMilli()
	f(`"1795215078300000000"`, 1795215078300, "")
	f(`1795215078300`, 1795215078300, "read as milliseconds")
	f(`"2026-11-20T22:51:18.3Z"`, 1795215078300, "")
	f(`[1795215078,300000000]`, 1795215078300, "")
	f(`"now"`, now, `data point 0: "now" is no time`)
	f(otlptest.Decimal(otlptest.Arrival.Add(time.Hour).UnixNano()), now, "more than 10 minutes ahead")
}
