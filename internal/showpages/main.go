// Command showpages serves the dashboard over made numbers until it is stopped, to be looked at: make pages.
package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"edgescope/internal/run"
	"edgescope/query/client"
	"edgescope/web"
	"edgescope/web/part"
	"edgescope/web/webtest"
)

func main() {
	os.Exit(run.Main("showpages", run.Process{
		Args: os.Args[1:], LookupEnv: os.LookupEnv, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}, serve))
}

// serve serves two things until ctx ends: the dashboard, and the collector that it asks.
func serve(ctx context.Context, p run.Process) (err error) {
	var addr string
	var regions int
	flags := run.NewFlags("showpages",
		"Usage: showpages [flags]\n\nServes the dashboard over made numbers, to be looked at.")
	flags.String(&addr, "listen-addr", "127.0.0.1:4399", "serve the pages at this `address`")
	flags.Int(&regions, "regions", webtest.Places, "show this `number` of regions")
	if _, err := flags.Parse(p.Args, p.LookupEnv, p.Stdout); err != nil {
		return err
	}
	var stack run.Stack
	defer func() { err = errors.Join(err, stack.Stop(context.WithoutCancel(ctx))) }()
	log := slog.New(slog.NewTextHandler(p.Stderr, nil))
	collector, err := run.Serve(ctx,
		run.ServerOptions{Name: "query", Addr: "127.0.0.1:0", Handler: webtest.New(regions), Log: log})
	if err != nil {
		return err
	}
	stack.Push("collector", collector.Stop)
	client, err := client.New("http://"+collector.Addr(), nil)
	if err != nil {
		return err
	}
	site, err := web.New(web.Options{
		Client: client, Collector: collector.Addr(), Ingest: "http://127.0.0.1:4318", Log: log, Every: 2 * time.Second,
		Targets: part.Targets{P95: 150, ErrorRatio: .001}, Now: func() time.Time { return webtest.Now },
	})
	if err != nil {
		return err
	}
	pages, err := run.Serve(ctx, run.ServerOptions{Name: "web", Addr: addr, Handler: site, Log: log})
	if err != nil {
		return err
	}
	stack.Push("pages", pages.Stop)
	stack.Push("live updates", func(context.Context) error { site.Close(); return nil })
	<-ctx.Done()
	return nil
}
