package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/alert"
	"edgescope/edge"
	"edgescope/edge/place"
	"edgescope/ingest/otlp/series"
	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/internal/signpost"
	"edgescope/query"
	"edgescope/query/aesql"
	"edgescope/query/engine"
	"edgescope/query/gate"
	"edgescope/query/jaeger"
	"edgescope/query/jaeger/monitor"
	"edgescope/query/logsql"
	"edgescope/query/promql"
)

func (c *Collector) serveQueries(ctx context.Context) error {
	c.openGate()
	r := routes{http.NewServeMux(), c.guard, c.questions}
	r.ask(gate.Tongue{Name: "edge"}, query.APIPrefix, query.NewHandler(c.judges.questions.Answers().With(c.judges.answers),
		query.Options{Tenant: access.TenantOf, Logger: c.logger}))
	logs := logsql.New(c.store, query.Options{
		Tenant: access.TenantOf, Logger: c.logger,
		Timeout: c.maxQuestionDuration,
	})
	r.ask(gate.Tongue{Name: "logsql"}, "/select/", logs)
	r.follow(gate.Tongue{Name: "tail"}, logsql.TailPath, logs)
	c.serveJaeger(r)
	c.serveSQL(r)
	c.servePrometheus(r)
	c.serveHealth(r)
	r.admin("GET /metrics", http.HandlerFunc(c.writeMetrics))
	c.serveSnapshots(r)
	r.admin(alert.AdminPrefix, c.judges.alerts.Admin())
	c.servePprof(r)
	hosts, err := c.hosts(c.queryAddr, false)
	if err != nil {
		return err
	}
	front := access.Front{Hosts: hosts}
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: "query", Addr: c.queryAddr, Conns: c.conns, MaxConns: c.connections(), Log: c.logger,
		TLS:     c.certificate.Config(),
		Handler: run.Traced("query", front.Wrap(c.directed(r.mux))),
	})
	if err != nil {
		return err
	}
	c.signs.Opened(signpost.Query, s.Addr())
	c.addrs["query"] = s.Addr()
	c.stack.Push("query listener", s.Stop)
	c.stack.Push("questions", c.questions.Stop) // before the listener: it waits for followers
	return nil
}

func (c *Collector) openGate() {
	c.questions = gate.New(gate.Options{
		AtOnce: c.questionsAtOnce(), Memory: c.questionMemory(), Duration: c.maxQuestionDuration,
		Heap:   c.questionHeap(),
		Tenant: access.TenantOf, Metrics: c.metrics,
	})
}

// directed tells who comes with something that belongs to another port which one that is, and who looks at the root
// what this one is.
func (c *Collector) directed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		where, looks := c.signs.Elsewhere(signpost.Query, r), r.Method == http.MethodGet || r.Method == http.MethodHead
		switch {
		case where == "" && r.URL.Path == "/" && looks:
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			io.WriteString(w, c.signs.Here(signpost.Query))
		case where == "":
			next.ServeHTTP(w, r)
		case looks:
			access.Answer(w, http.StatusNotFound, "not_found", where)
		default: // perhaps of a client of OTLP, which reads answers in its own encoding
			c.door.Refuse(w, r, http.StatusNotFound, "elsewhere", where)
		}
	})
}

func placeOf(code string) (engine.Place, bool) {
	p, ok := place.Lookup(code)
	return engine.Place{City: p.City, Country: p.Country, Lat: p.Lat, Lon: p.Lon}, ok
}

// serveJaeger serves Jaeger's API below its own prefix and at the root.
func (c *Collector) serveJaeger(r routes) {
	spans := jaeger.New(c.store, query.Options{Tenant: access.TenantOf, Logger: c.logger},
		monitor.New(c.store, time.Now).Answer)
	tongue := gate.Tongue{Name: "jaeger", Fail: jaeger.Fail}
	r.ask(tongue, jaeger.Prefix+"/", spans)
	for _, path := range jaeger.Roots {
		r.ask(tongue, path, spans)
	}
}

// servePrometheus serves Prometheus' API, and the engine's pages where there is one tenant.
func (c *Collector) servePrometheus(r routes) {
	samples := promql.New(c.store, promql.Options{
		Options: query.Options{Tenant: access.TenantOf, Logger: c.logger, Timeout: c.maxQuestionDuration},
		Pages:   !c.on(), Described: c.metadata,
	})
	for _, path := range promql.Paths() {
		r.ask(gate.Tongue{Name: "promql", Fail: promql.Fail}, path, samples)
	}
	for _, path := range promql.PagePaths() {
		r.read(path, samples) // files
	}
}

// metadata is what senders say of a tenant's metrics, as Prometheus calls it.
func (c *Collector) metadata(tenant edge.Tenant) map[string]promql.Metadata {
	all := map[string]promql.Metadata{}
	for name, d := range c.described(tenant) {
		m := promql.Metadata{Type: promql.Gauge, Help: d.Help, Unit: d.Unit}
		switch {
		case d.Kind == series.Sum && d.Monotonic:
			m.Type = promql.Counter
		case d.Kind == series.Histogram || d.Kind == series.ExponentialHistogram:
			m.Type = promql.Histogram
		case d.Kind == series.Summary:
			m.Type = promql.Summary
		}
		all[name] = m
	}
	return all
}

// serveHealth tells whether the collector lives and takes telemetry, as orchestrators, clients of VictoriaLogs and
// promtool ask.
func (c *Collector) serveHealth(r routes) {
	says := func(text string) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) })
	}
	r.open("GET /health", says("OK"))
	for _, path := range []string{"/healthz", "/-/healthy"} {
		r.open("GET "+path, says("ok\n"))
	}
	for _, path := range []string{"/readyz", "/-/ready"} {
		r.open("GET "+path, run.Handle(c.logger, c.ready))
	}
}

// serveSQL serves the SQL API of Analytics Engine.
func (c *Collector) serveSQL(r routes) {
	r.ask(gate.Tongue{Name: "sql", Fail: aesql.Fail}, aesql.Prefix, aesql.New(c.store, aesql.Options{
		Options: query.Options{Tenant: c.ofAccount, Logger: c.logger, Timeout: c.maxQuestionDuration},
		Strict:  c.aesqlStrict,
	}))
}

// ofAccount returns whose a question to an account is: the tenant's that asks, as everywhere. It fails when the account
// is known to be another tenant's, so that a program that mixes up its accounts is not answered with what it did not
// ask for. Any other text is as good as the right one: Cloudflare's numbers need not be in the file of tokens.
func (c *Collector) ofAccount(r *http.Request) (edge.Tenant, error) {
	tenant, err := access.TenantOf(r)
	if err != nil {
		return 0, err //nolint:wrapcheck // told as it is
	}
	account := aesql.Account(r)
	if of, named := c.guard.Member(account); named && of != tenant {
		return 0, fmt.Errorf("the token is not of the account %q: ask the account of its tenant", account)
	}
	return tenant, nil
}

// ready answers 200 while telemetry is taken.
func (c *Collector) ready(w http.ResponseWriter, _ *http.Request) error {
	if err := c.unready(); err != nil {
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: err.Error()}
	}
	io.WriteString(w, "ready\n")
	return nil
}

// unready returns why telemetry is not taken now, nil while it is.
func (c *Collector) unready() error {
	if !c.started.Load() {
		return errors.New("starting")
	}
	if c.stopping.Load() {
		return errors.New("stopping")
	}
	select {
	case <-c.pipeline.Ready():
	default:
		return errors.New("replaying the log")
	}
	return c.store.Writable()
}

func (c *Collector) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	c.metrics.WritePrometheus(w)
	c.store.WriteMetrics(w)
	metrics.WriteProcessMetrics(w)
}
