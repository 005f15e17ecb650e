package otlp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/otlptest"
)

// protoSeeds are bodies that between them have every field, in usual and unusual order, and every way to be broken.
func protoSeeds() map[string][]byte {
	nested := otlptest.AnyArray(otlptest.AnyString("x"), otlptest.AnyMap(otlptest.KeyValue("a", otlptest.AnyInt(1)),
		otlptest.KeyValue("a", otlptest.AnyBool(1))), otlptest.PB(nil), otlptest.AnyBytes("\x00\xff"))
	full := otlptest.GoodSpan().Bytes(3, "ot=th:8").Bytes(4, otlptest.SpanText).Fixed32(16, 257).
		Msg(9, otlptest.KeyValue("nested", nested)).Msg(9, otlptest.KeyValue("nan",
		otlptest.AnyDouble(math.NaN()))).Msg(9, otlptest.KeyValue("raw", otlptest.AnyString("a\xff\xfeb"))).
		Varint(10, 1).Varint(12, 2).Varint(14, 3).
		Msg(11, otlptest.PB(nil).Fixed64(1, otlptest.StartTime).Bytes(2, "exception").Msg(3,
			otlptest.KeyValue("exception.type", otlptest.AnyString("E"))).Varint(4, 1)).
		Msg(13, otlptest.PB(nil).Bytes(1, otlptest.TraceText).Bytes(2, otlptest.SpanText).Bytes(3, "k=v").Msg(4,
			otlptest.KeyValue("a", otlptest.AnyInt(-1))).Fixed32(6, 1)).
		Msg(15, otlptest.PB(nil).Bytes(2, "boom").Varint(3, 2))
	deep := otlptest.AnyString("bottom")
	for range 40 {
		deep = otlptest.AnyArray(deep)
	}
	resource := otlptest.PB(nil).Msg(1, otlptest.KeyValue("service.name", otlptest.AnyString("s"))).Varint(2, 1).Msg(3,
		otlptest.PB(nil).Bytes(2, "service").Bytes(3, "id"))
	scope := otlptest.PB(nil).Bytes(1, "scope").Bytes(2, "1").Msg(3,
		otlptest.KeyValue("k", otlptest.AnyString("v"))).Varint(4, 1)
	return map[string][]byte{
		"empty": {},
		"full":  otlptest.Request(full),
		"resource-last": otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(2,
			otlptest.PB(nil).Msg(2, full).Msg(1, scope)).Msg(1, resource)),
		"resource-merged": otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(1, resource).Msg(2,
			otlptest.PB(nil).Msg(2, full)).Msg(1, otlptest.PB(nil).Msg(1, otlptest.KeyValue("b", otlptest.AnyInt(2))))),
		"deprecated": otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(1000,
			otlptest.PB(nil).Msg(1, scope).Msg(2, full))),
		"unknown-fields": otlptest.Request(otlptest.GoodSpan().Varint(99, 7).Fixed32(98, 1).Fixed64(97, 1).Bytes(96,
			"x").Group(95, nil)),
		"group": otlptest.Request(otlptest.GoodSpan().Group(95, otlptest.PB(nil).Varint(1, 1).Group(2, nil))),
		"oneof-twice": otlptest.Request(otlptest.GoodSpan().Msg(9,
			otlptest.KeyValue("k", append(nested, otlptest.AnyString("last")...)))),
		"value-twice": otlptest.Request(otlptest.GoodSpan().Msg(9,
			otlptest.KeyValue("k", otlptest.AnyInt(1)).Msg(2, otlptest.PB(nil)))),
		"key-twice": otlptest.Request(otlptest.GoodSpan().Msg(9,
			otlptest.KeyValue("k", otlptest.AnyInt(1))).Msg(9, otlptest.KeyValue("k", otlptest.AnyInt(2)))),
		"status-merged": otlptest.Request(otlptest.GoodSpan().Msg(15, otlptest.PB(nil).Varint(3, 2)).Msg(15,
			otlptest.PB(nil).Bytes(2, "later"))),
		"bad-ids": otlptest.Request(otlptest.GoodSpan().Bytes(1, "short"), otlptest.GoodSpan().Bytes(2, ""),
			otlptest.GoodSpan()),
		"times": otlptest.Request(otlptest.GoodSpan().Fixed64(7, 0), otlptest.GoodSpan().Fixed64(8, 1),
			otlptest.GoodSpan().Fixed64(8, math.MaxUint64)),
		"deep":            otlptest.Request(otlptest.GoodSpan().Msg(9, otlptest.KeyValue("deep", deep))),
		"length-beyond":   {0x0a, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3},
		"cut-off":         otlptest.Request(full)[:60],
		"wrong-wire-type": otlptest.Request(otlptest.GoodSpan().Varint(5, 1)),
		"field-zero":      {0x02, 0x00},
		"long-varint":     append([]byte{0x08}, bytes.Repeat([]byte{0xff}, 11)...),
	}
}

func TestProtobufAgreesWithTheCollector(t *testing.T) {
	for name, body := range protoSeeds() {
		t.Run(name, func(t *testing.T) { compare(t, body) })
	}
	compare(t, otlptest.UsualProto(20))
}

func FuzzTracesProto(f *testing.F) {
	for _, body := range protoSeeds() {
		f.Add(body)
	}
	addFixtures(f, ".pb")
	f.Fuzz(func(t *testing.T, body []byte) { compare(t, body) })
}

// addFixtures adds what real clients sent, where it is at hand.
func addFixtures(f *testing.F, ext string) {
	f.Helper()
	shared := os.Getenv("EDGESCOPE_SHARED")
	if shared == "" {
		shared = "../../../shared"
	}
	files, err := filepath.Glob(filepath.Join(shared, "fixtures", "otlp", "*"+ext))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
}

// jsonSeeds are documents and parts of documents, good and bad.
var jsonSeeds = []string{
	`{}`, `null`, `[]`, `5`, `"x"`, `{"resourceSpans":null}`, `{"resourceSpans":[null,5,{"scopeSpans":null}]}`,
	`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},` +
		`"scopeSpans":[{"spans":[` + otlptest.SpanJSON(`"name":"a"`) + `]}]}]}`,
	otlptest.SpanJSON(`"name":"aé😀\ud800b","attributes":[{"key":"k","value":{"intValue":1e+300}},null,5,{"value":{}}]`),
	otlptest.SpanJSON(`"events":[{"name":"exception","timeUnixNano":"1","attributes":[{"key":"exception.type",` +
		`"value":{"stringValue":"E"}}]}],"links":[{}]`),
	`{"arrayValue":{"values":[{"stringValue":"x"},{},{"kvlistValue":{"values":[{"key":"a",` +
		`"value":{"boolValue":"true"}}]}}]}}`,
	`{"doubleValue":null}`, `{"intValue":"forty"}`, `{"bytesValue":"AAH/"}`, `{"stringValue":5}`,
	`{"low":3417658404,"high":418170367}`, `{"seconds":1795215078,"nanos":1}`, `[1795215078,1]`,
	`"2026-11-20T22:51:18.3Z"`, `1795215078.25`, `"server"`, `{"code":"Ok"}`, `{"a":[1,{"b":[]}],"a":2}`, `{"a":1`,
	`{"a":"\x"}`,
}

// FuzzTracesJSON feeds any bytes as a document and, if they are JSON, as every part of a span between two good ones:
// the good ones must come through, and whatever comes through must keep the promises of edge.Event.
func FuzzTracesJSON(f *testing.F) {
	for _, s := range jsonSeeds {
		f.Add([]byte(s))
	}
	addFixtures(f, ".json")
	f.Fuzz(func(t *testing.T, body []byte) {
		checkDocument(t, body)
		if !json.Valid(body) {
			return
		}
		good := otlptest.SpanJSON(`"name":"good"`)
		for _, part := range []string{
			"attributes", "events", "links", "status", "name", "kind", "flags",
			"parentSpanId", "unknown", "startTimeUnixNano",
		} {
			spans := decodeJSON(t, otlptest.DocumentJSON(good, otlptest.SpanJSON(`"`+part+`":`+string(body)), good))
			if len(spans) != 3 || spans[0].Name != "good" || spans[2].Name != "good" {
				t.Fatalf("%s: %d spans came through, want 3", part, len(spans))
			}
		}
		if spans := decodeJSON(t, otlptest.DocumentJSON(good, string(body),
			otlptest.SpanJSON(`"attributes":[{"key":"k","value":`+string(body)+`}]`))); len(spans) < 2 {
			t.Fatalf("%d spans came through, want at least 2", len(spans))
		}
	})
}

// checkDocument decodes a whole document: it is refused exactly when it is no JSON object.
func checkDocument(t *testing.T, body []byte) {
	t.Helper()
	sink := &otlptest.Recorder{}
	_, err := otlptest.New(t, sink).Traces(t.Context(), 0, body, otlp.JSON)
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	isObject := json.Valid(text) && (text[0] == '{' || text[0] == 'n')
	var malformed *otlp.MalformedError
	switch {
	case isObject && errors.As(err, &malformed):
		t.Fatalf("good JSON refused: %v", err)
	case err == nil && len(text) > 0 && !json.Valid(blankControls(text)):
		t.Fatal("bad JSON taken")
	}
	for i := range sink.Got {
		checkRow(t, &sink.Got[i])
	}
}

// blankControls makes JSON of text with control characters in its strings, which we let pass.
func blankControls(text []byte) []byte {
	return bytes.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, text)
}

func checkRow(t *testing.T, e *edge.Event) {
	t.Helper()
	checkText(t, e)
	plainOurs(t, e)
	if e.Kind == edge.KindSpan && (e.TraceID.IsZero() || e.SpanID.IsZero()) {
		t.Error("a span without ids came through")
	}
}

// decodeJSON returns the spans of a document that must be taken.
func decodeJSON(t testing.TB, doc string) []edge.Event {
	t.Helper()
	sink := &otlptest.Recorder{}
	if _, err := otlptest.New(t, sink).Traces(t.Context(), 0, []byte(doc), otlp.JSON); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return sink.Got
}
