package cost

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"edgescope/edge/price"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tally"
)

// account is an account with what its services did.
type account struct {
	platform string
	plan     *price.Plan // nil: there are no prices
	policy   *policy.Account
	members  []member
	missing  []string
}

// member is a service of an account.
type member struct {
	service  string
	platform string
	// part is which part of the service's invocations is the account's.
	part float64
	// memory is in GB, NaN when it is not known.
	memory float64
}

// accountsOf sorts what services did into the accounts that pay for it, the largest first.
func accountsOf(c *counted, p *policy.Policy) []*account {
	all := map[string]*account{}
	for service, row := range c.services.Groups {
		if tally.Sum(row).Requests == 0 { // what is left of it has no invocation
			continue
		}
		on := c.platforms[service]
		if len(on) == 0 { // it has no series of its own where platforms are kept
			on = map[string]float64{"": 1}
		}
		for platform, part := range on {
			of := p.AccountOf(platform, service)
			key := platform
			if of != nil {
				key = fmt.Sprintf("%s\n%s\n%q", of.Platform, of.Plan, of.Services)
			}
			if all[key] == nil {
				all[key] = newAccount(p, of, platform)
			}
			all[key].members = append(all[key].members, member{service, platform, part, p.MemoryOf(service)})
		}
	}
	accounts := make([]*account, 0, len(all))
	for _, a := range all {
		slices.SortFunc(a.members, func(x, y member) int { return cmp.Compare(x.service, y.service) })
		a.explain()
		accounts = append(accounts, a)
	}
	size := func(a *account) float64 { return a.did(c).requests }
	slices.SortFunc(accounts, func(x, y *account) int {
		return cmp.Or(cmp.Compare(size(y), size(x)), cmp.Compare(x.platform, y.platform),
			cmp.Compare(x.members[0].service, y.members[0].service))
	})
	return accounts
}

func newAccount(p *policy.Policy, of *policy.Account, platform string) *account {
	a := &account{platform: platform, policy: of}
	if of != nil {
		a.platform, a.plan = of.Platform, p.PlanOf(of)
		return a
	}
	for _, plan := range p.Plans() {
		if plan.Platform == platform {
			a.plan = plan
			break
		}
	}
	return a
}

// explain says why there is no figure.
func (a *account) explain() {
	var services []string
	for _, m := range a.members {
		services = append(services, m.service)
	}
	switch {
	case a.plan == nil && a.platform == "":
		a.missing = append(a.missing, "invocations of "+names(services)+
			" do not say their platform: name the services in an account of the policy")
	case a.plan == nil:
		a.missing = append(a.missing, "there are no prices of "+a.platform+": write a list in prices of the policy")
	case slices.ContainsFunc(a.plan.Meters, func(m price.Meter) bool { return m.Of == price.GBs }):
		services = slices.DeleteFunc(services, func(s string) bool {
			return slices.ContainsFunc(a.members, func(m member) bool { return m.service == s && m.memory > 0 })
		})
		if len(services) > 0 {
			a.missing = append(a.missing, fmt.Sprintf("%s charges for memory, and that of %s is not known: "+
				"name it in memory of the policy", a.plan, names(services)))
		}
	}
}

// factor is what bills are multiplied by.
func (a *account) factor() float64 {
	if a.policy == nil {
		return 1
	}
	return a.policy.Factor
}

// budget is what a month may cost, NaN without one.
func (a *account) budget() float64 {
	if a.policy == nil {
		return math.NaN()
	}
	return a.policy.Budget
}

// did is what all services of the account did.
func (a *account) did(c *counted) done {
	var sum done
	for _, m := range a.members {
		sum = sum.plus(c.of(m.service, m.platform), m.part)
	}
	return sum
}

// used is what they used of the meters of a plan, their own or another. It fails where a service's memory is not known.
func (a *account) used(c *counted, plan *price.Plan) (use, error) {
	sum := newUse()
	for _, m := range a.members {
		u, err := c.of(m.service, m.platform).useOf(plan, m.memory)
		if err != nil {
			return sum, err
		}
		sum.add(u, m.part)
	}
	return sum, nil
}

// bill prices a month's use.
func (a *account) bill(u price.Use) float64 { return a.factor() * a.plan.Bill(u) }

// marginal prices a use as if nothing were included.
func (a *account) marginal(u price.Use) float64 { return a.factor() * a.plan.Marginal(u) }

// spending are the figures of an account, but for its forecast.
func (a *account) spending(all *asked) money.Spending {
	none := noFigure(query.OriginPriceList)
	s := money.Spending{Range: none, Today: none, ToDate: none, Forecast: noFigure(query.OriginModel), PerMillion: none}
	if len(a.missing) > 0 {
		return s
	}
	// Memory and prices are known: what follows does not fail.
	month, _ := a.used(all.month, a.plan)
	today, _ := a.used(all.today, a.plan)
	inRange, _ := a.used(all.inRange, a.plan)
	did := a.did(all.month)
	s.ToDate = did.figure(month, a.bill)
	s.Range = a.did(all.inRange).figure(inRange, a.marginal)
	s.Today = a.grown(month, today, did.unsure())
	s.Today.N = query.Num(math.Round(a.did(all.today).events))
	if did.requests > 0 {
		s.PerMillion = scaled(did.figure(month, a.marginal), 1e6/did.requests)
	}
	return s
}

// grown is by how much the month's bill grew by today's use, which may be off by a part.
func (a *account) grown(month, today use, off float64) query.Figure {
	by := func(month, today price.Use, factor float64) query.Num {
		before := times(month, factor)
		before.Add(times(today, -factor))
		return query.Num(a.bill(times(month, factor)) - a.bill(before))
	}
	out := query.Figure{
		Value: query.None(), Low: by(month.low, today.low, 1-off), High: by(month.high, today.high, 1+off),
		Origin: query.OriginPriceList,
	}
	if month.exact() {
		out.Value = by(month.low, today.low, 1)
	}
	return out
}

// meters are what the account used of each meter in the month to date.
func (a *account) meters(all *asked) []money.MeterUse {
	if a.plan == nil {
		return nil
	}
	used, err := a.used(all.month, a.plan)
	did := a.did(all.month)
	out := make([]money.MeterUse, 0, len(a.plan.Meters))
	for i := range a.plan.Meters {
		m := &a.plan.Meters[i]
		u := money.MeterUse{
			Of: m.Of, Used: noFigure(query.OriginMeasured), Forecast: noFigure(query.OriginModel),
			Included: query.Num(m.Included), Price: query.Num(m.Price), Per: query.Num(m.Per),
		}
		if err == nil {
			u.Used = did.figure(used, func(u price.Use) float64 { return u[m.Of] })
			u.Used.Origin = query.OriginMeasured
		}
		out = append(out, u)
	}
	return out
}
