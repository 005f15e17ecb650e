package main

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/edgemodule"
	"edgescope/ingest/otlp"
	"edgescope/ingest/workers"
	"edgescope/internal/access"
	"edgescope/internal/run"
)

// openReceiver makes the one OTLP receiver that both listeners share, with the doors for data points and tail events behind it.
func (c *collector) openReceiver(ctx context.Context) error {
	layouts := map[string]analyticsengine.Layout{}
	for _, spec := range c.layouts {
		dataset, layout, err := analyticsengine.ParseLayout(spec)
		if err != nil {
			return run.Usage("--dataset-layout: %w", err)
		}
		layouts[dataset] = layout
	}
	points, err := analyticsengine.New(analyticsengine.Options{
		Sink: metered{c.pipeline}, MaxBody: c.maxBody, MaxInFlight: c.maxInFlight, Layouts: layouts, Admit: c.admitPoints, Logger: c.logger,
	})
	if err != nil {
		return err
	}
	tails, err := c.openTails(ctx)
	if err != nil {
		return err
	}
	c.receiver, err = otlp.New(otlp.Options{
		Sink: metered{c.pipeline}, Samples: c.takeSamples, MaxAge: c.retentionSamples,
		MaxBody: c.maxBody, MaxInFlight: c.maxInFlight, Admit: c.admitOTLP, CORSOrigins: c.corsOrigins,
		DataPoints: points, Metrics: c.metrics, Logger: c.logger,
		Workerd: func(w http.ResponseWriter, r *http.Request, body []byte) bool {
			return points.Workerd(w, r, body) || tails.Tail(w, r, body)
		},
	})
	return err
}

// takeSamples keeps the numbers of a client's metrics, each of which counts as an event against the rate of who sent them.
func (c *collector) takeSamples(ctx context.Context, b *edge.Batch) (repeated bool, err error) {
	repeated, err = c.pipeline.Samples(ctx, b)
	if err == nil {
		access.Spend(ctx, 0, len(b.Samples))
	}
	return repeated, err
}

// openTails makes the receiver of tail events. Its routes are those that the pipeline would infer, and as bounded.
func (c *collector) openTails(ctx context.Context) (*workers.Receiver, error) {
	routes := platform.New(platform.Options{})
	tails, err := workers.Open(ctx, workers.Options{
		Sink: metered{c.pipeline}, MaxInFlight: c.maxInFlight, Tenant: admitted, Logger: c.logger,
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

func (c *collector) serveHTTP(ctx context.Context) error {
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: "ingest", Addr: c.httpAddr, Log: c.logger, TLS: c.certificate.Config(),
		Handler: edgemodule.Handler(run.Traced("ingest", access.Meter(c.receiver.Handler()))),
	})
	if err != nil {
		return err
	}
	c.stack.Push("ingest listener", s.Stop)
	return nil
}

func (c *collector) serveGRPC(ctx context.Context) error {
	listener, err := run.Listen(ctx, c.logger, "otlp-grpc", c.grpcAddr)
	if err != nil {
		return err
	}
	options := append(c.receiver.ServerOptions(),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTime}),
		grpc.ConnectionTimeout(connectTime), grpc.StatsHandler(grpcMeter{}))
	if c.certificate != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(c.certificate.Config())))
	}
	server := grpc.NewServer(options...)
	c.receiver.Register(server)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	c.stack.Push("gRPC listener", func(ctx context.Context) error {
		keep := context.AfterFunc(ctx, server.Stop)
		defer keep()
		server.GracefulStop()
		if err := <-failed; !errors.Is(err, grpc.ErrServerStopped) {
			return err
		}
		return nil
	})
	return nil
}
