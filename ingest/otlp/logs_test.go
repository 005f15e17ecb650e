package otlp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// oneLog decodes a document of one log record with those members, which must be taken whole.
func oneLog(t *testing.T, members string) edge.Event {
	t.Helper()
	sink := &otlptest.Recorder{}
	res, err := otlptest.New(t, sink).Logs(t.Context(), 0, []byte(otlptest.LogDocument(`{`+members+`}`)), otlp.JSON)
	if err != nil || res.Rejected() != 0 || len(sink.Got) != 1 || sink.Got[0].Kind != edge.KindLog {
		t.Fatalf("%s: %+v, %v, %d events; want one log record", members, res, err, len(sink.Got))
	}
	return sink.Got[0]
}

func TestLogBodies(t *testing.T) {
	f := func(body, want string) {
		t.Helper()
		if got := oneLog(t, `"body":`+body).Body; got != want {
			t.Errorf("%s: got %q, want %q", body, got, want)
		}
	}
	f(`{"stringValue":"cache warmed"}`, "cache warmed")
	f(`{"stringValue":""}`, "")
	f(`{"stringValue":"line\nbreak é"}`, "line\nbreak é")
	f(`{"intValue":"42"}`, "42")
	f(`{"doubleValue":2.50}`, "2.5")
	f(`{"boolValue":true}`, "true")
	f(`{"bytesValue":"AAH/"}`, "AAH/")
	f(`{"kvlistValue":{"values":[{"key":"msg","value":{"stringValue":"a \"b\""}},{"key":"n","value":{"intValue":"1"}},`+
		`{"key":"no","value":{}}]}}`, `{"msg":"a \"b\"","n":1,"no":null}`)
	f(`{"arrayValue":{"values":[{"stringValue":"a"},{"boolValue":false}]}}`, `["a",false]`)
	f(`{"doubleValue":null}`, "")
	f(`{}`, "")
	f(`null`, "")
	f(`"bare text"`, "bare text")
	f(`5`, "5")
	f(`[1]`, "")
}

func TestLogSeverities(t *testing.T) {
	f := func(members string, wantNumber uint8, wantText string) {
		t.Helper()
		if e := oneLog(t, members); e.SeverityNumber != wantNumber || e.SeverityText != wantText {
			t.Errorf("%s: got %d %q, want %d %q", members, e.SeverityNumber, e.SeverityText, wantNumber, wantText)
		}
	}
	f(`"severityNumber":9,"severityText":"INFO"`, 9, "INFO")
	f(`"severityNumber":10`, 10, "")
	f(`"severityNumber":"13"`, 13, "")
	f(`"severityNumber":"SEVERITY_NUMBER_ERROR"`, 17, "")
	f(`"severityNumber":"SEVERITY_NUMBER_INFO3"`, 11, "")
	f(`"severityNumber":"SEVERITY_NUMBER_LOUD"`, 0, "")
	f(`"severity_number":1,"severity_text":"x"`, 1, "x")
	f(`"severityNumber":25`, 0, "")
	f(`"severityNumber":null`, 0, "")
	f(`"severityNumber":0,"severityText":"TRACE"`, 1, "TRACE")
	f(`"severityText":"debug"`, 5, "debug")
	f(`"severityText":"Information"`, 9, "Information")
	f(`"severityText":"WARN"`, 13, "WARN")
	f(`"severityText":"warning"`, 13, "warning")
	f(`"severityText":"ERROR"`, 17, "ERROR")
	f(`"severityText":"FATAL"`, 21, "FATAL")
	f(`"severityText":"notice"`, 10, "notice")
	f(`"severityNumber":"warn2"`, 14, "")
	f(`"severityNumber":"Critical"`, 21, "")
	f(`"severityText":"30"`, 0, "30") // a level of pino, say
}

func TestLogTimes(t *testing.T) {
	f := func(members string, want int64) {
		t.Helper()
		if got := oneLog(t, members).Time; got != want {
			t.Errorf("%s: got %d, want %d", members, got, want)
		}
	}
	const at, other = `1795215078300000000`, `1795215078000000000`
	now := otlptest.Arrival.UnixNano()
	f(`"timeUnixNano":"`+at+`","observedTimeUnixNano":"`+other+`"`, 1795215078300000000)
	f(`"time_unix_nano":`+at, 1795215078300000000)
	f(`"timeUnixNano":"0","observedTimeUnixNano":"`+other+`"`, 1795215078000000000)
	f(`"timeUnixNano":null,"observed_time_unix_nano":"`+other+`"`, 1795215078000000000)
	f(`"timeUnixNano":""`, now)
	f(``, now)
	f(`"timeUnixNano":1.7952150783e18`, 1795215078300000000)
	f(`"timeUnixNano":"18446744073709551615"`, now)
	ahead := otlptest.Arrival.Add(9 * time.Minute).UnixNano()
	f(`"timeUnixNano":`+otlptest.Decimal(ahead), ahead)
	f(`"timeUnixNano":`+otlptest.Decimal(otlptest.Arrival.Add(11*time.Minute).UnixNano()), now)
}

func TestLogIDsAndAttributes(t *testing.T) {
	e := oneLog(t, otlptest.IDsJSON+`,"flags":1,"droppedAttributesCount":2,"eventName":"device.crash",`+
		`"attributes":[{"key":"k","value":{"intValue":1}}]`)
	want := edge.Event{
		Kind: edge.KindLog, Time: otlptest.Arrival.UnixNano(), Flags: 1, DroppedAttrs: 2, ScopeName: "app",
		ScopeVersion: "2",
		TraceID: edge.TraceID{
			0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd,
			0xef,
		},
		SpanID:   edge.SpanID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef},
		Resource: []edge.Attr{{Key: "service.name", Value: "shop"}},
		Attrs:    []edge.Attr{{Key: "k", Value: "1"}, {Key: "event.name", Value: "device.crash"}},
	}
	if d := cmp.Diff(want, e); d != "" {
		t.Error(d)
	}
	e = oneLog(t, `"traceId":"short","spanId":"zzzzzzzzzzzzzzzz","eventName":"a","attributes":[{"key":"event.name",`+
		`"value":{"stringValue":"own"}}]`)
	if !e.TraceID.IsZero() || !e.SpanID.IsZero() || len(e.Attrs) != 1 || e.Attr("event.name") != "own" {
		t.Errorf("got %+v, want no ids and the record's own event.name", e)
	}
}

func TestLogEntriesThatAreNoObjects(t *testing.T) {
	sink := &otlptest.Recorder{}
	res, err := otlptest.New(t, sink).Logs(t.Context(), 0, []byte(otlptest.LogDocument("null",
		`{"body":{"stringValue":"a"}}`, "5")), otlp.JSON)
	want := otlp.Result{RejectedLogRecords: 2, Message: "2 of 3 log records rejected: log record 0: entry is no " +
		"object; log record 2: entry is no object"}
	if err != nil || res != want || len(sink.Got) != 1 || sink.Got[0].Index != 1 {
		t.Errorf("got %+v, %v, %d events", res, err, len(sink.Got))
	}
}

// logSeeds are bodies that between them have every field of a log record, in usual and unusual order, and every way to
// be broken.
func logSeeds() map[string][]byte {
	full := otlptest.PB(nil).Fixed64(1, otlptest.StartTime).Fixed64(11, otlptest.EndTime).Varint(2, 9).Bytes(3, "INFO").
		Msg(5, otlptest.AnyMap(otlptest.KeyValue("msg", otlptest.AnyString("x\xff")),
			otlptest.KeyValue("n", otlptest.AnyArray(otlptest.AnyInt(1), otlptest.AnyDouble(1.5))))).
		Msg(6, otlptest.KeyValue("http.route", otlptest.AnyString("/a"))).Varint(7, 3).Fixed32(8, 1).Bytes(9,
		otlptest.TraceText).Bytes(10, otlptest.SpanText).Bytes(12, "ev")
	scope := otlptest.PB(nil).Bytes(1, "scope").Bytes(2, "1")
	wrap := func(records ...otlptest.PB) []byte {
		list := otlptest.PB(nil).Msg(1, scope)
		for _, r := range records {
			list = list.Msg(2, r)
		}
		return otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(1,
			otlptest.PB(nil).Msg(1, otlptest.KeyValue("service.name", otlptest.AnyString("s")))).Msg(2, list))
	}
	return map[string][]byte{
		"empty":   {},
		"full":    wrap(full),
		"two":     wrap(full, otlptest.PB(nil).Msg(5, otlptest.AnyString("second"))),
		"nothing": wrap(otlptest.PB(nil)),
		"bodies": wrap(otlptest.PB(nil).Msg(5, otlptest.AnyBool(1)),
			otlptest.PB(nil).Msg(5, otlptest.AnyDouble(2.5)), otlptest.PB(nil).Msg(5, otlptest.AnyBytes("\x00\xff")),
			otlptest.PB(nil).Msg(5, nil)),
		"body-twice": wrap(otlptest.PB(nil).Msg(5, otlptest.AnyString("a")).Msg(5, otlptest.AnyString("b"))),
		"bad-ids":    wrap(otlptest.PB(nil).Bytes(9, "short").Bytes(10, "")),
		"severities": wrap(otlptest.PB(nil).Varint(2, 99), otlptest.PB(nil).Bytes(3, "fatal"),
			otlptest.PB(nil).Varint(2, 1<<40+5)),
		"times":           wrap(otlptest.PB(nil).Fixed64(11, otlptest.StartTime), otlptest.PB(nil).Fixed64(1, 1<<63+5)),
		"unknown-fields":  wrap(otlptest.PB(nil).Varint(99, 1).Bytes(4, "deprecated").Msg(5, otlptest.AnyString("x"))),
		"cut-off":         wrap(full)[:40],
		"wrong-wire-type": wrap(otlptest.PB(nil).Varint(1, 5)),
	}
}
