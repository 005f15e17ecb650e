package app

import (
	"fmt"
	"io"
	"time"

	"edgescope/load"
	"edgescope/load/health"
	"edgescope/scenarios"
)

// describe says what a script would do.
func describe(w io.Writer, plan *scenarios.Plan, runner *load.Runner) {
	schedule := runner.Schedule()
	say(w, "%s is fine: %d users in %v, to %s%s\n", plan.Script, schedule.Total(),
		schedule.Duration().Round(time.Millisecond), plan.Target, protocolLine(runner))
	say(w, "%-24s %10s %10s %9s %9s", "phase", "start", "length", "users", "users/s")
	for _, p := range schedule.Phases() {
		name := plan.Phases[p.Index].Name
		if name == "" {
			name = fmt.Sprintf("phase %d", p.Index)
		}
		rate := fmt.Sprintf("%.4g", p.From)
		if p.To != p.From {
			rate += fmt.Sprintf("-%.4g", p.To)
		}
		say(w, "%-24s %10v %10v %9d %9s", name, p.Start.Round(time.Millisecond), (p.End - p.Start).Round(time.Millisecond), p.Arrivals, rate)
	}
	sum := totalWeight(plan.Flows)
	say(w, "\n%-24s %10s", "scenario", "share")
	for i := range plan.Flows {
		flow := &plan.Flows[i]
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
