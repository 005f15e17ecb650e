package main

import (
	"context"
	"io"
	"net/http"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/edge/place"
	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/query"
	"edgescope/query/jaeger"
	"edgescope/query/logsql"
)

func (c *collector) serveQueries(ctx context.Context) error {
	engine := query.NewEngine(c.store, query.EngineOptions{
		Logger: c.logger, Colo: placeOf, Retention: c.retentionEvents, RefusalExample: c.refusals.Example,
	})
	r := routes{http.NewServeMux(), c.guard}
	r.read(query.APIPrefix, query.NewHandler(engine, query.HandlerOptions{Tenant: access.TenantOf, Logger: c.logger}))
	r.read("/select/logsql/", logsql.New(c.store, logsql.Options{Tenant: access.TenantOf, Logger: c.logger}))
	c.serveJaeger(r)
	for _, prefix := range []string{"/api/v1/", "/prometheus/", "/vmui/"} {
		r.read(prefix, http.HandlerFunc(c.prometheus))
	}
	r.open("GET /healthz", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ok\n") }))
	r.open("GET /readyz", run.Handle(c.logger, c.ready))
	r.admin("GET /metrics", http.HandlerFunc(c.writeMetrics))
	c.serveSnapshots(r)
	c.servePprof(r)
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: "query", Addr: c.queryAddr, Conns: c.conns, MaxConns: c.connections(), Log: c.logger, TLS: c.certificate.Config(),
		Handler: run.Traced("query", r.mux),
	})
	if err != nil {
		return err
	}
	c.stack.Push("query listener", s.Stop)
	return nil
}

func placeOf(code string) (query.Place, bool) {
	p, ok := place.Lookup(code)
	return query.Place{City: p.City, Country: p.Country, Lat: p.Lat, Lon: p.Lon}, ok
}

// serveJaeger serves Jaeger's API below its own prefix and at the root.
func (c *collector) serveJaeger(r routes) {
	spans := jaeger.New(c.store, jaeger.Options{Tenant: access.TenantOf, Logger: c.logger})
	r.read(jaeger.Prefix+"/", spans)
	for _, path := range jaeger.Roots {
		r.read(path, spans)
	}
}

// ready answers 200 while telemetry is taken.
func (c *collector) ready(w http.ResponseWriter, _ *http.Request) error {
	if !c.started.Load() {
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: "starting"}
	}
	if c.stopping.Load() {
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: "stopping"}
	}
	select {
	case <-c.pipeline.Ready():
	default:
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: "replaying the log"}
	}
	if err := c.store.Writable(); err != nil {
		return &run.HTTPError{Code: http.StatusServiceUnavailable, Msg: err.Error()}
	}
	io.WriteString(w, "ready\n")
	return nil
}

func (c *collector) writeMetrics(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	c.metrics.WritePrometheus(w)
	c.store.WriteMetrics(w)
	metrics.WriteProcessMetrics(w)
}
