// Package promql makes the questions that Prometheus' tools ask right on totals of windows. A counter is asked with
// rate and increase, and so do query builders propose it; our totals (edge_service_requests, ...) are no counters,
// since each sample is already an increase (docs/adr/002). Rewrite puts the function that means the same on totals in
// place, and tells so; series of clients are left alone. Handler does it for the HTTP API of Prometheus.
//
// It parses with the engine's own parser, a module without the engine: docs/adr/017.
package promql

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/VictoriaMetrics/metricsql"
)

// Handler returns next with the questions of /api/v1/query and /api/v1/query_range rewritten, also below /prometheus.
// What was changed is told as infos of the answer, as the Prometheus API has them. It stands behind whatever refuses
// texts that double themselves with templates, since it parses them.
func Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/prometheus")
		if path != "/api/v1/query" && path != "/api/v1/query_range" || r.ParseForm() != nil {
			next.ServeHTTP(w, r)
			return
		}
		rewritten, infos := Rewrite(r.Form.Get("query"), stepOf(r.Form.Get("step")))
		if len(infos) == 0 {
			next.ServeHTTP(w, r)
			return
		}
		a := &answer{ResponseWriter: w, infos: infos}
		next.ServeHTTP(a, withQuery(r, rewritten))
		a.flush()
	})
}

// stepOf reads the parameter step: seconds or a duration.
func stepOf(text string) time.Duration {
	ms, err := metricsql.PositiveDurationValue(text, 0)
	if err != nil || ms <= 0 || ms > math.MaxInt64/int64(time.Millisecond) {
		return DefaultStep
	}
	return time.Duration(ms) * time.Millisecond
}

// withQuery returns the request, whose form is parsed, with another text.
func withQuery(r *http.Request, text string) *http.Request {
	changed := r.Clone(r.Context())
	changed.Form.Set("query", text)
	if changed.PostForm.Has("query") {
		changed.PostForm.Set("query", text)
	}
	if query := changed.URL.Query(); query.Has("query") {
		query.Set("query", text)
		changed.URL.RawQuery = query.Encode()
	}
	return changed
}

// begin is how an answer to a question that went well begins.
const begin = `{"status":"success",`

// answer puts infos into an answer as it passes. It holds back no more than its beginning.
type answer struct {
	http.ResponseWriter
	infos []string
	held  []byte
	told  bool
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

func (a *answer) WriteHeader(status int) {
	a.Header().Del("Content-Length")
	a.told = a.told || status != http.StatusOK
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(p []byte) (int, error) {
	if a.told {
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
	a.Header().Del("Content-Length")
	_, err := a.ResponseWriter.Write(a.held)
	return err
}

// flush passes on what was held back of an answer shorter than its beginning.
func (a *answer) flush() {
	if !a.told && len(a.held) > 0 {
		_ = a.tell() // who asked is gone when this fails
	}
}
