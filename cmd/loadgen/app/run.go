package app

import (
	"cmp"
	"context"

	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/report"
)

const runUsage = `Usage: loadgen run SCRIPT... [flags]

Runs an Artillery 2 script: sends its load on schedule, measures, judges. - is
a script from the standard input. Flags may stand before and after the script.`

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
	plan, err := script.load(ctx, p, files)
	if err != nil {
		return err
	}
	info.Name = cmp.Or(info.Name, baseName(plan.Script))
	return (&job{process: p, flags: flags, plan: plan, info: info, options: load.Options{}}).run(ctx)
}
