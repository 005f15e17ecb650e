package deploys

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const (
	// stillServing is how lately a version must have served to be worth a word: one that was rolled back is not.
	stillServing = time.Hour
	// newFor is for how long a version is told of, in ranges that are shorter.
	newFor = query.Day
	// badRise and badPoints are changes that are bad, not only worth a warning.
	badRise, badPoints = 0.50, 0.05
)

// Findings are the versions that are worse than what served before, the worst first: those that began in the range or in
// the day before its end, and still serve at its end.
func (r *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	a, err := r.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	end := a.Win.To
	if a.Now.Before(end) {
		end = a.Now
	}
	since := end.Add(-newFor)
	if a.Win.From.Before(since) {
		since = a.Win.From
	}
	lately := tally.Window{From: tally.Floor(end.Add(-stillServing), aBucket), To: tally.Ceil(end, aBucket)}
	served, err := r.served(ctx, a, lately)
	if err != nil {
		return nil, err
	}
	served = slices.DeleteFunc(served, func(d query.Deploy) bool { return d.At.Before(since) || d.At.After(end) })
	a.Q.Compare = query.ComparePrevious
	verdicts, err := r.judgeAll(ctx, a, served[:min(mostDeploys, len(served))])
	if err != nil {
		return nil, err
	}
	out := []query.Finding{}
	sizes := map[string]float64{}
	for i := range verdicts {
		if v := &verdicts[i]; v.Verdict == query.VerdictWorse {
			f, size := findingOf(v)
			out = append(out, f)
			sizes[f.Service+"\x00"+f.Version] = size
		}
	}
	size := func(f *query.Finding) float64 { return sizes[f.Service+"\x00"+f.Version] }
	slices.SortStableFunc(out, func(x, y query.Finding) int { return cmp.Compare(size(&y), size(&x)) })
	return out, nil
}

// findingOf says what is worse, and how bad that is: 1 is where it begins to be bad.
func findingOf(v *query.DeployVerdict) (query.Finding, float64) {
	f := query.Finding{
		Kind: query.KindRegression, Severity: "warn", Service: v.Service, Version: v.Version, Since: v.Began,
		Provisional: v.Provisional, Subject: v.Version + " is " + query.VerdictWorse,
		Text: fmt.Sprintf("%s %s is %s", v.Service, v.Version, v.Text),
	}
	most := 0.0
	take := func(c *query.Change, route, on string) {
		if size := sizeOf(c); c.Verdict == query.VerdictWorse && size > most {
			most, f.Route = size, route
			f.Subject = v.Version + " " + headline(c) + on
		}
	}
	for i := range v.Signals {
		route := ""
		if name, part := mostOf(v.Routes, i); part >= 0.5 {
			route = name
		}
		take(&v.Signals[i], route, "")
	}
	for i := range v.Routes {
		for j := range v.Routes[i].Signals {
			if most == 0 || f.Route == v.Routes[i].Route {
				take(&v.Routes[i].Signals[j], v.Routes[i].Route, " on "+orUnknown(v.Routes[i].Route))
			}
		}
	}
	if most >= 1 && !v.Provisional {
		f.Severity = "bad"
	}
	return f, most
}

func sizeOf(c *query.Change) float64 {
	if c.Signal == query.SignalSlow && c.P95Change != nil {
		return float64(c.P95Change.Value) / badRise
	}
	return float64(c.Difference.Value) / badPoints
}

func headline(c *query.Change) string {
	if c.Signal == query.SignalSlow && c.P95Change != nil {
		return fmt.Sprintf("p95 %+.0f %%", 100*float64(c.P95Change.Value))
	}
	return fmt.Sprintf("%s %+.1f pt", subjects[c.Signal], 100*float64(c.Difference.Value))
}

// served returns the versions that took invocations in a window, the newest first.
func (r *Room) served(ctx context.Context, a *tables.Asking, w tally.Window) ([]query.Deploy, error) {
	c := a.Whole(tables.WithEvents, edge.KeyServiceName, edge.KeyServiceVersion)
	c.Window = w.Whole()
	table, err := r.read.Table(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("find the versions that serve: %w", err)
	}
	sights, err := r.read.FirstSights(ctx, a.Tenant, w.To)
	if err != nil {
		return nil, err
	}
	var out []query.Deploy
	for _, d := range slices.Backward(sights) {
		name := tally.GroupName([]string{d.Service, d.Version}, func(value string) string { return value })
		if _, ok := table.Groups[name]; ok && d.Version != "" {
			out = append(out, d)
		}
	}
	return out, nil
}
