package plan

import (
	"slices"

	"edgescope/internal/tree"
	"edgescope/scenarios/value"
)

// Check is one threshold or condition of `ensure`, judged on the metrics of a run. Metrics are named as in the JSON
// report: counters and rates by name, "<summary>.p95" and the like.
type Check struct {
	Pos    tree.Position
	Text   string  // as printed: "http.response_time.p99 < 5000", "maxErrorRate < 0"
	Strict bool    // false: printed, but does not decide
	Metric string  // the metric of a threshold; "" for other conditions
	Max    float64 // the threshold: the metric must be below it
	Source CheckSource

	Names []string         // the metrics that the check reads
	Holds value.Expression // on their values; a bool
	// Among is the condition as it reads among the metrics that were seen: names may hold any characters, so only then is
	// it known where a name ends. It is nil for other checks.
	Among func(seen []string) Check
}

// CheckSource is a check as report files keep it. Whoever merges the reports of a run's parts compiles it again, and
// judges the sums.
type CheckSource struct {
	Text string `json:"text"` // as printed; of a condition, its expression
	// Metric is the metric of a threshold, which must be below Max. It is "" for a condition, and [MaxErrorRate] for that
	// key of `ensure`: up to Max percent of the users may have failed.
	Metric   string  `json:"metric,omitempty"`
	Max      float64 `json:"max,omitempty"`
	Optional bool    `json:"optional,omitempty"` // printed, but does not decide
	// Known are the metrics in a condition whose names hold more than letters, digits, dots, _ and $, longest first:
	// without them "errors.a-b" would be a difference.
	Known []string `json:"known,omitempty"`
}

// MaxErrorRate is the metric of a check of the percentage of users that did not complete.
const MaxErrorRate = "maxErrorRate"

// The ways in which a run can end well for every user and check and still show nothing of its target. Such a run fails
// unless `ensure.allow` names the way.
const (
	NoUserCompleted = "noUserCompleted" // users arrived, and each of them failed
	NothingSent     = "nothingSent"     // not one request
	OnlyErrors      = "onlyErrors"      // every answer was 4xx, 5xx or broken, and no `expect: statusCode` held on one
)

// Hollows are the names of all of them.
func Hollows() []string { return []string{NoUserCompleted, NothingSent, OnlyErrors} }

// Silent tells whether no scenario has anything to send.
func (p *Plan) Silent() bool {
	return !slices.ContainsFunc(p.Flows, func(f Flow) bool { return slices.ContainsFunc(f.Steps, sends) })
}

func sends(step Step) bool {
	switch step := step.(type) {
	case *Think, *Function, *Log:
		return false
	case *Loop:
		return slices.ContainsFunc(step.Steps, sends)
	case *Parallel:
		return slices.ContainsFunc(step.Steps, sends)
	}
	return true
}

// Pass judges the check. A name that lookup does not know fails it.
func (c *Check) Pass(lookup func(name string) (float64, bool)) bool {
	m := metrics{lookup: lookup}
	ok := c.Holds(&m) == true
	return ok && !m.missing
}

type metrics struct {
	lookup  func(string) (float64, bool)
	missing bool
}

// Name implements value.Env.
func (m *metrics) Name(name string) any {
	v, ok := m.lookup(name)
	if !ok {
		m.missing = true
		return value.Undefined{}
	}
	return v
}

// Figure returns the number that a report shows beside the check: the metric of a threshold, for [MaxErrorRate] the
// percentage of failed users, for a condition its metric if it reads just one. It is false if there is no such number.
func (c *Check) Figure(lookup func(name string) (float64, bool)) (float64, bool) {
	if c.Source.Metric == MaxErrorRate {
		created, _ := lookup(c.Names[0])
		completed, _ := lookup(c.Names[1])
		return ErrorRate(created, completed), true
	}
	if len(c.Names) != 1 {
		return 0, false
	}
	return lookup(c.Names[0])
}

// ErrorRate is the percentage of users that did not complete.
func ErrorRate(created, completed float64) float64 {
	if created == 0 {
		return 0
	}
	return (created - completed) / created * 100
}
