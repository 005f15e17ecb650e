// Package alert tells people what is wrong: it evaluates rules and findings, keeps the state of each alert on disk, and
// hands what fires to those who deliver it.
//
// What it asks comes as functions: it knows no store. Evaluations never overlap, have a bound in time each, and stand
// beside the way of telemetry, which never waits for them.
package alert

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
)

// Sample is a series that an expression gives, with its value at the time of the evaluation.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// Tenant is whose alerts there are. Name is the one of the tokens file, "" where nobody signs in.
type Tenant struct {
	edge.Tenant
	Name string
}

// Options are what alerts need of the rest of the program. Functions are called from one goroutine at a time, and must
// return soon after their context ends.
type Options struct {
	// Evaluate returns the series that an expression of MetricsQL gives for a tenant at a moment.
	Evaluate func(ctx context.Context, tenant edge.Tenant, expr string, at time.Time) ([]Sample, error)
	// Findings are alerts too; nil where there are none.
	Findings query.FindingsOf
	// Tenants are those for which rules are evaluated.
	Tenants func() []Tenant
	// Groups are the rules that hold now: those of files and those that were generated.
	Groups func() []rules.Group
	// Notify says who is told, and when.
	Notify func() policy.Notify
	// Problem says why the newest rules or the newest policy do not hold, "" when they do; nil when that can't be.
	Problem func() string
	// Ready is closed when the store has what was acknowledged before: until then nothing is evaluated. Nil means it is.
	Ready <-chan struct{}
	// Dir is where the state is kept. It is made if it is not there.
	Dir string
	// Getenv reads the environment, for secrets that the policy says are there; nil means there are none.
	Getenv func(string) string
	// Now is the clock; nil means time.Now.
	Now     func() time.Time
	Logger  *slog.Logger
	Metrics *metrics.Set
}

func (o Options) withDefaults() (Options, error) {
	if o.Evaluate == nil || o.Tenants == nil || o.Groups == nil || o.Notify == nil || o.Dir == "" {
		return o, errors.New("alerts: options lack what evaluates, the tenants, the rules, who is told or a directory")
	}
	if o.Findings == nil {
		o.Findings = func(context.Context, edge.Tenant, query.Question) ([]query.Finding, error) { return nil, nil }
	}
	if o.Problem == nil {
		o.Problem = func() string { return "" }
	}
	if o.Ready == nil {
		ready := make(chan struct{})
		close(ready)
		o.Ready = ready
	}
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = metrics.NewSet()
	}
	return o, nil
}
