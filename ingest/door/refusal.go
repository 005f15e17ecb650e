package door

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/ingest/records"
	"edgescope/internal/access"
)

// refusal is an answer other than success, as all transports and encodings say it.
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

// refusalError is a refusal that is known where it happens.
type refusalError struct{ refusal }

// Error says what the sender is told.
func (r *refusalError) Error() string { return r.msg }

// unsupportedError is the error of a body that we recognise but that nobody takes.
type unsupportedError struct{ kind kind }

// Error says what it is.
func (u *unsupportedError) Error() string { return u.kind.String() + " are not accepted here" }

var (
	errContentType = errors.New("content type must be application/json or application/x-protobuf")
	errUnknown     = &otlp.MalformedError{
		Encoding: "telemetry", Offset: -1,
		Reason: "no OTLP, data point or tail event, nor Logpush (workers_trace_events, http_requests) or a log drain " +
			"of Vercel; " +
			"OTLP goes to /v1/traces, /v1/logs and /v1/metrics",
	}
)

// refuse translates an error into what the client is told: the table of the OTLP specification, sections "Failures" of
// OTLP/gRPC and OTLP/HTTP, which holds for all that comes in.
func refuse(err error) refusal {
	var (
		known       *refusalError
		unavailable *edge.UnavailableError
		denied      *access.DeniedError
		foreign     *unsupportedError
	)
	switch {
	case errors.As(err, &known):
		return known.refusal
	case errors.As(err, &unavailable):
		return refuseForNow(unavailable)
	case errors.As(err, &denied):
		return refuseDenied(denied)
	case errors.As(err, &foreign):
		// 501 would say that we may learn it while the client waits; 415 says that this content is wrong.
		return refusal{
			http: http.StatusUnsupportedMediaType, code: codes.Unimplemented, msg: foreign.Error(),
			reason: "unsupported",
		}
	case errors.Is(err, errContentType):
		return refusal{
			http: http.StatusUnsupportedMediaType, code: codes.InvalidArgument, msg: err.Error(),
			reason: "content_type",
		}
	case errors.Is(err, context.Canceled):
		return refusal{
			http: http.StatusServiceUnavailable, code: codes.Canceled, msg: "request was canceled",
			retryAfter: time.Second, reason: "gone",
		}
	case errors.Is(err, context.DeadlineExceeded):
		return refusal{
			http: http.StatusServiceUnavailable, code: codes.DeadlineExceeded, msg: "request took too long",
			retryAfter: time.Second, reason: "timeout",
		}
	}
	return refuseBody(err)
}

// refuseBody translates the errors of reading a body, and all that are left.
func refuseBody(err error) refusal {
	var (
		large     *body.TooLargeError
		broken    *body.BrokenError
		malformed *otlp.MalformedError
		record    *records.BrokenError
	)
	switch {
	case errors.As(err, &large):
		return refusal{
			http: http.StatusRequestEntityTooLarge, code: codes.ResourceExhausted, msg: large.Error(),
			reason: "too_large",
		}
	case errors.As(err, &malformed):
		return refuseMalformed(malformed)
	case errors.As(err, &broken):
		return refuseMalformed(broken)
	case errors.As(err, &record):
		return refuseMalformed(record)
	case errors.Is(err, body.ErrEncoding):
		return refusal{
			http: http.StatusUnsupportedMediaType, code: codes.Unimplemented, msg: err.Error(),
			reason: "encoding",
		}
	}
	return refusal{
		http: http.StatusInternalServerError, code: codes.Internal, msg: "internal error", internal: err,
		reason: "internal",
	}
}

func refuseMalformed(err error) refusal {
	return refusal{
		http: http.StatusBadRequest, code: codes.InvalidArgument, msg: err.Error(), violation: err.Error(),
		reason: "malformed",
	}
}

func refuseForNow(u *edge.UnavailableError) refusal {
	f := refusal{
		http: http.StatusServiceUnavailable, code: codes.Unavailable, msg: u.Error(),
		retryAfter: max(u.RetryAfter, time.Second), reason: "unavailable",
	}
	if u.Busy {
		f.http, f.code, f.reason = http.StatusTooManyRequests, codes.ResourceExhausted, "busy"
	}
	return f
}

func refuseDenied(d *access.DeniedError) refusal {
	switch {
	case d.Malformed:
		return refusal{http: http.StatusBadRequest, code: codes.InvalidArgument, msg: d.Reason, reason: "authorization"}
	case d.Forbidden:
		return refusal{http: http.StatusForbidden, code: codes.PermissionDenied, msg: d.Reason, reason: "forbidden"}
	}
	return refusal{http: http.StatusUnauthorized, code: codes.Unauthenticated, msg: d.Reason, reason: "unauthenticated"}
}

// refuseSender translates an error of admission: who is refused as busy there sends faster than allowed.
func refuseSender(err error) refusal {
	f := refuse(err)
	if f.http == http.StatusTooManyRequests {
		f.reason = "rate"
	}
	return f
}

// status returns the google.rpc.Status, with RetryInfo where the same may be sent again and BadRequest where it never
// may.
func (f *refusal) status() *status.Status {
	st := status.New(f.code, f.msg)
	var detail protoadapt.MessageV1
	switch {
	case f.retryAfter > 0:
		detail = &errdetails.RetryInfo{RetryDelay: durationpb.New(f.retryAfter)}
	case f.violation != "":
		detail = &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{
			Field:       "body",
			Description: f.violation,
		}}}
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
