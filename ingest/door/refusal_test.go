package door

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/ingest/records"
	"edgescope/internal/access"
)

// TestOneTableOfRefusals: what an error is told as, and that all encodings tell the same.
func TestOneTableOfRefusals(t *testing.T) {
	f := func(err error, status int, code codes.Code, reason, retryAfter, message string) {
		t.Helper()
		r := refuse(err)
		if r.http != status || r.code != code || r.reason != reason || r.msg != message {
			t.Errorf("%v: %d %v %s %q, want %d %v %s %q", err, r.http, r.code, r.reason, r.msg, status, code, reason,
				message)
		}
		if internal := status == http.StatusInternalServerError; (r.internal != nil) != internal {
			t.Errorf("%v: to be logged is %v", err, r.internal)
		}
		for _, enc := range []otlp.Encoding{otlp.JSON, otlp.Protobuf} {
			w := httptest.NewRecorder()
			answerRefusal(w, enc, r)
			var told spb.Status
			want := fmt.Sprintf(`{"code":%d,"message":%q}`, code, message)
			if enc == otlp.Protobuf {
				if err := proto.Unmarshal(w.Body.Bytes(), &told); err != nil || told.GetCode() != int32(code) ||
					told.GetMessage() != message {
					t.Errorf("%v: status %v, %v", r.msg, &told, err)
				}
			} else if got := w.Body.String(); got != want {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
			if got := w.Header().Get("Retry-After"); w.Code != status || got != retryAfter {
				t.Errorf("%v: %d, Retry-After %q, want %d and %q", err, w.Code, got, status, retryAfter)
			}
		}
		w := httptest.NewRecorder()
		endWithStatus(w, r.status())
		if got := w.Header().Get(http.TrailerPrefix + "Grpc-Status"); got != strconv.Itoa(int(code)) {
			t.Errorf("%v: status %s over gRPC, want %d", err, got, code)
		}
	}
	f(&otlp.MalformedError{Encoding: "JSON", Offset: 7, Reason: "want a value"}, 400, codes.InvalidArgument,
		"malformed", "",
		"body is no valid JSON: want a value at byte 7")
	f(&body.BrokenError{Encoding: "gzip", Err: errors.New("gzip: bad header")}, 400, codes.InvalidArgument, "malformed",
		"",
		"the body is no valid gzip: bad header")
	f(errOf(t, `{"a":`), 400, codes.InvalidArgument, "malformed", "",
		"the body is no JSON at byte 5: unexpected end of JSON input")
	f(errUnknown, 400, codes.InvalidArgument, "malformed", "", errUnknown.Error())
	f(&access.DeniedError{Malformed: true, Reason: "two tokens"}, 400, codes.InvalidArgument, "authorization", "",
		"two tokens")
	f(&access.DeniedError{Reason: "who?"}, 401, codes.Unauthenticated, "unauthenticated", "", "who?")
	f(&access.DeniedError{Forbidden: true, Reason: "not you"}, 403, codes.PermissionDenied, "forbidden", "", "not you")
	f(&body.TooLargeError{Reason: "too much"}, 413, codes.ResourceExhausted, "too_large", "", "too much")
	f(errContentType, 415, codes.InvalidArgument, "content_type", "", errContentType.Error())
	f(body.ErrEncoding, 415, codes.Unimplemented, "encoding", "", body.ErrEncoding.Error())
	f(&unsupportedError{kindTail}, 415, codes.Unimplemented, "unsupported", "", "tail events are not accepted here")
	f(&edge.UnavailableError{Busy: true, Reason: "full", RetryAfter: 1500 * time.Millisecond}, 429,
		codes.ResourceExhausted, "busy", "2",
		"full; retry after 1.5s")
	f(fmt.Errorf("keep: %w", &edge.UnavailableError{Reason: "stopping"}), 503, codes.Unavailable, "unavailable", "1",
		"stopping; retry after 0s")
	f(fmt.Errorf("wait: %w", context.Canceled), 503, codes.Canceled, "gone", "1", "request was canceled")
	f(context.DeadlineExceeded, 503, codes.DeadlineExceeded, "timeout", "1", "request took too long")
	f(errors.New("a secret path"), 500, codes.Internal, "internal", "", "internal error")
	f(fmt.Errorf("as it is: %w", &refusalError{refusal{
		http: 404, code: codes.Unimplemented, msg: "there",
		reason: "elsewhere",
	}}),
		404, codes.Unimplemented, "elsewhere", "", "there")
	if got := refuseSender(&edge.UnavailableError{Busy: true, Reason: "too fast"}).reason; got != "rate" {
		t.Errorf("who sends too fast is counted as %q", got)
	}
}

// errOf is the error of records that are none.
func errOf(t *testing.T, text string) error {
	t.Helper()
	return records.Split([]byte(text), nil)
}

// TestStatusesAskForMore: some tell in a header what would do.
func TestStatusesAskForMore(t *testing.T) {
	f := func(err error, header, want string) {
		t.Helper()
		w := httptest.NewRecorder()
		answerRefusal(w, otlp.JSON, refuse(err))
		if got := w.Header().Get(header); got != want {
			t.Errorf("%v: %s %q, want %q", err, header, got, want)
		}
	}
	f(&access.DeniedError{}, "WWW-Authenticate", "Bearer")
	f(body.ErrEncoding, "Accept-Encoding", "gzip, deflate, zstd")
	f(&access.DeniedError{Forbidden: true}, "WWW-Authenticate", "")
}
