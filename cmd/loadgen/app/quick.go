package app

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios"
	"edgescope/scenarios/plan"
)

const quickUsage = `Usage: loadgen quick URL... [flags]
       loadgen quick --targets FILE [flags]

Loads URLs, or the requests of a vegeta target file, in turn; host:port is
http://host:port. Without --duration, --count users arrive within one second
and send --num requests to each URL; with --idle they come one by one, with a
gap before each. With --duration, --rate users arrive per second and send one
request each over --connections kept connections; rate 0 is a closed loop, in
which every connection sends as fast as it gets answers.`

// quickFlags are the load of quick.
type quickFlags struct {
	count, num, connections int
	duration, idle          time.Duration
	rate                    float64
	insecure                bool
	targets                 string // a file; "" with URLs
	request                 requestFlags
}

func (q *quickFlags) register(f *run.Flags) {
	f.Group("Quick")
	f.Int(&q.count, "count", 10, "`n` users")
	f.Alias("c", "count")
	f.Int(&q.num, "num", 10, "`n` requests of each user to each URL")
	f.Alias("n", "num")
	f.Duration(&q.duration, "duration", 0, "send for so long")
	f.Duration(&q.idle, "idle", 0, "let the --count users come one by one with this gap before each, to meet cold starts")
	f.Float(&q.rate, "rate", 0, "requests per second; 0 is a closed loop")
	f.Int(&q.connections, "connections", 50, "`n` kept connections, with --duration")
	f.String(&q.targets, "targets", "", "vegeta target `file` (HTTP or JSON format; - is the standard input), in place "+
		"of URL")
	f.Bool(&q.insecure, "insecure", false, "do not verify certificates")
	f.Alias("k", "insecure")
}

func quickURL(ctx context.Context, p run.Process) error {
	f := run.NewFlags("loadgen quick", quickUsage)
	var quick quickFlags
	var flags runFlags
	quick.register(f)
	quick.request.register(f)
	flags.register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	list, err := quick.requests(p, operands)
	if err != nil {
		return err
	}
	if err := errors.Join(quick.validate(), flags.segments.parse(f, &flags)); err != nil {
		return err
	}
	info := report.RunInfo{
		ID: report.NewRunID(), Name: cmp.Or(flags.name, "quick"), Commit: commitOf(p), Seed: flags.seedOf(f),
	}
	plan, err := quick.plan(list, info)
	if err != nil {
		return run.Usage("%w", err)
	}
	j := &job{process: p, flags: flags, plan: plan, info: info}
	if quick.closedLoop() {
		j.options = load.Options{Stop: quick.duration}
		// A closed loop has no schedule to fall behind: its users start at once and send when they can.
		j.flags.lagLimit = math.MaxInt64
	}
	return j.run(ctx)
}

func (q *quickFlags) closedLoop() bool { return q.duration > 0 && q.rate == 0 }

// requests are those of --targets, or what the flags make of the URLs.
func (q *quickFlags) requests(p run.Process, operands []string) (targets, error) {
	switch {
	case q.targets == "" && len(operands) == 0:
		return nil, run.Usage("no URL; want loadgen quick URL (see --help)")
	case q.targets == "":
		return q.request.targets(p, operands)
	case len(operands) > 0:
		return nil, run.Usage("%s: want --targets or URLs, not both", operands[0])
	case q.request.given():
		return nil, run.Usage("--targets says what is sent: want no --method, --header, --data or --form beside it")
	}
	text, err := readOperand(p, q.targets)
	if err != nil {
		return nil, run.Usage("read --targets: %w", err)
	}
	list, err := readTargets(text)
	if err != nil {
		return nil, run.Usage("read --targets %s: %w", q.targets, err)
	}
	return list, nil
}

// readOperand reads a file, or the standard input for "-".
func readOperand(p run.Process, name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(p.Stdin)
	}
	return os.ReadFile(name)
}

func (q *quickFlags) validate() error {
	switch {
	case q.count < 1 || q.num < 1 || q.connections < 1:
		return run.Usage("--count, --num and --connections must be at least 1")
	case q.rate < 0 || q.duration < 0 || q.idle < 0:
		return run.Usage("--rate, --duration and --idle must not be negative")
	case q.idle > 0 && q.duration > 0:
		return run.Usage("--idle and --duration do not go together: --count visits last --count times --idle")
	case q.rate > 0 && q.duration == 0:
		return run.Usage("--rate needs --duration")
	}
	return nil
}

// plan writes the script that the flags stand for, so that quick is nothing but a short way to write one.
func (q *quickFlags) plan(list targets, info report.RunInfo) (*plan.Plan, error) {
	config := map[string]any{"target": list[0].URL}
	tables := map[string][][]any{}
	flow := []any{map[string]any{strings.ToLower(list[0].Method): map[string]any{"url": list[0].URL}}}
	if !list.plain() {
		flow, config["payload"], tables[targetTable] = q.steps(list)
		config["plugins"] = map[string]any{"metrics-by-endpoint": map[string]any{"useOnlyRequestNames": true}}
	}
	phase := map[string]any{"duration": 1, "arrivalCount": q.count}
	switch {
	case q.closedLoop():
		phase = map[string]any{"duration": "10ms", "arrivalCount": q.connections}
		flow = []any{map[string]any{"loop": flow, "count": -1}}
	case q.idle > 0:
		phase = map[string]any{"visits": q.count, "idle": q.idle.Seconds()}
		flow = []any{map[string]any{"loop": flow, "count": q.num}}
	case q.duration > 0:
		phase = map[string]any{"duration": q.duration.Seconds(), "arrivalRate": q.rate}
	default:
		flow = []any{map[string]any{"loop": flow, "count": q.num}}
	}
	settings := map[string]any{}
	if q.duration > 0 {
		settings["pool"] = q.connections
	}
	if q.request.method.timeout > 0 {
		settings["timeout"] = q.request.method.timeout.Seconds()
	}
	config["http"], config["phases"] = settings, []any{phase}
	script, err := json.Marshal(map[string]any{
		"config": config, "scenarios": []any{map[string]any{"name": "quick", "flow": flow}},
	})
	if err != nil {
		return nil, err
	}
	return scenarios.Load(scenarios.Options{
		Files: []string{"quick.json"}, Insecure: q.insecure, Seed: info.Seed, TestID: info.ID, Tables: tables,
		ReadFile: func(string) ([]byte, error) { return script, nil },
	})
}

// steps send the targets in turn: arrival k of an open loop the k-th, any other user all of them again and again.
func (q *quickFlags) steps(list targets) (flow []any, payload any, rows [][]any) {
	if q.duration > 0 && !q.closedLoop() {
		flow, fields, rows := list.script("")
		return flow, map[string]any{"path": targetTable, "fields": fields, "order": "sequence"}, rows
	}
	flow, fields, rows := list.script("$loopElement.")
	flow = []any{map[string]any{"loop": flow, "over": targetTable}}
	return flow, map[string]any{"path": targetTable, "fields": fields, "loadAll": true, "name": targetTable}, rows
}
