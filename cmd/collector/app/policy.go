package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"edgescope/alert"
	"edgescope/alert/rules"
	"edgescope/edge"
	"edgescope/internal/near"
	"edgescope/internal/run"
	"edgescope/internal/tree"
	"edgescope/policy"
	"edgescope/query/promql"
	"edgescope/store"
	"edgescope/store/embedded/cost"
)

// ruleSet are the rules of files that hold now.
type ruleSet struct {
	mu      sync.Mutex
	groups  []rules.Group
	problem string
}

// openPolicy reads the policy and the rules. What is wrong with them refuses to start.
func (c *Collector) openPolicy(ctx context.Context) error {
	var err error
	if c.policy, err = policy.Open(c.policyFile, func(p *policy.Policy) error {
		return p.KnownTenants(c.tenantNames())
	}); err != nil {
		return run.Usage("--policy: %w", err)
	}
	c.rules = &ruleSet{}
	if err := c.readRules(); err != nil {
		return run.Usage("--rules: %w", err)
	}
	if c.hangups != nil {
		c.followHangups(ctx)
	}
	return nil
}

// tenantNames are the names that policies and rules may say.
func (c *Collector) tenantNames() []string {
	var names []string
	for _, t := range c.tenants() {
		if t.Name != "" {
			names = append(names, t.Name)
		}
	}
	return names
}

// groupsHold fails when rules of files are those of a tenant that the tokens file does not have, so that they would never
// hold, and when they are built in: who gives back an export would be told of them twice.
func (c *Collector) groupsHold(groups []rules.Group) error {
	known := c.tenantNames()
	var problems tree.Problems
	for i := range groups {
		g := &groups[i]
		if slices.ContainsFunc(alert.BuiltinRules(), func(b rules.Group) bool { return b.Name == g.Name }) {
			problems = append(problems, tree.Problem{Pos: g.Pos, Msg: fmt.Sprintf("group %q is built in, and what was exported "+
				"is evaluated in any case: leave the file out, or call the group otherwise", g.Name)})
		}
		if g.Tenant != "" && !slices.Contains(known, g.Tenant) {
			problems = append(problems, tree.Problem{Pos: g.Pos, Msg: fmt.Sprintf(
				"group %q: no tenant of --tokens is called %q%s", g.Name, g.Tenant, near.Hint(g.Tenant, known...),
			)})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	return problems
}

func (c *Collector) readRules() error {
	if len(c.ruleFiles) == 0 {
		return nil
	}
	groups, warnings, err := rules.Load(c.ruleFiles, checkExpr)
	if err == nil {
		err = c.groupsHold(groups)
	}
	c.rules.mu.Lock()
	defer c.rules.mu.Unlock()
	if err != nil {
		c.rules.problem = err.Error()
		return err
	}
	for _, w := range warnings {
		c.logger.Warn("a rule means something else than is written", slog.String("problem", w.String()))
	}
	c.rules.groups, c.rules.problem = groups, ""
	return nil
}

// checkExpr tells what is wrong with the expression of a rule: what the store would not evaluate, and then what its parser
// says, with its place.
func checkExpr(expr string) error {
	_, err := cost.OfMetricsQL(expr, cost.Points{Step: promql.DefaultStep})
	if errors.Is(err, store.ErrTooMuch) {
		return err //nolint:wrapcheck // the rule says where
	}
	return promql.Check(expr)
}

// followHangups reads the files again at SIGHUP. Of a file that is wrong the one before stays in use.
func (c *Collector) followHangups(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-c.hangups:
				c.reload() //nolint:contextcheck // deliveries end with the alerts, not with this
			}
		}
	})
	c.stack.Push("reading files again", func(context.Context) error {
		cancel()
		wg.Wait()
		return nil
	})
}

func (c *Collector) reload() {
	if err := errors.Join(c.policy.Reload(), c.readRules()); err != nil {
		c.logger.Error("reload failed: of a file that is wrong what was read before stays in use", slog.Any("error", err))
	} else {
		c.logger.Info("read policy and rules again")
	}
	if j := c.judges; j != nil {
		j.alerts.Reload()
	}
}

// filesProblem says why the newest policy or the newest rules are not in use, "" when they are.
func (c *Collector) filesProblem() string {
	c.rules.mu.Lock()
	defer c.rules.mu.Unlock()
	problem := c.policy.Problem()
	if problem != "" && c.rules.problem != "" {
		problem += "\n"
	}
	return problem + c.rules.problem
}

// now returns the rules of files that hold.
func (s *ruleSet) now() []rules.Group {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.groups)
}

// tenants are those of the tokens file; where nobody has to sign in there is one without a name.
func (c *Collector) tenants() []alert.Tenant {
	if c.guard == nil {
		return []alert.Tenant{{}}
	}
	var all []alert.Tenant
	for _, t := range c.guard.Tenants() {
		all = append(all, alert.Tenant{Tenant: t.Tenant, Name: t.Name})
	}
	return all
}

// policyOf returns what the policy says for a tenant.
func (c *Collector) policyOf(tenant edge.Tenant) *policy.Policy {
	for _, t := range c.tenants() {
		if t.Tenant == tenant {
			return c.policy.For(t.Name)
		}
	}
	return c.policy.For("")
}
