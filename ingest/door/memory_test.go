package door_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"edgescope/ingest/body"
	"edgescope/ingest/otlp/otlptest"
)

// TestMemoryIsCounted: what a request takes follows from what it says, and what would take more than there is is
// refused for good, however short it is.
func TestMemoryIsCounted(t *testing.T) {
	const mib = 1 << 20
	budget := body.NewBudget(32 * mib)
	sink := &otlptest.Recorder{}
	h := newDoor(t, sink, func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: budget, MaxBody: 8 * mib})
	}).Handler()
	f := func(name, path string, sent []byte, contentType string, want int) {
		t.Helper()
		sink.Calls = 0
		resp := otlptest.Post(h, path, sent, contentType)
		answer := otlptest.ReadAll(t, resp.Body)
		if resp.StatusCode != want || (want != http.StatusOK) != (sink.Calls == 0) {
			t.Errorf("%s (%d bytes): %d %.200s, want %d; the sink was called %d times", name, len(sent),
				resp.StatusCode, answer, want, sink.Calls)
		}
		if want == http.StatusRequestEntityTooLarge && !strings.Contains(answer, "send less at a time") {
			t.Errorf("%s: %s does not say what to do", name, answer)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%s: %d bytes are still taken", name, used)
		}
	}
	wrap := func(scope otlptest.PB) []byte { return otlptest.PB(nil).Msg(1, otlptest.PB(nil).Msg(2, scope)) }
	repeat := func(field protowire.Number, message otlptest.PB, n int) otlptest.PB {
		one := otlptest.PB(nil).Msg(field, message)
		return bytes.Repeat(one, n)
	}
	smallest := otlptest.PB(nil).Bytes(1, otlptest.TraceText).Bytes(2, otlptest.SpanText)
	f("the smallest spans", "/v1/traces", wrap(repeat(2, smallest, 10_000)), otlptest.AsProtobuf, 413)
	f("fewer of them", "/v1/traces", wrap(repeat(2, smallest, 1000)), otlptest.AsProtobuf, 200)
	var resource otlptest.PB
	for i := range 800 {
		resource = resource.Msg(1, otlptest.KeyValue(fmt.Sprintf("a%d", i),
			otlptest.AnyString(strings.Repeat("v", 100))))
	}
	f("a large resource in few rows", "/v1/traces", otlptest.PB(nil).Msg(1,
		otlptest.PB(nil).Msg(1, resource).Msg(2, repeat(2, smallest, 10))), otlptest.AsProtobuf, 200)
	f("a large resource in many rows", "/v1/traces", otlptest.PB(nil).Msg(1,
		otlptest.PB(nil).Msg(1, resource).Msg(2, repeat(2, smallest, 200))), otlptest.AsProtobuf, 413)
	f("the smallest data points", "/v1/metrics", wrap(otlptest.PB(nil).Msg(2,
		otlptest.PB(nil).Bytes(1, "m").Msg(5, repeat(1, nil, 1<<20)))), otlptest.AsProtobuf, 413)
	f("the smallest data points in JSON", "/v1/metrics",
		[]byte(otlptest.MetricDocument(`{"name":"m","gauge":{"dataPoints":[`+strings.Repeat(`{},`, 1<<20)+`{}]}}`)),
		otlptest.AsJSON, 413)
	f("log records of nothing", "/v1/logs", wrap(repeat(2, nil, 1<<20)), otlptest.AsProtobuf, 413)
	// With the defaults of the collector a body may have 64 MiB, and all together a quarter of 1 GiB: the same
	// proportion.
	padded := append(bytes.Clone(otlptest.GoodJSON), bytes.Repeat([]byte(" "), 8*mib-len(otlptest.GoodJSON))...)
	f("a body of all bytes that one may have", "/v1/traces", padded, otlptest.AsJSON, 200)
	f("and one more", "/v1/traces", append(padded, ' '), otlptest.AsJSON, 413)
	f("a span of many events", "/v1/traces", otlptest.Request(append(otlptest.GoodSpan(), repeat(11, nil, 1<<20)...)),
		otlptest.AsProtobuf, 200)
	f("a span of many links", "/v1/traces", otlptest.Request(append(otlptest.GoodSpan(),
		repeat(13, smallest, 1<<17)...)), otlptest.AsProtobuf, 200)
	for _, reason := range []string{"too many span events", "too many links"} {
		if sink.Warnings[reason] == 0 {
			t.Errorf("%q is not counted as salvaged: %v", reason, sink.Warnings)
		}
	}
}
