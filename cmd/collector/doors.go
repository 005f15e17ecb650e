package main

import (
	"context"
	"errors"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"

	"edgescope/ingest/analyticsengine"
	"edgescope/ingest/otlp"
	"edgescope/internal/run"
)

// openReceiver makes the one OTLP receiver that both listeners share, with the door for data points behind it.
func (c *collector) openReceiver(context.Context) error {
	layouts := map[string]analyticsengine.Layout{}
	for _, spec := range c.layouts {
		dataset, layout, err := analyticsengine.ParseLayout(spec)
		if err != nil {
			return run.Usage("--dataset-layout: %w", err)
		}
		layouts[dataset] = layout
	}
	points, err := analyticsengine.New(analyticsengine.Options{
		Sink: c.pipeline, MaxBody: c.maxBody, MaxInFlight: c.maxInFlight, Layouts: layouts, Logger: c.logger,
	})
	if err != nil {
		return err
	}
	c.receiver, err = otlp.New(otlp.Options{
		Sink: c.pipeline, MaxBody: c.maxBody, MaxInFlight: c.maxInFlight, CORSOrigins: c.corsOrigins,
		DataPoints: points, Workerd: points.Workerd, Metrics: c.metrics, Logger: c.logger,
	})
	return err
}

func (c *collector) serveHTTP(ctx context.Context) error {
	s, err := run.Serve(ctx, run.ServerOptions{
		Name: "ingest", Addr: c.httpAddr, Handler: run.Traced("ingest", c.receiver.Handler()), Log: c.logger,
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
	server := grpc.NewServer(append(c.receiver.ServerOptions(),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: idleTime}),
		grpc.ConnectionTimeout(connectTime))...)
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
