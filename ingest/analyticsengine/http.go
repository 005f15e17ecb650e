package analyticsengine

import (
	"errors"
	"net/http"

	"edgescope/ingest/body"
)

// refuse answers an error: what the client did wrong, when to come again, or that it was us.
func (rc *Receiver) refuse(w http.ResponseWriter, req *http.Request, err error) {
	r := body.Refuse(err)
	rc.o.Refusals.Request(req, r.Reason, r.Message)
	r.Answer(w)
}

// sender translates an error of Options.Admit. Who is refused as busy there sends faster than allowed.
func sender(err error) error {
	var denied *DeniedError
	switch r := body.Refuse(err); {
	case errors.As(err, &denied) && denied.Forbidden:
		return &body.RefusalError{Status: http.StatusForbidden, Message: denied.Reason, Reason: "forbidden"}
	case errors.As(err, &denied):
		return &body.RefusalError{Status: http.StatusUnauthorized, Message: denied.Reason, Reason: "unauthenticated"}
	case r.Status == http.StatusTooManyRequests:
		r.Reason = "rate"
		return r
	}
	return err
}
