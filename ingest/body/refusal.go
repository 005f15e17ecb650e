package body

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"edgescope/edge"
)

// RefusalError is how a request that is not taken is answered by the doors that answer in JSON.
type RefusalError struct {
	Status  int
	Message string
	// Reason is the short name under which it is counted.
	Reason string
	// RetryAfter tells when to send the same again; 0 is never.
	RetryAfter time.Duration
}

// Error answers the message.
func (r *RefusalError) Error() string { return r.Message }

// Refuse answers how an error is told to the sender: a *RefusalError as it is, the errors of Read, *edge.UnavailableError, and any
// other as a failure of ours of which nothing is told.
func Refuse(err error) *RefusalError {
	var known *RefusalError
	var large *TooLargeError
	var broken *BrokenError
	var later *edge.UnavailableError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &large):
		return &RefusalError{Status: http.StatusRequestEntityTooLarge, Message: large.Error(), Reason: "too_large"}
	case errors.As(err, &broken):
		return &RefusalError{Status: http.StatusBadRequest, Message: broken.Error(), Reason: "malformed"}
	case errors.Is(err, ErrEncoding):
		return &RefusalError{Status: http.StatusUnsupportedMediaType, Message: err.Error(), Reason: "encoding"}
	case errors.As(err, &later):
		r := RefusalError{Status: http.StatusServiceUnavailable, Message: later.Reason, Reason: "unavailable", RetryAfter: max(later.RetryAfter, time.Second)}
		if later.Busy {
			r.Status, r.Reason = http.StatusTooManyRequests, "busy"
		}
		return &r
	}
	return &RefusalError{Status: http.StatusInternalServerError, Message: "internal error", Reason: "internal"}
}

// rpcCodes are the google.rpc codes of the answers, as those of OTLP have them.
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

// Answer writes the refusal: {"code":8,"message":"..."}, with the header that its status asks for.
func (r *RefusalError) Answer(w http.ResponseWriter) {
	if r.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(r.RetryAfter.Seconds()))))
	}
	if r.Status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
	}
	AnswerJSON(w, r.Status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{rpcCodes[r.Status], r.Message})
}

type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// AnswerRecords answers what became of the records of a request, total of them, of which some may wait: 200, or 400
// when none was taken.
func AnswerRecords(w http.ResponseWriter, b *edge.Batch, total, waiting int) {
	// A record may become several events: more may be rejected than there were records.
	rejected := min(b.RejectedCount, total)
	result := struct {
		Accepted int         `json:"accepted"`
		Rejected int         `json:"rejected"`
		Waiting  int         `json:"waiting,omitempty"`
		Errors   []rejection `json:"errors,omitempty"`
	}{Accepted: total - rejected, Rejected: rejected, Waiting: waiting}
	for _, r := range b.Rejected {
		result.Errors = append(result.Errors, rejection{r.Index, r.Reason})
	}
	status := http.StatusOK
	if result.Accepted == 0 && result.Rejected > 0 {
		status = http.StatusBadRequest
	}
	AnswerJSON(w, status, result)
}

// AnswerJSON writes a value that can be written as JSON.
func AnswerJSON(w http.ResponseWriter, status int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("BUG: an answer that is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// A client that went away is not our error.
	_, _ = w.Write(text)
}
