package workers

import (
	"encoding/json"

	"edgescope/ingest/records"
)

// The values of tail events and of Logpush, which are read leniently.
type (
	text    = records.Text
	number  = records.Number
	instant = records.Instant
	words   = records.Words
	pairs   = records.Pairs
)

// located is the object cf of a request, or its JSON in a string, as a streaming tail has it.
type located struct {
	Colo, Country, City, ASN, HTTPProtocol text
	// ClientTCPRTT is in milliseconds: Workers spell it clientTcpRtt.
	ClientTCPRTT number
}

// UnmarshalJSON reads any value; what is no object tells no place.
func (l *located) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		b = inString(b)
	}
	type plain located
	var p plain
	if len(b) > 0 && b[0] == '{' {
		_ = json.Unmarshal(b, &p) // its values take any type
	}
	*l = located(p)
	return nil
}

// inString returns what a JSON string holds.
func inString(b []byte) []byte {
	var s text
	_ = json.Unmarshal(b, &s) // a text takes any value
	return []byte(s)
}
