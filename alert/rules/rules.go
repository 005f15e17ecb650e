// Package rules reads alerting rules from files as Prometheus and vmalert have them, and writes the texts of alerts by
// their templates.
package rules

import (
	"cmp"
	"maps"
	"time"

	"edgescope/internal/tree"
)

const (
	// LeastDelay is how far behind the clock rules are evaluated at least: totals of the last minute still grow.
	LeastDelay = time.Minute
	// DefaultInterval is how often a group is evaluated that does not say it.
	DefaultInterval = time.Minute
)

// Group is rules that are evaluated one after the other at the same times. Read makes whole ones; who makes one in code
// may leave out Pos and all lengths of time.
type Group struct {
	// Pos is where the group begins; of one that was made in code its File says by what.
	Pos  tree.Position
	Name string
	// Interval is the time between two evaluations; 0 means DefaultInterval.
	Interval time.Duration
	// EvalDelay is how far behind the clock the rules are evaluated; less than LeastDelay means that.
	EvalDelay time.Duration
	// Limit is the number of alerts that a rule may have; 0 means as many as a tenant may have.
	Limit int
	// Labels are added to the alerts of all rules; a rule's own label of that name wins.
	Labels map[string]string
	// Tenant is the name of the only tenant for which the rules hold; "" means for each.
	Tenant string
	Rules  []Rule
}

// Every returns the time between two evaluations.
func (g *Group) Every() time.Duration { return cmp.Or(g.Interval, DefaultInterval) }

// Delay returns how far behind the clock the rules are evaluated.
func (g *Group) Delay() time.Duration { return max(g.EvalDelay, LeastDelay) }

// Rule tells of each series that its expression gives. Labels and Annotations are templates.
type Rule struct {
	Pos         tree.Position
	Alert, Expr string
	// For is how long the expression must give a series before its alert fires.
	For time.Duration
	// KeepFiringFor is how long an alert goes on firing after the expression has last given its series.
	KeepFiringFor       time.Duration
	Labels, Annotations map[string]string
}

// LabelsOf returns the templates of a rule's labels: its own, and those of its group.
func (g *Group) LabelsOf(r *Rule) map[string]string {
	all := make(map[string]string, len(g.Labels)+len(r.Labels))
	maps.Copy(all, g.Labels)
	maps.Copy(all, r.Labels)
	return all
}
