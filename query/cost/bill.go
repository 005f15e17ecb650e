package cost

import (
	"context"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/money"
)

// Bill returns what the accounts cost that the policy names.
func (x *Room) Bill(ctx context.Context, tenant edge.Tenant, q query.Question) (*money.Bill, error) {
	asking, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	sum, p := newTotal(), x.o.Policy(tenant)
	out := &money.Bill{Budget: query.None()}
	out.Month, _ = monthOf(asking.Now)
	if len(p.Accounts) > 0 {
		all, err := x.thisMonth(ctx, tenant, asking.Now, false)
		if err != nil {
			return nil, err
		}
		for _, a := range accountsOf(all.month, p) {
			if a.policy != nil {
				addBill(out, a, all, sum)
			}
		}
	}
	out.Today, out.ToDate, out.Forecast, out.PerMillion = sum.Today, sum.ToDate, sum.Forecast, sum.PerMillion
	out.About, err = asking.About(ctx)
	return out, err
}

// addBill adds an account.
func addBill(out *money.Bill, a *account, all *asked, sum *total) {
	s := a.spending(all)
	if f, ok := a.forecast(all); ok {
		used, _ := a.used(all.month, a.plan) // memory is known, or there is no forecast
		s.Forecast = f.figure(all, used, a.bill)
	}
	sum.add(&s, a.did(all.month).requests)
	if budget := query.Num(a.budget()); out.Accounts == 0 {
		out.Budget = budget
	} else {
		out.Budget += budget
	}
	out.Accounts++
	if finding, ok := a.finding(all); ok {
		out.Over = append(out.Over, finding.Name)
	}
}
