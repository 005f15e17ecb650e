package otlp_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"edgescope/edge"
	"edgescope/ingest/otlp"
)

// protoSeeds are bodies that between them have every field, in usual and unusual order, and every way to be broken.
func protoSeeds() map[string][]byte {
	nested := anyArray(anyString("x"), anyMap(keyValue("a", anyInt(1)), keyValue("a", anyBool(1))), pb(nil), anyBytes("\x00\xff"))
	full := goodSpan().bytes(3, "ot=th:8").bytes(4, spanText).fixed32(16, 257).
		msg(9, keyValue("nested", nested)).msg(9, keyValue("nan", anyDouble(math.NaN()))).msg(9, keyValue("raw", anyString("a\xff\xfeb"))).
		varint(10, 1).varint(12, 2).varint(14, 3).
		msg(11, pb(nil).fixed64(1, startTime).bytes(2, "exception").msg(3, keyValue("exception.type", anyString("E"))).varint(4, 1)).
		msg(13, pb(nil).bytes(1, traceText).bytes(2, spanText).bytes(3, "k=v").msg(4, keyValue("a", anyInt(-1))).fixed32(6, 1)).
		msg(15, pb(nil).bytes(2, "boom").varint(3, 2))
	deep := anyString("bottom")
	for range 40 {
		deep = anyArray(deep)
	}
	resource := pb(nil).msg(1, keyValue("service.name", anyString("s"))).varint(2, 1).msg(3, pb(nil).bytes(2, "service").bytes(3, "id"))
	scope := pb(nil).bytes(1, "scope").bytes(2, "1").msg(3, keyValue("k", anyString("v"))).varint(4, 1)
	return map[string][]byte{
		"empty":           {},
		"full":            request(full),
		"resource-last":   pb(nil).msg(1, pb(nil).msg(2, pb(nil).msg(2, full).msg(1, scope)).msg(1, resource)),
		"resource-merged": pb(nil).msg(1, pb(nil).msg(1, resource).msg(2, pb(nil).msg(2, full)).msg(1, pb(nil).msg(1, keyValue("b", anyInt(2))))),
		"deprecated":      pb(nil).msg(1, pb(nil).msg(1000, pb(nil).msg(1, scope).msg(2, full))),
		"unknown-fields":  request(goodSpan().varint(99, 7).fixed32(98, 1).fixed64(97, 1).bytes(96, "x").group(95, nil)),
		"group":           request(goodSpan().group(95, pb(nil).varint(1, 1).group(2, nil))),
		"oneof-twice":     request(goodSpan().msg(9, keyValue("k", append(nested, anyString("last")...)))),
		"value-twice":     request(goodSpan().msg(9, keyValue("k", anyInt(1)).msg(2, pb(nil)))),
		"key-twice":       request(goodSpan().msg(9, keyValue("k", anyInt(1))).msg(9, keyValue("k", anyInt(2)))),
		"status-merged":   request(goodSpan().msg(15, pb(nil).varint(3, 2)).msg(15, pb(nil).bytes(2, "later"))),
		"bad-ids":         request(goodSpan().bytes(1, "short"), goodSpan().bytes(2, ""), goodSpan()),
		"times":           request(goodSpan().fixed64(7, 0), goodSpan().fixed64(8, 1), goodSpan().fixed64(8, math.MaxUint64)),
		"deep":            request(goodSpan().msg(9, keyValue("deep", deep))),
		"length-beyond":   {0x0a, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3},
		"cut-off":         request(full)[:60],
		"wrong-wire-type": request(goodSpan().varint(5, 1)),
		"field-zero":      {0x02, 0x00},
		"long-varint":     append([]byte{0x08}, bytes.Repeat([]byte{0xff}, 11)...),
	}
}

func TestProtobufAgreesWithTheCollector(t *testing.T) {
	for name, body := range protoSeeds() {
		t.Run(name, func(t *testing.T) { compare(t, body) })
	}
	compare(t, usualProto(20))
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
	`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[` + spanJSON(`"name":"a"`) + `]}]}]}`,
	spanJSON(`"name":"aé😀\ud800b","attributes":[{"key":"k","value":{"intValue":1e+300}},null,5,{"value":{}}]`),
	spanJSON(`"events":[{"name":"exception","timeUnixNano":"1","attributes":[{"key":"exception.type","value":{"stringValue":"E"}}]}],"links":[{}]`),
	`{"arrayValue":{"values":[{"stringValue":"x"},{},{"kvlistValue":{"values":[{"key":"a","value":{"boolValue":"true"}}]}}]}}`,
	`{"doubleValue":null}`, `{"intValue":"forty"}`, `{"bytesValue":"AAH/"}`, `{"stringValue":5}`, `{"low":3417658404,"high":418170367}`, `{"seconds":1795215078,"nanos":1}`, `[1795215078,1]`,
	`"2026-11-20T22:51:18.3Z"`, `1795215078.25`, `"server"`, `{"code":"Ok"}`, `{"a":[1,{"b":[]}],"a":2}`, `{"a":1`, `{"a":"\x"}`,
}

const (
	idsJSON   = `"traceId":"0123456789abcdef0123456789abcdef","spanId":"0123456789abcdef"`
	timesJSON = `"startTimeUnixNano":"1795215078300000000","endTimeUnixNano":"1795215078341000000"`
)

func spanJSON(members string) string { return `{` + idsJSON + `,` + timesJSON + `,` + members + `}` }

func documentJSON(spans ...string) string {
	return `{"resourceSpans":[{"scopeSpans":[{"spans":[` + strings.Join(spans, ",") + `]}]}]}`
}

// FuzzTracesJSON feeds any bytes as a document and, if they are JSON, as every part of a span between two good ones: the good
// ones must come through, and whatever comes through must keep the promises of edge.Event.
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
		good := spanJSON(`"name":"good"`)
		for _, part := range []string{"attributes", "events", "links", "status", "name", "kind", "flags", "parentSpanId", "unknown", "startTimeUnixNano"} {
			spans := decodeJSON(t, documentJSON(good, spanJSON(`"`+part+`":`+string(body)), good))
			if len(spans) != 3 || spans[0].Name != "good" || spans[2].Name != "good" {
				t.Fatalf("%s: %d spans came through, want 3", part, len(spans))
			}
		}
		if spans := decodeJSON(t, documentJSON(good, string(body), spanJSON(`"attributes":[{"key":"k","value":`+string(body)+`}]`))); len(spans) < 2 {
			t.Fatalf("%d spans came through, want at least 2", len(spans))
		}
	})
}

// checkDocument decodes a whole document: it is refused exactly when it is no JSON object.
func checkDocument(t *testing.T, body []byte) {
	t.Helper()
	sink := &recorder{}
	_, err := newReceiver(t, sink).Traces(t.Context(), 0, body, otlp.JSON)
	text := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	isObject := json.Valid(text) && (text[0] == '{' || text[0] == 'n')
	var malformed *otlp.MalformedError
	switch {
	case isObject && errors.As(err, &malformed):
		t.Fatalf("good JSON refused: %v", err)
	case err == nil && len(text) > 0 && !json.Valid(blankControls(text)):
		t.Fatal("bad JSON taken")
	}
	for i := range sink.events {
		checkRow(t, &sink.events[i])
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

// decodeJSON answers the spans of a document that must be taken.
func decodeJSON(t testing.TB, doc string) []edge.Event {
	t.Helper()
	sink := &recorder{}
	if _, err := newReceiver(t, sink).Traces(t.Context(), 0, []byte(doc), otlp.JSON); err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	return sink.events
}
