package door

import (
	"encoding/json"
	"math"
	"net/http"
	"strconv"

	"google.golang.org/protobuf/proto"

	"edgescope/edge"
	"edgescope/ingest/body"
	"edgescope/ingest/otlp"
	"edgescope/internal/jsonwire"
)

// answerRefusal writes a refusal in the encoding of the request: a google.rpc.Status, of which JSON has code and
// message.
func answerRefusal(w http.ResponseWriter, enc otlp.Encoding, f refusal) {
	h := w.Header()
	if f.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(f.retryAfter.Seconds()))))
	}
	switch f.http {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer") // RFC 9110 section 15.5.2
	case http.StatusUnsupportedMediaType:
		h.Set("Accept-Encoding", body.Encodings)
	}
	if enc == otlp.Protobuf {
		text, err := proto.Marshal(f.status().Proto())
		if err != nil {
			text = nil // a Status of valid text always marshals; the HTTP status stands alone otherwise
		}
		write(w, f.http, enc, text)
		return
	}
	text := append([]byte(`{"code":`), strconv.Itoa(int(f.code))...)
	text = append(text, `,"message":`...)
	text = append(jsonwire.AppendString(text, f.msg), '}')
	write(w, f.http, enc, text)
}

// answerResult writes the answer to OTLP that was taken.
func answerResult(w http.ResponseWriter, enc otlp.Encoding, res otlp.Result) {
	if enc == otlp.Protobuf {
		write(w, http.StatusOK, enc, res.AppendProto(nil))
		return
	}
	write(w, http.StatusOK, enc, res.AppendJSON(nil))
}

type rejection struct {
	Index int    `json:"index"`
	Error string `json:"error"`
}

// answerRecords writes what became of the records of a request, total of them, of which some may wait: 200, or 400 when
// none was taken.
func answerRecords(w http.ResponseWriter, b *edge.Batch, total, waiting int) {
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
	text, err := json.Marshal(result)
	if err != nil {
		panic("BUG: an answer that is no JSON: " + err.Error())
	}
	write(w, status, otlp.JSON, text)
}

// answerAll is answerRecords for who reads no counts: when all records are stored the answer is {}, as OTLP's is.
func answerAll(w http.ResponseWriter, b *edge.Batch, total, waiting int) {
	if waiting == 0 && b.RejectedCount == 0 {
		write(w, http.StatusOK, otlp.JSON, []byte("{}"))
		return
	}
	answerRecords(w, b, total, waiting)
}

func write(w http.ResponseWriter, status int, enc otlp.Encoding, text []byte) {
	contentType := "application/json"
	if enc == otlp.Protobuf {
		contentType = "application/x-protobuf"
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	w.Write(text)
}
