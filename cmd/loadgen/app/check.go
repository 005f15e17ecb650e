package app

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"edgescope/cmd/loadgen/price"
	"edgescope/internal/run"
	"edgescope/load"
	"edgescope/load/health"
	"edgescope/report/text"
	"edgescope/scenarios/plan"
)

const checkUsage = `Usage: loadgen check SCRIPT... [flags]

Lists every problem of a script with its place, or says what the script would
do, and with --policy or --plan what that would cost. Sends nothing.`

func checkScript(ctx context.Context, p run.Process) error {
	f := run.NewFlags("loadgen check", checkUsage)
	var script scriptFlags
	var network networkFlags
	var prices price.Flags
	script.register(f)
	network.register(f)
	prices.Register(f)
	files, err := f.Parse(p.Args, p.LookupEnv, p.Stdout)
	if err != nil {
		return err
	}
	plan, err := script.load(ctx, p, files)
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
	pricer, err := prices.Open(plan.Target)
	if err != nil {
		return err
	}
	describe(p.Stdout, plan, runner)
	pricer.Tell(p.Stdout, plan, runner.Schedule().Total(), script.options.Seed)
	return nil
}

// describe says what a script would do.
func describe(w io.Writer, script *plan.Plan, runner *load.Runner) {
	schedule := runner.Schedule()
	fine := "is fine"
	if n := len(script.Warnings); n > 0 { // which stand above
		fine = "can run, with " + text.Plural(int64(n), "warning")
	}
	users := "users"
	if schedule.Total() == 1 {
		users = "user"
	}
	say(w, "%s %s: %d %s in %v, to %s%s\n", script.Script, fine, schedule.Total(), users,
		schedule.Duration().Round(time.Millisecond), script.Target, protocolLine(runner))
	say(w, "%-24s %10s %10s %9s %9s", "phase", "start", "length", "users", "users/s")
	for _, p := range schedule.Phases() {
		name := cmp.Or(script.Phases[p.Index].Name, fmt.Sprintf("phase %d", p.Index))
		rate := fmt.Sprintf("%.4g", p.From)
		if p.To != p.From {
			rate += fmt.Sprintf("-%.4g", p.To)
		}
		say(w, "%-24s %10v %10v %9d %9s", name, p.Start.Round(time.Millisecond),
			(p.End - p.Start).Round(time.Millisecond), p.Arrivals, rate)
	}
	sum := totalWeight(script.Flows)
	say(w, "\n%-24s %10s", "scenario", "share")
	for i := range script.Flows {
		flow := &script.Flows[i]
		say(w, "%-24s %9.1f%%", flow.Name, 100*flow.Weight/max(sum, 1e-9))
	}
	warnings, err := runner.Preflight(health.ThisMachine())
	if err != nil {
		warnings = append(warnings, err.Error())
	}
	for _, warning := range warnings {
		say(w, "\nwarning: %s", warning)
	}
}

// totalWeight is what the weights of the flows add up to.
func totalWeight(flows []plan.Flow) float64 {
	var sum float64
	for i := range flows {
		sum += flows[i].Weight
	}
	return sum
}
