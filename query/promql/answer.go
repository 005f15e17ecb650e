package promql

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/query/gate"
)

// stepOf reads the parameter step: seconds or a duration.
func stepOf(text string) time.Duration {
	ms, err := metricsql.PositiveDurationValue(text, 0)
	if err != nil || ms <= 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return DefaultStep
	}
	return time.Duration(ms) * time.Millisecond
}

// writeData writes an answer that went well.
func writeData(w http.ResponseWriter, data any) error {
	body, err := json.Marshal(struct {
		Status string `json:"status"`
		Data   any    `json:"data"`
	}{"success", data})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // who asked is gone when this fails
	return nil
}

// failure is an error in Prometheus' shape.
type failure struct {
	Status string `json:"status"`
	Type   string `json:"errorType"`
	Error  string `json:"error"`
}

// kindOf returns what Prometheus calls the errors of a status (web/api/v1, errorType).
func kindOf(status int) string {
	switch status {
	case http.StatusBadRequest, http.StatusMethodNotAllowed, http.StatusRequestEntityTooLarge:
		return "bad_data"
	case http.StatusUnauthorized, http.StatusForbidden:
		return "unauthorized"
	case http.StatusNotFound:
		return "not_found"
	case http.StatusUnprocessableEntity:
		return "execution"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "unavailable"
	default:
		return "internal"
	}
}

// refuse tells why there is no answer.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) {
		return // the client left
	}
	var refused *gate.RefusedError
	if errors.As(err, &refused) {
		refused.Header(w.Header())
	}
	Fail(w, r, gate.Status(err), err.Error())
}

// Fail writes an error in Prometheus' shape.
func Fail(w http.ResponseWriter, _ *http.Request, status int, text string) {
	kind := kindOf(status)
	if status == http.StatusServiceUnavailable && strings.Contains(text, "timeout") {
		kind = "timeout"
	}
	w.Header().Del("Content-Length")
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The client may be gone: there is nobody left to tell.
	_ = json.NewEncoder(w).Encode(failure{"error", kind, text})
}

// begin is how an answer to a question that went well begins.
const begin = `{"status":"success",`

// maxFailure is how much is read of what the engine says of an error.
const maxFailure = 16 << 10

// answer passes on what the engine answers: with infos in it if it went well, in Prometheus' shape if it did not. It
// holds back no more than the beginning, or an error.
type answer struct {
	http.ResponseWriter
	infos  []string
	status int // 0 before the first byte
	held   []byte
	told   bool
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	if a.status != 0 {
		return
	}
	if a.status = status; a.failed() {
		return
	}
	if strings.HasPrefix(a.Header().Get("Content-Type"), "application/stream+json") { // a selector with a range
		a.Header().Set("Content-Type", "application/json")
	}
	a.told = status != http.StatusOK || len(a.infos) == 0
	if !a.told {
		a.Header().Del("Content-Length")
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) failed() bool { return a.status >= http.StatusBadRequest }

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	switch {
	case a.failed():
		a.held = append(a.held, p[:min(len(p), maxFailure-len(a.held))]...)
		return len(p), nil
	case a.told:
		return a.ResponseWriter.Write(p)
	}
	if a.held = append(a.held, p...); len(a.held) < len(begin) {
		return len(p), nil
	}
	if err := a.tell(); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (a *answer) tell() error {
	a.told = true
	if rest, ok := bytes.CutPrefix(a.held, []byte(begin)); ok {
		infos, err := json.Marshal(a.infos)
		if err != nil {
			return err
		}
		a.held = append(append(append([]byte(begin+`"infos":`), infos...), ','), rest...)
	}
	_, err := a.ResponseWriter.Write(a.held)
	return err
}

// end passes on what was held back: an answer shorter than its beginning, or an error.
func (a *answer) end() error {
	switch {
	case a.status == http.StatusNotFound:
		return errNoPath
	case a.failed():
		status, reason := a.status, a.reason()
		if tookTooLong.MatchString(reason) {
			status, reason = http.StatusServiceUnavailable, reason+": ask for a shorter range or less"
		}
		Fail(a.ResponseWriter, nil, status, reason)
	case !a.told && len(a.held) > 0:
		_ = a.tell() // who asked is gone when this fails
	}
	return nil
}

// tookTooLong is what the engine says, with the status of what is too much, of a question that has used up its time.
var tookTooLong = regexp.MustCompile("timeout exceeded (?:during|before)")

// engineFlags are where the engine tells of flags of its own, which the collector does not have, and what stands there
// instead.
var engineFlags = [...]struct {
	told *regexp.Regexp
	by   string
}{
	{regexp.MustCompile("[;,]? \\(see `?-[^)]*\\)"), ""},
	{regexp.MustCompile("[;,]? the timeout can be adjusted with `?-search[.]\\w+`? command-line flag"), ""},
	{regexp.MustCompile(" according to `?-search[.]\\w+=(\\d+)`?"), "; at most $1 bytes are given"},
	{regexp.MustCompile("; increasing `?-search[.]maxMemoryPerQuery`?"), "; a larger --max-question-memory of the collector"},
	{regexp.MustCompile("increase (?:the )?`?-search[.]\\w+`?; "), ""},
	{regexp.MustCompile("either increase `?-search[.]\\w+`? or "), ""},
	{regexp.MustCompile("`?-search[.]\\w+=(\\d+)`?"), "$1"},
}

// reason is what the engine says of an error: the text of an error in JSON, or all of it.
func (a *answer) reason() string {
	text := strings.TrimSpace(string(a.held))
	var said failure
	if json.Unmarshal(a.held, &said) == nil && said.Error != "" {
		text = said.Error
	}
	for _, flag := range engineFlags {
		text = flag.told.ReplaceAllString(text, flag.by)
	}
	return text
}
