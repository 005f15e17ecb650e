package otlp

import (
	"errors"
	"fmt"

	"edgescope/ingest/otlp/pbwire"
	"edgescope/internal/jsonwire"
)

// MalformedError says that a body can't be decoded: nothing of it was taken, and sending it again would not help.
type MalformedError struct {
	// Encoding is "protobuf", "JSON", or the content encoding that could not be undone.
	Encoding string
	// Offset is the byte of the decompressed body at which decoding ended, -1 when there is none to name.
	Offset int
	Reason string
}

// Error says what is wrong with the body, and where.
func (m *MalformedError) Error() string {
	if m.Offset < 0 {
		return fmt.Sprintf("body is no valid %s: %s", m.Encoding, m.Reason)
	}
	return fmt.Sprintf("body is no valid %s: %s at byte %d", m.Encoding, m.Reason, m.Offset)
}

// malformed returns the error of reading an encoding as that of a body.
func malformed(err error) error {
	if syntax, ok := errors.AsType[*jsonwire.SyntaxError](err); ok {
		return &MalformedError{Encoding: "JSON", Offset: syntax.Offset, Reason: syntax.Reason}
	}
	if syntax, ok := errors.AsType[*pbwire.SyntaxError](err); ok {
		return &MalformedError{Encoding: "protobuf", Offset: syntax.Offset, Reason: syntax.Reason}
	}
	return err
}
