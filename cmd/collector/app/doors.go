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
	"edgescope/ingest/refusals"
	"edgescope/ingest/vercel"
	"edgescope/ingest/workers"
	"edgescope/internal/access"
	"edgescope/internal/run"
	"edgescope/internal/signpost"
)

// openReceiver makes the one OTLP receiver that both listeners share, with the doors for data points and tail events behind it.
func (c *Collector) openReceiver(ctx context.Context) error {
	layouts := map[string]analyticsengine.Layout{}
	for _, spec := range c.layouts {
		dataset, layout, err := analyticsengine.ParseLayout(spec)
		if err != nil {
			return run.Usage("--dataset-layout: %w", err)
		}
		layouts[dataset] = layout
	}
	c.openBodies()
	points, err := analyticsengine.New(analyticsengine.Options{
		Sink: metered{c.pipeline}, Bodies: c.bodies, Layouts: layouts, Admit: c.admitPoints, Refusals: c.refusals, Logger: c.logger,
	})
	if err != nil {
		return err
	}
	tails, err := c.openTails(ctx)
	if err != nil {
		return err
	}
	drains, err := vercel.New(vercel.Options{Sink: metered{c.pipeline}, Refusals: c.refusals, Tenant: admitted, Logger: c.logger})
	if err != nil {
		return err
	}
	c.receiver, err = otlp.New(otlp.Options{
		Sink: metered{c.pipeline},
		Options: series.Options{
			Samples: c.takeSamples, MaxAge: c.retentionSamples, MaxSeries: c.metricsMaxSeries,
			Resource: platform.Resource, ResourceLabels: c.metricsResourceLabels,
		},
		Bodies: c.bodies, Admit: c.admitOTLP, Refusals: c.refusals,
		Elsewhere: c.elsewhere(signpost.Ingest), DataPoints: points, Metrics: c.metrics, Logger: c.logger,
		Workerd: func(w http.ResponseWriter, r *http.Request, b *body.Body) bool {
			return points.Workerd(w, r, b) || drains.Logs(w, r, b) || tails.Tail(w, r, b)
		},
	})
	return err
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

// takeSamples keeps the numbers of a client's metrics, each of which counts as an event against the rate of who sent them.
func (c *Collector) takeSamples(ctx context.Context, b *edge.Batch) (repeated bool, err error) {
	repeated, err = c.pipeline.Samples(ctx, b)
	if err == nil {
		access.Spend(ctx, 0, len(b.Samples))
	}
	return repeated, err
}

// openTails makes the receiver of tail events. Its routes are those that the pipeline would infer, and as bounded.
func (c *Collector) openTails(ctx context.Context) (*workers.Receiver, error) {
	routes := normalize.New(normalize.Options{})
	tails, err := workers.Open(ctx, workers.Options{
		Sink: metered{c.pipeline}, Refusals: c.refusals, Tenant: admitted, Logger: c.logger,
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

// drains is what the ingest port asks of the drains of Vercel. Without sign-in nobody looks at signatures.
func (c *Collector) drains() vercel.DoorOptions {
	o := vercel.DoorOptions{Verify: c.vercelVerify, Bodies: c.bodies, Budget: c.budget, Refusals: c.refusals}
	if c.guard != nil {
		o.Admit = c.admitSigned
	}
	return o
}

func (c *Collector) serveHTTP(ctx context.Context) error {
	receive := vercel.Door(door.CORS(c.corsOrigins, door.Ingest(c.door(signpost.Ingest))), c.drains())
	return c.openDoor(ctx, "ingest", c.httpAddr, signpost.Ingest, func(front *access.Front) http.Handler {
		front.Origins = c.corsOrigins
		return edgemodule.Handler(run.Traced("ingest", access.Meter(front.Wrap(receive))))
	})
}

// serveGRPC serves gRPC on net/http: docs/adr/010-grpc-on-net-http.md.
func (c *Collector) serveGRPC(ctx context.Context) error {
	health := door.NewHealth(door.HealthOptions{Serving: func() bool { return c.unready() == nil }, Services: otlp.Services()})
	receive := door.GRPC(c.door(signpost.GRPC), health)
	err := c.openDoor(ctx, "otlp-grpc", c.grpcAddr, signpost.GRPC, func(front *access.Front) http.Handler {
		return run.Traced("otlp-grpc", access.Meter(front.Wrap(receive)))
	})
	// Who watches health would hold up the listener's stop: they end first.
	c.stack.Push("watches of health", func(context.Context) error { health.Close(); return nil })
	return err
}

// door is what a port for telemetry needs to know.
func (c *Collector) door(at signpost.Port) door.Options {
	return door.Options{Receiver: c.receiver, Here: func() string { return c.signs.Here(at) }, Elsewhere: c.elsewhere(at)}
}

func (c *Collector) elsewhere(from signpost.Port) func(*http.Request) string {
	return func(r *http.Request) string { return c.signs.Elsewhere(from, r) }
}

// openDoor opens a port for telemetry, with a handler made around what requests must pass first.
func (c *Collector) openDoor(ctx context.Context, name, addr string, at signpost.Port, handler func(*access.Front) http.Handler) error {
	hosts, err := c.hosts(addr, true)
	if err != nil {
		return err
	}
	front := &access.Front{Hosts: hosts, Refuse: func(w http.ResponseWriter, r *http.Request, f access.Refusal) {
		c.receiver.Refuse(w, r, f.Status, f.Reason, f.Message)
	}}
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: name, Addr: addr, Conns: c.conns, MaxConns: c.connections(), Log: c.logger, TLS: c.certificate.Config(), Handler: handler(front),
		Failed: func(w http.ResponseWriter, r *http.Request) {
			c.receiver.Refuse(w, r, http.StatusInternalServerError, "internal", "internal error")
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
