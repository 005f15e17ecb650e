// Package logsql serves the HTTP query API of VictoriaLogs over the events of a store, so that its clients (Grafana's
// VictoriaLogs data source, vlogscli, curl) can ask for spans, log records and data points in LogsQL.
//
// Paths: /select/logsql/query, /stats_query, /stats_query_range, /hits, /facets, /field_names, /field_values, /streams,
// /stream_ids, /stream_field_names, /stream_field_values, /query_time_range and /tail; /select/tenant_ids and
// /select/buildinfo. Questions are bounded by a gate.Gate that stands before the handler.
//
// The kind of events is chosen by the header ProjectID or the parameter kind: 0 or span (the default), 1 or log, 2 or
// datapoint. The tenant comes from the options alone: the header AccountID, by which clients of VictoriaLogs choose
// one, is not looked at here.
package logsql

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/store"
)

// defaultTimeout is how long a question may take when options do not say.
const defaultTimeout = 30 * time.Second

// TailPath is the path whose answer lasts until its client leaves.
const TailPath = "/select/logsql/tail"

// maxForm bounds the parameters of a request in bytes.
const maxForm = 1 << 20

type handler struct {
	reader store.LogsQLReader
	opts   query.Options
}

// New returns the handler of the paths below /select/logsql/. Its timeout bounds a question beside what a gate gives
// it, and the parameter timeout can only shorten it; /tail has no bound. A request of nobody is answered with status
// 403. It is safe for concurrent use.
func New(reader store.LogsQLReader, opts query.Options) http.Handler {
	h := &handler{reader: reader, opts: opts.WithDefaults(defaultTimeout)}
	mux := http.NewServeMux()
	for _, path := range []struct {
		name  string
		serve serveFunc
		fail  failFunc
	}{
		{"query", h.query, failText},
		{"hits", h.hits, failText},
		{"field_names", h.fieldNames, failText},
		{"field_values", h.fieldValues, failText},
		{"facets", h.facets, failText},
		{"streams", h.streams, failText},
		{"stream_ids", h.streamIDs, failText},
		{"stream_field_names", h.streamFieldNames, failText},
		{"stream_field_values", h.streamFieldValues, failText},
		{"query_time_range", h.queryTimeRange, failText},
		{"stats_query", h.statsQuery, failJSON},
		{"stats_query_range", h.statsQueryRange, failJSON},
	} {
		mux.Handle("/select/logsql/"+path.name, h.bounded(path.serve, path.fail))
	}
	mux.HandleFunc("/select/tenant_ids", h.tenantIDs)
	mux.HandleFunc("/select/buildinfo", buildInfo)
	mux.Handle(TailPath, h.unbounded(h.tail, failText))
	return mux
}

// serveFunc answers a question. What it returns after the first byte of the answer ends the connection.
type serveFunc func(ctx context.Context, q *question, a *answer) error

// failFunc writes an error.
type failFunc func(w http.ResponseWriter, status int, text string)

func (h *handler) bounded(serve serveFunc, fail failFunc) http.Handler {
	return h.unbounded(func(ctx context.Context, q *question, a *answer) error {
		ctx, cancel := context.WithTimeout(ctx, min(h.opts.Timeout, q.timeout))
		defer cancel()
		return serve(ctx, q, a)
	}, fail)
}

func (h *handler) unbounded(serve serveFunc, fail failFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodPost {
			w.Header().Set("Allow", "GET, POST")
			fail(w, http.StatusMethodNotAllowed, "use GET or POST")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		tenant, err := h.opts.Tenant(r)
		if err != nil {
			fail(w, http.StatusForbidden, err.Error())
			return
		}
		a := newAnswer(w)
		q, err := h.parse(r, tenant)
		if err == nil {
			err = serve(r.Context(), q, a)
		}
		if err == nil {
			err = a.close()
		}
		if err != nil {
			h.failed(r, a, fail, err)
		}
	})
}

// failed tells the client of an error: with a status while nothing was sent, by breaking the connection later, so that
// half an answer does not look like a whole one.
func (h *handler) failed(r *http.Request, a *answer, fail failFunc, err error) {
	status := statusOf(err)
	if status == http.StatusInternalServerError && r.Context().Err() == nil {
		h.opts.Logger.Error("logsql question failed", slog.String("path", r.URL.Path), slog.Any("error", err))
	}
	if a.begun {
		panic(http.ErrAbortHandler)
	}
	var refused *gate.RefusedError
	if errors.As(err, &refused) {
		refused.Header(a.w.Header())
	}
	fail(a.w, status, err.Error())
}

// parameterError is an error of the request's own parameters.
type parameterError struct{ error }

func statusOf(err error) int {
	var bad parameterError
	if errors.As(err, &bad) {
		return http.StatusBadRequest
	}
	return gate.Status(err)
}

func failText(w http.ResponseWriter, status int, text string) { http.Error(w, text, status) }

// failJSON writes an error as the stats paths do, which follow the Prometheus API: a bad question has status 422.
func failJSON(w http.ResponseWriter, status int, text string) {
	if status == http.StatusBadRequest {
		status = http.StatusUnprocessableEntity
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(struct {
		Status    string `json:"status"`
		ErrorType int    `json:"errorType,string"`
		Error     string `json:"error"`
	}{"error", status, text}) // the client is gone when this fails
}

// answer buffers the body. The header goes out with the first bytes that leave the buffer.
type answer struct {
	w     http.ResponseWriter
	buf   *bufio.Writer
	begun bool
}

func newAnswer(w http.ResponseWriter) *answer {
	a := &answer{w: w}
	a.buf = bufio.NewWriterSize(begin{a}, 16<<10)
	return a
}

func (a *answer) contentType(text string) { a.w.Header().Set("Content-Type", text) }

func (a *answer) close() error {
	a.begun = true
	return a.buf.Flush()
}

// flush sends what there is to the client now.
func (a *answer) flush() error {
	if err := a.close(); err != nil {
		return err
	}
	return http.NewResponseController(a.w).Flush()
}

// json writes a whole answer.
func (a *answer) json(v any) error {
	a.contentType("application/json")
	text, err := marshal(v)
	if err != nil {
		return err
	}
	_, err = a.buf.Write(text)
	return err
}

// begin notes that bytes go out.
type begin struct{ a *answer }

func (b begin) Write(p []byte) (int, error) {
	b.a.begun = true
	return b.a.w.Write(p)
}
