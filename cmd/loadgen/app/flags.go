package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"edgescope/cmd/loadgen/price"
	"edgescope/internal/near"
	"edgescope/internal/run"
	"edgescope/report"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
	"edgescope/scenarios/processor"
)

// scriptFlags say which script is meant.
type scriptFlags struct {
	options scenarios.Options
	dotenv  string
	memory  int // of a worker of the processor, in MiB
}

func (s *scriptFlags) register(f *run.Flags) {
	o := &s.options
	f.Group("Script")
	f.String(&o.Target, "target", "", "base `URL`, in place of config.target")
	f.Alias("t", "target")
	f.String(&o.Environment, "environment", "", "`name` in config.environments")
	f.Alias("e", "environment")
	f.String(&o.ConfigFile, "config", "", "one more `file` with a config")
	f.Alias("c", "config")
	f.String(&o.Variables, "variables", "", "`JSON` object over config.variables")
	f.Alias("v", "variables")
	f.String(&o.PayloadPath, "payload", "", "CSV `file`, in place of the payload's path")
	f.Alias("p", "payload")
	f.String(&o.Overrides, "overrides", "", "`JSON` merged over the whole script, lists replaced")
	f.String(&o.ScenarioName, "scenario-name", "", "run only this scenario: exact `name` or regular expression")
	f.String(&s.dotenv, "dotenv", "", "`file` of variables for {{ $env.X }}")
	f.String(&s.dotenv, "env-file", "", "the same as --dotenv")
	f.Strings(&o.AllowFiles, "allow-files", "`folder` in which files that the script names may lie, beside its own; "+
		"may be given several times")
	f.Duration(&o.ProcessorLimit, "processor-timeout", processor.DefaultLimit,
		"`time` that a call of a script's function may take")
	f.Int(&s.memory, "processor-memory", processor.DefaultMemory>>20, "`MiB` that each process of a script's functions may use")
	f.Bool(&o.Solo, "solo", false, "one user instead of the phases")
	f.Alias("s", "solo")
	f.Bool(&o.Insecure, "insecure", false, "do not verify certificates")
	f.Alias("k", "insecure")
}

// load reads the script that the operands name; "-" is the standard input. Its problems go to stderr, one a line. A
// signal is heard while a large script is read: what reads it is left behind, since the process ends.
func (s *scriptFlags) load(ctx context.Context, p run.Process, files []string) (*plan.Plan, error) {
	if len(files) == 0 {
		return nil, run.Usage("no script; want loadgen run SCRIPT (see --help)")
	}
	if s.memory < minMemory || s.options.ProcessorLimit <= 0 {
		return nil, run.Usage("--processor-memory is at least %d MiB, and --processor-timeout above 0", minMemory)
	}
	s.options.ProcessorMemory = int64(s.memory) << 20
	s.options.Files, s.options.Env = slices.Clone(files), p.LookupEnv
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		s.options.EnvNames = append(s.options.EnvNames, name)
	}
	if err := s.readStandardInput(p); err != nil {
		return nil, err
	}
	if s.dotenv != "" {
		text, err := os.ReadFile(s.dotenv)
		if err != nil {
			return nil, run.Usage("read --dotenv: %w", err)
		}
		if s.options.Dotenv, err = scenarios.ParseDotenv(text); err != nil {
			return nil, run.Usage("read --dotenv %s: %w", s.dotenv, err)
		}
	}
	type outcome struct {
		plan *plan.Plan
		err  error
	}
	read := make(chan outcome, 1)
	options := s.options
	go func() {
		plan, err := scenarios.Load(options)
		read <- outcome{plan, err}
	}()
	select {
	case <-ctx.Done():
		return nil, &run.CodeError{
			Code: report.ExitInterrupted, Err: errors.New("interrupted while the script was read; nothing was sent"),
		}
	case o := <-read:
		if o.err != nil {
			return nil, run.Usage("the script has problems, nothing was sent\n%w", o.err)
		}
		for _, w := range o.plan.Warnings {
			say(p.Stderr, "warning: %s", w.String())
		}
		if o.plan.Silent() {
			say(p.Stderr, "warning: %s: no scenario sends anything", o.plan.Script)
		}
		return o.plan, nil
	}
}

// standardInput is how messages call a script that came over the standard input. Its paths count from where loadgen runs.
const standardInput = "stdin"

// maxStandardInput bounds a script that comes over the standard input, in bytes.
const maxStandardInput = 64 << 20

// readStandardInput reads the script "-", if there is one.
func (s *scriptFlags) readStandardInput(p run.Process) error {
	i := slices.Index(s.options.Files, "-")
	if i < 0 {
		return nil
	}
	s.options.Files[i] = standardInput
	if slices.Contains(s.options.Files, "-") {
		return run.Usage("the standard input (-) is given twice: it can be read once")
	}
	// The reading is part of the loading, so that a signal ends the wait for somebody who types.
	read := sync.OnceValues(func() ([]byte, error) {
		text, err := io.ReadAll(io.LimitReader(p.Stdin, maxStandardInput+1))
		if err == nil && len(text) > maxStandardInput {
			err = fmt.Errorf("it is larger than %d bytes", maxStandardInput)
		}
		return text, err
	})
	s.options.ReadFile = func(name string) ([]byte, error) {
		if name == standardInput {
			return read()
		}
		return os.ReadFile(name)
	}
	return nil
}

// minMemory is what the engine itself needs, in MiB.
const minMemory = 64

// runFlags say how to run a plan and where its results go.
type runFlags struct {
	output, vegeta, otlp, name string
	quiet                      bool
	seed, maxConnections       int
	lagLimit                   time.Duration
	formats                    formatFlags
	baselines                  []string
	compare                    compareFlags
	prices                     price.Flags
	segments                   segmentFlags
	network                    networkFlags
	abortOnFail                bool
	allow                      string
	log                        run.LogOptions
	telemetry                  run.TelemetryOptions
}

func (r *runFlags) register(f *run.Flags) {
	f.Group("Load")
	f.Int(&r.seed, "seed", 0, "`number` that fixes all randomness; a new one by default")
	f.Int(&r.maxConnections, "max-connections", 0, "all users share `n` kept connections per host")
	f.Duration(&r.lagLimit, "lag-limit", report.DefaultLagLimit,
		"p99 lateness of arrivals above which the run is not valid")
	r.segments.register(f)
	f.Bool(&r.abortOnFail, "abort-on-fail", false, "stop the arrivals when a threshold cannot hold any more")
	f.String(&r.allow, "allow", "", "do not fail a run that shows nothing: `names` of ensure.allow, with commas between")
	r.network.register(f)
	f.Group("Results")
	f.String(&r.output, "output", "", "JSON report: `file`, a directory to put it in, or - for the standard output")
	f.Alias("o", "output")
	f.String(&r.vegeta, "vegeta", "", "every request as a vegeta result, to `file`")
	r.formats.register(f)
	f.Bool(&r.quiet, "quiet", false, "print only log lines and the summary")
	f.Alias("q", "quiet")
	f.String(&r.otlp, "otlp", "", "send trace context, sampled spans and the run's summary to the collector at `URL`")
	f.String(&r.name, "run", "", "`name` that runs of one kind share; the script's by default")
	f.Group("Comparison")
	r.registerComparison(f)
	r.prices.Register(f)
	r.log.Register(f)
	r.telemetry.Register(f)
}

func (r *runFlags) registerComparison(f *run.Flags) {
	f.Strings(&r.baselines, "baseline", "JSON report to compare with; may be given several times")
	r.compare.register(f)
}

// console is where the run talks to people, given where its results go.
func (r *runFlags) console(p run.Process) (io.Writer, error) {
	return console(p, append([]string{r.output, r.vegeta}, r.formats.paths...)...)
}

// readBaselines reads the reports to compare with, before anything is sent.
func (r *runFlags) readBaselines(p run.Process) ([]*report.Report, error) {
	if err := r.compare.validate(); err != nil {
		return nil, err
	}
	return readReports(p, r.baselines)
}

// allowed are the names of --allow.
func (r *runFlags) allowed() ([]string, error) {
	var names []string
	for name := range strings.FieldsFuncSeq(r.allow, func(c rune) bool { return c == ',' || c == ' ' }) {
		if known := plan.Hollows(); !slices.Contains(known, name) {
			return nil, run.Usage("--allow %s: want %s%s", name, strings.Join(known, ", "), near.Hint(name, known...))
		}
		names = append(names, name)
	}
	return names, nil
}

// seedOf is the seed that was given, or a new one that fits a JSON number.
func (r *runFlags) seedOf(f *run.Flags) uint64 {
	if f.Given("seed") {
		return uint64(r.seed)
	}
	return uint64(rand.Uint32())
}

// ignored are Artillery's flags that mean nothing here.
type ignored struct {
	texts    map[string]*[]string
	switches map[string]*bool
}

func registerIgnored(f *run.Flags) *ignored {
	g := &ignored{texts: map[string]*[]string{}, switches: map[string]*bool{}}
	f.Group("Artillery's, accepted with a warning")
	for _, name := range []string{"name", "tags", "note", "key", "count", "platform", "platform-opt"} {
		g.texts[name] = new([]string)
		f.Strings(g.texts[name], name, "ignored")
	}
	g.texts["input"] = new([]string)
	f.Strings(g.texts["input"], "input", "ignored")
	f.Alias("i", "input")
	g.switches["record"] = new(bool)
	f.Bool(g.switches["record"], "record", false, "ignored")
	return g
}

func (g *ignored) warn(p run.Process, f *run.Flags) {
	for _, name := range []string{
		"name", "tags", "note", "key", "count", "platform", "platform-opt", "input",
		"record",
	} {
		if f.Given(name) {
			say(p.Stderr, "warning: --%s has no meaning here and is ignored", name)
		}
	}
}

// commitOf is the commit that CI says it runs: GitHub, GitLab, Buildkite, CircleCI, Jenkins, Bitbucket.
func commitOf(p run.Process) string {
	for _, key := range []string{
		"GITHUB_SHA", "CI_COMMIT_SHA", "BUILDKITE_COMMIT", "CIRCLE_SHA1", "GIT_COMMIT",
		"BITBUCKET_COMMIT",
	} {
		if sha, ok := p.LookupEnv(key); ok && sha != "" {
			return sha
		}
	}
	return ""
}

func baseName(script string) string {
	base := filepath.Base(script)
	return strings.TrimSuffix(base, filepath.Ext(base))
}
