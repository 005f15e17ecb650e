// Package promql serves the HTTP API of Prometheus, as Grafana's data source, promtool and vmui ask it, over an engine
// that evaluates MetricsQL. What the engine does not do, or not for one tenant alone, is done here:
//
//	rewrite.go   rate and increase over totals mean what they mean on totals (docs/adr/017)
//	names.go     "cloud.region" and U__cloud_2e_region are asked as cloud_region
//	answer.go    what was changed is told as infos; errors have Prometheus' shape
//	metadata.go  types, units and help of metrics
//	status.go    what a server of Prometheus tells of itself
//	format.go    a text as it is best read; parse.go as a tree
//	export.go    samples leave, in the formats of lines.go, and federate
//
// It parses with the engine's own parser, a module without the engine: docs/adr/017.
package promql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/VictoriaMetrics/metricsql"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/gate"
	"edgescope/store"
)

// Engine keeps samples and evaluates MetricsQL. It is safe for concurrent use.
type Engine interface {
	// Prometheus serves the paths of Prometheus' API that the engine knows, and its pages, for one tenant; others are
	// 404.
	Prometheus(tenant edge.Tenant) http.Handler
	// PrometheusCost reads the texts of a request before a parser does. It returns what the request takes at once and
	// in all, in bytes, and fails with store.ErrTooMuch and store.ErrBadQuery.
	PrometheusCost(r *http.Request) (least, most int64, err error)
	// Samples reads samples as they are stored, series after series.
	Samples(ctx context.Context, q store.SamplesQuestion, emit func(*store.Samples) error) error
	// AppendNativeRange and AppendNative write the engine's own format: the time that all samples lie in, From <= time <=
	// To, and behind it samples.
	AppendNativeRange(dst []byte, from, to time.Time) []byte
	AppendNative(dst []byte, s *store.Samples) []byte
	// MetricNames returns the names of a tenant's series that have samples between two times, sorted.
	MetricNames(ctx context.Context, tenant edge.Tenant, from, to time.Time) ([]string, error)
}

// Options are what the handler needs to know beside the engine. The zero value works.
type Options struct {
	query.Options
	// Pages tells that the engine's pages (vmui) are served: they show all tenants.
	Pages bool
	// Described returns what senders said of a tenant's metrics, by name. Nil means nothing.
	Described func(edge.Tenant) map[string]Metadata
}

// Paths are the patterns of http.ServeMux that the handler answers.
func Paths() []string {
	return []string{
		"/api/v1/", "/prometheus/", "/federate", "/prettify-query", "/expand-with-exprs", "/metric-relabel-debug",
	}
}

// PagePaths are the patterns of the engine's pages and their files, which read no telemetry.
func PagePaths() []string { return []string{"/vmui", "/vmui/", "/graph", "/graph/"} }

// prefix is what paths may have in front.
const prefix = "/prometheus"

var errNoPath = &gate.RefusedError{
	Status: http.StatusNotFound, Reason: "no such path: docs/api.md lists what is served of Prometheus' API",
}

var errNoQuery = badParameter(`"query": it is missing or empty: send it in the URL, or as a form ` +
	"(Content-Type: application/x-www-form-urlencoded)")

// defaultTimeout is how long a question may take when neither options nor a gate say.
const defaultTimeout = 30 * time.Second

type handler struct {
	engine  Engine
	o       Options
	started time.Time
}

// New returns the handler of Paths and PagePaths. It is safe for concurrent use.
func New(engine Engine, o Options) http.Handler {
	o.Options = o.WithDefaults(defaultTimeout)
	return &handler{engine: engine, o: o, started: o.Now()}
}

// question is a request as understood. The form of the request is parsed.
type question struct {
	*http.Request
	path   string // without /prometheus
	tenant edge.Tenant
	infos  []string // what was changed of it
}

// own are the paths that the engine does not answer.
var own = map[string]func(*handler, http.ResponseWriter, *question) error{
	"/api/v1/metadata":      (*handler).metadata,
	"/api/v1/format_query":  (*handler).formatQuery,
	"/api/v1/parse_query":   (*handler).parseQuery,
	"/api/v1/export":        (*handler).export,
	"/api/v1/export/csv":    (*handler).exportCSV,
	"/api/v1/export/native": (*handler).exportNative,
	"/federate":             (*handler).federate,
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.o.Timeout, &gate.RefusedError{
		Status: http.StatusServiceUnavailable,
		Reason: fmt.Sprintf("timeout: the question was ended after %s: ask for a shorter range or less", h.o.Timeout),
	})
	defer cancel()
	r = r.WithContext(ctx)
	if err := h.answer(w, r); err != nil { //nolint:contextcheck // the request has it
		refuse(w, r, gate.Explain(ctx, err))
	}
}

func (h *handler) answer(w http.ResponseWriter, r *http.Request) error {
	tenant, err := h.o.Tenant(r)
	if err != nil {
		return &gate.RefusedError{Status: http.StatusUnauthorized, Reason: err.Error()}
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD, POST")
		return &gate.RefusedError{Status: http.StatusMethodNotAllowed, Reason: "only GET, HEAD and POST read"}
	}
	if err := r.ParseForm(); err != nil {
		return &gate.RefusedError{Status: http.StatusBadRequest, Reason: "read the form: " + err.Error()}
	}
	q := &question{Request: r, path: strings.TrimPrefix(r.URL.Path, prefix), tenant: tenant}
	switch answer := own[q.path]; {
	case strings.HasPrefix(q.path, prefix):
		return errNoPath // the engine would take off a second one, and nobody had looked at what is asked there
	case answer != nil:
		return answer(h, w, q)
	case about[q.path] != nil:
		return writeData(w, about[q.path](h))
	case isPage(q.path) && !h.o.Pages:
		return &gate.RefusedError{Status: http.StatusNotFound, Reason: "vmui and what it asks tell of all tenants, and " +
			"there are several: it is off. The dashboard, Grafana and /api/v1 show what is yours"}
	case q.path == "/vmui" || q.path == "/graph":
		// Relative, since a proxy may have put something in front.
		w.Header().Set("Location", q.path[1:]+"/?"+r.Form.Encode())
		w.WriteHeader(http.StatusFound)
		return nil
	}
	return h.evaluate(w, q)
}

// isPage tells whether a path is one of vmui's, or of what only vmui asks.
func isPage(path string) bool {
	for _, page := range [...]string{"/vmui", "/graph", "/metric-relabel-debug"} {
		if rest, ok := strings.CutPrefix(path, page); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return strings.HasPrefix(path, "/api/v1/status/")
}

// admit asks the gate for what the texts of a question take, before they are parsed.
func (h *handler) admit(q *question) error {
	least, most, err := h.engine.PrometheusCost(q.Request)
	if errors.Is(err, store.ErrBadQuery) {
		return located("query", q.Form.Get("query"), err)
	}
	if err != nil {
		return err
	}
	return gate.Need(q.Context(), least, most)
}

// evaluate has the engine answer.
func (h *handler) evaluate(w http.ResponseWriter, q *question) error {
	if err := h.admit(q); err != nil {
		return err
	}
	if err := q.translate(); err != nil {
		return err
	}
	if err := q.ordered(h.o.Now()); err != nil {
		return err
	}
	a := &answer{ResponseWriter: w, infos: q.infos}
	h.engine.Prometheus(q.tenant).ServeHTTP(a, q.Request)
	return a.end()
}

// ordered fails when a range ends before it starts: the engine would answer that there is nothing. What is no time is the
// engine's to refuse, and a number below 0 is an age to it.
func (q *question) ordered(now time.Time) error {
	from, err := readTime(q.Form.Get("start"), now, time.Time{})
	if err != nil || from.IsZero() {
		return nil //nolint:nilerr // the engine says why
	}
	if to, err := readTime(q.Form.Get("end"), now, from); err == nil && to.Before(from) && to.Unix() >= 0 {
		return errReversed
	}
	return nil
}

var errReversed = badParameter(`"end": it is before the start`)

// selectors are the parameters that are selectors of series.
var selectors = [...]string{"match[]", "match", "extra_filters[]", "extra_filters"}

// translate puts what the engine is asked in place of what was asked.
func (q *question) translate() (err error) {
	form := maps.Clone(q.Form)
	for _, key := range selectors {
		if texts := form[key]; len(texts) > 0 {
			if form[key], err = storedSelectors(key, texts); err != nil {
				return err
			}
		}
	}
	if labels := form["extra_label"]; len(labels) > 0 {
		form["extra_label"] = storedPairs(labels)
	}
	if q.path == "/api/v1/query" || q.path == "/api/v1/query_range" {
		text := form.Get("query")
		if text == "" {
			return errNoQuery
		}
		if _, err := parse("query", text); err != nil {
			return err
		}
		text, q.infos = Rewrite(text, stepOf(form.Get("step")))
		form.Set("query", text)
	}
	q.Request = withForm(q.Request, labelPath(q.path), form)
	return nil
}

// storedSelectors returns selectors with the names that are stored.
func storedSelectors(key string, texts []string) ([]string, error) {
	stored := slices.Clone(texts)
	for i, text := range texts {
		e, err := parse(key, text)
		if err != nil {
			return nil, err
		}
		if selector, ok := e.(*metricsql.MetricExpr); !ok || len(selector.LabelFilterss) == 0 {
			return nil, badParameter(`"%s": %s selects no series: want a metric or labels, as in {service_name="shop"}`, key,
				text)
		}
		if renameAll(e, nil) {
			stored[i] = string(e.AppendString(nil))
		}
	}
	return stored, nil
}

// storedPairs returns pairs of name=value with the names that are stored. What is none is the engine's to refuse.
func storedPairs(pairs []string) []string {
	stored := slices.Clone(pairs)
	for i, pair := range pairs {
		if name, value, ok := strings.Cut(pair, "="); ok {
			stored[i] = storedLabel(name) + "=" + value
		}
	}
	return stored
}

// withForm returns the request, whose form is parsed, with another path and form.
func withForm(r *http.Request, path string, form url.Values) *http.Request {
	changed := r.Clone(r.Context())
	changed.URL.Path, changed.URL.RawPath, changed.URL.RawQuery = path, "", form.Encode()
	changed.Form, changed.PostForm = form, url.Values{}
	return changed
}

// labelPath returns the path under which the engine lists the values of a label.
func labelPath(path string) string {
	name, ok := strings.CutPrefix(path, "/api/v1/label/")
	if !ok {
		return path
	}
	if name, ok = strings.CutSuffix(name, "/values"); !ok {
		return path
	}
	return "/api/v1/label/" + storedLabel(unescape(name)) + "/values"
}

// parse parses the text of a parameter, which must not be one that doubles itself.
func parse(key, text string) (metricsql.Expr, error) {
	e, err := metricsql.Parse(text)
	if err != nil {
		return nil, located(key, text, err)
	}
	return e, nil
}

// Check tells what is wrong with an expression, which must not be one that doubles itself; nil when nothing is.
func Check(text string) error {
	if _, err := metricsql.Parse(text); err != nil {
		return located("expr", text, err)
	}
	return nil
}

// located says of a parser's error where in the text it is, by line and column in characters.
func located(key, text string, err error) error {
	said := strings.TrimPrefix(err.Error(), store.ErrBadQuery.Error()+": ")
	said = strings.TrimPrefix(said, "cannot expand WITH expressions: ")
	if before, left, ok := cutLeft(said); ok && strings.HasSuffix(text, left) {
		return badParameter("%q: %s: parse error: %s", key, place(text, len(text)-len(left)), before)
	}
	if at := quotedAt(text, said); at >= 0 {
		said = place(text, at) + ": " + said
	}
	return badParameter("%q: %s", key, said)
}

// cutLeft cuts off what the parser has not read, which it quotes.
func cutLeft(said string) (before, left string, ok bool) {
	before, quoted, ok := strings.Cut(said, "; unparsed data: ")
	if rest, whole := strings.CutPrefix(said, "unparsed data left: "); whole {
		before, quoted, ok = "unexpected text behind a whole expression: want an operator, or nothing", rest, true
	}
	if !ok {
		return "", "", false
	}
	if quoted, err := strconv.QuotedPrefix(quoted); err == nil {
		left, err = strconv.Unquote(quoted)
		return before, left, err == nil
	}
	return before, "", false
}

// quotedAt returns where in the text the first thing is that an error quotes: a text in quotes, or a whole word. It is -1
// where that is not certain.
func quotedAt(text, said string) int {
	quoted, err := strconv.QuotedPrefix(said[max(strings.IndexByte(said, '"'), 0):])
	if err != nil {
		return -1
	}
	if strings.Count(text, quoted) == 1 {
		return strings.Index(text, quoted)
	}
	word, err := strconv.Unquote(quoted)
	if err != nil {
		return -1
	}
	re, err := regexp.Compile(`(?i)\b` + regexp.QuoteMeta(word) + `\b`)
	if err != nil {
		return -1 // the word is no UTF-8
	}
	if found := re.FindAllStringIndex(text, 2); len(found) == 1 {
		return found[0][0]
	}
	return -1
}

// place tells line and column of an offset in a text.
func place(text string, at int) string {
	read := text[:at]
	line := read[strings.LastIndexByte(read, '\n')+1:]
	return fmt.Sprintf("%d:%d", strings.Count(read, "\n")+1, utf8.RuneCountInString(line)+1)
}

func badParameter(format string, args ...any) error {
	return &gate.RefusedError{
		Status: http.StatusBadRequest, Reason: "invalid parameter " + fmt.Errorf(format, args...).Error(),
	}
}
