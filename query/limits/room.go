// Package limits answers how near functions are to what their platforms allow, and when a quota will be used up.
package limits

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/money"
	"edgescope/query/tables"
)

// Options are what a Room needs. All are required.
type Options struct {
	Read *tables.Reader
	// Policy returns what holds now for a tenant.
	Policy func(edge.Tenant) *policy.Policy
	// Problem is why the policy was not taken at its last reload, "" if it was.
	Problem func() string
}

// Room knows which limits are near and what is to come. It is safe for concurrent use; its answers belong to the caller.
type Room struct {
	o      Options
	trends memo.Memo[map[string][]daily]
}

// New makes a Room.
func New(o Options) *Room { return &Room{o: o} }

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{
		query.PathLimits:   tables.All(x.Limits),
		query.PathForecast: tables.All(x.Forecast),
	}}
}

// Limits returns which limit is near.
func (x *Room) Limits(ctx context.Context, tenant edge.Tenant, q query.Question) (*money.Limits, error) {
	a, err := x.o.Read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	out := &money.Limits{Services: []money.ServiceLimits{}, Problem: x.o.Problem()}
	var all *measured
	var days map[string][]daily
	var quotas []money.Quota
	places, events, err := x.places(ctx, a)
	if err != nil {
		return nil, err
	}
	g, inGroup := errgroup.WithContext(ctx)
	g.Go(func() (err error) { all, err = x.measure(inGroup, a, places, events); return err })
	g.Go(func() (err error) { days, err = x.daily(inGroup, a); return err })
	g.Go(func() (err error) { quotas, err = x.quotas(inGroup, a, places); return err })
	g.Go(func() (err error) { out.Choices, err = a.Choose(inGroup); return err })
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if out.About, err = a.About(ctx, all.table); err != nil {
		return nil, err
	}
	if all.looked < 1 {
		out.Note(fmt.Sprintf("first byte, subrequests, memory and bodies are those of %.2g %% of the invocations, in %d stretches "+
			"of the range", 100*all.looked, slicesOf))
	}
	x.list(a, all, days, out)
	out.Services = append(out.Services, shared(quotas)...)
	slices.SortStableFunc(out.Services, func(s, t money.ServiceLimits) int {
		return cmp.Or(cmp.Compare(weight(&t), weight(&s)), strings.Compare(s.Service, t.Service))
	})
	return out, nil
}

// list adds what each service on each platform has, and the platforms of which no limits are known.
func (x *Room) list(a *tables.Asking, all *measured, days map[string][]daily, out *money.Limits) {
	said := x.o.Policy(a.Tenant)
	unknown := map[string]bool{}
	for _, u := range all.uses {
		plans, ours := said.LimitsOf(u.platform, u.service)
		if len(plans) == 0 {
			unknown[cmp.Or(u.platform, query.Unknown)] = true
			continue
		}
		s := money.ServiceLimits{Service: u.service, Platform: u.platform, Said: ours}
		b := budgets{use: u, asking: a, lines: map[string]*line{}}
		if u.alone {
			b.days = days[u.service]
		}
		for i := range plans {
			p := &plans[i]
			s.Plans = append(s.Plans, money.PlanLimits{
				Plan: p.Name, Budgets: b.of(p), AsOf: p.Source.AsOf, Source: p.Source.Page, Remark: p.Source.Note,
			})
		}
		conclude(&s)
		out.Services = append(out.Services, s)
	}
	out.Unknown = slices.Sorted(maps.Keys(unknown))
}

// states are those of budgets, from the one that says least.
var states = []string{
	money.BudgetMissing, money.BudgetFew, money.BudgetOK, money.BudgetWatch, money.BudgetTight, money.BudgetOver,
}

// heavier tells whether a budget says more than another: by state, then by how much is used up.
func heavier(b, than *money.Budget) bool {
	i, j := slices.Index(states, b.State), slices.Index(states, than.State)
	return i > j || i == j && b.Part.Value > than.Part.Value
}

// worst returns the budget of a plan that says most, nil without any.
func worst(p *money.PlanLimits) *money.Budget {
	var most *money.Budget
	for i := range p.Budgets {
		if b := &p.Budgets[i]; most == nil || heavier(b, most) {
			most = b
		}
	}
	return most
}

// best returns the worst budget of the plan that allows most, and that plan. Plans on which something is judged come
// before those on which nothing is.
func best(s *money.ServiceLimits) (*money.Budget, *money.PlanLimits) {
	var least *money.Budget
	var of *money.PlanLimits
	for i := range s.Plans {
		b := worst(&s.Plans[i])
		switch {
		case b == nil:
		case least == nil, judged(b) && !judged(least), judged(b) == judged(least) && heavier(least, b):
			least, of = b, &s.Plans[i]
		}
	}
	return least, of
}

// judged tells whether a budget has a verdict.
func judged(b *money.Budget) bool {
	return b.State != money.BudgetMissing && b.State != money.BudgetFew
}

func conclude(s *money.ServiceLimits) {
	s.State = money.BudgetMissing
	if b, _ := best(s); b != nil {
		s.State, s.Nearest = b.State, b.Name
	}
}

// weight orders services: by state, then by what is used up.
func weight(s *money.ServiceLimits) float64 {
	b, _ := best(s)
	if b == nil {
		return -1
	}
	const enough = 1e9 // more than any part
	part := float64(b.Part.Value)
	if !b.Part.Value.OK() {
		part = 0
	}
	return float64(slices.Index(states, b.State))*enough + min(part, enough/2)
}

// shared makes of the quotas of days the limits that all services of an account share.
func shared(quotas []money.Quota) []money.ServiceLimits {
	var all []money.ServiceLimits
	for i := range quotas {
		q := &quotas[i]
		if q.Per != perDay {
			continue
		}
		s := money.ServiceLimits{Platform: q.Platform, Said: q.Said, Plans: []money.PlanLimits{{
			Plan: q.Plan, AsOf: q.AsOf, Source: q.Source, Remark: "shared by " + strings.Join(q.Services, ", "),
			Budgets: []money.Budget{{
				Name: money.BudgetRequests, State: q.State, Limit: q.Limit, Used: q.Period.All, Measure: money.MeasureDay,
				Part: q.Part, Over: query.None(), ExceededRatio: query.None(),
			}},
		}}}
		conclude(&s)
		all = append(all, s)
	}
	return all
}
