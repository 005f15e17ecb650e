package otlp

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/internal/jsonwire"
)

// refusal is an answer other than success, as both transports say it.
type refusal struct {
	http int
	code codes.Code
	msg  string
	// retryAfter tells when to send the same again; 0: never.
	retryAfter time.Duration
	// violation describes a bad request for google.rpc.BadRequest.
	violation string
	// internal is what is logged and not told.
	internal error
	// reason is the label under which it is counted.
	reason string
}

// refuse translates an error into what the client is told: the table of the OTLP specification, sections "Failures" of
// OTLP/gRPC and OTLP/HTTP.
func refuse(err error) refusal {
	var (
		malformed   *MalformedError
		unavailable *edge.UnavailableError
		denied      *DeniedError
		foreign     *unsupported
	)
	switch {
	case errors.As(err, &malformed):
		return refusal{http: http.StatusBadRequest, code: codes.InvalidArgument, msg: malformed.Error(), violation: malformed.Error(), reason: "malformed"}
	case errors.As(err, &unavailable):
		return refuseForNow(unavailable)
	case errors.As(err, &denied):
		if denied.Forbidden {
			return refusal{http: http.StatusForbidden, code: codes.PermissionDenied, msg: denied.Reason, reason: "forbidden"}
		}
		return refusal{http: http.StatusUnauthorized, code: codes.Unauthenticated, msg: denied.Reason, reason: "unauthenticated"}
	case errors.As(err, &foreign):
		// 501 would say that we may learn it while the client waits; 415 says that this content is wrong.
		return refusal{http: http.StatusUnsupportedMediaType, code: codes.Unimplemented, msg: foreign.Error(), reason: "unsupported"}
	case errors.Is(err, errContentType):
		return refusal{http: http.StatusUnsupportedMediaType, code: codes.InvalidArgument, msg: err.Error(), reason: "content_type"}
	case errors.Is(err, context.Canceled):
		return refusal{http: http.StatusServiceUnavailable, code: codes.Canceled, msg: "request was canceled", retryAfter: time.Second, reason: "gone"}
	case errors.Is(err, context.DeadlineExceeded):
		return refusal{http: http.StatusServiceUnavailable, code: codes.DeadlineExceeded, msg: "request took too long", retryAfter: time.Second, reason: "timeout"}
	}
	return refuseBody(err)
}

// refuseBody translates the errors of reading a body, and all that are left.
func refuseBody(err error) refusal {
	var large *body.TooLargeError
	var broken *body.BrokenError
	switch {
	case errors.As(err, &large):
		return refusal{http: http.StatusRequestEntityTooLarge, code: codes.ResourceExhausted, msg: large.Error(), reason: "too_large"}
	case errors.As(err, &broken):
		return refusal{http: http.StatusBadRequest, code: codes.InvalidArgument, msg: broken.Error(), violation: broken.Error(), reason: "malformed"}
	case errors.Is(err, body.ErrEncoding):
		return refusal{http: http.StatusUnsupportedMediaType, code: codes.Unimplemented, msg: err.Error(), reason: "encoding"}
	}
	return refusal{http: http.StatusInternalServerError, code: codes.Internal, msg: "internal error", internal: err, reason: "internal"}
}

func refuseForNow(u *edge.UnavailableError) refusal {
	f := refusal{
		http: http.StatusServiceUnavailable, code: codes.Unavailable, msg: u.Error(), retryAfter: max(u.RetryAfter, time.Second), reason: "unavailable",
	}
	if u.Busy {
		f.http, f.code, f.reason = http.StatusTooManyRequests, codes.ResourceExhausted, "busy"
	}
	return f
}

// status answers the google.rpc.Status, with RetryInfo where the same may be sent again and BadRequest where it never may.
func (f *refusal) status() *status.Status {
	st := status.New(f.code, f.msg)
	var detail protoadapt.MessageV1
	switch {
	case f.retryAfter > 0:
		detail = &errdetails.RetryInfo{RetryDelay: durationpb.New(f.retryAfter)}
	case f.violation != "":
		detail = &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "body", Description: f.violation}}}
	default:
		return st
	}
	detailed, err := st.WithDetails(detail)
	if err != nil {
		return st // the message alone still says it
	}
	return detailed
}

// log writes what is ours to repair, once.
func (f *refusal) log(l *slog.Logger, transport string) {
	if f.internal != nil {
		l.Error("telemetry could not be kept", slog.String("transport", transport), slog.Any("error", f.internal))
	}
}

// answerRefusal writes a refusal in the encoding of the request.
func answerRefusal(w http.ResponseWriter, enc Encoding, f refusal) {
	h := w.Header()
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retryAfter.Seconds()))))
	}
	switch f.http {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusUnsupportedMediaType:
		h.Set("Accept-Encoding", body.Encodings)
	}
	if enc == Protobuf {
		text, err := proto.Marshal(f.status().Proto())
		if err != nil {
			text = nil // a Status of valid text always marshals; the HTTP status stands alone otherwise
		}
		answer(w, f.http, enc, text)
		return
	}
	text := append([]byte(`{"code":`), strconv.Itoa(int(f.code))...)
	text = append(text, `,"message":`...)
	text = append(jsonwire.AppendString(text, f.msg), '}')
	answer(w, f.http, enc, text)
}

// answerResult writes an ExportTraceServiceResponse, or that of another signal, which looks the same. A full success leaves partial_success unset: {} or 0 bytes.
func answerResult(w http.ResponseWriter, enc Encoding, res Result) {
	if enc == Protobuf {
		answer(w, http.StatusOK, enc, appendProtoResult(nil, res))
		return
	}
	answer(w, http.StatusOK, enc, appendJSONResult(nil, res))
}

func answer(w http.ResponseWriter, code int, enc Encoding, text []byte) {
	contentType := "application/json"
	if enc == Protobuf {
		contentType = "application/x-protobuf"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(code)
	w.Write(text)
}

// appendProtoResult appends field 1 partial_success of fields 1, the number of rejected records, and 2 error_message. A request
// in protobuf has records of one signal.
func appendProtoResult(dst []byte, res Result) []byte {
	if res == (Result{}) {
		return dst
	}
	var partial []byte
	if n := res.Rejected(); n > 0 {
		partial = protowire.AppendTag(partial, 1, protowire.VarintType)
		partial = protowire.AppendVarint(partial, uint64(n))
	}
	partial = protowire.AppendTag(partial, 2, protowire.BytesType)
	partial = protowire.AppendString(partial, res.Message)
	dst = protowire.AppendTag(dst, 1, protowire.BytesType)
	return protowire.AppendBytes(dst, partial)
}

func appendJSONResult(dst []byte, res Result) []byte {
	if res == (Result{}) {
		return append(dst, "{}"...)
	}
	dst = append(dst, `{"partialSuccess":{`...)
	for _, r := range [...]struct {
		name string
		n    int
	}{
		{"rejectedSpans", res.RejectedSpans},
		{"rejectedLogRecords", res.RejectedLogRecords},
		{"rejectedDataPoints", res.RejectedDataPoints},
	} {
		if r.n > 0 {
			dst = append(append(append(dst, '"'), r.name...), `":"`...)
			dst = strconv.AppendInt(dst, int64(r.n), 10)
			dst = append(dst, `",`...)
		}
	}
	dst = append(dst, `"errorMessage":`...)
	return append(jsonwire.AppendString(dst, res.Message), "}}"...)
}

// refuseSender translates an error of Options.Admit: who is refused as busy there sends faster than allowed.
func refuseSender(err error) refusal {
	f := refuse(err)
	if f.http == http.StatusTooManyRequests {
		f.reason = "rate"
	}
	return f
}
