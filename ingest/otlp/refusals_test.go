package otlp_test

import (
	"net/http"
	"strings"
	"testing"

	"edgescope/ingest/refusals"
)

// TestRefusalsAreRemembered over both transports: requests that are refused, and records of those that are taken.
func TestRefusalsAreRemembered(t *testing.T) {
	remembered := refusals.New(refusals.Options{})
	rc := newDoor(t, &recorder{}, func(o *options) { o.door.Refusals = remembered })
	f := func(sender, what, reason, want string) {
		t.Helper()
		if got := remembered.Example(0, what, reason, sender); !strings.Contains(got, want) {
			t.Errorf("%s of %s: %q, want %s", reason, sender, got, want)
		}
	}
	const sender = "somebody at 192.0.2.1"
	post(rc.Handler(), "/v1/traces", []byte(`{"resourceSpans":`), asJSON)
	f(sender, refusals.Requests, "malformed", "byte 17")
	send(rc.Handler(), http.MethodPut, "/v1/traces", nil)
	f(sender, refusals.Requests, "method", "method must be POST")
	post(rc.Handler(), "/v1/traces", []byte(documentJSON(spanJSON(`"traceId":"12"`), spanJSON(`"name":"x"`))), asJSON)
	f(sender, refusals.Records, "no valid trace id", "want 16 bytes")

	if _, err := export(t, dial(t, rc), []byte("no message")); err == nil {
		t.Fatal("a message that is none is taken")
	}
	f("grpc-go at 127.0.0.1", refusals.Requests, "malformed", "byte")
}
