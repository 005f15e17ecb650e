package analyticsengine

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// httpError is an answer to a request that can't be taken.
type httpError struct {
	status  int
	message string
}

func (e *httpError) Error() string { return e.message }

// body reads and decompresses the body. The limit holds for what is sent and again for what it becomes, which is taken from
// the budget as it comes.
func (rc *Receiver) body(r *http.Request, room *share) (string, error) {
	limit := rc.o.MaxBody
	if r.ContentLength > limit {
		return "", tooLarge(limit)
	}
	sent := &limited{from: r.Body, left: limit, limit: limit}
	plain, stop, err := decompress(sent, r.Header.Get("Content-Encoding"))
	if err != nil {
		return "", err
	}
	defer stop()
	var body strings.Builder
	_, err = io.Copy(&body, &limited{from: plain, left: limit, limit: limit, room: room})
	var known *httpError
	var busy *edge.UnavailableError
	switch {
	case err == nil:
		return body.String(), nil
	case errors.As(err, &known), errors.As(err, &busy):
		return "", err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return "", &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the zstd window has more than %d bytes: compress at a lower level", maxWindow)}
	default:
		return "", &httpError{http.StatusBadRequest, fmt.Sprintf("read body: %v", err)}
	}
}

func tooLarge(limit int64) error {
	return &httpError{http.StatusRequestEntityTooLarge, fmt.Sprintf("the body has more than %d bytes: send fewer points at a time", limit)}
}

// limited ends with a 413 where its source goes on beyond the limit, and takes what it reads from a budget.
type limited struct {
	from        io.Reader
	left, limit int64
	room        *share // nil: nothing is taken
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left < 0 {
		return 0, tooLarge(l.limit)
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err := l.from.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return n, tooLarge(l.limit)
	}
	if l.room != nil {
		if busy := l.room.take(int64(n)); busy != nil {
			return n, busy
		}
	}
	return n, err
}

// maxWindow bounds the memory of a zstd decoder: what RFC 8878 section 3.1.1.1.2 asks decoders to support.
const maxWindow = 8 << 20

// decompress answers a reader of the plain body and a function that frees it.
func decompress(body io.Reader, encoding string) (plain io.Reader, stop func(), err error) {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return body, func() {}, nil
	case "gzip", "x-gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, nil, broken(err)
		}
		return z, func() { _ = z.Close() }, nil
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, nil, broken(err)
		}
		return z, z.Close, nil
	default:
		return nil, nil, &httpError{http.StatusUnsupportedMediaType, fmt.Sprintf("content encoding %q: want gzip, zstd or identity", encoding)}
	}
}

// broken is the error of a compressed body that can't be opened.
func broken(err error) error {
	var known *httpError
	if errors.As(err, &known) {
		return known
	}
	return &httpError{http.StatusBadRequest, fmt.Sprintf("decompress body: %v", err)}
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
func writeFailure(w http.ResponseWriter, err error) {
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
	body, err := json.Marshal(v)
	if err != nil {
		panic("BUG: an answer that is no JSON: " + err.Error())
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
