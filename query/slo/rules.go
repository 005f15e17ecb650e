package slo

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/judge"
	"edgescope/policy"
)

// AlertName is what the alerts of all promises are called.
const AlertName = "EdgeErrorBudgetBurn"

// Delay is how far behind the clock promises are judged: what is younger may still get events.
const Delay = 90 * time.Second

// every is how often the rules are evaluated.
const every = time.Minute

// Rules returns the rules that the SLOs of a policy become where no store tells which sources services have: with the
// source that the SLO names, else spans. Groups have the tenant that their SLO names.
func Rules(p *policy.Policy) []rules.Group {
	var out []rules.Group
	for i := range p.SLOs {
		s := &p.SLOs[i]
		var services []string
		if s.Service != "" {
			services = []string{s.Service}
		}
		m := measureOf(s, cmp.Or(s.Source, edge.SignalSpan), services)
		out = append(out, groupOf(s, s.Tenant, []*measure{m}))
	}
	return out
}

// groupOf makes the group of an SLO's measures, for the tenant of that name. Its name is unique among the SLOs of all.
func groupOf(s *policy.SLO, tenant string, measures []*measure) rules.Group {
	g := rules.Group{Name: "slo " + s.Name, Interval: every, EvalDelay: Delay, Tenant: tenant}
	if tenant != "" {
		g.Name += " of " + tenant
	}
	for _, m := range measures {
		for _, urgency := range []judge.Urgency{judge.Page, judge.Ticket} {
			g.Rules = append(g.Rules, rules.Rule{
				Alert: AlertName, Expr: m.expr(urgency),
				Labels:      map[string]string{"severity": string(urgency), "slo": literal(s.Name), "sli": s.SLI},
				Annotations: annotations(m, urgency),
			})
		}
	}
	return g
}

func annotations(m *measure, urgency judge.Urgency) map[string]string {
	subject := "{{ $labels." + strings.Join(m.by, " }} {{ $labels.") + " }}"
	var parts []string
	for _, r := range judge.BurnRules {
		if r.Urgency == urgency {
			parts = append(parts, fmt.Sprintf("%s %% of it in %s", number(100*r.Part), length(r.Long)))
		}
	}
	return map[string]string{
		"summary": subject + " spends the error budget of " + literal(m.slo.Name) +
			" {{ $value | printf \"%.2f\" }} times as fast as promised",
		"description": fmt.Sprintf("%s. The budget of %s goes so fast that %s would be gone; it is told of while the "+
			"short window burns as well, and at least %d bad events were received.", promiseText(m.slo), length(m.slo.Period),
			strings.Join(parts, " or "), judge.LeastBadEvents),
		"dashboard": "{{ $externalURL }}/slo",
	}
}

// literal writes a text as a template that gives it.
func literal(text string) string { return strings.ReplaceAll(text, "{{", `{{"{{"}}`) }

// promiseText says what an SLO promises.
func promiseText(s *policy.SLO) string {
	good := map[string]string{
		policy.SLIAvailability: "do not fail",
		policy.SLILatency:      "take at most " + s.Threshold.String(),
		policy.SLIWarm:         "start warm",
		policy.SLIHit:          "are answered from the cache",
	}[s.SLI]
	return fmt.Sprintf("Promised: %s %% %s", number(s.Target), good)
}
