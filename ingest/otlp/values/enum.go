package values

import (
	"fmt"
	"strconv"
	"strings"

	"edgescope/internal/jsonwire"
)

// MaxQuoted bounds in bytes what is quoted of a value.
const MaxQuoted = 40

// Enum is an enumeration of OTLP as JSON spells it: the number, the number as text, the name in protobuf's JSON
// (SPAN_KIND_SERVER), or the name without its prefix. Case does not matter: Vercel's drains write "server", SDKs' own
// types "Ok", and Python's SpanKind.SERVER.
type Enum struct {
	// member is what messages call it; prefix stands before its names in protobuf.
	member, prefix string
	// names are the values by their numbers.
	names []string
	// fallback tells what an unknown value is taken as, want which ones are known.
	fallback, want string
}

// The enumerations of OTLP.
var (
	// SpanKinds are the kinds of spans.
	SpanKinds = Enum{
		member: "kind", prefix: "SPAN_KIND_", fallback: "internal",
		want:  "internal, server, client, producer or consumer",
		names: []string{"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"},
	}
	// StatusCodes are the states of spans.
	StatusCodes = Enum{
		member: "status code", prefix: "STATUS_CODE_", fallback: "unset", want: "unset, ok or error",
		names: []string{"UNSET", "OK", "ERROR"},
	}
	// Temporalities tell what the points of a metric add up.
	Temporalities = Enum{
		member: "aggregation temporality", prefix: "AGGREGATION_TEMPORALITY_", fallback: "cumulative",
		want:  "delta or cumulative",
		names: []string{"UNSPECIFIED", "DELTA", "CUMULATIVE"},
	}
	// SeverityLevels are those of log records.
	SeverityLevels = Enum{
		member: "severity number", prefix: "SEVERITY_NUMBER_", fallback: "unspecified",
		want: "trace, debug, info, warn, error or fatal, with 2 to 4 behind it or not,",
		names: []string{
			"UNSPECIFIED", "TRACE", "TRACE2", "TRACE3", "TRACE4", "DEBUG", "DEBUG2", "DEBUG3", "DEBUG4", "INFO",
			"INFO2", "INFO3", "INFO4",
			"WARN", "WARN2", "WARN3", "WARN4", "ERROR", "ERROR2", "ERROR3", "ERROR4", "FATAL", "FATAL2", "FATAL3",
			"FATAL4",
		},
	}
)

// Number returns the number that a value of JSON means. Absent values, null and "" are 0, the unspecified one. It is
// not ok for a value that the enumeration does not have.
func (e *Enum) Number(t jsonwire.Token, text string) (n uint64, ok bool) {
	switch {
	case t == jsonwire.Null || t == jsonwire.None || t == jsonwire.String && text == "":
		return 0, true
	case t == jsonwire.Number || t == jsonwire.String && jsonwire.IsNumber(text):
		n, exact := ParseInteger(text)
		return uint64(max(n, 0)), exact && n >= 0 && n < int64(len(e.names)) // not negative
	case t != jsonwire.String:
		return 0, false
	}
	name := text[strings.LastIndexByte(text, '.')+1:]
	if len(name) > len(e.prefix) && strings.EqualFold(name[:len(e.prefix)], e.prefix) {
		name = name[len(e.prefix):]
	}
	for i := range e.names {
		if strings.EqualFold(name, e.names[i]) {
			return uint64(i), true // a position
		}
	}
	return 0, false
}

// warning is the reason of the warning about a value that an enumeration does not have.
func (e *Enum) warning() string { return "unknown " + e.member }

// JSONEnum reads a value of an enumeration; one that is not known is told and 0.
func (d *Decoder) JSONEnum(r *jsonwire.Reader, e *Enum) uint64 {
	t, text := r.Scalar()
	n, ok := e.Number(t, text)
	if !ok && r.Err == nil {
		d.NoteEnum(e, fmt.Sprintf("%q", jsonwire.Shorten(text, MaxQuoted)))
		return 0
	}
	return n
}

// ProtoEnum checks a number of an enumeration, which has 32 bits; one that is not known is told and 0.
func (d *Decoder) ProtoEnum(varint uint64, e *Enum) uint64 {
	if n := uint64(uint32(varint)); n < uint64(len(e.names)) {
		return n
	}
	return d.unknownNumber(varint, e)
}

func (d *Decoder) unknownNumber(varint uint64, e *Enum) uint64 {
	d.NoteEnum(e, strconv.Itoa(int(int32(varint)))) //nolint:gosec // an enum of protobuf has 32 bits, with a sign
	return 0
}

// NoteEnum tells of a value that an enumeration does not have, as it was sent.
func (d *Decoder) NoteEnum(e *Enum, sent string) {
	d.Note(e.warning(), fmt.Sprintf("%s %s is not known: taken as %s; want %s or the number", e.member, sent,
		e.fallback, e.want))
}
