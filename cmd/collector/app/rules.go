package app

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"edgescope/alert"
	"edgescope/alert/rules"
	"edgescope/internal/near"
	"edgescope/internal/run"
	"edgescope/policy"
	"edgescope/query/slo"
)

// sourcesTime bounds how long the store is asked which sources services have.
const sourcesTime = 5 * time.Second

// groups are the rules that hold now: those that are built in, those of files, and those of the promises of each tenant.
func (c *Collector) groups() []rules.Group {
	all := slices.Concat(alert.BuiltinRules(), c.rules.now())
	for _, t := range c.tenants() {
		ctx, cancel := context.WithTimeout(context.Background(), sourcesTime)
		of, err := c.judges.slo.Rules(ctx, t.Tenant, t.Name)
		cancel()
		if err != nil {
			c.logger.Warn("promises are told of by rules that may be out of date", slog.Any("error", err))
		}
		all = append(all, of...)
	}
	return all
}

// exportRules prints the rules that hold, in a dialect: those that are built in, those of the policy's SLOs, those of
// files. It needs no store: services have the source that their SLO names, else spans.
func (c *Collector) exportRules(p run.Process, dialects []string) error {
	dialect := rules.Dialects()[0]
	if len(dialects) > 0 {
		dialect = rules.Dialect(dialects[0])
	}
	if !slices.Contains(rules.Dialects(), dialect) {
		var names []string
		for _, d := range rules.Dialects() {
			names = append(names, string(d))
		}
		return run.Usage("rules export: unknown dialect %q%s: want one of %v", dialect, near.Hint(string(dialect), names...),
			names)
	}
	said := &policy.Policy{}
	if c.policyFile != "" {
		var err error
		if said, err = policy.Read(c.policyFile); err != nil {
			return run.Usage("--policy: %w", err)
		}
	}
	groups := slices.Concat(alert.BuiltinRules(), slo.Rules(said))
	if len(c.ruleFiles) > 0 {
		ofFiles, warnings, err := rules.Load(c.ruleFiles, checkExpr)
		if err != nil {
			return run.Usage("--rules: %w", err)
		}
		for _, w := range warnings {
			c.logger.Warn("a rule means something else than is written", slog.String("problem", w.String()))
		}
		groups = append(groups, ofFiles...)
	}
	if err := rules.Write(p.Stdout, groups, dialect); err != nil {
		return fmt.Errorf("print the rules: %w", err)
	}
	return nil
}
