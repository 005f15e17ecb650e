package analyticsengine

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

// httpError is an answer to a request that can't be taken.
type httpError struct {
	status  int
	message string
	// reason is the label under which it is counted.
	reason string
}

func (e *httpError) Error() string { return e.message }

// rejectBody answers what a client is told when its body can't be read.
func rejectBody(err error) error {
	var large *body.TooLargeError
	var broken *body.BrokenError
	switch {
	case errors.As(err, &large):
		return &httpError{http.StatusRequestEntityTooLarge, large.Error(), "too_large"}
	case errors.As(err, &broken):
		return &httpError{http.StatusBadRequest, broken.Error(), "malformed"}
	case errors.Is(err, body.ErrEncoding):
		return &httpError{http.StatusUnsupportedMediaType, err.Error(), "encoding"}
	}
	return err
}

// rpcCodes are the google.rpc codes of our answers, as OTLP's errors have them.
var rpcCodes = map[int]int{
	http.StatusBadRequest:            3,  // INVALID_ARGUMENT
	http.StatusUnauthorized:          16, // UNAUTHENTICATED
	http.StatusForbidden:             7,  // PERMISSION_DENIED
	http.StatusMethodNotAllowed:      12, // UNIMPLEMENTED
	http.StatusRequestEntityTooLarge: 8,  // RESOURCE_EXHAUSTED
	http.StatusUnsupportedMediaType:  3,
	http.StatusTooManyRequests:       8,
	http.StatusInternalServerError:   13, // INTERNAL
	http.StatusServiceUnavailable:    14, // UNAVAILABLE
}

// writeFailure answers an error: what the client did wrong, when to come again, or that it was us.
func (rc *Receiver) writeFailure(w http.ResponseWriter, err error) {
	rc.o.Refused(reason(err))
	answerFailure(w, err)
}

// refuseSender answers an error of Options.Admit: who is refused as busy there sends faster than allowed.
func (rc *Receiver) refuseSender(w http.ResponseWriter, err error) {
	why := reason(err)
	if why == "busy" {
		why = "rate"
	}
	rc.o.Refused(why)
	answerFailure(w, err)
}

func answerFailure(w http.ResponseWriter, err error) {
	var known *httpError
	var denied *DeniedError
	var busy *edge.UnavailableError
	switch {
	case errors.As(err, &known):
		writeError(w, known.status, known.message)
	case errors.As(err, &denied) && denied.Forbidden:
		writeError(w, http.StatusForbidden, denied.Reason)
	case errors.As(err, &denied):
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
		writeError(w, http.StatusUnauthorized, denied.Reason)
	case errors.As(err, &busy):
		seconds := math.Ceil(max(busy.RetryAfter, time.Second).Seconds())
		w.Header().Set("Retry-After", strconv.FormatFloat(seconds, 'f', 0, 64))
		status := http.StatusServiceUnavailable
		if busy.Busy {
			status = http.StatusTooManyRequests
		}
		writeError(w, status, busy.Reason)
	default:
		writeError(w, http.StatusInternalServerError, "internal error")
	}
}

// reason answers the label under which a refusal is counted.
func reason(err error) string {
	var known *httpError
	var denied *DeniedError
	var busy *edge.UnavailableError
	switch {
	case errors.As(err, &known):
		return known.reason
	case errors.As(err, &denied) && denied.Forbidden:
		return "forbidden"
	case errors.As(err, &denied):
		return "unauthenticated"
	case errors.As(err, &busy) && busy.Busy:
		return "busy"
	case errors.As(err, &busy):
		return "unavailable"
	}
	return "internal"
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
