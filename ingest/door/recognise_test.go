package door

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"edgescope/ingest/otlp"
)

// TestBodiesAreRecognised by the path, the content type and the body, in this order.
func TestBodiesAreRecognised(t *testing.T) {
	f := func(path, contentType, body string, want recognised) {
		t.Helper()
		r := httptest.NewRequest(http.MethodPost, path, http.NoBody)
		r.Header.Set("Content-Type", contentType)
		if got, err := recognise(r, []byte(body)); got != want || err != nil {
			t.Errorf("%s %s %s: %+v, %v, want %+v", path, contentType, body, got, err, want)
		}
	}
	const (
		traces, point = `{"resourceSpans":[]}`, `{"schemaVersion":"0","dataset":[97]}`
		tail, drain   = `[{"eventTimestamp":1}]`, `{"projectId":"p","source":"build"}`
		proto         = "\x0a\x02\x0a\x00"
	)
	asTraces := recognised{kind: kindOTLP, signal: otlp.Traces}
	f("/v1/traces", "application/json", tail, asTraces) // the path is right
	f("/v1/metrics/", "application/x-protobuf", "", recognised{
		kind: kindOTLP, signal: otlp.Metrics,
		encoding: otlp.Protobuf,
	})
	f("/v1/log", "", proto, recognised{kind: kindOTLP, signal: otlp.Logs, encoding: otlp.Protobuf})
	f("/", "", traces, asTraces)
	f("/v1/vercel", "application/json", traces, asTraces) // trace drains are OTLP
	f("/v1/tail", "", `{"resource_logs":[]}`, recognised{kind: kindOTLP, signal: otlp.Logs})
	f("/", "", `{"other":{"resourceSpans":1},"resourceMetrics":[]}`, recognised{kind: kindOTLP, signal: otlp.Metrics})
	f("/", "text/plain", point, recognised{kind: kindPoint})
	f("/v1/tail", "", point, recognised{kind: kindPoint})
	f("/", "", `{"dataset":[97]}`, recognised{})
	f("/", "", tail, recognised{kind: kindTail})
	f("/v1/logpush", "", `{"a":1}`, recognised{kind: kindTail})
	f("/", "", drain, recognised{kind: kindDrain})
	f("/v1/tail", "", drain, recognised{kind: kindDrain})
	f("/v1/vercel", "", tail, recognised{kind: kindDrain})
	f("/v1/vercel", "application/x-protobuf", proto, recognised{kind: kindDrain})
	f("/otlp/traces", "application/x-protobuf", proto, recognised{
		kind: kindOTLP, signal: otlp.Traces,
		encoding: otlp.Protobuf,
	})
	f("/otlp", "", proto, recognised{encoding: otlp.Protobuf})
	f("/otlp/traces", "text/plain", proto, recognised{})
	f("/", "", "", recognised{kind: kindTail, empty: true})
	f("/", "", "hello", recognised{})
}

func TestTailsAreRecognised(t *testing.T) {
	f := func(body string, want bool) {
		t.Helper()
		if got := recogniseJSON([]byte(body)).kind == kindTail; got != want {
			t.Errorf("%s: tail %t, want %t", body, got, want)
		}
	}
	f(`[{"outcome":"ok"}]`, true)
	f(` [ { "a":{"outcome":[{}]}, "eventTimestamp" : 1}]`, true)
	f("\ufeff"+`{"eventTimestamp":1}`, true)
	f(`{"spanContext":{}}`, true)
	f(`[{"spanContext":{},"sequence":0}]`, true)
	f(`[{"sequence":0,"spanContext":{}}]`, true)
	f(`[{"spanContext":{}}]`, false)
	f(`{"outcome":"ok"}`, false)
	f(`[{"a":"outcome"}]`, false)
	f(`[{"a":{"outcome":1}}]`, false)
	f(`[{"\"outcome":1}]`, false)
	f(`[{"a":"\"outcome\":"}]`, false)
	f(`[{"a":1},{"outcome":"ok"}]`, false)
	f(`{"resourceSpans":[]}`, false)
	f(`{"schemaVersion":"0","dataset":[97]}`, false)
	f("", true) // nothing: an empty batch is no mistake
	f(" \n", true)
	f(" [ ] ", true)
	f(`{"content":"tests"}`+"\n", true)
	f(`{"content":"tests","outcome":1}`, false)
	f(`{"content":7}`, false)
	f(`{"content":"hello"}`, false)
	f(`{"ScriptName":"shop"}`, true)
	f(`{"Event":{},"EventTimestampMs":1}`, true)
	f(`{"RayID":"1","ClientRequestHost":"h"}`, true)
	f(`{"EdgeResponseStatus":200,"EdgeStartTimestamp":1}`, true)
	f(`{"EdgeResponseStatus":200}`, false)
	f(`{"RayID":"1","Action":"block"}`, false)
	for _, body := range []string{
		`[`, `{`, `{}`, `[[`, `"outcome"`, `{"`, `{"a`, `{"a\`, `[{"outcome"`, "\x00",
		`null`,
	} {
		f(body, false)
	}
}

func TestDrainsAreRecognised(t *testing.T) {
	f := func(text string, want bool) {
		t.Helper()
		if got := recogniseJSON([]byte(text)).kind == kindDrain; got != want {
			t.Errorf("%s: drain %t, want %t", text, got, want)
		}
	}
	f(`{"id":"1","deploymentId":"d","source":"lambda","message":"m"}`, true)
	f(`[{"id":"1","deploymentId":"d","source":"lambda","message":"m"}`, true)
	f(`{"projectId":"p","source":"build"}`, true)
	f(`{"deploymentId":"p","proxy":{}}`, true)
	f(`{"deploymentId":"p"}`, false)
	f(`{"source":"build"}`, false)
	f(`[]`, false)
	f(``, false)
	f(`{"outcome":"ok","eventTimestamp":1}`, false)
	f(`{"resourceSpans":[]}`, false)
}
