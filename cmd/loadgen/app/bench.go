package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/internal/wasmbench"
	"edgescope/report"
	"edgescope/report/send"
)

const benchUsage = `Usage: loadgen bench [flags]

Compares image kernels in JavaScript and WebAssembly on workerd: one process per
engine, warm, operations interleaved at random, ratios with 95 % intervals, and
an A/A control. docs/wasm-bench.md says what the numbers mean. It takes minutes,
and other work on the machine spoils wall times first, CPU times last.

The engines c and c-plain (they need gcc or clang, and AVX2) and go are native,
to compare with.
go-wasm is built before: npm run wasm:go --prefix wasm-bench

Exit codes: 0 measured; 1 an engine computes other bytes than it should; 2 bad
usage; 3 could not run. workerd comes with: npm ci --prefix wasm-bench`

// benchFlags say what to compare and where the result goes.
type benchFlags struct {
	sizes, engines, runtime, dir string
	rounds, generations, seed    int
	output, markdown, html       string
	otlp, name                   string
	quiet, codecs                bool
}

func (b *benchFlags) register(f *run.Flags) {
	f.Group("What to compare")
	f.String(&b.sizes, "sizes", "small,medium", "`list` of "+strings.Join(wasmbench.SizeNames(), ", "))
	f.String(&b.engines, "engines", strings.Join(wasmbench.DefaultEngines(), ","),
		"`list` of "+strings.Join(wasmbench.EngineNames(), ", ")+"; js is always measured")
	f.String(&b.runtime, "runtime", "workerd", "`name`: "+strings.Join(wasmbench.RuntimeNames(), ", "))
	f.Bool(&b.codecs, "codecs", false, "measure JPEG decoding and encoding too, apart from the ratios")
	f.String(&b.dir, "wasm-bench", "wasm-bench", "`folder` of the edge function")
	f.Group("How")
	f.Int(&b.rounds, "rounds", 30, "`n` rounds of each size")
	f.Int(&b.generations, "generations", 0, "`n` sets of fresh processes that share the rounds; one for every 10 "+
		"rounds by default")
	f.Int(&b.seed, "seed", 0, "`number` that fixes the order and the intervals; a new one by default")
	f.Group("Results")
	f.String(&b.output, "output", "", "JSON: `file`, or a directory to put it in")
	f.Alias("o", "output")
	f.String(&b.markdown, "markdown", "", "the table as Markdown, to `file`")
	f.String(&b.html, "html", "", "a page with charts that needs nothing beside it, to `file`")
	f.String(&b.otlp, "otlp", "", "send the result to the collector at `URL`, for the dashboard's page WASM")
	f.String(&b.name, "run", "wasm-vs-js", "`name` that comparisons of one kind share")
	f.Bool(&b.quiet, "quiet", false, "print only the table")
	f.Alias("q", "quiet")
}

func (b *benchFlags) options(f *run.Flags, p run.Process) (wasmbench.Options, error) {
	o := wasmbench.Options{
		Dir: b.dir, Runtime: b.runtime, Sizes: list(b.sizes), Engines: list(b.engines), Rounds: b.rounds,
		Generations: b.generations, Codecs: b.codecs,
		Seed: uint64(b.seed), Progress: p.Stderr,
	}
	if !f.Given("seed") {
		o.Seed = uint64(rand.Uint32()) // it fits a JSON number
	}
	if b.quiet {
		o.Progress = io.Discard
	}
	self, err := os.Executable()
	if err != nil {
		return o, couldNot(err)
	}
	o.GoServer = []string{self, "bench-engine"}
	return o, nil
}

// list splits at commas.
func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

func benchEngines(ctx context.Context, p run.Process) (err error) {
	f := run.NewFlags("loadgen bench", benchUsage)
	var flags benchFlags
	flags.register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return run.Usage("bench takes no operands, got %q (see --help)", operands[0])
	}
	options, err := flags.options(f, p)
	if err != nil {
		return err
	}
	to, err := console(p, flags.output, flags.markdown, flags.html)
	if err != nil {
		return err
	}
	outputs, err := flags.open(ctx, p)
	if err != nil {
		return couldNot(err)
	}
	defer func() { err = errors.Join(err, outputs.abandon(ctx)) }()
	sender, err := flags.sender(ctx, p)
	if err != nil {
		return run.Usage("%w", err)
	}
	result, err := wasmbench.Run(ctx, options)
	if err != nil {
		return errors.Join(benchError(ctx, err), sender.close(ctx))
	}
	result.Name, result.Commit = flags.name, commitOf(p)
	sent := sender.send(ctx, result)
	// The table first: what took minutes is not lost with a file that can't be written.
	if err := errors.Join(result.WriteTable(to), outputs.write(result), sent); err != nil {
		return couldNot(err)
	}
	return nil
}

// benchError gives a failed comparison its exit code.
func benchError(ctx context.Context, err error) error {
	var usage *wasmbench.UsageError
	var hash *wasmbench.HashError
	switch {
	case ctx.Err() != nil:
		return &run.CodeError{Code: report.ExitInterrupted, Err: errors.New("interrupted: nothing was written")}
	case errors.As(err, &usage):
		return run.Usage("%w (see --help)", err)
	case errors.As(err, &hash):
		return &run.CodeError{Code: report.ExitThreshold, Err: err}
	default:
		return couldNot(err)
	}
}

// benchOutputs are the files of a result, opened before anything is measured.
type benchOutputs []benchOutput

type benchOutput struct {
	*output
	write func(*wasmbench.Result, io.Writer) error
}

func (b *benchFlags) open(ctx context.Context, p run.Process) (benchOutputs, error) {
	var opened benchOutputs
	for _, file := range []struct {
		path, name string
		write      func(*wasmbench.Result, io.Writer) error
	}{
		{b.output, "wasm-bench.json", (*wasmbench.Result).WriteJSON},
		{b.markdown, "wasm-bench.md", (*wasmbench.Result).WriteMarkdown},
		{b.html, "wasm-bench.html", (*wasmbench.Result).WriteHTML},
	} {
		o, err := openOutput(p, file.path, file.name)
		if err != nil {
			return nil, errors.Join(err, opened.abandon(ctx))
		}
		opened = append(opened, benchOutput{o, file.write})
	}
	return opened, nil
}

func (outputs benchOutputs) abandon(ctx context.Context) error {
	var errs []error
	for _, o := range outputs {
		errs = append(errs, o.abandon(ctx))
	}
	return errors.Join(errs...)
}

func (outputs benchOutputs) write(r *wasmbench.Result) error {
	for _, o := range outputs {
		if err := o.fill(func(w io.Writer) error { return o.write(r, w) }); err != nil {
			return err
		}
	}
	return nil
}

// serveGoEngine is the process of the engine go, which bench starts: it is loadgen itself.
func serveGoEngine(ctx context.Context, p run.Process) error {
	if err := wasmbench.ServeGo(ctx, p.Stdin, p.Stdout); err != nil {
		return couldNot(err)
	}
	return nil
}

// benchSender sends a comparison to a collector. A nil one sends nothing: nobody asked for it.
type benchSender struct {
	to        string
	collector *send.Client
}

func (b *benchFlags) sender(ctx context.Context, p run.Process) (*benchSender, error) {
	if b.otlp == "" {
		return nil, nil //nolint:nilnil // see benchSender
	}
	traces, err := send.TracesURL(b.otlp)
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(p.Stderr, nil))
	collector, err := send.Open(ctx, send.Options{URL: traces, Version: run.Version}, log)
	if err != nil {
		return nil, err
	}
	return &benchSender{b.otlp, collector}, nil
}

// send gives the result the id of its span, sends it as that span and waits until the collector has it.
func (s *benchSender) send(ctx context.Context, r *wasmbench.Result) error {
	if s == nil {
		return nil
	}
	ended := r.Started.Add(time.Duration(r.Took * float64(time.Second)))
	_, span := s.collector.Tracer().Start(ctx, edge.BenchSpan, trace.WithNewRoot(), trace.WithTimestamp(r.Started))
	r.ID = span.SpanContext().TraceID().String()
	text, err := json.Marshal(&r.Bench)
	if err != nil {
		return fmt.Errorf("send the comparison: %w", err)
	}
	span.SetAttributes(attribute.String(edge.BenchAttr, string(text)), attribute.String(edge.BenchNameAttr, r.Name))
	span.End(trace.WithTimestamp(ended))
	return s.close(ctx)
}

// close waits for what is queued. What the collector did not take is an error: the comparison cost minutes.
func (s *benchSender) close(ctx context.Context) error {
	if s == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	lost, err := s.collector.Close(ctx)
	if err == nil && lost > 0 {
		err = fmt.Errorf("send the comparison: %s did not take it", s.to)
	}
	return err
}
