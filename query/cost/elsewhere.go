package cost

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/edge/platform"
	"edgescope/edge/price"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/tally"
)

// elsewhere is what a month of the account, its use to date times a factor, costs on all plans, the cheapest first.
func (a *account) elsewhere(all *asked, plans []*price.Plan, factor float64) []query.Elsewhere {
	did := a.did(all.month)
	out := make([]query.Elsewhere, 0, len(plans))
	for _, plan := range plans {
		e := query.Elsewhere{
			Platform: plan.Platform, Plan: plan.Name, Current: plan == a.plan, Bill: noFigure(query.OriginModel),
			AsOf: plan.Source.AsOf, Warnings: a.breaks(all.inRange, plan),
		}
		if used, err := a.used(all.month, plan); err != nil {
			e.Missing = "needs memory of its services in the policy"
		} else {
			bill := plan.Bill
			if e.Current {
				bill = a.bill
			}
			e.Bill = did.figure(use{times(used.low, factor), times(used.high, factor)}, bill)
			e.Bill.Origin = query.OriginModel
		}
		out = append(out, e)
	}
	key := func(e *query.Elsewhere) float64 {
		if !e.Bill.High.OK() {
			return 1e300
		}
		return float64(e.Bill.Low+e.Bill.High) / 2
	}
	slices.SortStableFunc(out, func(x, y query.Elsewhere) int { return cmp.Compare(key(&x), key(&y)) })
	return out
}

// fewest is how many events a percentile needs before a limit is judged by it.
const fewest = 100

// breaks says which limits of a plan the account's services would break.
func (a *account) breaks(c *counted, plan *price.Plan) []string {
	var out []string
	limits, ok := limitsOf(plan)
	if !ok || plan == a.plan {
		return nil
	}
	for _, m := range a.members {
		row := c.services.Groups[m.service]
		t := tally.Sum(row)
		for _, l := range []struct {
			what   string
			p99    query.Num
			limit  int
			events float64
		}{
			{"CPU", t.CPU.Quantile(.99), max(limits.CPUMS, limits.MaxCPUMS), t.Events},
			{"duration", t.Percentile(99), cmp.Or(limits.WallMS, limits.FirstByteMS), t.Events},
			{"start", t.Init.Quantile(.99), limits.StartupMS, t.Events},
		} {
			if l.limit > 0 && l.events >= fewest && l.p99 > query.Num(l.limit) {
				out = append(out, fmt.Sprintf("%s: p99 of %s is %.4g ms, the limit there %d ms", m.service, l.what,
					float64(l.p99), l.limit))
			}
		}
		if mb := 1024 * m.memory; limits.MemoryMB > 0 && mb > float64(limits.MemoryMB) {
			out = append(out, fmt.Sprintf("%s: has %.0f MB of memory, the limit there %d MB", m.service, mb, limits.MemoryMB))
		}
	}
	return out
}

// limitsOf returns the limits of a plan: those of its name, else those that hold for all plans of its platform.
func limitsOf(plan *price.Plan) (platform.Limits, bool) {
	all := platform.LimitsOf(plan.Platform)
	for _, l := range all {
		if l.Plan == plan.Name {
			return l, true
		}
	}
	if len(all) == 1 {
		return all[0], true
	}
	return platform.Limits{}, false
}

// invoices compares the newest invoices of an account with the bills by the list.
func (x *Room) invoices(ctx context.Context, tenant edge.Tenant, a *account, p *policy.Policy) ([]query.InvoicedMonth, error) {
	if a.policy == nil || a.plan == nil {
		return nil, nil
	}
	all := slices.Clone(a.policy.Invoices)
	slices.SortFunc(all, func(x, y policy.Invoice) int { return y.Month.Compare(x.Month) })
	out := make([]query.InvoicedMonth, 0, maxInvoices)
	for _, i := range all[:min(maxInvoices, len(all))] {
		end := i.Month.AddDate(0, 1, 0)
		w := tally.Window{From: i.Month, To: end, Step: query.Day}
		c, err := x.count(ctx, tenant, w, 0, false)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", i.Month.Format("2006-01"), err)
		}
		out = append(out, invoiced(a, i, c, p))
	}
	return out, nil
}

// maxInvoices is how many months are compared.
const maxInvoices = 3

// invoiced compares an invoice with what the same account's services did in its month.
func invoiced(now *account, i policy.Invoice, c *counted, p *policy.Policy) query.InvoicedMonth {
	out := query.InvoicedMonth{
		Month: i.Month, Invoice: query.Num(i.Amount), Model: noFigure(query.OriginModel), Factor: query.None(),
	}
	days, known := len(c.services.All()), 0
	for _, t := range c.services.All() {
		if t.Events > 0 {
			known++
		}
	}
	if known < days {
		out.Missing = fmt.Sprintf("only %d of the month's %d days have invocations here", known, days)
	}
	for _, a := range accountsOf(c, p) {
		if a.policy != now.policy {
			continue
		}
		if len(a.missing) > 0 {
			out.Missing = a.missing[0]
			return out
		}
		used, _ := a.used(c, a.plan) // memory is known: nothing is missing
		out.Model = a.did(c).figure(used, a.plan.Bill)
		out.Model.Origin = query.OriginModel
	}
	if v := out.Model.Value; known == days && v > 0 {
		out.Factor = out.Invoice / v
	}
	return out
}

// monthOf returns the first moment of a time's month, and of the next.
func monthOf(t time.Time) (from, to time.Time) {
	t = t.UTC()
	from = time.Date(t.Year(), t.Month(), 1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 1, 0)
}
