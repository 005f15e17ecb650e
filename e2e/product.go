package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"sync"

	"edgescope/internal/run"
)

// Options say how to run the whole product on this machine.
type Options struct {
	// Bin is the folder of the built programs.
	Bin string
	// DataDir is the collector's.
	DataDir string
	// Policy is the collector's policy file, "" for none.
	Policy string
	// WASMBench is the folder wasm-bench, with node_modules.
	WASMBench string
	// OTLPGRPC, Ingest, Query and Web are the addresses to listen on; a free port of 127.0.0.1 where they are empty.
	OTLPGRPC, Ingest, Query, Web string
	// Regions are Regions() if nil.
	Regions []Region
	// Log takes what all programs log, a name before each line; nil drops it.
	Log io.Writer
}

// Product is everything but the load: collector, dashboard and the edge function.
type Product struct {
	Collector, Dashboard *Program
	Edge                 *Edge

	bin      string
	logs     *logs
	stack    run.Stack
	watching sync.WaitGroup
	ended    chan string // holds a name for each program
}

// Start starts collector, dashboard and regions, in this order. What had started is stopped when something fails.
func Start(ctx context.Context, o Options) (*Product, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.Regions == nil {
		o.Regions = Regions()
	}
	p := &Product{bin: o.Bin, logs: &logs{to: o.Log}, ended: make(chan string, 2+len(o.Regions))}
	for _, step := range []func(context.Context, Options) error{p.startCollector, p.startDashboard, p.startEdge} {
		if err := step(ctx, o); err != nil {
			return nil, errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}
	return p, nil
}

// watch has Ended tell when the program ends.
func (p *Product) watch(name string, exited <-chan struct{}) {
	p.watching.Go(func() {
		<-exited
		p.ended <- name
	})
}

// Ended returns the names of programs that end, be it that Stop ended them: before Stop, any name is one too many.
func (p *Product) Ended() <-chan string { return p.ended }

func (p *Product) startCollector(ctx context.Context, o Options) (err error) {
	p.Collector, err = StartProgram(ctx, Command{
		Path: filepath.Join(o.Bin, "collector"),
		Args: []string{
			"--data-dir", o.DataDir, "--otlp-grpc-addr", orFree(o.OTLPGRPC), "--otlp-http-addr", orFree(o.Ingest),
			"--query-addr", orFree(o.Query), "--policy", o.Policy,
		},
		Listeners: []string{"otlp-grpc", "ingest", "query"},
		Log:       p.logs.writer("collector"),
	})
	if err != nil {
		return err
	}
	p.stack.Push("collector", p.Collector.Stop)
	p.watch("collector", p.Collector.Exited())
	return nil
}

func (p *Product) startDashboard(ctx context.Context, o Options) (err error) {
	p.Dashboard, err = StartProgram(ctx, Command{
		Path: filepath.Join(o.Bin, "dashboard"),
		Args: []string{
			"--collector", p.Collector.URL("query"), "--ingest-url", p.Collector.URL("ingest"),
			"--listen-addr", orFree(o.Web),
		},
		Listeners: []string{"web"},
		Log:       p.logs.writer("dashboard"),
	})
	if err != nil {
		return err
	}
	p.stack.Push("dashboard", p.Dashboard.Stop)
	p.watch("dashboard", p.Dashboard.Exited())
	return nil
}

func (p *Product) startEdge(ctx context.Context, o Options) (err error) {
	p.Edge, err = StartEdge(ctx, EdgeOptions{
		WASMBench: o.WASMBench, Regions: o.Regions, OTLPURL: p.Collector.URL("ingest"),
		AEAddr:  p.Collector.Addr("ingest"),
		Version: run.Version, Log: p.logs.writer,
	})
	if err != nil {
		return err
	}
	p.stack.Push("edge function", p.Edge.Stop)
	for _, region := range o.Regions {
		p.watch(region.Name, p.Edge.Worker(region.Name).Exited())
	}
	return nil
}

// orFree returns the address, or one that takes a free port.
func orFree(addr string) string {
	if addr == "" {
		return "127.0.0.1:0"
	}
	return addr
}

// Loadgen returns the command that runs a script of the folder scenarios against the three regions and tells the
// collector. args are added; the name groups the runs on the dashboard's page. Its console goes to stdout.
func (p *Product) Loadgen(stdout io.Writer, script, name string, args ...string) Command {
	overrides, err := json.Marshal(map[string]any{
		"config": map[string]any{"target": p.Edge.URLs()[p.Edge.regions[0].Name], "regions": p.Edge.URLs()},
	})
	if err != nil {
		panic("BUG: text can't be written as JSON: " + err.Error())
	}
	return Command{
		Path: filepath.Join(p.bin, "loadgen"),
		Args: append([]string{
			"run", script, "--otlp", p.Collector.URL("ingest"), "--run", name, "--overrides", string(overrides),
		}, args...),
		Stdout: stdout,
		Log:    p.logs.writer("loadgen"),
	}
}

// Stop stops everything, in the opposite order: the edge function can tell its last spans, and the dashboard never asks
// a collector that is gone. A second call does nothing.
func (p *Product) Stop(ctx context.Context) error {
	err := p.stack.Stop(ctx)
	p.watching.Wait()
	return err
}
