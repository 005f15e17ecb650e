package query

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
)

// Request is a question as it came: of whom, about which one thing (empty: about all), and the rest.
type Request struct {
	Tenant   edge.Tenant
	ID       string
	Question Question
}

// Answer answers one kind of question. Its error is an *APIError, a *ParamError, wraps ErrNotFound or ErrTooMuch, or
// else is of the store and told to the log only.
type Answer func(context.Context, Request) (any, error)

// Answers are who answers the questions of the API, by their paths: those about everything and those about one thing.
type Answers struct {
	All, One map[string]Answer
}

// With returns these answers and more. No question may have two.
func (a Answers) With(more Answers) Answers {
	return Answers{All: joined(a.All, more.All), One: joined(a.One, more.One)}
}

func joined(a, b map[string]Answer) map[string]Answer {
	all := map[string]Answer{}
	maps.Copy(all, a)
	for name, answer := range b {
		if all[name] != nil {
			panic("BUG: two answers to " + name)
		}
		all[name] = answer
	}
	return all
}

// names lists the questions, for who asks another.
func (a Answers) names() string {
	names := append(slices.Collect(maps.Keys(a.All)), PathWho)
	for name := range a.One {
		names = append(names, name+"/{id}")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// NewHandler serves the API below APIPrefix: GET and HEAD, JSON answers, errors as APIError.
func NewHandler(a Answers, o Options) http.Handler {
	return &handler{a, o.WithDefaults(20 * time.Second)}
}

type handler struct {
	answers Answers
	o       Options
}

// ServeHTTP answers one question. It buffers the answer, so that an error is never half an answer.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer, err := h.answer(r)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	body, err := json.Marshal(answer)
	if err != nil {
		h.fail(w, r, fmt.Errorf("write the answer: %w", err))
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(body, '\n'))
}

func (h *handler) answer(r *http.Request) (any, error) {
	ask, id := h.route(r.URL)
	if ask == nil {
		return nil,
			&APIError{
				Status:  http.StatusNotFound,
				Message: r.URL.Path + " is no question; the questions are " + h.answers.names(),
			}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, &APIError{Status: http.StatusMethodNotAllowed, Message: "use GET or HEAD, not " + r.Method}
	}
	tenant, err := h.o.Tenant(r)
	if err != nil {
		return nil, &APIError{Status: http.StatusUnauthorized, Message: err.Error()}
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil,
			&APIError{Status: http.StatusBadRequest, Message: "the query string is not readable: " + err.Error()}
	}
	q, err := Parse(values, h.o.Now())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.o.Timeout)
	defer cancel()
	return ask(ctx, Request{tenant, id, q})
}

// singular are other names of questions about one thing.
var singular = map[string]string{"trace": PathTraces, "run": PathRuns}

// route finds who answers a path, and the element after the question's name: the region, trace or run. It reads the
// escaped path, so that a region "a/b" is one element. "?id=" stands for that element too.
func (h *handler) route(u *url.URL) (Answer, string) {
	name, rest, ok := strings.Cut(strings.TrimPrefix(u.EscapedPath(), APIPrefix), "/")
	id, err := url.PathUnescape(rest)
	if err != nil || ok && id == "" || !strings.HasPrefix(u.EscapedPath(), APIPrefix) {
		return nil, ""
	}
	values := u.Query()
	plural, isOne := singular[name]
	one := h.answers.One[cmp.Or(plural, name)]
	if ok || isOne || values.Has(KeyID) && one != nil {
		return one, cmp.Or(id, values.Get(KeyID))
	}
	if name == PathWho {
		return who, ""
	}
	return h.answers.All[name], ""
}

// who returns whose answers somebody gets.
func who(_ context.Context, r Request) (any, error) { return &Who{r.Tenant}, nil }

// Ended is why a question was ended from outside, as the cause of its request's context.
type Ended interface {
	error
	// HTTPStatus is what is answered, and Header sets what goes with it.
	HTTPStatus() int
	Header(h http.Header)
}

// fail returns an error; what the asker alone can't mend is logged, and told without its inside.
func (h *handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	e := apiError(err)
	if ended, ok := context.Cause(r.Context()).(Ended); ok { //nolint:errorlint // the cause itself
		ended.Header(w.Header())
		e = &APIError{Status: ended.HTTPStatus(), Message: ended.Error()}
	} else if r.Context().Err() != nil {
		return // whoever asked has gone, as pages do that wait two seconds for what stands beside them
	}
	if e.Status >= http.StatusUnprocessableEntity {
		h.o.Logger.Error("question not answered", slog.String("path", r.URL.Path), slog.Int("status", e.Status),
			slog.Any("err", err))
	}
	body, marshalErr := json.Marshal(e)
	if marshalErr != nil {
		panic("BUG: an APIError has no JSON: " + marshalErr.Error())
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if e.Status == http.StatusMethodNotAllowed {
		header.Set("Allow", "GET, HEAD")
	}
	w.WriteHeader(e.Status)
	_, _ = w.Write(append(body, '\n'))
}

// apiError is the one map from errors to statuses.
func apiError(err error) *APIError {
	var known *APIError
	var param *ParamError
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &param):
		return &APIError{Status: http.StatusBadRequest, Message: param.Error(), Key: param.Key, Column: param.Column}
	case errors.Is(err, ErrNotFound):
		return &APIError{Status: http.StatusNotFound, Message: err.Error()}
	case errors.Is(err, ErrTooMuch):
		return &APIError{Status: http.StatusUnprocessableEntity, Message: ErrTooMuch.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return &APIError{
			Status: http.StatusGatewayTimeout, Message: "the store takes too long: ask for a shorter range",
		}
	default:
		return &APIError{
			Status: http.StatusServiceUnavailable, Message: "the store does not answer; the collector's log says why",
		}
	}
}
