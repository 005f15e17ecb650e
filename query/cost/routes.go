package cost

import (
	"cmp"
	"slices"

	"edgescope/edge"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// maxRoutes is how many routes an answer has; what is left is one row more for each account.
const maxRoutes = 200

// priced is a route with what its shares are made of.
type priced struct {
	money.RouteCost

	account int
	// weight is what its use of the month costs as if nothing were included; half way where that is a range.
	weight, requests float64
}

// routes are what each route costs, the dearest first, and how many there are.
func routes(accounts []*account, all *asked, asking *tables.Asking) ([]money.RouteCost, int) {
	var rows []priced
	for i, a := range accounts {
		rows = append(rows, a.routes(i, all)...)
	}
	rows = slices.DeleteFunc(rows, func(r priced) bool {
		for _, c := range asking.Conditions {
			if c.Key == edge.KeyServiceName && !c.Holds(r.Service) || c.Key == edge.KeyRoute && (r.Other || !c.Holds(r.Route)) {
				return true
			}
		}
		return false
	})
	slices.SortFunc(rows, func(x, y priced) int {
		return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(y.requests, x.requests),
			cmp.Compare(x.Service, y.Service), cmp.Compare(x.Route, y.Route))
	})
	count := len(rows)
	out := make([]money.RouteCost, 0, min(count, maxRoutes+len(accounts)))
	rest := make([]*money.RouteCost, len(accounts))
	for i := range rows {
		r := &rows[i]
		switch {
		case i < maxRoutes:
			out = append(out, r.RouteCost)
		case rest[r.account] == nil:
			r.Service, r.Route, r.Other = "", "", true
			rest[r.account] = &r.RouteCost
		default:
			join(rest[r.account], &r.RouteCost)
		}
	}
	for _, r := range rest {
		if r != nil {
			out = append(out, *r)
		}
	}
	return out, count
}

// join adds a row to another, of several routes.
func join(to, r *money.RouteCost) {
	to.Requests += r.Requests
	to.Samples += r.Samples
	to.Share += r.Share
	to.Bill, to.Range = plus(to.Bill, r.Bill), plus(to.Range, r.Range)
	to.CPU, to.Duration, to.PerMillion = query.None(), query.None(), noFigure(query.OriginPriceList)
}

// routes are the rows of an account. The shares are parts of the bill by what the use costs as if nothing were included,
// by requests where all is free: so they add up to it.
func (a *account) routes(place int, all *asked) []priced {
	var rows []priced
	for _, m := range a.members {
		of, rest := all.month.routesOf(m.service, m.platform)
		inRange, restInRange := all.inRange.routesOf(m.service, m.platform)
		for route, d := range of {
			rows = append(rows, a.route(m, route, d, inRange[route]))
		}
		if rest.requests >= 1 {
			row := a.route(m, "", rest, restInRange)
			row.Other = true
			rows = append(rows, row)
		}
	}
	weights, requests := 0.0, 0.0
	for i := range rows {
		rows[i].account = place
		weights, requests = weights+rows[i].weight, requests+rows[i].requests
	}
	bill := a.spending(all).ToDate
	for i := range rows {
		r := &rows[i]
		switch {
		case len(a.missing) > 0:
			r.Share = query.None()
		case weights > 0:
			r.Share = query.Num(r.weight / weights)
		default:
			r.Share = tally.Ratio(r.requests, requests)
		}
		n := r.Bill.N
		r.Bill = scaled(bill, float64(r.Share))
		r.Bill.N = n
	}
	return rows
}

// route is a row, without its share.
func (a *account) route(m member, name string, month, inRange done) priced {
	month, inRange = done{}.plus(month, m.part), done{}.plus(inRange, m.part)
	r := priced{requests: month.requests, RouteCost: money.RouteCost{
		Service: m.service, Route: name, Platform: a.platform, Requests: query.Num(month.requests),
		Samples: query.Num(month.events), CPU: month.meanCPU(), Duration: tally.Ratio(month.duration, month.requests),
		Range: noFigure(query.OriginPriceList), PerMillion: noFigure(query.OriginPriceList),
	}}
	r.Bill.N = query.Num(month.events)
	if a.plan == nil {
		return r
	}
	r.Plan = a.plan.Name
	used, err := month.useOf(a.plan, m.memory)
	if err != nil {
		return r
	}
	price := month.figure(used, a.marginal)
	r.weight = (a.marginal(used.low) + a.marginal(used.high)) / 2
	if month.requests > 0 {
		r.PerMillion = scaled(price, 1e6/month.requests)
	}
	if used, err = inRange.useOf(a.plan, m.memory); err == nil {
		r.Range = inRange.figure(used, a.marginal)
	}
	return r
}
