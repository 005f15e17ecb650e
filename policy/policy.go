// Package policy reads the one file in which people say what the collector cannot measure: prices and plans, what
// memory functions have, which limits hold, what was promised to users, where their data may go, and who is told.
//
// It is strict: what it does not know, and what makes no sense, is refused with file, line and column and what would be
// right, all of it at once. docs/policy.md tells what each section may say.
package policy

import (
	"bytes"
	"fmt"
	"slices"

	"edgescope/edge/price"
	"edgescope/internal/near"
	"edgescope/internal/tree"
)

// Policy is what a policy file says. The zero value is that of no file. It is not changed once it is read, and safe for
// concurrent use.
//
// Items with a Tenant hold for that tenant only, by its name in the tokens file; the others hold for all. For returns
// what holds for one.
type Policy struct {
	// Path is the file, "" for none.
	Path string
	// Prices lay price lists over those that come with the program.
	Prices   []Price
	Accounts []Account
	// Loads say what a request of a load run costs its target.
	Loads     []Load
	Limits    []Limit
	Memory    []Memory
	SLOs      []SLO
	Residency []Zone
	Routing   Routing
	Notify    Notify

	tenants []named
}

// named is the name of a tenant, where it stands.
type named struct {
	name string
	at   tree.Position
}

// maxFile bounds what is read, in bytes: a policy is written by hand.
const maxFile = 1 << 20

// Read reads a policy file. What is wrong with what it says is a tree.Problems, all at once.
func Read(path string) (*Policy, error) {
	src, err := tree.ReadFile(path, maxFile)
	if err != nil {
		return nil, fmt.Errorf("read the policy: %w", err)
	}
	p, problems := Parse(path, src)
	if len(problems) > 0 {
		return nil, problems
	}
	return p, nil
}

// Parse reads the text of a policy file. With problems, in the order of lines, what it returns lacks parts.
func Parse(path string, src []byte) (*Policy, tree.Problems) {
	p := &Policy{Path: path}
	if blank(src) {
		return p, nil
	}
	root, problems := tree.Parse(path, src)
	r := &reader{problems: problems}
	if root == nil || len(problems) > 0 {
		return p, problems
	}
	r.object(root, "a policy", map[string]take{
		"prices":    r.prices(p),
		"accounts":  r.accounts(p),
		"load":      r.loads(p),
		"limits":    r.limits(p),
		"memory":    r.memory(p),
		"slos":      r.slos(p),
		"residency": r.residency(p),
		"routing":   r.routing(p),
		"notify":    r.notify(p),
	})
	r.plansExist(p)
	p.tenants = r.tenants
	r.problems.Sort()
	return p, r.problems
}

// blank tells a file in which nothing is said: all of it may be comments.
func blank(src []byte) bool {
	for line := range bytes.Lines(src) {
		if line = bytes.TrimSpace(line); len(line) > 0 && line[0] != '#' {
			return false
		}
	}
	return true
}

// For returns what holds for a tenant, by its name, "" where there are no tenants: what names it first, so that it comes
// before what holds for all, then what names none.
func (p *Policy) For(tenant string) *Policy {
	return &Policy{
		Path:      p.Path,
		Prices:    held(p.Prices, tenant, func(i *Price) string { return i.Tenant }),
		Accounts:  held(p.Accounts, tenant, func(i *Account) string { return i.Tenant }),
		Loads:     p.Loads,
		Limits:    held(p.Limits, tenant, func(i *Limit) string { return i.Tenant }),
		Memory:    held(p.Memory, tenant, func(i *Memory) string { return i.Tenant }),
		SLOs:      firstOfName(held(p.SLOs, tenant, func(i *SLO) string { return i.Tenant })),
		Residency: held(p.Residency, tenant, func(i *Zone) string { return i.Tenant }),
		Routing:   p.Routing,
		Notify: Notify{
			Wait: p.Notify.Wait, Interval: p.Notify.Interval, Repeat: p.Notify.Repeat, Dashboard: p.Notify.Dashboard,
			Receivers: held(p.Notify.Receivers, tenant, func(i *Receiver) string { return i.Tenant }),
		},
	}
}

func held[T any](items []T, tenant string, of func(*T) string) []T {
	var own, all []T
	for i := range items {
		switch of(&items[i]) {
		case "":
			all = append(all, items[i])
		case tenant:
			own = append(own, items[i])
		}
	}
	return slices.Concat(own, all)
}

// KnownTenants fails when items carry names of tenants that are not known, with a tree.Problems that has the place of
// each: only the collector can see that mistake.
func (p *Policy) KnownTenants(known []string) error {
	var problems tree.Problems
	for _, t := range p.tenants {
		if !slices.Contains(known, t.name) {
			problems = append(problems, tree.Problem{
				Pos: t.at, Msg: fmt.Sprintf("no tenant of --tokens is called %q%s", t.name, near.Hint(t.name, known...)),
			})
		}
	}
	if len(problems) == 0 {
		return nil
	}
	problems.Sort()
	return problems
}

// Plan returns a plan of a platform: that of the policy's own prices, else that which comes with the program, nil for
// none.
func (p *Policy) Plan(platform, name string) *price.Plan {
	for _, plan := range p.Plans() {
		if plan.Platform == platform && plan.Name == name {
			return plan
		}
	}
	return nil
}

// Plans returns all price lists: those of the policy, then those that come with the program and are not overridden.
func (p *Policy) Plans() []*price.Plan {
	var plans []*price.Plan
	add := func(plan *price.Plan) {
		same := func(o *price.Plan) bool { return o.Platform == plan.Platform && o.Name == plan.Name }
		if !slices.ContainsFunc(plans, same) {
			plans = append(plans, plan)
		}
	}
	for i := range p.Prices {
		add(&p.Prices[i].Plan)
	}
	for _, plan := range price.Lists {
		add(plan)
	}
	return plans
}
