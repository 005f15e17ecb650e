// Package aesql serves the SQL API of Cloudflare's Analytics Engine over the data points of a store, so that queries,
// programs and Grafana panels that were written for Cloudflare can be asked here.
//
//	POST /client/v4/accounts/{account}/analytics_engine/sql          the body is the query, whatever its content type
//	GET  /client/v4/accounts/{account}/analytics_engine/sql?query=   with a slash at the end or without
//
// Other parameters are ignored: Grafana's Altinity plugin sends some of ClickHouse's. grammar reads the text, plan finds
// what it means, execute answers it; here are the ways in and out. Questions are bounded by a gate.Gate that stands before
// the handler. The tenant comes from the options alone: whether the account in the path matters is theirs to say.
package aesql

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/aesql/grammar"
	"edgescope/query/gate"
	"edgescope/query/memo"
	"edgescope/store"
)

// Prefix is the path below which all accounts are.
const Prefix = "/client/v4/accounts/"

// defaultTimeout is how long a question may take when options do not say.
const defaultTimeout = 30 * time.Second

// Options are what the handler needs to know beside who answers.
type Options struct {
	query.Options
	// Strict refuses what Cloudflare refuses, so that what is answered here is answered there.
	Strict bool
}

type handler struct {
	reader store.Reader
	opts   Options
	tables memo.Memo[[]string]
}

// New returns the handler of the paths below Prefix. A request of nobody is answered with status 403. It is safe for
// concurrent use.
func New(reader store.Reader, opts Options) http.Handler {
	opts.Options = opts.WithDefaults(defaultTimeout)
	return &handler{reader: reader, opts: opts}
}

// question is a request as understood.
type question struct {
	tenant edge.Tenant
	now    time.Time
	*grammar.Statement
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := &answer{w: w}
	err := h.serve(r, a)
	if err == nil {
		err = a.flush()
	}
	if err != nil {
		h.failed(r, a, err)
	}
}

func (h *handler) serve(r *http.Request, a *answer) error {
	_, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	if path != "analytics_engine/sql" && path != "analytics_engine/sql/" {
		return &statusError{http.StatusNotFound, "no such path: want " + Prefix + "{account}/analytics_engine/sql"}
	}
	text, err := textOf(r)
	if err != nil {
		return err
	}
	tenant, err := h.opts.Tenant(r)
	if err != nil {
		return &statusError{http.StatusForbidden, err.Error()}
	}
	s, err := grammar.Parse(text)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.opts.Timeout)
	defer cancel()
	q := &question{tenant, h.opts.Now(), s}
	return gate.Explain(ctx, h.ask(ctx, q, a))
}

// Account returns the account that a request's path names.
func Account(r *http.Request) string {
	account, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, Prefix), "/")
	return account
}

// textOf returns the query: the body, whatever it says of itself, or the parameter of that name.
func textOf(r *http.Request) (string, error) {
	parameter, bad := parameterOf(r.URL.RawQuery)
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		if parameter == "" && bad == nil {
			return "", &statusError{
				http.StatusUnprocessableEntity,
				"the parameter query is missing: GET ...?query=SELECT..., or POST the query as the body",
			}
		}
		return parameter, bad
	case http.MethodPost:
	default:
		return "", &statusError{http.StatusMethodNotAllowed, "use POST, or GET with the parameter query"}
	}
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return "", &statusError{http.StatusUnsupportedMediaType, "send the query as it is, not in " + coding}
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, grammar.MaxText+1))
	if err != nil {
		return "", &statusError{http.StatusBadRequest, "read the query: " + err.Error()}
	}
	if len(body) == 0 {
		return parameter, bad
	}
	return string(body), nil
}

// parameterOf returns the parameter query of what stands behind ? in an address. A semicolon in it is one, although
// net/url takes it for an error.
func parameterOf(raw string) (string, error) {
	for pair := range strings.SplitSeq(raw, "&") {
		if name, value, _ := strings.Cut(pair, "="); name == "query" {
			text, err := url.QueryUnescape(value)
			if err != nil {
				return "", &statusError{
					http.StatusUnprocessableEntity,
					"the parameter query: " + err.Error() + ": write % as %25, or POST the query as the body",
				}
			}
			return text, nil
		}
	}
	return "", nil
}

// statusError is an error that the client is told with its status.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// failed tells the client of an error: with a status while nothing was sent, by breaking the connection later, so that
// half an answer does not look like a whole one.
func (h *handler) failed(r *http.Request, a *answer, err error) {
	status, text := statusOf(err), err.Error()
	if status == http.StatusInternalServerError {
		text = "internal error"
		if r.Context().Err() == nil {
			h.opts.Logger.Error("sql question failed", slog.Any("error", err))
		}
	}
	if a.begun {
		panic(http.ErrAbortHandler)
	}
	var refused *gate.RefusedError
	if errors.As(err, &refused) {
		refused.Header(a.w.Header())
	}
	if status == http.StatusMethodNotAllowed {
		a.w.Header().Set("Allow", "GET, HEAD, POST")
	}
	Fail(a.w, r, status, text)
}

func statusOf(err error) int {
	var told *statusError
	var bad *grammar.Error
	switch {
	case errors.As(err, &told):
		return told.status
	case errors.As(err, &bad):
		return http.StatusUnprocessableEntity
	case errors.Is(err, store.ErrBadQuery): // of a text that we wrote
		return http.StatusInternalServerError
	}
	return gate.Status(err)
}

// failure is Cloudflare's envelope of an error.
type failure struct {
	Success  bool          `json:"success"`
	Errors   []codeMessage `json:"errors"`
	Messages []string      `json:"messages"`
	Result   *struct{}     `json:"result"`
}

type codeMessage struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// Fail writes an error as clients of Cloudflare read it: what is wrong with a query as plain text with status 422,
// anything else in the envelope of its API. Code 10000 is an authentication error and 7003 a path that leads nowhere, as
// in Cloudflare's API; other codes are the status.
func Fail(w http.ResponseWriter, _ *http.Request, status int, text string) {
	w.Header().Set("Cache-Control", "no-store")
	if status == http.StatusUnprocessableEntity {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, text+"\n")
		return
	}
	code := status
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		code = 10000
	case http.StatusNotFound:
		code = 7003
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(failure{Errors: []codeMessage{{code, text}}, Messages: []string{}}) // the client is gone when this fails
}

// answer collects the body. Its header goes out with the first bytes that are sent.
type answer struct {
	w     http.ResponseWriter
	buf   []byte
	begun bool
}

// flush sends what there is.
func (a *answer) flush() error {
	a.begun = true
	_, err := a.w.Write(a.buf)
	a.buf = a.buf[:0]
	return err
}
