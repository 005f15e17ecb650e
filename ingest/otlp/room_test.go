package otlp_test

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"edgescope/ingest/body"
)

// TestMemoryIsCounted: what a request takes follows from what it says, and what would take more than there is is refused for
// good, however short it is.
func TestMemoryIsCounted(t *testing.T) {
	const mib = 1 << 20
	budget := body.NewBudget(32 * mib)
	sink := &recorder{}
	h := newDoor(t, sink, func(o *options) {
		o.door.Bodies = body.NewReader(body.Options{Budget: budget, MaxBody: 8 * mib})
	}).Handler()
	f := func(name, path string, sent []byte, contentType string, want int) {
		t.Helper()
		sink.calls = 0
		resp := post(h, path, sent, contentType)
		answer := readAll(t, resp.Body)
		if resp.StatusCode != want || (want != http.StatusOK) != (sink.calls == 0) {
			t.Errorf("%s (%d bytes): %d %.200s, want %d; the sink was called %d times", name, len(sent), resp.StatusCode, answer, want, sink.calls)
		}
		if want == http.StatusRequestEntityTooLarge && !strings.Contains(answer, "send less at a time") {
			t.Errorf("%s: %s does not say what to do", name, answer)
		}
		if used := budget.Used(); used != 0 {
			t.Errorf("%s: %d bytes are still taken", name, used)
		}
	}
	wrap := func(scope pb) []byte { return pb(nil).msg(1, pb(nil).msg(2, scope)) }
	repeat := func(field protowire.Number, message pb, n int) pb {
		one := pb(nil).msg(field, message)
		return bytes.Repeat(one, n)
	}
	smallest := pb(nil).bytes(1, traceText).bytes(2, spanText)
	f("the smallest spans", "/v1/traces", wrap(repeat(2, smallest, 10_000)), asProtobuf, 413)
	f("fewer of them", "/v1/traces", wrap(repeat(2, smallest, 1000)), asProtobuf, 200)
	var resource pb
	for i := range 800 {
		resource = resource.msg(1, keyValue(fmt.Sprintf("a%d", i), anyString(strings.Repeat("v", 100))))
	}
	f("a large resource in few rows", "/v1/traces", pb(nil).msg(1, pb(nil).msg(1, resource).msg(2, repeat(2, smallest, 10))), asProtobuf, 200)
	f("a large resource in many rows", "/v1/traces", pb(nil).msg(1, pb(nil).msg(1, resource).msg(2, repeat(2, smallest, 200))), asProtobuf, 413)
	f("the smallest data points", "/v1/metrics", wrap(pb(nil).msg(2, pb(nil).bytes(1, "m").msg(5, repeat(1, nil, 1<<20)))), asProtobuf, 413)
	f("the smallest data points in JSON", "/v1/metrics",
		[]byte(metricDocument(`{"name":"m","gauge":{"dataPoints":[`+strings.Repeat(`{},`, 1<<20)+`{}]}}`)), asJSON, 413)
	f("log records of nothing", "/v1/logs", wrap(repeat(2, nil, 1<<20)), asProtobuf, 413)
	// With the defaults of the collector a body may have 64 MiB, and all together a quarter of 1 GiB: the same proportion.
	padded := append(bytes.Clone(goodJSON), bytes.Repeat([]byte(" "), 8*mib-len(goodJSON))...)
	f("a body of all bytes that one may have", "/v1/traces", padded, asJSON, 200)
	f("and one more", "/v1/traces", append(padded, ' '), asJSON, 413)
	f("a span of many events", "/v1/traces", request(append(goodSpan(), repeat(11, nil, 1<<20)...)), asProtobuf, 200)
	f("a span of many links", "/v1/traces", request(append(goodSpan(), repeat(13, smallest, 1<<17)...)), asProtobuf, 200)
	for _, reason := range []string{"too many span events", "too many links"} {
		if sink.warnings[reason] == 0 {
			t.Errorf("%q is not counted as salvaged: %v", reason, sink.warnings)
		}
	}
}
