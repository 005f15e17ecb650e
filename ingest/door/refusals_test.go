package door_test

import (
	"net/http"
	"strings"
	"testing"

	"edgescope/ingest/otlp/otlptest"
	"edgescope/ingest/refusals"
)

// TestRefusalsAreRemembered over both transports: requests that are refused, and records of those that are taken.
func TestRefusalsAreRemembered(t *testing.T) {
	remembered := refusals.New(refusals.Options{})
	rc := newDoor(t, &otlptest.Recorder{}, func(o *options) { o.door.Refusals = remembered })
	f := func(sender, what, reason, want string) {
		t.Helper()
		if got := remembered.Example(0, what, reason, sender); !strings.Contains(got, want) {
			t.Errorf("%s of %s: %q, want %s", reason, sender, got, want)
		}
	}
	const sender = "somebody at 192.0.2.1"
	otlptest.Post(rc.Handler(), "/v1/traces", []byte(`{"resourceSpans":`), otlptest.AsJSON)
	f(sender, refusals.Requests, "malformed", "byte 17")
	otlptest.Send(rc.Handler(), http.MethodPut, "/v1/traces", nil)
	f(sender, refusals.Requests, "method", "method must be POST")
	otlptest.Post(rc.Handler(), "/v1/traces", []byte(otlptest.DocumentJSON(otlptest.SpanJSON(`"traceId":"12"`),
		otlptest.SpanJSON(`"name":"x"`))), otlptest.AsJSON)
	f(sender, refusals.Records, "no valid trace id", "want 16 bytes")

	if _, err := export(t, connect(t, rc), []byte("no message")); err == nil {
		t.Fatal("a message that is none is taken")
	}
	f("grpc-go at 127.0.0.1", refusals.Requests, "malformed", "byte")
}
