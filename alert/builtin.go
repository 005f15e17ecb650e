package alert

import (
	"time"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/query"
)

// silent is the name of alerts of silence, of a whole service by a rule, of a region by a finding.
const silent = "EdgeSilent"

// nameless is the service of an alert, or words for what says no name of its own.
const nameless = `{{ or $labels.service_name "What names no service" }}`

// BuiltinRules are those that hold without a file: what is built in and can be said as an expression, so that others can
// evaluate it too. That a service is silent is told when it had more than a hundred events in the hour before, or as many
// an hour in six, and none for a quarter of an hour.
func BuiltinRules() []rules.Group {
	return []rules.Group{{
		Name: "edgescope", Interval: time.Minute, EvalDelay: rules.LeastDelay,
		Rules: []rules.Rule{{
			Alert: silent,
			Expr: `(
  sum by (service_name) (sum_over_time(edge_service_events[1h] offset 15m)) > 100
  or
  sum by (service_name) (sum_over_time(edge_service_events:5m[6h] offset 15m)) > 600
)
unless
sum by (service_name) (sum_over_time(edge_service_events[15m]))
`,
			Labels: map[string]string{"severity": page},
			Annotations: map[string]string{
				"summary":     nameless + " is silent",
				"description": nameless + " sent {{ $value | printf \"%.0f\" }} events before, and none for 15 minutes.",
				"dashboard":   "{{ $externalURL }}/",
			},
		}},
	}}
}

// Builtin is the alert that a finding becomes.
type Builtin struct {
	// Labels are its identity, alertname included: they stay the same while the finding does, whatever its numbers.
	Labels map[string]string
	// Annotations are its texts: summary and description.
	Annotations map[string]string
	// Question has the filters of the page that shows it, Path is that page.
	Path     string
	Question query.Question
}

// told says how findings of a kind become alerts.
type told struct {
	name string
	// bad and warn are the severities of findings that are bad and of those that are warnings, "" for no alert.
	bad, warn string
	// of is the label that holds what the finding is named by: a limit, a budget.
	of   string
	path string
}

const (
	page   = "page"
	ticket = "ticket"
)

// builtins are the kinds of findings that become alerts. Promises are none of them: their rules tell (query/slo). An
// anomaly is no reason to wake anybody, and one that is marked only is shown on pages; nor is money.
var builtins = map[query.Kind]told{
	query.KindSilence:    {name: silent, bad: page, warn: ticket, path: "/regions"},
	query.KindNorm:       {name: "EdgeAnomaly", bad: ticket, path: "/regions"},
	query.KindRegression: {name: "EdgeRegression", bad: page, warn: ticket, of: "signal", path: "/versions"},
	query.KindLimit:      {name: "EdgeLimit", bad: page, warn: ticket, of: "limit", path: "/limits"},
	query.KindCost:       {name: "EdgeCostForecast", bad: ticket, warn: ticket, of: "budget", path: "/cost"},
}

// BuiltinOf returns the alert of a finding, false for one that is only shown.
func BuiltinOf(f *query.Finding) (Builtin, bool) {
	kind, known := builtins[f.Kind]
	severity := map[string]string{"bad": kind.bad, "warn": kind.warn}[f.Severity]
	if !known || severity == "" {
		return Builtin{}, false
	}
	b := Builtin{
		Labels:      map[string]string{"alertname": kind.name, "severity": severity},
		Annotations: map[string]string{"summary": f.Subject, "description": f.Text},
		Path:        kind.path,
	}
	for _, of := range []struct {
		label, value string
		filter       *[]string
	}{
		{edge.LabelService, f.Service, &b.Question.Service},
		{edge.LabelVersion, f.Version, &b.Question.Version},
		{edge.LabelRegion, f.Region, &b.Question.Region},
		{edge.LabelRoute, f.Route, &b.Question.Route},
		{kind.of, f.Name, nil},
	} {
		if of.value == "" || of.label == "" {
			continue
		}
		b.Labels[of.label] = of.value
		if of.filter != nil {
			*of.filter = []string{of.value}
		}
	}
	return b, true
}
