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

// writeResult answers what became of the records of a request. When all are stored the answer is {}, as OTLP's is.
func writeResult(w http.ResponseWriter, p *post) {
	if p.waiting == 0 && p.batch.RejectedCount == 0 {
		body.AnswerJSON(w, http.StatusOK, struct{}{})
		return
	}
	body.AnswerRecords(w, &p.batch, p.total, p.waiting)
}
