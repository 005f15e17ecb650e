package app

import (
	"context"
	"fmt"
	"net/http"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/body"
	"edgescope/ingest/door"
	"edgescope/ingest/edgemodule"
	"edgescope/ingest/normalize"
	"edgescope/ingest/otlp"
	"edgescope/ingest/otlp/series"
	"edgescope/ingest/otlp/values"
	"edgescope/ingest/refusals"
	"edgescope/ingest/vercel"
	"edgescope/ingest/workers"
	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/internal/signpost"
	"edgescope/store/embedded/waiting"
)

// openDoor makes what lets telemetry in, with the receivers behind it. Both listeners share it.
func (c *Collector) openDoor(ctx context.Context) error {
	kept := door.Metered(c.pipeline)
	points, err := c.openPoints(kept)
	if err != nil {
		return err
	}
	c.openBodies()
	tails, err := c.openTails(ctx, kept)
	if err != nil {
		return err
	}
	drains, err := vercel.New(vercel.Options{Sink: kept})
	if err != nil {
		return err
	}
	receiver, err := otlp.New(otlp.Options{
		Sink: kept,
		Limits: values.Limits{
			Attrs: waiting.MaxAttrs, Key: waiting.MaxKey, ResourceKey: waiting.MaxResourceKey, List: waiting.MaxList,
		},
		Options: series.Options{
			Samples: kept.Samples, MaxAge: c.retentionSamples, MaxSeries: c.metricsMaxSeries,
			Resource: platform.Resource, ResourceLabels: c.metricsResourceLabels,
		},
		Metrics: c.metrics, Logger: c.logger,
	})
	if err != nil {
		return err
	}
	c.described = receiver.Described
	c.door, err = door.New(door.Options{
		OTLP: receiver, Points: points, Drains: drains, Tails: tails,
		Bodies: c.bodies, Admit: c.admit, Signed: c.signed(), Origins: c.corsOrigins,
		Elsewhere: c.elsewhere(signpost.Ingest),
		Refusals:  c.refusals, Metrics: c.metrics, Logger: c.logger,
	})
	return err
}

// openPoints makes the receiver of data points.
func (c *Collector) openPoints(to edge.Sink) (*analyticsengine.Receiver, error) {
	layouts := map[string]analyticsengine.Layout{}
	for _, spec := range c.layouts {
		dataset, layout, err := analyticsengine.ParseLayout(spec)
		if err != nil {
			return nil, run.Usage("--dataset-layout: %w", err)
		}
		layouts[dataset] = layout
	}
	return analyticsengine.New(analyticsengine.Options{Sink: to, Layouts: layouts})
}

// openBodies makes what reads the bodies of all doors, under one budget.
func (c *Collector) openBodies() {
	c.budget = body.NewBudget(c.inFlight())
	for name, value := range map[string]func() int64{
		"edgescope_doors_in_flight_bytes": c.budget.Used, "edgescope_doors_in_flight_peak_bytes": c.budget.Peak,
	} {
		c.metrics.GetOrCreateGauge(name, func() float64 { return float64(value()) })
	}
	uuid, _ := c.store.Identity()
	c.bodies = body.NewReader(body.Options{Budget: c.budget, MaxBody: c.maxBody, Key: uuid})
}

// openRefusals makes what remembers what the doors do not take.
func (c *Collector) openRefusals(ctx context.Context) error {
	uuid, _ := c.store.Identity()
	c.refusals = refusals.New(refusals.Options{
		Collector: uuid, Logger: c.logger,
		Sender: func(ctx context.Context) (edge.Tenant, bool) {
			if c.guard == nil {
				return 0, true
			}
			return access.SenderOf(ctx)
		},
		Count: func(reason string) {
			c.metrics.GetOrCreateCounter(fmt.Sprintf("edgescope_doors_refused_requests_total{reason=%q}", reason)).Inc()
		},
	})
	c.stack.Push("totals of what was not taken", c.refusals.Start(ctx, c.store))
	return nil
}

// openTails makes the receiver of tail events. Its routes are those that the pipeline would infer, and as bounded.
func (c *Collector) openTails(ctx context.Context, to edge.Sink) (*workers.Receiver, error) {
	routes := normalize.New(normalize.Options{})
	tails, err := workers.Open(ctx, workers.Options{
		Sink: to, Logger: c.logger,
		Route: func(service, path string) string {
			request := []edge.Event{{SpanKind: edge.SpanServer, Attrs: []edge.Attr{
				{Key: edge.KeyServiceName, Value: service}, {Key: "url.path", Value: path},
			}}}
			routes.Normalize(request)
			return request[0].Facts.Route
		},
	})
	if err != nil {
		return nil, err
	}
	c.stack.Push("tail events", tails.Close)
	return tails, nil
}

// signed is what the ingest port asks of the drains of Vercel. Without sign-in nobody looks at signatures.
func (c *Collector) signed() door.Signed {
	s := door.Signed{Verify: c.vercelVerify, Budget: c.budget}
	if c.guard != nil {
		s.Admit = c.admitSigned
	}
	return s
}

func (c *Collector) serveHTTP(ctx context.Context) error {
	return c.openPort(ctx, "ingest", c.httpAddr, signpost.Ingest, func(p door.Port) http.Handler {
		return edgemodule.Handler(run.Traced("ingest", c.door.HTTP(p)))
	})
}

// serveGRPC serves gRPC on net/http: docs/adr/010-grpc-on-net-http.md.
func (c *Collector) serveGRPC(ctx context.Context) error {
	health := door.NewHealth(door.HealthOptions{
		Serving:  func() bool { return c.unready() == nil },
		Services: door.Services(),
	})
	err := c.openPort(ctx, "otlp-grpc", c.grpcAddr, signpost.GRPC, func(p door.Port) http.Handler {
		return run.Traced("otlp-grpc", c.door.GRPC(p, health))
	})
	// Who watches health would hold up the listener's stop: they end first.
	c.stack.Push("watches of health", func(context.Context) error { health.Close(); return nil })
	return err
}

func (c *Collector) elsewhere(from signpost.Port) func(*http.Request) string {
	return func(r *http.Request) string { return c.signs.Elsewhere(from, r) }
}

// openPort opens a port for telemetry, with a handler made for it.
func (c *Collector) openPort(
	ctx context.Context, name, addr string, at signpost.Port, handler func(door.Port) http.Handler,
) error {
	hosts, err := c.hosts(addr, true)
	if err != nil {
		return err
	}
	p := door.Port{Hosts: hosts, Here: func() string { return c.signs.Here(at) }, Elsewhere: c.elsewhere(at)}
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: name, Addr: addr, Conns: c.conns, MaxConns: c.connections(), Log: c.logger, TLS: c.certificate.Config(),
		Handler: handler(p),
		Failed: func(w http.ResponseWriter, r *http.Request) {
			c.door.Refuse(w, r, http.StatusInternalServerError, "internal", "internal error")
		},
	})
	if err != nil {
		return err
	}
	c.signs.Opened(at, s.Addr())
	c.addrs[name] = s.Addr()
	c.stack.Push(name+" listener", s.Stop)
	return nil
}
