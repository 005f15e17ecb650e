package analyticsengine

import (
	"errors"
	"net/http"

	"edgescope/edge"
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

type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// writeResult answers what became of the records of a request.
func writeResult(w http.ResponseWriter, b *edge.Batch, total int) {
	result := struct {
		Accepted int         `json:"accepted"`
		Rejected int         `json:"rejected"`
		Errors   []rejection `json:"errors,omitempty"`
	}{Accepted: max(0, total-b.RejectedCount), Rejected: b.RejectedCount}
	for _, r := range b.Rejected {
		result.Errors = append(result.Errors, rejection{r.Index, r.Reason})
	}
	status := http.StatusOK
	if result.Accepted == 0 && result.Rejected > 0 {
		status = http.StatusBadRequest
	}
	body.AnswerJSON(w, status, result)
}
