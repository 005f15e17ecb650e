package cost

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"edgescope/edge"
	"edgescope/edge/limit"
	"edgescope/edge/price"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/query/tally"
)

// elsewhere is what a month of the account, its use to date times a factor, costs on all plans, the cheapest first, and
// those of which a limit would be broken after the others.
func (a *account) elsewhere(all *asked, plans []*price.Plan, factor float64) []money.Elsewhere {
	did := a.did(all.month)
	out := make([]money.Elsewhere, 0, len(plans))
	for _, plan := range plans {
		e := money.Elsewhere{
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
	key := func(e *money.Elsewhere) float64 {
		switch {
		case e.Bill.Value.OK():
			return float64(e.Bill.Value)
		case e.Bill.High.OK():
			return float64(e.Bill.Low+e.Bill.High) / 2
		}
		return math.Inf(1)
	}
	slices.SortStableFunc(out, func(x, y money.Elsewhere) int {
		return cmp.Or(cmp.Compare(min(1, len(x.Warnings)), min(1, len(y.Warnings))), cmp.Compare(key(&x), key(&y)))
	})
	return out
}

// fewest is how many events a percentile needs before a limit is judged by it.
const fewest = 100

// breaks says which limits of another plan the account's services would break.
func (a *account) breaks(c *counted, plan *price.Plan) []string {
	if plan == a.plan {
		return nil
	}
	var out []string
	for _, l := range limit.PlansOf(plan.Platform) {
		if !l.Is(plan.Name) {
			continue
		}
		for _, m := range a.members {
			if t := tally.Sum(c.services.Groups[m.service]); t.Events >= fewest {
				out = append(out, broken(m.service, t, l)...)
			}
			if mb := 1024 * m.memory; l.MemoryMB > 0 && mb > l.MemoryMB {
				out = append(out, fmt.Sprintf("%s: has %.0f MB of memory, %s at most %.0f", m.service, mb, l, l.MemoryMB))
			}
		}
	}
	return out
}

// broken says which limits a service's times of the page's range break.
func broken(service string, t *tally.Tally, l *limit.Plan) []string {
	var out []string
	over := func(what string, ms query.Num, limit float64) {
		if limit > 0 && float64(ms) > limit {
			out = append(out, fmt.Sprintf("%s: %s is %.4g ms, %s allows %.4g ms", service, what, float64(ms), l, limit))
		}
	}
	if cpu := max(l.CPUMS, l.MaxCPUMS); l.CPUMean {
		over("mean of CPU", tally.Ratio(1000*t.CPUSum, t.CPU.Total()), cpu)
	} else {
		over("p99 of CPU", t.CPU.Quantile(.99), cpu)
	}
	over("p99 of duration", t.Percentile(99), cmp.Or(l.WallMS, l.FirstByteMS))
	over("p99 of cold starts", t.Init.Quantile(.99), l.StartupMS)
	return out
}

// invoices compares the newest invoices of an account with the bills by the list.
func (x *Room) invoices(ctx context.Context, tenant edge.Tenant, a *account, p *policy.Policy) ([]money.InvoicedMonth, error) {
	if a.policy == nil || a.plan == nil {
		return nil, nil
	}
	all := slices.Clone(a.policy.Invoices)
	slices.SortFunc(all, func(x, y policy.Invoice) int { return y.Month.Compare(x.Month) })
	out := make([]money.InvoicedMonth, 0, maxInvoices)
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
func invoiced(now *account, i policy.Invoice, c *counted, p *policy.Policy) money.InvoicedMonth {
	out := money.InvoicedMonth{
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
