package slo

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/query"
)

// Findings returns the promises whose budget burns so fast that somebody is told, one of each objective: pages are bad,
// tickets are warnings. A range that does not end now has none, because promises are judged now.
func (x *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	if q.Range == "" {
		return nil, nil
	}
	a, err := x.o.Read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	at := judgedTo(a.Now)
	all, err := x.stand(ctx, tenant, at)
	if err != nil {
		return nil, err
	}
	var out []query.Finding
	for _, o := range chosen(all, a.Conditions) {
		if f, ok := finding(&o, at); ok {
			out = append(out, f)
		}
	}
	slices.SortStableFunc(out, func(a, b query.Finding) int { return cmp.Compare(a.Severity, b.Severity) }) // bad, warn
	return out, nil
}

// provisional is how long late events may still change a verdict.
const provisional = 15 * time.Minute

// finding tells of the worst promise of an objective, false when nobody is told of it.
func finding(o *query.Objective, at time.Time) (query.Finding, bool) {
	if len(o.Promises) == 0 {
		return query.Finding{}, false
	}
	p := &o.Promises[0]
	severity := map[string]string{query.PromisePage: "bad", query.PromiseTicket: "warn"}[p.State]
	if severity == "" {
		return query.Finding{}, false
	}
	i := slices.IndexFunc(p.Burns, func(b query.Burn) bool { return b.Tells && b.Severity == p.State })
	b := &p.Burns[i]
	times := strconv.FormatFloat(float64(b.InLong), 'f', digits(float64(b.InLong)), 64)
	text := fmt.Sprintf("%.0f of %.0f events were bad in %s; %s %% of the budget of %s is left",
		float64(b.Bad), float64(b.N), length(seconds(b.Long)),
		strconv.FormatFloat(100*float64(p.Remaining.Value), 'f', 0, 64), length(seconds(o.Period)))
	if p.Estimated {
		text = "about " + text
	}
	if also := alike(o, p.State); also > 0 {
		text += fmt.Sprintf("; so do %d others of this objective", also)
	}
	return query.Finding{
		Kind: query.KindSLO, Severity: severity, Name: o.Name,
		Subject: subject(o, p) + " burns its budget " + times + " times as fast as promised", Text: text,
		Service: p.Service, Route: p.Route, Region: p.Region, Version: p.Version, Since: p.Since,
		Provisional: !p.Since.IsZero() && at.Sub(p.Since) < provisional,
	}, true
}

// alike counts the other promises of an objective that stand as the first.
func alike(o *query.Objective, state string) int {
	n := 0
	for i := range o.Promises[1:] {
		if o.Promises[1+i].State == state {
			n++
		}
	}
	return n
}

func subject(o *query.Objective, p *query.Promise) string {
	names := []string{o.Name, p.Service, p.Route, p.Region, p.Version}
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return name == "" }), " ")
}

func seconds(n int64) time.Duration { return time.Duration(n) * time.Second }

// digits are those behind the point of a burn: one below 10.
func digits(v float64) int {
	if v < 10 {
		return 1
	}
	return 0
}
