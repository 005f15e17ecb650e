// Package web is the dashboard: pages about edge functions, rendered on the server from a collector's answers. Every
// page works without scripts; state is in the URL. A request becomes a question, its answer a view model, the model
// HTML; the same model gives the page's tables as CSV and JSON and its live updates.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"edgescope/query"
	"edgescope/query/client"
	"edgescope/web/part"
)

// Options say whom to ask and how to judge.
type Options struct {
	// Client asks the collector, whose address Collector is for the reader of an error page.
	Client    *client.Client
	Collector string
	// Ingest is the base URL of the collector's ingest port, for the examples on empty pages.
	Ingest  string
	Targets part.Targets
	// SignIn says how visitors prove who they are. With it, the transport of Client's http.Client must be made by
	// Forward.
	SignIn SignIn
	Log    *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Every is how often a live page is asked again; 0 means 10 s, the width of the shortest rollup.
	Every time.Duration
}

// Site is the dashboard's routes. It is safe for concurrent use.
type Site struct {
	o      Options
	assets *assets
	mux    *http.ServeMux
	// sessions are empty where nobody signs in with a token.
	sessions *sessions
	done     chan struct{}
	end      sync.Once
}

// New makes a Site. Close ends its streams.
func New(o Options) (*Site, error) {
	if o.Client == nil || o.Log == nil {
		return nil, errors.New("make the dashboard: options lack a client or a logger")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 10 * time.Second
	}
	a, err := loadAssets(embedded())
	if err != nil {
		return nil, fmt.Errorf("read the embedded assets: %w", err)
	}
	s := &Site{
		o: o, assets: a, mux: http.NewServeMux(), sessions: newSessions(o.SignIn.Life, o.Now),
		done: make(chan struct{}),
	}
	s.routes()
	return s, nil
}

// Close ends all live streams, so that a server's graceful stop does not wait for them. Calling it again does nothing.
func (s *Site) Close() { s.end.Do(func() { close(s.done) }) }

// Mux returns the routes, for a server that adds its own.
func (s *Site) Mux() *http.ServeMux { return s.mux }

// ServeHTTP serves the dashboard with its security headers.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) { Secure(s.mux).ServeHTTP(w, r) }

// page is one page: what it is called and how its content comes about.
type page struct {
	// path is the pattern of its route; name is the path of its tables where that differs, without suffix.
	path, tables string
	nav, title   string
	content      func(ctx context.Context, s *Site, p *part.Page, id string) (part.Content, error)
}

var pages = []page{
	{path: "/{$}", tables: "/overview", nav: "/", title: "Overview", content: overview},
	{path: "/regions", tables: "/regions", nav: "/regions", title: "Regions", content: regions},
	{path: "/regions/{id...}", nav: "/regions", title: "Region", content: region},
	{path: "/cold-starts", tables: "/cold-starts", nav: "/cold-starts", title: "Cold starts", content: coldStarts},
	{
		path: "/cold-starts/model", tables: "/cold-starts/model", nav: "/cold-starts", title: "Cold starts: model",
		content: coldModel,
	},
	{path: "/cache", tables: "/cache", nav: "/cache", title: "Cache", content: cache},
	{path: "/alerts", tables: "/alerts", nav: "/alerts", title: "Alerts", content: alerts},
	{path: "/cache/advice", tables: "/cache/advice", nav: "/cache", title: "Cache advice", content: cacheAdvice},
	{path: "/routing", tables: "/routing", nav: "/regions", title: "Routing", content: whereServed},
	{path: "/slo", tables: "/slo", nav: "/slo", title: "SLOs", content: slo},
	{path: "/versions", tables: "/versions", nav: "/versions", title: "Versions", content: versions},
	{path: "/explain", tables: "/explain", nav: "/explain", title: "What is wrong", content: explain},
	{path: "/wasm", tables: "/wasm", nav: "/wasm", title: "WASM", content: wasm},
	{path: "/wasm/porting", tables: "/wasm/porting", nav: "/wasm", title: "What WASM saves", content: porting},
	{path: "/cost", tables: "/cost", nav: "/cost", title: "Cost", content: cost},
	{path: "/limits", tables: "/limits", nav: "/limits", title: "Limits", content: limits},
	{path: "/traces", tables: "/traces", nav: "/traces", title: "Traces", content: traces},
	{path: "/traces/{id}", nav: "/traces", title: "Trace", content: trace},
	{path: "/runs", tables: "/runs", nav: "/runs", title: "Load tests", content: runs},
	{path: "/runs/{id}", nav: "/runs", title: "Load test", content: run},
}

func (s *Site) routes() {
	for _, pg := range pages {
		h := s.Private(s.handle(pg))
		s.mux.Handle("GET "+pg.path, h)
		if pg.tables != "" {
			s.mux.Handle("GET "+pg.tables+".csv", h)
			s.mux.Handle("GET "+pg.tables+".json", h)
		}
		if part.Follows(pg.path) {
			s.mux.Handle("GET /live"+strings.TrimSuffix(pg.path, "/{$}"), s.Private(s.stream(pg)))
		}
	}
	s.signInRoutes()
	s.mux.HandleFunc("GET /theme", s.theme)
	s.mux.Handle("GET /assets/{name}", s.assets)
	s.mux.HandleFunc("GET /favicon.svg", favicon)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	s.mux.HandleFunc("GET /readyz", s.ready)
	s.mux.Handle("GET /", s.Private(http.HandlerFunc(s.notFound)))
}

// handle serves a page as HTML, or one of its tables when the path ends in .csv or .json.
func (s *Site) handle(pg page) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, format := cutFormat(r.URL.Path)
		id, _ := cutFormat(r.PathValue("id"))
		if r.PathValue("id") == "" {
			id = ""
		}
		if target == "/overview" {
			target = "/"
		}
		p, content, err := s.answer(r, pg, target, id)
		if err != nil && r.Context().Err() != nil {
			return
		}
		if s.o.SignIn.Tokens && refused(err) { // the token was withdrawn, or the session has ended
			s.askToSignIn(w, r, err)
			return
		}
		if err != nil {
			p.Problem = s.problem(r, err)
		}
		if format != "" {
			s.export(w, r, p, content.Tables, format)
			return
		}
		s.render(w, r, p, content)
	})
}

// cutFormat takes .csv or .json off a path.
func cutFormat(path string) (target, format string) {
	for _, f := range []string{"csv", "json"} {
		if cut, ok := strings.CutSuffix(path, "."+f); ok {
			return cut, f
		}
	}
	return path, ""
}

// answer asks the page's question. Its Page is ready for the shell also when there is an error.
func (s *Site) answer(r *http.Request, pg page, path, id string) (*part.Page, part.Content, error) {
	p := &part.Page{
		Title: pg.title, Nav: pg.nav, URL: &url.URL{Path: path, RawQuery: r.URL.RawQuery}, Now: s.o.Now().UTC(),
		Theme: theme(r), Assets: s.assets.page, Ingest: s.o.Ingest, Targets: s.o.Targets, SignedIn: s.signedIn(r),
	}
	if id != "" {
		p.Title = pg.title + " " + shortID(id)
	}
	values := p.URL.Query()
	if pg.nav == "/traces" && values.Get(query.KeySort) == "" {
		values.Set(query.KeySort, "-start")
	}
	q, err := query.Parse(values, s.o.Now())
	if err != nil {
		// The shell still offers ranges and filters: it shows the default question.
		p.Question, _ = query.Parse(url.Values{}, s.o.Now())
		return p, part.Content{}, err
	}
	p.Question = q
	if id != "" && pg.nav != "/regions" {
		content, err := pg.content(r.Context(), s, p, id) // of one trace or load test, whose time is its own
		return p, content, err
	}
	refusals := s.askRefusals(r.Context(), q)
	content, err := pg.content(r.Context(), s, p, id)
	p.Refusals = <-refusals
	return p, content, err
}

// besideWait is how long a page waits for answers that stand beside its own: what was refused, how promises stand.
const besideWait = 2 * time.Second

// askRefusals asks beside the page's own question what was refused in its range.
func (s *Site) askRefusals(ctx context.Context, q query.Question) <-chan *query.Refusals {
	q = query.Question{From: q.From, To: q.To, Range: q.Range, Live: q.Live}
	return askBeside(ctx, s, "what was refused", q, s.o.Client.Refusals)
}

// askBeside asks something beside a page's own question. A page does without: it gets nil when the collector does not
// answer, as an older one does not.
func askBeside[A any](ctx context.Context, s *Site, what string, q query.Question,
	ask func(context.Context, query.Question) (*A, error),
) <-chan *A {
	answered := make(chan *A, 1)
	go func() {
		ctx, cancel := context.WithTimeout(ctx, besideWait)
		defer cancel()
		answer, err := ask(ctx, q)
		if err != nil && !errors.Is(ctx.Err(), context.Canceled) && !errors.Is(err, query.ErrNotFound) {
			s.o.Log.Warn("the collector does not tell what stands beside a page", slog.String("what", what), slog.Any("error", err))
		}
		if err != nil {
			answer = nil
		}
		answered <- answer
	}()
	return answered
}

// shortID keeps a heading readable: ids of 32 digits are cut to 8.
func shortID(id string) string {
	if len(id) == 32 {
		return id[:8]
	}
	return id
}

// problem turns an error into what the reader sees.
func (s *Site) problem(r *http.Request, err error) *part.Problem {
	var param *query.ParamError
	var api *query.APIError
	switch {
	case errors.As(err, &param):
		return &part.Problem{
			Status: http.StatusBadRequest, Title: "The question can't be understood", Text: param.Reason,
			Key: param.Key, Value: param.Value, Column: param.Column,
		}
	case errors.As(err, &api) && api.Status == http.StatusBadRequest:
		return &part.Problem{
			Status: http.StatusBadRequest, Title: "The question can't be understood", Text: api.Message,
			Key: api.Key, Value: r.URL.Query().Get(api.Key), Column: api.Column,
		}
	case errors.Is(err, query.ErrNotFound):
		return &part.Problem{
			Status: http.StatusNotFound, Title: "Not found", Text: api.Message,
			Detail: "Spans appear within three seconds of their arrival, and are deleted when their retention (30 days by " +
				"default) ends.",
		}
	case refused(err):
		return &part.Problem{
			Status: http.StatusForbidden, Title: "The collector does not let you in",
			Text: err.Error(), Detail: "asked " + s.o.Collector,
		}
	case errors.As(err, &api):
		s.o.Log.Warn("the collector refused a question", slog.String("path", r.URL.Path),
			slog.Int("status", api.Status), slog.Any("error", err))
		return &part.Problem{
			Status: http.StatusBadGateway, Title: "The collector could not answer", Text: api.Message,
			Detail: "asked " + s.o.Collector,
		}
	default:
		s.o.Log.Warn("the collector is unreachable", slog.String("path", r.URL.Path), slog.Any("error", err))
		return &part.Problem{
			Status: http.StatusBadGateway, Title: "The collector is unreachable",
			Text: "Asked " + s.o.Collector + " and got no answer.", Detail: err.Error(),
		}
	}
}

func (s *Site) notFound(w http.ResponseWriter, r *http.Request) {
	q, _ := query.Parse(url.Values{}, s.o.Now()) // no keys: nothing to be wrong
	p := &part.Page{
		Title: "Not found", URL: &url.URL{Path: "/"}, Question: q, Now: s.o.Now().UTC(), Theme: theme(r),
		Assets:   s.assets.page,
		SignedIn: s.signedIn(r),
		Problem: &part.Problem{
			Status: http.StatusNotFound, Title: "No such page", Text: "There is no page at " + r.URL.Path + ".",
		},
	}
	s.render(w, r, p, part.Content{})
}

// ready tells whether the collector answers.
func (s *Site) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	q, _ := query.Parse(url.Values{query.KeyRange: {"1m"}}, s.o.Now())                        // a good value
	if _, err := s.o.Client.Runs(ctx, q); err != nil && (!s.o.SignIn.on() || !refused(err)) { // a refusal is an answer
		http.Error(w, "the collector at "+s.o.Collector+" does not answer: "+err.Error(), http.StatusServiceUnavailable)
		return
	}
	_, _ = w.Write([]byte("ok\n"))
}
