package workers

import "encoding/json"

// Marks are the keys of an object that tell that it is a tail event or a record of Logpush: eventTimestamp or, in an
// array, outcome for a finished invocation; spanContext, in an array together with sequence, for an event of a
// streaming tail; EventTimestampMs or ScriptName for workers_trace_events, and the edge's times or RayID beside what
// was requested for http_requests.
type Marks struct {
	// InArray tells that the object is the first of an array.
	InArray bool

	spanContext, sequence bool
	hints                 hints
}

// See looks at the next key of the object, and returns whether that is told now.
func (m *Marks) See(key string) bool {
	switch key {
	case "eventTimestamp":
		return true
	case "outcome":
		if m.InArray {
			return true
		}
	case "spanContext":
		m.spanContext = true
	case "sequence":
		m.sequence = true
	}
	m.hints.see(key)
	return m.spanContext && (m.sequence || !m.InArray) || m.hints.dataset() != ""
}

// Test tells of an object all of whose keys were seen whether it is the test of a destination that Logpush sends.
func (m *Marks) Test(object json.RawMessage) bool { return m.hints.isTest(object) }
