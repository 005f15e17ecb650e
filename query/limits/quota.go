package limits

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge"
	"edgescope/edge/price"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

const perDay, perMonth = "day", "month"

// past is what was requested: hour by hour, and since the last hour that is over.
type past struct {
	*tables.History

	since tally.Tally
}

// pasts returns the past of each group of a cut, nil when no rollups have it.
func (x *Room) pasts(ctx context.Context, a *tables.Asking, c tables.Cut) (map[string]past, error) {
	histories, err := x.o.Read.History(ctx, c, tables.MaxHistory)
	if err != nil || histories == nil {
		return nil, err
	}
	all := make(map[string]past, len(histories))
	end := tally.Floor(a.Now, time.Hour)
	for group, h := range histories {
		all[group] = past{History: h}
		end = h.From.Add(time.Duration(len(h.Requests)) * time.Hour)
	}
	c.Parts = tables.WithRequests
	c.Window = tally.Window{From: end, To: tally.Ceil(a.Now, 10*time.Second)}.Whole()
	if !c.Window.From.Before(c.Window.To) {
		return all, nil
	}
	t, err := x.o.Read.Table(ctx, c)
	if err != nil {
		return nil, err
	}
	for group, row := range t.Groups {
		p := all[group]
		if p.History == nil { // its first hour is not over
			p.History = &tables.History{From: end.Add(-time.Hour), Requests: []float64{math.NaN()}, Events: []float64{0}}
		}
		p.since = *tally.Sum(row)
		all[group] = p
	}
	return all, nil
}

// together adds up pasts that end alike. An hour in which one of them has a gap is a gap: what of it was before the
// first invocation counts as nothing.
func together(pasts []past) past {
	longest := slices.MaxFunc(pasts, func(p, q past) int { return len(p.Requests) - len(q.Requests) })
	n := len(longest.Requests)
	sum := past{History: &tables.History{From: longest.From, Requests: make([]float64, n), Events: make([]float64, n)}}
	begun := n
	for _, p := range pasts {
		first := slices.IndexFunc(p.Requests, func(v float64) bool { return !math.IsNaN(v) })
		shift := n - len(p.Requests)
		if first >= 0 {
			begun = min(begun, first+shift)
			for i := first; i < len(p.Requests); i++ {
				sum.Requests[i+shift] += p.Requests[i]
				sum.Events[i+shift] += p.Events[i]
			}
		}
		sum.since.Merge(&p.since)
	}
	for i := range begun {
		sum.Requests[i], sum.Events[i] = math.NaN(), math.NaN()
	}
	return sum
}

// quotas returns which quotas of accounts there are, and when they are used up, the nearest first.
func (x *Room) quotas(ctx context.Context, a *tables.Asking, places map[string][]string) ([]money.Quota, error) {
	accounts := accountsOf(x.o.Policy(a.Tenant), places)
	if len(accounts) == 0 {
		return []money.Quota{}, nil
	}
	var alone, several []string
	for service, on := range places {
		if len(on) == 1 {
			alone = append(alone, service)
		} else {
			several = append(several, service)
		}
	}
	slices.Sort(several)
	of := map[string]past{} // by service and platform
	if len(alone) > 0 {
		byService, err := x.pasts(ctx, a, a.Cut(0, edge.KeyServiceName))
		if err != nil {
			return nil, fmt.Errorf("ask what services were asked: %w", err)
		}
		for _, service := range alone {
			if p, ok := byService[service]; ok {
				of[groupOf(service, places[service][0])] = p
			}
		}
	}
	if len(several) > 0 {
		both, err := x.pasts(ctx, a, a.Cut(0, edge.KeyServiceName, edge.KeyCloudPlatform).Where(edge.KeyServiceName, several))
		if err != nil {
			return nil, fmt.Errorf("ask what services were asked on several platforms: %w", err)
		}
		maps.Copy(of, both)
	}
	quotas := []money.Quota{}
	for _, account := range accounts {
		var pasts []past
		for _, service := range account.Services {
			if p, ok := of[groupOf(service, account.Platform)]; ok {
				pasts = append(pasts, p)
			}
		}
		if len(pasts) > 0 {
			sum := together(pasts)
			quotas = append(quotas, account.judged(aheadOf(sum.History, a.Now, &sum.since)))
		}
	}
	slices.SortStableFunc(quotas, func(p, q money.Quota) int { return int(math.Copysign(1, float64(part(&q)-part(&p)))) })
	return quotas, nil
}

// part is the part of a quota, 0 when it is not known.
func part(q *money.Quota) query.Num {
	if !q.Part.Value.OK() {
		return 0
	}
	return q.Part.Value
}

// account is a quota of which nothing is measured yet.
type account struct{ money.Quota }

// accountsOf returns the quotas that services on platforms have.
func accountsOf(said *policy.Policy, places map[string][]string) []*account {
	all := map[string]*account{}
	add := func(key, service string, q money.Quota) {
		if all[key] == nil {
			all[key] = &account{q}
		}
		all[key].Services = append(all[key].Services, service)
	}
	for service, on := range places {
		for _, platform := range on {
			plans, known := said.LimitsOf(platform, service)
			for i := range plans {
				p := &plans[i]
				if p.RequestsPerDay <= 0 {
					continue
				}
				add(fmt.Sprint(platform, "\x00", p.Name, "\x00", p.RequestsPerDay), service, money.Quota{
					Platform: platform, Plan: p.Name, Said: known, Of: price.Requests, Per: perDay,
					Limit: query.Num(p.RequestsPerDay), Then: "further requests fail until midnight UTC",
					AsOf: p.Source.AsOf, Source: p.Source.Page,
				})
			}
			if q, key, ok := included(said, platform, service); ok {
				add(key, service, q)
			}
		}
	}
	keys := make([]string, 0, len(all))
	for key := range all {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	accounts := make([]*account, len(keys))
	for i, key := range keys {
		accounts[i] = all[key]
		slices.Sort(accounts[i].Services)
	}
	return accounts
}

// included returns the requests of a month that the plan of a service's account includes in its price, false when no
// policy says which plan that is, or it includes none.
func included(said *policy.Policy, platform, service string) (q money.Quota, key string, ok bool) {
	of := said.AccountOf(platform, service)
	if of == nil {
		return q, "", false
	}
	plan := said.PlanOf(of)
	if plan == nil {
		return q, "", false
	}
	for _, m := range plan.Meters {
		if m.Of == price.Requests && m.Included > 0 {
			return money.Quota{
				Platform: platform, Plan: plan.Name, Said: true, Of: price.Requests, Per: perMonth, Limit: query.Num(m.Included),
				Then: fmt.Sprintf("further requests cost %.2f USD a million", m.Price/m.Per*1e6),
				AsOf: plan.Source.AsOf, Source: plan.Source.Page,
			}, strings.Join(append([]string{platform, plan.Name, perMonth}, of.Services...), "\x00"), true
		}
	}
	return q, "", false
}

// judged says when the quota is used up: in the first of its periods in which that happens, else how much of it the
// period that needs most uses.
func (c *account) judged(a *ahead) money.Quota {
	q := c.Quota
	periods := []money.Expectation{a.expect(monthStart(a.now), monthEnd(a.now))}
	if q.Per == perDay {
		periods = a.days()
	}
	for i, p := range periods {
		if i == 0 || expected(&p) > expected(&q.Period) {
			q.Period = p
		}
		if expected(&q.Period) >= q.Limit {
			break
		}
	}
	q.Part = q.Period.All
	if !a.ok {
		q.Part = q.Period.SoFar
	}
	q.Part.Value, q.Part.Low, q.Part.High = q.Part.Value/q.Limit, q.Part.Low/q.Limit, q.Part.High/q.Limit
	if q.State = stateOf(float64(q.Part.Value)); q.State == money.BudgetOK && !a.ok {
		q.State = money.BudgetFew
	}
	from, to := q.Period.From, q.Period.To
	q.Reached = a.reached(a.Values, from, to, float64(q.Limit))
	if q.Earliest = q.Reached; a.High != nil {
		q.Earliest = a.reached(a.High, from, to, float64(q.Limit))
	}
	return q
}

// expected is what a period will have had, or has had where nothing can be forecast.
func expected(e *money.Expectation) query.Num {
	if e.All.Value.OK() {
		return e.All.Value
	}
	return e.SoFar.Value
}

// days returns today, and the days of the coming week where they can be forecast.
func (a *ahead) days() []money.Expectation {
	today := tally.Floor(a.now, query.Day)
	days := []money.Expectation{a.expect(today, today.Add(query.Day))}
	for d := 1; a.ok && d < forecastDays; d++ {
		days = append(days, a.expect(today.AddDate(0, 0, d), today.AddDate(0, 0, d+1)))
	}
	return days
}
