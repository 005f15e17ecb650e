package scenarios

import (
	"fmt"
	"math"
	"slices"
)

// CheckSource is a check as text: what a report file keeps, so that the checks
// of a run's parts can be judged on the whole.
type CheckSource struct {
	Text string `json:"text"` // as printed; of a condition, its expression
	// Metric is of a threshold, which passes below Max; "" for a condition.
	// "maxErrorRate" passes up to Max percent of users that did not complete.
	Metric   string  `json:"metric,omitempty"`
	Max      float64 `json:"max,omitempty"`
	Optional bool    `json:"optional,omitempty"` // printed, but does not decide
	// Known are names in a condition that hold characters which an expression
	// would read otherwise, longest first.
	Known []string `json:"known,omitempty"`
}

const maxErrorRate = "maxErrorRate"

// Compile makes the check. Its error says why the expression does not parse.
func (s CheckSource) Compile() (Check, error) {
	c := Check{Text: s.Text, Strict: !s.Optional, Source: s}
	switch s.Metric {
	case "":
		return c.condition(s)
	case maxErrorRate:
		c.names = []string{"vusers.created", "vusers.completed"}
		c.expr = func(e env) any {
			return errorRate(number(e.name(c.names[0])), number(e.name(c.names[1]))) <= s.Max
		}
	default:
		if math.IsNaN(s.Max) || math.IsInf(s.Max, 0) {
			return c, fmt.Errorf("the limit of %s is no number", s.Metric)
		}
		c.Metric, c.Max, c.names = s.Metric, s.Max, []string{s.Metric}
		c.expr = func(e env) any { return compare("<", e.name(s.Metric), s.Max) }
	}
	return c, nil
}

// errorRate is the percentage of users that did not complete.
func errorRate(created, completed float64) float64 {
	if created == 0 {
		return 0
	}
	return (created - completed) / created * 100
}

// Figure is what a check holds against its limit: the metric of a threshold,
// the percentage of failed users of maxErrorRate, the only metric of a
// condition. A condition with several metrics has none, and one that is not
// known neither.
func (c *Check) Figure(lookup func(name string) (float64, bool)) (float64, bool) {
	if c.Source.Metric == maxErrorRate {
		created, _ := lookup(c.names[0])
		completed, _ := lookup(c.names[1])
		return errorRate(created, completed), true
	}
	if len(c.names) != 1 {
		return 0, false
	}
	return lookup(c.names[0])
}

func (c Check) condition(s CheckSource) (Check, error) {
	d := filtrex
	d.spaced, d.known = true, s.Known
	var err error
	c.expr, err = compileExpression(d, s.Text, func(name string) {
		if !slices.Contains(c.names, name) {
			c.names = append(c.names, name)
		}
	})
	return c, err
}
