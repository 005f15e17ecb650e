package app

import (
	"context"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/report"
	"edgescope/scenarios"
)

const runUsage = `Usage: loadgen run SCRIPT... [flags]

Runs an Artillery 2 script: sends its load on schedule, measures, judges. Flags
may stand before and after the script.`

func runScript(ctx context.Context, p run.Process) error {
	f := run.NewFlags("loadgen run", runUsage)
	var script scriptFlags
	var flags runFlags
	script.register(f)
	flags.register(f)
	ignored := registerIgnored(f)
	files, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	ignored.warn(p, f)
	if err := flags.segments.parse(f, &flags); err != nil {
		return err
	}
	info := report.RunInfo{ID: report.NewRunID(), Name: flags.name, Commit: commitOf(p), Seed: flags.seedOf(f)}
	script.options.Seed, script.options.TestID = info.Seed, info.ID
	plan, err := script.load(p, files)
	if err != nil {
		return err
	}
	if info.Name == "" {
		info.Name = baseName(plan.Script)
	}
	return (&job{process: p, flags: flags, plan: plan, info: info, options: load.Options{}}).run(ctx)
}

const checkUsage = `Usage: loadgen check SCRIPT... [flags]

Lists every problem of a script with its place, or says what the script would
do. Sends nothing.`

func checkScript(p run.Process) error {
	f := run.NewFlags("loadgen check", checkUsage)
	var script scriptFlags
	var network networkFlags
	script.register(f)
	network.register(f)
	files, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	plan, err := script.load(p, files)
	if err != nil {
		return err
	}
	var options load.Options
	if options.Network, err = network.network(p); err != nil {
		return err
	}
	runner, err := load.New(plan, options)
	if err != nil {
		return run.Usage("%w", err)
	}
	describe(p.Stdout, plan, runner)
	return nil
}

// totalWeight is what the weights of the flows add up to.
func totalWeight(flows []scenarios.Flow) float64 {
	var sum float64
	for i := range flows {
		sum += flows[i].Weight
	}
	return sum
}
