// Package cost tells what functions cost: by account, route and million, as the month will end, and elsewhere. It prices
// what was counted by the lists of edge/price and the policy. Formulas: docs/judgement.md.
package cost

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"edgescope/edge"
	"edgescope/edge/price"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/memo"
	"edgescope/query/money"
	"edgescope/query/tables"
	"edgescope/query/tally"
)

// Options are what a Room needs beside the tables. The zero value works.
type Options struct {
	// Policy returns what holds for a tenant; nil holds nothing.
	Policy func(edge.Tenant) *policy.Policy
	// Problem returns why the policy was not taken at its last reload, "" if it was; nil means that it was.
	Problem func() string
}

// Room knows what functions cost. It is safe for concurrent use; its answers belong to the caller.
type Room struct {
	read *tables.Reader
	o    Options

	months memo.Memo[*asked]
}

// monthLife is how long what a month is made of is remembered: the overview, the alerts and the page ask for it.
const monthLife = 30 * time.Second

// New makes a Room that reads these tables.
func New(read *tables.Reader, o Options) *Room {
	if o.Policy == nil {
		o.Policy = func(edge.Tenant) *policy.Policy { return &policy.Policy{} }
	}
	if o.Problem == nil {
		o.Problem = func() string { return "" }
	}
	return &Room{read: read, o: o}
}

// Answers are the room's answers for the API.
func (x *Room) Answers() query.Answers {
	return query.Answers{All: map[string]query.Answer{
		query.PathCost: tables.All(x.Cost), query.PathBill: tables.All(x.Bill),
	}}
}

// asked is all that an answer is made of.
type asked struct {
	now, monthStart, monthEnd time.Time
	// month and today are those to date, in UTC.
	month, today, inRange *counted
	histories             map[string]*tables.History
}

// thisMonth is what the month to date is made of, as it was asked in the last half minute. It is the caller's to add to.
func (x *Room) thisMonth(ctx context.Context, tenant edge.Tenant, now time.Time, byRoute bool) (*asked, error) {
	all, err := x.months.Get(fmt.Sprint(tenant, byRoute, now.UTC().Format(time.DateOnly)), now, monthLife, func() (*asked, error) {
		return x.askMonth(ctx, tenant, now, byRoute)
	})
	if err != nil {
		return nil, err
	}
	own := *all
	return &own, nil
}

func (x *Room) askMonth(ctx context.Context, tenant edge.Tenant, now time.Time, byRoute bool) (*asked, error) {
	all := &asked{now: now}
	all.monthStart, all.monthEnd = monthOf(now)
	to := tally.Ceil(now.Add(time.Nanosecond), time.Duration(edge.Widths[0].Seconds)*time.Second)
	midnight := now.UTC().Truncate(query.Day)
	g, ctx := errgroup.WithContext(ctx)
	count := func(into **counted, from time.Time, byRoute bool) {
		g.Go(func() (err error) {
			w := tally.Window{From: from, To: to}.Whole()
			*into, err = x.count(ctx, tenant, w, 0, byRoute)
			return err
		})
	}
	count(&all.month, all.monthStart, byRoute)
	count(&all.today, midnight, false)
	g.Go(func() (err error) {
		c := tables.Cut{Tenant: tenant, By: []string{edge.KeyServiceName}}
		all.histories, err = x.read.History(ctx, c, tables.MaxHistory)
		return err
	})
	all.inRange = &counted{services: tally.NewTable(tally.Window{From: midnight, To: to}.Whole())}
	return all, g.Wait()
}

// Cost returns what it costs.
func (x *Room) Cost(ctx context.Context, tenant edge.Tenant, q query.Question) (*money.Cost, error) {
	asking, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	p := x.o.Policy(tenant)
	var all *asked
	var inRange *counted
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { all, err = x.thisMonth(gctx, tenant, asking.Now, true); return err })
	g.Go(func() (err error) {
		inRange, err = x.count(gctx, tenant, asking.Win.Whole(), tables.WithDurations, true)
		return err
	})
	if err := g.Wait(); err != nil {
		return nil, err
	}
	all.inRange = inRange
	out := &money.Cost{Month: all.monthStart, Problem: x.o.Problem()}
	if out.About, err = asking.About(ctx, inRange.services); err != nil {
		return nil, err
	}
	accounts, sum := accountsOf(all.month, p), newTotal()
	for _, a := range accounts {
		one := a.cost(all, p)
		if one.Invoices, err = x.invoices(ctx, tenant, a, p); err != nil {
			return nil, err
		}
		sum.add(&one.Spending, a.did(all.month).requests)
		out.Accounts = append(out.Accounts, one)
	}
	out.Total = sum.Spending
	out.Routes, out.RouteCount = routes(accounts, all, asking)
	out.Prices = lists(out.Accounts, p, asking.Now)
	notes(out, all, asking)
	out.Choices, err = asking.Choose(ctx)
	return out, err
}

// cost is the answer for an account, but for its invoices.
func (a *account) cost(all *asked, p *policy.Policy) money.AccountCost {
	out := money.AccountCost{
		Platform: a.platform, Assumed: a.policy == nil, Spending: a.spending(all), Meters: a.meters(all),
		Factor: query.Num(a.factor()), Budget: query.Num(a.budget()), Missing: a.missing, ElsewhereOf: "to date",
	}
	for _, m := range a.members {
		out.Services = append(out.Services, m.service)
	}
	if a.plan == nil {
		return out
	}
	out.Plan = a.plan.Name
	factor := 1.0
	switch f, ok := a.forecast(all); {
	case ok:
		used, _ := a.used(all.month, a.plan) // memory is known, or there is no forecast
		out.Forecast = f.figure(all, used, a.bill)
		for i := range out.Meters {
			m := &out.Meters[i]
			m.Forecast = f.figure(all, used, func(u price.Use) float64 { return u[m.Of] })
			if m.Of == price.Requests && float64(m.Used.Value) > 0 {
				factor, out.ElsewhereOf = float64(m.Forecast.Value/m.Used.Value), "forecast"
			}
		}
		out.Passes = a.passes(f, all, used, a.budget())
	case len(a.missing) == 0:
		out.Missing = append(out.Missing, "a forecast needs three days of the past")
	}
	out.Elsewhere = a.elsewhere(all, p.Plans(), factor)
	return out
}

// total adds up what accounts cost.
type total struct {
	money.Spending

	requests float64
}

func newTotal() *total {
	none := noFigure(query.OriginPriceList)
	return &total{Spending: money.Spending{
		Range: none, Today: none, ToDate: none, Forecast: noFigure(query.OriginModel), PerMillion: none,
	}}
}

// add adds an account of so many requests in the month, as far as it has figures.
func (t *total) add(s *money.Spending, requests float64) {
	sum := func(to *query.Figure, f query.Figure) {
		switch {
		case !f.Value.OK() && !f.High.OK():
		case !to.Value.OK() && !to.High.OK():
			*to = f
		default:
			*to = plus(*to, f)
		}
	}
	sum(&t.Range, s.Range)
	sum(&t.Today, s.Today)
	sum(&t.ToDate, s.ToDate)
	sum(&t.Forecast, s.Forecast)
	if s.PerMillion.High.OK() && requests > 0 {
		t.PerMillion = scaled(t.PerMillion, t.requests)
		sum(&t.PerMillion, scaled(s.PerMillion, requests))
		t.requests += requests
		t.PerMillion = scaled(t.PerMillion, 1/t.requests)
	}
}

// notes says what to know of the figures.
func notes(out *money.Cost, all *asked, asking *tables.Asking) {
	for _, c := range asking.Conditions {
		if c.Key != edge.KeyServiceName && c.Key != edge.KeyRoute {
			out.Note("only service and route choose among the routes: a bill has no other parts")
			break
		}
	}
	for i := range out.Accounts {
		if a := &out.Accounts[i]; !a.ToDate.High.OK() {
			name := cmp.Or(strings.TrimSpace(a.Platform+" "+a.Plan), "what has no platform")
			out.Note(fmt.Sprintf("the total is without %s, of which there is no figure", name))
		}
	}
	first := all.monthEnd
	for _, h := range all.histories {
		for i, n := range h.Events {
			if n > 0 {
				if at := h.From.Add(time.Duration(i) * time.Hour); at.Before(first) {
					first = at
				}
				break
			}
		}
	}
	if first.Before(all.now) && first.After(all.monthStart.Add(time.Hour)) {
		out.Note(fmt.Sprintf("the month is known from %s UTC on: what was before is not in its bill",
			first.UTC().Format("2 Jan 15:04")))
	}
}

// lists are the price lists that the answer used.
func lists(accounts []money.AccountCost, p *policy.Policy, now time.Time) []money.PriceList {
	var out []money.PriceList
	for _, plan := range p.Plans() {
		own := slices.ContainsFunc(p.Prices, func(i policy.Price) bool {
			return i.Platform == plan.Platform && i.Name == plan.Name
		})
		l := money.PriceList{
			Platform: plan.Platform, Plan: plan.Name, Month: query.Num(plan.Base), Credit: query.Num(plan.Credit), Own: own,
			AsOf: plan.Source.AsOf, Source: plan.Source.Page, Old: plan.Source.Old(now),
			Used: slices.ContainsFunc(accounts, func(a money.AccountCost) bool {
				return a.Platform == plan.Platform && a.Plan == plan.Name
			}),
		}
		for _, m := range plan.Meters {
			of := money.ListMeter{
				Of: m.Of, Included: query.Num(m.Included), Per: query.Num(m.Per), Price: query.Num(m.Price),
			}
			for _, t := range m.Tiers {
				of.Tiers = append(of.Tiers, money.ListTier{Above: query.Num(t.Above), Price: query.Num(t.Price)})
			}
			l.Meters = append(l.Meters, of)
		}
		out = append(out, l)
	}
	slices.SortStableFunc(out, func(x, y money.PriceList) int { // used ones first
		return map[bool]int{true: -1}[x.Used] - map[bool]int{true: -1}[y.Used]
	})
	return out
}

// Findings returns the accounts whose month will pass its budget, or has, the dearest first.
func (x *Room) Findings(ctx context.Context, tenant edge.Tenant, q query.Question) ([]query.Finding, error) {
	p := x.o.Policy(tenant)
	if !slices.ContainsFunc(p.Accounts, func(a policy.Account) bool { return !math.IsNaN(a.Budget) }) {
		return nil, nil
	}
	asking, err := x.read.Begin(tenant, q)
	if err != nil {
		return nil, err
	}
	all, err := x.thisMonth(ctx, tenant, asking.Now, false)
	if err != nil {
		return nil, err
	}
	var out []query.Finding
	for _, a := range accountsOf(all.month, p) {
		if f, ok := a.finding(all); ok {
			out = append(out, f)
		}
	}
	return out, nil
}

// finding tells of a budget: bad when it is passed, or will be as good as certainly, a warning when it is expected.
func (a *account) finding(all *asked) (query.Finding, bool) {
	if math.IsNaN(a.budget()) || len(a.missing) > 0 {
		return query.Finding{}, false
	}
	used, _ := a.used(all.month, a.plan)
	did, budget := a.did(all.month), a.budget()
	out := query.Finding{Kind: query.KindCost, Severity: "bad", Name: a.plan.String(), Subject: a.plan.String() + " passes its budget"}
	if so := did.figure(used, a.bill); float64(so.Low) > budget {
		out.Text = fmt.Sprintf("%.2f USD so far in %s, the budget is %.2f", float64(so.Low),
			all.monthStart.Format("January"), budget)
		return out, true
	}
	f, ok := a.forecast(all)
	if !ok {
		return out, false
	}
	month := f.figure(all, used, a.bill)
	expected := month.Value
	if !expected.OK() {
		expected = month.Low
	}
	if !(float64(expected) > budget) {
		return out, false
	}
	if !(float64(month.Low) > budget) {
		out.Severity = "warn"
	}
	out.Text = fmt.Sprintf("%.2f USD are expected for %s, the budget is %.2f", float64(expected),
		all.monthStart.Format("January"), budget)
	if month.Low.OK() {
		out.Text = fmt.Sprintf("%.2f USD (80 %%: %.2f to %.2f) are expected for %s, the budget is %.2f", float64(expected),
			float64(month.Low), float64(month.High), all.monthStart.Format("January"), budget)
	}
	if at := a.passes(f, all, used, budget); !at.IsZero() {
		out.Text += ", which it passes on " + at.Add(-time.Hour).Format("2 January")
	}
	return out, true
}
