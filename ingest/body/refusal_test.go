package body_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
)

func TestRefusals(t *testing.T) {
	f := func(err error, wantStatus int, wantReason, wantRetry, wantBody string) {
		t.Helper()
		r, w := body.Refuse(err), httptest.NewRecorder()
		r.Answer(w)
		if w.Code != wantStatus || r.Reason != wantReason || w.Header().Get("Retry-After") != wantRetry || w.Body.String() != wantBody {
			t.Errorf("%v: %d %s, reason %s, Retry-After %q", err, w.Code, w.Body, r.Reason, w.Header().Get("Retry-After"))
		}
	}
	f(&body.TooLargeError{Reason: "too much"}, 413, "too_large", "", `{"code":8,"message":"too much"}`)
	f(&body.BrokenError{Encoding: "gzip", Err: errors.New("gzip: bad header")}, 400, "malformed", "", `{"code":3,"message":"the body is no valid gzip: bad header"}`)
	f(fmt.Errorf("read: %w", body.ErrEncoding), 415, "encoding", "", `{"code":3,"message":"read: content encoding must be one of gzip, deflate, zstd, or two of them one after the other"}`)
	f(&edge.UnavailableError{Busy: true, Reason: "full", RetryAfter: 1500 * time.Millisecond}, 429, "busy", "2", `{"code":8,"message":"full"}`)
	f(&edge.UnavailableError{Reason: "stopping"}, 503, "unavailable", "1", `{"code":14,"message":"stopping"}`)
	f(&body.RefusalError{Status: 401, Message: "who?", Reason: "unauthenticated"}, 401, "unauthenticated", "", `{"code":16,"message":"who?"}`)
	f(errors.New("a secret path"), 500, "internal", "", `{"code":13,"message":"internal error"}`)
}
