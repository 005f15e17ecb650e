// Package jaeger serves the query API of Jaeger, versions 1 and 3, over the spans of a store, for its clients: Grafana's
// Jaeger data source and Jaeger UI.
//
// The same paths are served below /select/jaeger and at the root, since some clients drop the path of their data
// source. Each file has the table of its own: services.go (and operations), traces.go (searches, traces, summaries),
// graph.go (dependencies), monitor.go (metrics). What a search asks for is read by search.go and written in LogsQL by
// conditions.go; find.go asks the store. What answers look like is with package spans.
//
// The tenant comes from the options alone: the header x-tenant, by which clients of Jaeger choose one, is not looked
// at.
package jaeger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
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
var Roots = [...]string{
	"/api/services", "/api/services/", "/api/operations", "/api/traces", "/api/traces/", "/api/dependencies",
	"/api/metrics/", "/api/archive/", "/api/transform", "/api/v3/",
}

// defaultTimeout is how long a question may take when options do not say: Jaeger UI gives up then.
const defaultTimeout = 10 * time.Second

type handler struct {
	opts   query.Options
	routes []route
}

// route is a path and what answers it.
type route struct {
	// path is what follows /api/. With a slash at its end it is all paths below, and the question has the rest.
	path string
	// ask returns an answer: an io.WriterTo that writes JSON, or else what encoding/json writes.
	ask func(context.Context, *question) (any, error)
	// post tells that the path is asked with POST, not with GET.
	post bool
}

// New returns the handler of all paths; a request of nobody is answered with status 403. Without figures the paths of
// the Monitor tab are answered with status 501. It is safe for concurrent use.
func New(reader store.Reader, opts query.Options, figures Figures) http.Handler {
	opts = opts.WithDefaults(defaultTimeout)
	return &handler{
		opts: opts,
		routes: slices.Concat(
			nameRoutes(reader),
			traceRoutes(&finder{reader}),
			notServed(),
			graphRoutes(reader, opts.Now),
			monitorRoutes(figures),
		),
	}
}

// notServed are the paths of buttons of Jaeger UI for what there is nothing here.
func notServed() []route {
	not := func(what string) func(context.Context, *question) (any, error) {
		return func(context.Context, *question) (any, error) {
			return nil, &statusError{http.StatusNotImplemented, what}
		}
	}
	return []route{
		{path: "archive/", ask: not("there is no archive: traces are kept as long as all events"), post: true},
		{path: "transform", ask: not("traces are not transformed: send them as OTLP to be shown"), post: true},
	}
}

// question is a request as understood.
type question struct {
	tenant edge.Tenant
	now    time.Time
	// path is what follows /api/, and rest what follows the path of the route.
	path, rest string
	form       url.Values
}

// parameter returns the first value of a parameter, "" without one.
func (q *question) parameter(name string) string { return q.form.Get(name) }

// version3 tells whether the question is one to version 3 of the API, whose errors have another shape.
func (q *question) version3() bool { return strings.HasPrefix(q.path, "v3/") }

// readForm reads the parameters. Clients send some of them without escaping: what does not unescape is taken as it is,
// since a parameter that is left out would answer another question. What is no UTF-8 becomes what the store has of it.
func readForm(text string) url.Values {
	unescape := func(s string) string {
		if u, err := url.QueryUnescape(s); err == nil {
			s = u
		}
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	form := url.Values{}
	for pair := range strings.SplitSeq(text, "&") {
		if pair != "" {
			key, value, _ := strings.Cut(pair, "=")
			form.Add(unescape(key), unescape(value))
		}
	}
	return form
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(strings.TrimPrefix(r.URL.Path, Prefix), "/api/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	q := &question{now: h.opts.Now(), path: strings.ToValidUTF8(path, "\uFFFD"), form: readForm(r.URL.RawQuery)}
	var err error
	if q.tenant, err = h.opts.Tenant(r); err != nil {
		fail(w, q, &statusError{http.StatusForbidden, err.Error()})
		return
	}
	ask, err := h.route(w, r, q)
	if err != nil {
		fail(w, q, err)
		return
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.opts.Timeout, &gate.RefusedError{
		Status: http.StatusServiceUnavailable,
		Reason: fmt.Sprintf("the question was ended after %s: ask for a shorter range or less", h.opts.Timeout),
	})
	defer cancel()
	data, err := ask(ctx, q)
	if err = gate.Explain(ctx, err); err != nil {
		if statusOf(err) == http.StatusInternalServerError && r.Context().Err() == nil {
			h.opts.Logger.Error("jaeger question failed", slog.String("path", r.URL.Path), slog.Any("error", err))
		}
		fail(w, q, err)
		return
	}
	answer(w, http.StatusOK, data)
}

// route finds what answers a question, and sets what of its path follows the route's.
func (h *handler) route(w http.ResponseWriter, r *http.Request, q *question) (
	func(context.Context, *question) (any, error), error,
) {
	for i := range h.routes {
		to := &h.routes[i]
		rest, below := strings.CutPrefix(q.path, to.path)
		if !below || (rest != "") != strings.HasSuffix(to.path, "/") {
			continue
		}
		methods := "GET, HEAD"
		if to.post {
			methods = "POST"
		}
		if !strings.Contains(methods, r.Method) {
			w.Header().Set("Allow", methods)
			return nil, &statusError{http.StatusMethodNotAllowed, "use " + methods}
		}
		q.rest = rest
		return to.ask, nil
	}
	return nil, &statusError{http.StatusNotFound, "no such path of Jaeger's API"}
}

// statusError is an error that the client is told with its status.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func statusOf(err error) int {
	var told *statusError
	if errors.As(err, &told) {
		return told.status
	}
	return gate.Status(err)
}

// Fail writes why a request did not come to the handler, as fail does.
func Fail(w http.ResponseWriter, r *http.Request, status int, text string) {
	path := strings.TrimPrefix(strings.TrimPrefix(r.URL.Path, Prefix), "/api/")
	fail(w, &question{path: path}, &statusError{status, text})
}

// fail writes an error in the shape of the question's version of the API.
func fail(w http.ResponseWriter, q *question, err error) {
	status, text := statusOf(err), err.Error()
	var refused *gate.RefusedError
	if errors.As(err, &refused) {
		refused.Header(w.Header())
		text = refused.Reason
	}
	if status == http.StatusInternalServerError {
		text = "internal error"
	}
	if q.version3() {
		answer(w, status, failure3{failed3{status, text}})
		return
	}
	answer(w, status, &envelope{Errors: []failure{{Code: status, Msg: text}}})
}

func answer(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if t, ok := data.(io.WriterTo); ok {
		_, _ = t.WriteTo(w) // the client is gone when this fails
		return
	}
	_ = jsonTo(w, data) // as above
}
