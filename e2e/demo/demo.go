package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"

	"edgescope/e2e"
	"edgescope/internal/run"
)

const usage = `
Usage: demo [flags]

Runs the whole product on this machine: the collector, the dashboard, an edge function on workerd in three regions, and
load tests against it until Ctrl-C. Start it with: make run
`

// options are what the command line says.
type options struct {
	bin, dataDir, root string
	once               bool
}

func (o *options) register(f *run.Flags) {
	f.String(&o.bin, "bin", "bin", "`folder` of the built programs")
	f.String(&o.dataDir, "data-dir", filepath.Join("data", "demo"), "`folder` of the collector's data and of the log")
	f.String(&o.root, "root", ".", "`folder` of the repository: its wasm-bench and scenarios are used")
	f.Bool(&o.once, "once", false, "run each load test once and end")
}

// show is a running demo.
type show struct {
	options
	out     io.Writer
	product *e2e.Product
	log     *os.File
}

// demo starts everything, runs load tests, and stops everything in the opposite order.
func demo(ctx context.Context, p run.Process) error {
	s := &show{out: p.Stdout}
	flags := run.NewFlags("demo", usage)
	s.register(flags)
	operands, err := flags.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return run.Usage("unexpected argument %q (see --help)", operands[0])
	}
	if err := s.start(ctx); err != nil {
		if ctx.Err() != nil {
			err = nil // Ctrl-C while it starts is no error
		}
		return errors.Join(err, s.stop(ctx))
	}
	s.introduce()
	return errors.Join(s.load(ctx), s.stop(ctx))
}

// start opens the log and starts the product.
func (s *show) start(ctx context.Context) error {
	if err := os.MkdirAll(s.dataDir, 0o755); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	var err error
	if s.log, err = os.Create(filepath.Join(s.dataDir, "demo.log")); err != nil {
		return fmt.Errorf("make the log: %w", err)
	}
	s.say("starting the collector, the dashboard and three regions ...")
	s.product, err = e2e.Start(ctx, e2e.Options{
		Bin: s.bin, DataDir: filepath.Join(s.dataDir, "collector"), WASMBench: filepath.Join(s.root, "wasm-bench"),
		Policy:   filepath.Join(s.root, "e2e", "demo", "policy.yml"),
		OTLPGRPC: s.preferred(ctx, "127.0.0.1:4317"), Ingest: s.preferred(ctx, "127.0.0.1:4318"),
		Query: s.preferred(ctx, "127.0.0.1:4320"), Web: s.preferred(ctx, "127.0.0.1:4321"),
		Log: s.log,
	})
	return err
}

// stop stops what was started. It has a deadline of its own: ctx, that of the demo, is over by then.
func (s *show) stop(ctx context.Context) error {
	var err error
	if s.product != nil {
		s.say("stopping ...")
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
		defer cancel()
		err = s.product.Stop(ctx)
	}
	if s.log != nil {
		err = errors.Join(err, s.log.Close())
	}
	if err == nil && s.product != nil {
		s.say("stopped; the data stays in %s", s.dataDir)
	}
	return err
}

// preferred returns the address if it is free, else "" for any other, and says so.
func (s *show) preferred(ctx context.Context, addr string) string {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", addr)
	if err != nil {
		s.say("note: %s is taken, another port takes its place", addr)
		return ""
	}
	l.Close() //nolint:errcheck // nothing was accepted
	return addr
}

// introduce says where to look.
func (s *show) introduce() {
	s.say("\n  Dashboard   %s/?range=15m\n", s.product.Dashboard.URL("web"))
	s.say("  collector   %s takes OTLP and data points, %s answers", s.product.Collector.URL("ingest"),
		s.product.Collector.URL("query"))
	urls := s.product.Edge.URLs()
	for _, region := range e2e.Regions() {
		s.say("  region %s  %s, %s away (simulated)", region.Name, urls[region.Name], 2*region.Distance)
	}
	s.say("  log         %s\n\nCtrl-C stops all.\n", s.log.Name())
}

func (s *show) say(format string, args ...any) {
	io.WriteString(s.out, fmt.Sprintf(format+"\n", args...))
}
