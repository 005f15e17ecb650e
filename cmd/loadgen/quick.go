package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/url"
	"time"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios"
)

const quickUsage = `Usage: loadgen quick URL [flags]

Loads one URL with GET. Without --duration, --count users arrive within one
second and send --num requests each. With --duration, --rate users arrive per
second and send one request each over --connections kept connections; rate 0
is a closed loop, in which every connection sends as fast as it gets answers.`

// quickFlags are the load of quick.
type quickFlags struct {
	count, num, connections int
	duration                time.Duration
	rate                    float64
	insecure                bool
}

func (q *quickFlags) register(f *run.Flags) {
	f.Group("Quick")
	f.Int(&q.count, "count", 10, "`n` users")
	f.Alias("c", "count")
	f.Int(&q.num, "num", 10, "`n` requests of each user")
	f.Alias("n", "num")
	f.Duration(&q.duration, "duration", 0, "send for so long")
	f.Float(&q.rate, "rate", 0, "requests per second; 0 is a closed loop")
	f.Int(&q.connections, "connections", 50, "`n` kept connections, with --duration")
	f.Bool(&q.insecure, "insecure", false, "do not verify certificates")
	f.Alias("k", "insecure")
}

func quickURL(ctx context.Context, p run.Process) error {
	f := run.NewFlags("loadgen quick", quickUsage)
	var quick quickFlags
	var flags runFlags
	quick.register(f)
	flags.register(f)
	operands, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	if len(operands) != 1 {
		return run.Usage("want one URL, got %d operands (see --help)", len(operands))
	}
	if err := errors.Join(quick.validate(operands[0]), flags.segments.parse(f, &flags)); err != nil {
		return err
	}
	info := report.RunInfo{ID: report.NewRunID(), Name: flags.name, Commit: commitOf(p), Seed: flags.seedOf(f)}
	if info.Name == "" {
		info.Name = "quick"
	}
	plan, err := quick.plan(operands[0], info)
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

func (q *quickFlags) validate(target string) error {
	u, err := url.Parse(target)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return run.Usage("%q: want a URL such as http://127.0.0.1:8080/", target)
	case q.count < 1 || q.num < 1 || q.connections < 1:
		return run.Usage("--count, --num and --connections must be at least 1")
	case q.rate < 0 || q.duration < 0:
		return run.Usage("--rate and --duration must not be negative")
	case q.rate > 0 && q.duration == 0:
		return run.Usage("--rate needs --duration")
	}
	return nil
}

// plan writes the script that the flags stand for, so that quick is nothing but a short way to write one.
func (q *quickFlags) plan(target string, info report.RunInfo) (*scenarios.Plan, error) {
	get := map[string]any{"get": map[string]any{"url": target}}
	phase := map[string]any{"duration": 1, "arrivalCount": q.count}
	flow := []any{map[string]any{"loop": []any{get}, "count": q.num}}
	config := map[string]any{"target": target}
	if q.duration > 0 {
		config["http"] = map[string]any{"pool": q.connections}
		phase = map[string]any{"duration": q.duration.Seconds(), "arrivalRate": q.rate}
		flow = []any{get}
	}
	if q.closedLoop() {
		phase = map[string]any{"duration": "10ms", "arrivalCount": q.connections}
		flow = []any{map[string]any{"loop": []any{get}, "count": -1}}
	}
	config["phases"] = []any{phase}
	script, err := json.Marshal(map[string]any{
		"config": config, "scenarios": []any{map[string]any{"name": "quick", "flow": flow}},
	})
	if err != nil {
		return nil, err
	}
	return scenarios.Load(scenarios.Options{
		Files: []string{"quick.json"}, Insecure: q.insecure, Seed: info.Seed, TestID: info.ID,
		ReadFile: func(string) ([]byte, error) { return script, nil },
	})
}
