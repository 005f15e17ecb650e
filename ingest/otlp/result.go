package otlp

import (
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"

	"edgescope/internal/jsonwire"
)

// Result is what a client is told of a request that was taken. The zero Result is a full success.
type Result struct {
	// RejectedSpans, RejectedLogRecords and RejectedDataPoints are how many were not taken; a client never sends them
	// again.
	RejectedSpans, RejectedLogRecords, RejectedDataPoints int
	// Message says why, or warns if nothing was rejected.
	Message string
}

// Rejected returns how many records of all signals were not taken.
func (r Result) Rejected() int { return r.RejectedSpans + r.RejectedLogRecords + r.RejectedDataPoints }

// AppendProto appends an ExportTraceServiceResponse, or that of another signal, which looks the same: field 1
// partial_success of fields 1, the number of rejected records, and 2 error_message. A request in protobuf has records
// of one signal. A full success leaves partial_success unset, which is 0 bytes.
func (r Result) AppendProto(dst []byte) []byte {
	if r == (Result{}) {
		return dst
	}
	var partial []byte
	if n := r.Rejected(); n > 0 {
		partial = protowire.AppendTag(partial, 1, protowire.VarintType)
		partial = protowire.AppendVarint(partial, uint64(n))
	}
	partial = protowire.AppendTag(partial, 2, protowire.BytesType)
	partial = protowire.AppendString(partial, r.Message)
	dst = protowire.AppendTag(dst, 1, protowire.BytesType)
	return protowire.AppendBytes(dst, partial)
}

// AppendJSON is AppendProto in JSON, where a full success is {}.
func (r Result) AppendJSON(dst []byte) []byte {
	if r == (Result{}) {
		return append(dst, "{}"...)
	}
	dst = append(dst, `{"partialSuccess":{`...)
	for _, rejected := range [...]struct {
		name string
		n    int
	}{
		{"rejectedSpans", r.RejectedSpans},
		{"rejectedLogRecords", r.RejectedLogRecords},
		{"rejectedDataPoints", r.RejectedDataPoints},
	} {
		if rejected.n > 0 {
			dst = append(append(append(dst, '"'), rejected.name...), `":"`...)
			dst = strconv.AppendInt(dst, int64(rejected.n), 10)
			dst = append(dst, `",`...)
		}
	}
	dst = append(dst, `"errorMessage":`...)
	return append(jsonwire.AppendString(dst, r.Message), "}}"...)
}
