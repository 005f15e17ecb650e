package deploys

import (
	"fmt"
	"math"
	"strings"

	"edgescope/query"
)

// describe writes what each change is in words, and the whole verdict from them.
func describe(o *query.DeployVerdict) {
	for i := range o.Signals {
		o.Signals[i].Text = textOf(&o.Signals[i])
	}
	for i := range o.Routes {
		for j := range o.Routes[i].Signals {
			c := &o.Routes[i].Signals[j]
			c.Text = textOf(c)
		}
	}
	o.Text = summary(o)
}

// subjects name the shares.
var subjects = map[string]string{
	query.SignalSlow: "p95", query.SignalErrors: "errors", query.SignalCold: "cold starts",
	query.SignalHitLoss: "cache misses",
}

// textOf is a change in words: "p95 240 ms → 413 ms (+72 %, +60 to +85)".
func textOf(c *query.Change) string {
	subject := subjects[c.Signal]
	switch {
	case c.Verdict == query.VerdictEarly && c.Signal == query.SignalCold:
		return subject + ": every first start of a new version is cold, so they are judged after 10 minutes"
	case c.Verdict == query.VerdictEarly:
		return subject + ": too early to tell"
	case c.Verdict == query.VerdictFew:
		return fmt.Sprintf("%s: too few (n=%.0f)", subject, math.Min(float64(c.Share.N), float64(c.Before.N)))
	case c.Signal == query.SignalSlow && c.P95Change != nil && c.P95Change.Value.OK():
		return fmt.Sprintf("%s %s → %s (%+.0f %%, %+.0f to %+.0f)", subject, ms(c.P95Before.Value), ms(c.P95.Value),
			100*float64(c.P95Change.Value), 100*float64(c.P95Change.Low), 100*float64(c.P95Change.High))
	}
	return fmt.Sprintf("%s %.2f %% → %.2f %% (%+.2f points, %+.2f to %+.2f)", subject, 100*float64(c.Before.Value),
		100*float64(c.Share.Value), 100*float64(c.Difference.Value), 100*float64(c.Difference.Low),
		100*float64(c.Difference.High))
}

func ms(n query.Num) string {
	switch {
	case n < 10:
		return fmt.Sprintf("%.1f ms", float64(n))
	case n < 10_000:
		return fmt.Sprintf("%.0f ms", float64(n))
	default:
		return fmt.Sprintf("%.1f s", float64(n)/1000)
	}
}

// summary is the whole verdict in words.
func summary(o *query.DeployVerdict) string {
	with := "what is usual at this hour"
	if o.Method == query.MethodSideBySide || o.Method == "" && o.Against != "" {
		with = o.Against
	}
	switch o.Verdict {
	case query.VerdictWorse, query.VerdictBetter:
		return o.Verdict + " than " + with + ": " + strings.Join(changed(o), "; ")
	case query.VerdictSame:
		return "no difference seen against " + with
	case query.VerdictAlone:
		return "nothing served before it that it could be compared with"
	case query.VerdictEarly:
		return "too early to tell: the first minutes are not over"
	}
	n := 0.0
	if len(o.Signals) > 0 {
		n = math.Min(float64(o.Signals[0].Share.N), float64(o.Signals[0].Before.N))
	}
	return fmt.Sprintf("too few invocations to compare with %s (n=%.0f)", with, n)
}

// changed are the shares that have the verdict, and the routes where they have it most.
func changed(o *query.DeployVerdict) []string {
	const mostNamed = 3
	var out []string
	for i := range o.Signals {
		c := &o.Signals[i]
		if c.Verdict != o.Verdict {
			continue
		}
		text := c.Text
		if routes := o.Routes; len(routes) > 0 && o.RouteCount > 1 {
			if route, part := mostOf(routes, i); part >= leastPart {
				text += fmt.Sprintf(", %.0f %% of it on %s", 100*math.Min(1, part), orUnknown(route))
			}
		}
		out = append(out, text)
	}
	if len(out) > 0 {
		return out
	}
	for i := range o.Routes {
		r := &o.Routes[i]
		for j := range r.Signals {
			if c := &r.Signals[j]; c.Verdict == o.Verdict && len(out) < mostNamed {
				out = append(out, c.Text+" on "+orUnknown(r.Route))
			}
		}
	}
	return out
}

// mostOf is the route that makes up most of a share's difference.
func mostOf(routes []query.RouteChange, signal int) (route string, part float64) {
	for i := range routes {
		if p := routes[i].Signals[signal].Part; p.OK() && float64(p) > part {
			route, part = routes[i].Route, float64(p)
		}
	}
	return route, part
}

func orUnknown(route string) string {
	if route == "" {
		return "requests without a route"
	}
	return route
}
