package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"

	"edgescope/cmd/loadgen/price"
	"edgescope/edge"
	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/load/health"
	"edgescope/report"
	"edgescope/report/compare"
	"edgescope/report/formats"
	"edgescope/report/send"
	"edgescope/scenarios/plan"
)

const (
	// tickEvery is how often the live line is redrawn, sendEvery how often a collector gets a new summary.
	tickEvery = 250 * time.Millisecond
	sendEvery = 10 * time.Second
	// flushTimeout bounds what is still sent after the run.
	flushTimeout = 15 * time.Second
	// interruptedTimeout bounds it from the moment at which the run is interrupted.
	interruptedTimeout = 800 * time.Millisecond
)

// job is one run from its plan to its exit code.
type job struct {
	process run.Process
	flags   runFlags
	plan    *plan.Plan
	info    report.RunInfo
	options load.Options

	out       io.Writer // where the console is
	log       *slog.Logger
	summary   *report.Summary
	console   *formats.Console
	collector *send.Client // nil without --otlp
	json      *output
	vegeta    *output
	baselines []*report.Report
	prices    *price.Pricer // nil without --policy and --plan
	warnings  []string
	abort     chan struct{} // closed when the arrivals are given up
	aborted   string        // why; set before abort is closed
	cpu       health.CPU
	gc        health.GC
	suggested int // exit code that a function of the script asks for; counts when no other does
}

func (j *job) run(ctx context.Context) (err error) {
	if j.log, err = j.flags.log.Logger(j.process.Stderr); err != nil {
		return err
	}
	if j.baselines, err = j.flags.readBaselines(j.process); err != nil {
		return err
	}
	if j.prices, err = j.flags.prices.Open(j.plan.Target); err != nil {
		return err
	}
	allowed, err := j.flags.allowed()
	if err != nil {
		return err
	}
	j.plan.Allow = append(j.plan.Allow, allowed...)
	var stack run.Stack
	defer func() {
		flush, cancel := flushing(ctx)
		defer cancel()
		err = errors.Join(err, stack.Stop(flush))
	}()
	stop, err := run.StartTelemetry(ctx, edge.RunService, j.flags.telemetry, j.log)
	if err != nil {
		return err
	}
	stack.Push("telemetry", stop)
	ctx, span := tracer().Start(ctx, "job")
	defer span.End()
	if err := j.open(ctx, &stack); err != nil {
		return err
	}
	runner, err := j.runner()
	if err != nil {
		return err
	}
	return j.attack(ctx, runner)
}

// tracer makes loadgen's own spans (--otlp-endpoint), which are not those of the load (--otlp).
func tracer() trace.Tracer { return otel.Tracer("edgescope/loadgen") }

// open prepares where the results go, before anything is sent.
func (j *job) open(ctx context.Context, stack *run.Stack) (err error) {
	if j.out, err = j.flags.console(j.process); err != nil {
		return err
	}
	if j.json, err = openOutput(j.process, j.flags.output, reportName(time.Now())); err != nil {
		return couldNot(err)
	}
	stack.Push("report", j.json.abandon)
	if j.vegeta, err = openOutput(j.process, j.flags.vegeta, "results.gob"); err != nil {
		return couldNot(err)
	}
	stack.Push("vegeta results", j.vegeta.abandon)
	if err := j.flags.formats.open(j.process, stack); err != nil {
		return err
	}
	return j.openCollector(ctx, stack)
}

// openCollector opens where spans go: --otlp, else what the script says.
func (j *job) openCollector(ctx context.Context, stack *run.Stack) (err error) {
	o := send.Options{Version: run.Version}
	switch telemetry := j.plan.Telemetry; {
	case j.flags.otlp != "":
		if o.URL, err = send.TracesURL(j.flags.otlp); err != nil {
			return run.Usage("%w", err)
		}
	case telemetry != nil:
		o.URL, o.Headers = telemetry.URL, map[string]string{}
		for _, header := range telemetry.Headers {
			o.Headers[header.Name] = header.Value
		}
	default:
		return nil
	}
	if j.collector, err = send.Open(ctx, o, j.log); err != nil {
		return run.Usage("%w", err)
	}
	stack.Push("collector", func(ctx context.Context) error {
		lost, err := j.collector.Close(ctx)
		if lost > 0 {
			say(j.process.Stderr, "warning: %d spans did not reach %s", lost, o.URL)
		}
		if ctx.Err() == nil {
			return err
		}
		return nil // it stalls, which is no more the run's fault than one that is not there
	})
	return nil
}

// flushing is for what is still sent after a run.
func flushing(ctx context.Context) (context.Context, context.CancelFunc) {
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	unhook := context.AfterFunc(ctx, func() { time.AfterFunc(interruptedTimeout, cancel) })
	return flush, func() { unhook(); cancel() }
}

func (j *job) runner() (*load.Runner, error) {
	o := j.options
	o.Seed, o.MaxConnections, o.UserAgent = j.info.Seed, j.flags.maxConnections, "edgescope-loadgen/"+run.Version
	o.Segment, o.StartAt = j.flags.segments.segment, j.flags.segments.startAt
	var err error
	if o.Network, err = j.flags.network.network(j.process); err != nil {
		return nil, err
	}
	j.abort = make(chan struct{})
	o.Abort = j.abort
	if j.collector != nil {
		o.Tracer, o.RunID = j.collector.Tracer(), j.info.ID
	}
	runner, err := load.New(j.plan, o)
	if err != nil {
		return nil, run.Usage("%w", err)
	}
	j.info.Version, j.info.Protocol, j.info.Network = run.Version, runner.Protocol(), o.Network
	if j.warnings, err = runner.Preflight(health.ThisMachine()); err != nil {
		return nil, couldNot(err)
	}
	for _, w := range j.warnings {
		say(j.process.Stderr, "warning: %s", w)
	}
	return runner, nil
}

// couldNot makes an error end with exit code 3.
func couldNot(err error) error { return &run.CodeError{Code: report.ExitError, Err: err} }

// attack runs the load and tells what came of it.
func (j *job) attack(ctx context.Context, runner *load.Runner) error {
	started := time.Now()
	if at := j.flags.segments.startAt; at.After(started) {
		started = at
	}
	j.summary = report.NewSummary(report.Options{
		Plan: j.plan, Schedule: runner.Schedule(), Started: started, Connections: runner.Connections(),
		Segment: j.flags.segments.segment,
	})
	if err := j.comparable(); err != nil {
		return err
	}
	j.console = &formats.Console{Out: j.out, Quiet: j.flags.quiet, Expect: j.plan.Expect.Format}
	j.console.Live, j.console.Width = formats.Terminal(j.out)
	j.tell(ctx, nil)
	gob := formats.NewVegetaWriter(j.vegeta)
	watched, stop := context.WithCancel(context.WithoutCancel(ctx))
	var watcher sync.WaitGroup
	watcher.Go(func() { j.watch(watched) })
	defer health.Ballast()()
	gc := health.WatchGC()
	running, span := tracer().Start(ctx, "run the load")
	err := runner.Run(running, func(e load.Event) {
		j.summary.Add(e)
		j.console.Event(e)
		if j.vegeta != nil {
			gob.Event(e)
		}
	})
	j.gc = gc.Use()
	j.suggested, _ = runner.SuggestedExitCode()
	span.End()
	stop()
	watcher.Wait()
	return j.conclude(ctx, err, gob)
}

// comparable refuses a run that could not be compared with a baseline, before anything is sent.
func (j *job) comparable() error {
	planned := j.summary.Report(j.info, time.Now(), &report.Verdict{})
	for i, b := range j.baselines {
		if reasons := compare.Plans(b, planned); len(reasons) > 0 {
			return run.Usage("not comparable with --baseline %s: %s", j.flags.baselines[i], strings.Join(reasons, "; "))
		}
	}
	return nil
}

// watch keeps the console and the collector up to date while the run lasts.
func (j *job) watch(ctx context.Context) {
	tick, send, check := time.NewTicker(tickEvery), time.NewTicker(sendEvery), time.NewTicker(time.Second)
	defer tick.Stop()
	defer send.Stop()
	defer check.Stop()
	var thresholds report.AbortWatch
	for {
		select {
		case now := <-tick.C:
			j.cpu.SampleEvery(time.Second, now)
			j.summary.Advance(now)
			j.console.Tick(j.summary, now)
		case <-send.C:
			j.tell(ctx, nil)
		case now := <-check.C:
			if j.flags.abortOnFail && j.aborted == "" {
				j.giveUp(thresholds.Check(j.summary, now))
			}
		case <-ctx.Done():
			return
		}
	}
}

// giveUp stops the arrivals, if there is a reason.
func (j *job) giveUp(reason string) {
	if reason != "" {
		j.aborted = reason
		close(j.abort)
	}
}

// tell sends the summary to the collector: as it stands, or as it ended with a verdict.
func (j *job) tell(ctx context.Context, v *report.Verdict) {
	if j.collector == nil {
		return
	}
	r := j.summary.Run(j.info, time.Now(), v)
	if err := j.collector.SendRun(ctx, &r); err != nil {
		j.log.Warn("summary of the run was not sent", slog.Any("error", err))
	}
}

// conclude judges the run, writes what was asked for and makes the exit code.
func (j *job) conclude(ctx context.Context, err error, gob *formats.VegetaWriter) error {
	ended := time.Now()
	_, span := tracer().Start(ctx, "judge and write")
	defer span.End()
	j.summary.Close()
	verdict := j.summary.Judge(report.Outcome{
		Err: err, Interrupted: ctx.Err() != nil, LagLimit: j.flags.lagLimit, CPU: j.cpu, GC: j.gc, Warnings: j.warnings,
		Aborted: j.aborted, Target: j.plan.Target,
	})
	final := j.summary.Report(j.info, ended, &verdict)
	if len(j.baselines) > 0 {
		verdict = verdict.With(compare.Runs(j.baselines, final, j.flags.compare.minEffect/100))
		final = j.summary.Report(j.info, ended, &verdict)
	}
	final.Edgescope.Prices = j.prices.OfReport(final)
	j.tell(context.WithoutCancel(ctx), &verdict)
	var flow *load.FlowError
	if errors.As(err, &flow) && flow.Flow == "before" {
		return couldNot(fmt.Errorf("%w; no user was started", err))
	}
	written := errors.Join(gob.Close(), j.vegeta.commit(), j.json.fill(final.WriteJSON), j.flags.formats.write(final))
	j.console.End(j.summary, final)
	tellCI(j.process, j.out, final)
	switch {
	case verdict.ExitCode != 0:
		return &run.CodeError{Code: verdict.ExitCode, Err: written}
	case written != nil:
		return couldNot(written)
	case j.suggested != 0:
		return &run.CodeError{Code: j.suggested}
	default:
		return nil
	}
}
