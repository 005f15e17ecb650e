package workers

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"edgescope/edge"
	"edgescope/ingest/body"
)

// rpcCodes are the google.rpc codes of our answers, as OTLP's errors have them.
var rpcCodes = map[int]int{
	http.StatusBadRequest:            3,  // INVALID_ARGUMENT
	http.StatusRequestEntityTooLarge: 8,  // RESOURCE_EXHAUSTED
	http.StatusTooManyRequests:       8,  // RESOURCE_EXHAUSTED
	http.StatusInternalServerError:   13, // INTERNAL
	http.StatusServiceUnavailable:    14, // UNAVAILABLE
}

// writeFailure answers an error: that there is too much of it, when to come again, or that it was us.
func (rc *Receiver) writeFailure(w http.ResponseWriter, err error) {
	var large *body.TooLargeError
	if errors.As(err, &large) {
		rc.o.Refused("too_large")
		writeError(w, http.StatusRequestEntityTooLarge, large.Error())
		return
	}
	var busy *edge.UnavailableError
	if !errors.As(err, &busy) {
		rc.o.Refused("internal")
		writeError(w, http.StatusInternalServerError, "internal error")
		return
	}
	seconds := math.Ceil(max(busy.RetryAfter, time.Second).Seconds())
	w.Header().Set("Retry-After", strconv.FormatFloat(seconds, 'f', 0, 64))
	status, reason := http.StatusServiceUnavailable, "unavailable"
	if busy.Busy {
		status, reason = http.StatusTooManyRequests, "busy"
	}
	rc.o.Refused(reason)
	writeError(w, status, busy.Reason)
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{rpcCodes[status], message})
}

type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// writeResult answers what became of the records of a request. When all are stored the answer is {}, as OTLP's is.
func writeResult(w http.ResponseWriter, p *post) {
	if p.waiting == 0 && p.batch.RejectedCount == 0 {
		writeJSON(w, http.StatusOK, struct{}{})
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
	writeJSON(w, status, result)
}

// writeJSON answers a value. A client that went away is not our error.
func writeJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: an answer that is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}
