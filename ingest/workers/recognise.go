package workers

import (
	"strings"

	"edgescope/ingest/records"
)

// named tells whether a path says that tail events or Logpush are sent to it, whatever the body is.
func named(path string) bool {
	path = strings.TrimRight(path, "/")
	return strings.HasSuffix(path, "/v1/tail") || strings.HasSuffix(path, "/v1/logpush")
}

// LooksLikeTail tells whether a body is tail events, by the keys of the object that it begins with: eventTimestamp or, in an
// array, outcome for a finished invocation; spanContext, in an array together with sequence, for an event of a streaming
// tail. A file of Logpush is recognised by EventTimestampMs or ScriptName for workers_trace_events, and by the edge's
// times or RayID beside what was requested for http_requests. So are its test, and bodies without any record. It
// allocates nothing.
func LooksLikeTail(body []byte) bool {
	object, inArray := records.First(body)
	if len(object) == 0 || inArray && object[0] == ']' {
		return !inArray || len(object) > 0
	}
	var spanContext, sequence bool
	var h hints
	for key := range records.Keys(object) {
		switch string(key) {
		case "eventTimestamp":
			return true
		case "outcome":
			if inArray {
				return true
			}
		case "spanContext":
			spanContext = true
		case "sequence":
			sequence = true
		}
		h.see(key)
		if spanContext && (sequence || !inArray) || h.dataset() != "" {
			return true
		}
	}
	return h.isTest(object)
}
