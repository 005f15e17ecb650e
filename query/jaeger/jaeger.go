// Package jaeger serves the query API of Jaeger over the spans of a store, so that its clients (Grafana's Jaeger data
// source, Jaeger UI) can ask for services and operations.
//
// The same paths are served below /select/jaeger and at the root, since some clients drop the path of their data
// source:
//
//	/api/services                        services.go
//	/api/services/{service}/operations
//	/api/operations?service=&spanKind=
//
// Searches, traces and dependencies are not answered: 501, in Jaeger's envelope. The tenant comes from the options
// alone: the header x-tenant, by which clients of Jaeger choose one, is not looked at.
package jaeger

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/store"
)

// Prefix is the path below which the API is served beside the root.
const Prefix = "/select/jaeger"

// Roots are the paths at the root, as patterns of http.ServeMux.
var Roots = [...]string{"/api/services", "/api/services/", "/api/operations"}

// defaultTimeout is how long a question may take when options do not say: Jaeger UI gives up then.
const defaultTimeout = 10 * time.Second

type handler struct {
	reader store.Reader
	opts   query.Options
}

// New returns the handler of all paths; a request of nobody is answered with status 403. It is safe for concurrent use.
func New(reader store.Reader, opts query.Options) http.Handler {
	return &handler{reader: reader, opts: opts.WithDefaults(defaultTimeout)}
}

// question is a request as understood.
type question struct {
	tenant edge.Tenant
	now    time.Time
	// path is what follows /api/, and form the parameters.
	path string
	form map[string][]string
}

func (q *question) parameter(name string) string {
	if values := q.form[name]; len(values) > 0 {
		return values[0]
	}
	return ""
}

// statusError is an error that the client is told with its status.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// envelope is what every answer of version 1 of the API is in.
type envelope struct {
	Data   any       `json:"data"`
	Total  int       `json:"total"`
	Limit  int       `json:"limit"`
	Offset int       `json:"offset"`
	Errors []failure `json:"errors"`
}

type failure struct {
	Code int    `json:"code"`
	Msg  string `json:"msg"`
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, failed(http.StatusMethodNotAllowed, "use GET"))
		return
	}
	tenant, err := h.opts.Tenant(r)
	if err != nil {
		answer(w, http.StatusForbidden, failed(http.StatusForbidden, err.Error()))
		return
	}
	path, ok := strings.CutPrefix(strings.TrimPrefix(r.URL.Path, Prefix), "/api/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), h.opts.Timeout)
	defer cancel()
	q := &question{tenant: tenant, now: h.opts.Now(), path: path, form: r.URL.Query()}
	data, err := h.route(ctx, q)
	if err = gate.Explain(ctx, err); err != nil {
		var refused *gate.RefusedError
		if errors.As(err, &refused) {
			refused.Header(w.Header())
		}
		status, text := statusOf(err), err.Error()
		if status == http.StatusInternalServerError {
			text = "internal error"
			if r.Context().Err() == nil {
				h.opts.Logger.Error("jaeger question failed", slog.String("path", r.URL.Path), slog.Any("error", err))
			}
		}
		answer(w, status, failed(status, text))
		return
	}
	answer(w, http.StatusOK, data)
}

// route asks the question of a path.
func (h *handler) route(ctx context.Context, q *question) (*envelope, error) {
	if of, ok := strings.CutPrefix(q.path, "services/"); ok {
		if service, ok := strings.CutSuffix(of, "/operations"); ok && service != "" { // a name may have slashes
			return h.operationNames(ctx, q, service)
		}
		return nil, &statusError{http.StatusNotFound, "no such path: want services/{service}/operations"}
	}
	switch first, _, _ := strings.Cut(q.path, "/"); first {
	case "services":
		return h.services(ctx, q)
	case "operations":
		return h.operations(ctx, q)
	case "traces", "dependencies", "metrics", "archive", "transform", "v3":
		return nil,
			&statusError{
				http.StatusNotImplemented, first + " of Jaeger's API are not answered: ask /api/edge/v1/traces",
			}
	}
	return nil, &statusError{http.StatusNotFound, "no such path of Jaeger's API"}
}

func statusOf(err error) int {
	var told *statusError
	if errors.As(err, &told) {
		return told.status
	}
	return gate.Status(err)
}

func failed(status int, text string) *envelope {
	return &envelope{Errors: []failure{{status, text}}}
}

func answer(w http.ResponseWriter, status int, e *envelope) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(e) // the client is gone when this fails
}
