package workers

import (
	"net/http"

	"edgescope/ingest/body"
)

// refuse answers an error: that there is too much of it, when to come again, or that it was us.
func (rc *Receiver) refuse(w http.ResponseWriter, req *http.Request, err error) {
	r := body.Refuse(err)
	rc.o.Refusals.Request(req, r.Reason, r.Message)
	r.Answer(w)
}

type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// writeResult answers what became of the records of a request. When all are stored the answer is {}, as OTLP's is.
func writeResult(w http.ResponseWriter, p *post) {
	if p.waiting == 0 && p.batch.RejectedCount == 0 {
		body.AnswerJSON(w, http.StatusOK, struct{}{})
		return
	}
	// A record may become several events: more may be rejected than there were records.
	rejected := min(p.batch.RejectedCount, p.total)
	result := struct {
		Accepted int         `json:"accepted"`
		Rejected int         `json:"rejected"`
		Waiting  int         `json:"waiting,omitempty"`
		Errors   []rejection `json:"errors,omitempty"`
	}{Accepted: p.total - rejected, Rejected: rejected, Waiting: p.waiting}
	for _, r := range p.batch.Rejected {
		result.Errors = append(result.Errors, rejection{r.Index, r.Reason})
	}
	status := http.StatusOK
	if result.Accepted == 0 {
		status = http.StatusBadRequest
	}
	body.AnswerJSON(w, status, result)
}
