package limits

import (
	"context"
	"fmt"
	"time"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/money"
)

const (
	// soon is how far ahead a trend that reaches a limit is worth a word.
	soon = 14 * query.Day
	// badShare is the share of invocations that went over a limit from which that is bad, not only worth a warning.
	badShare = .01

	bad, warn = "bad", "warn"
)

// words are what budgets are called.
var words = map[string]string{
	money.BudgetCPU: "CPU time", money.BudgetWall: "duration", money.BudgetFirstByte: "time to first byte",
	money.BudgetStartup: "startup", money.BudgetSubrequests: "subrequests", money.BudgetMemory: "memory",
	money.BudgetBody: "body size", money.BudgetRequests: "requests of a day",
}

// Findings returns the limits that are exceeded, nearly so or soon to be, the nearest first. Where nobody said on which
// plan a service is, only what is too much for every plan of its platform is one.
func (x *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	l, err := x.Limits(ctx, tenant, q)
	if err != nil {
		return nil, err
	}
	var found []query.Finding
	now := l.To
	for i := range l.Services {
		s := &l.Services[i]
		b, p := best(s)
		if b == nil {
			continue
		}
		if f, ok := finding(s, p, b, now); ok {
			found = append(found, f)
		}
	}
	return found, nil
}

func finding(s *money.ServiceLimits, p *money.PlanLimits, b *money.Budget, now time.Time) (query.Finding, bool) {
	f := query.Finding{Kind: query.KindLimit, Severity: warn, Service: s.Service, Name: b.Name}
	plan, name := s.Platform, s.Service
	if p.Plan != "" {
		plan += " " + p.Plan
	}
	if name == "" {
		name = plan
	}
	switch {
	case b.Exceeded > 0:
		f.Subject = fmt.Sprintf("%s: %s exceeded", name, words[b.Name])
		f.Text = fmt.Sprintf("%.0f invocations of %s ended because they went over the limit of %s", float64(b.Exceeded), name, words[b.Name])
		if b.ExceededRatio >= badShare {
			f.Severity = bad
		}
	case b.State == money.BudgetOver || b.State == money.BudgetTight:
		f.Subject = fmt.Sprintf("%s: %s at %.0f %%", name, words[b.Name], 100*float64(b.Part.Value))
		f.Text = fmt.Sprintf("%s of %s (%s) is %.0f %% of what %s allows", words[b.Name], name, b.Measure, 100*float64(b.Part.Value), plan)
		if b.Name == money.BudgetRequests {
			f.Text = fmt.Sprintf("a day is expected to have %.0f %% of the requests that %s allows", 100*float64(b.Part.Value), plan)
		}
		if b.State == money.BudgetOver {
			f.Severity = bad
		}
	default:
		return nearest(s, p, now)
	}
	return f, true
}

// nearest is the finding of a budget that grows and reaches its limit soon.
func nearest(s *money.ServiceLimits, p *money.PlanLimits, now time.Time) (query.Finding, bool) {
	for i := range p.Budgets {
		b := &p.Budgets[i]
		if b.Trend == nil || b.Trend.Reaches.IsZero() || b.Trend.Reaches.After(now.Add(soon)) {
			continue
		}
		return query.Finding{
			Kind: query.KindLimit, Severity: warn, Service: s.Service, Name: b.Name,
			Subject: fmt.Sprintf("%s: %s reaches its limit", s.Service, words[b.Name]),
			Text: fmt.Sprintf("%s of %s grows and reaches what %s allows about %s", words[b.Name], s.Service, s.Platform,
				b.Trend.Reaches.Format(time.DateOnly)),
		}, true
	}
	return query.Finding{}, false
}
