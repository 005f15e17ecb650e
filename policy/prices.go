package policy

import (
	"math"
	"strings"
	"time"

	"edgescope/edge/price"
	"edgescope/internal/tree"
)

// Price is a price list of the policy's own, which comes before that of the program of the same platform and name.
type Price struct {
	price.Plan

	Tenant string
}

func (r *reader) prices(p *Policy) take {
	seen := unique{}
	return r.list("price lists", func(n *tree.Node) {
		var i Price
		r.object(n, "a price list", map[string]take{
			"platform": r.text(&i.Platform), "plan": r.text(&i.Name), "tenant": r.tenant(&i.Tenant),
			"month": r.money(&i.Base), "credit": r.money(&i.Credit), "meters": r.meters(&i.Meters),
			"provisioned": r.provisioned(&i.Provisioned), "cpus": r.above(&i.CPUs), "step": r.step(&i.StepMS),
			"as_of": r.date(&i.Source.AsOf), "source": r.text(&i.Source.Page),
		}, "platform", "plan", "meters", "as_of", "source")
		r.once(seen, n.Get("plan"), "the price list of "+i.String(), i.Tenant+"\n"+i.Platform+"\n"+i.Name)
		p.Prices = append(p.Prices, i)
	})
}

func (r *reader) step(ms *float64) take {
	return func(n *tree.Node) {
		var d time.Duration
		r.length(&d)(n)
		*ms = float64(d) / float64(time.Millisecond)
	}
}

func (r *reader) meters(into *[]price.Meter) take {
	seen := unique{}
	return r.list("meters", func(n *tree.Node) {
		var m price.Meter
		r.object(n, "a meter", map[string]take{
			"of":       r.oneOf(&m.Of, price.Requests, price.CPU, price.GBs, price.VCPUs),
			"included": r.number(&m.Included, 0, math.Inf(1)), "per": r.above(&m.Per), "price": r.money(&m.Price),
			"tiers": r.tiers(&m.Tiers),
		}, "of", "per", "price")
		r.once(seen, n.Get("of"), "the meter "+m.Of, m.Of)
		*into = append(*into, m)
	})
}

func (r *reader) tiers(into *[]price.Tier) take {
	last := 0.0
	return r.list("tiers", func(n *tree.Node) {
		var t price.Tier
		r.object(n, "a tier", map[string]take{"above": r.above(&t.Above), "price": r.money(&t.Price)}, "above", "price")
		if t.Above > 0 && t.Above <= last {
			r.fault(n.Get("above").Pos, "tiers begin one above the other: want more than %v, not %v", last, t.Above)
		}
		last = max(last, t.Above)
		*into = append(*into, t)
	})
}

func (r *reader) provisioned(into **price.Provisioned) take {
	return func(n *tree.Node) {
		var p price.Provisioned
		r.object(n, "prices of provisioned instances", map[string]take{
			"reserved": r.money(&p.Reserved), "run": r.money(&p.Run),
		}, "reserved", "run")
		*into = &p
	}
}

// date reads a year, a month or a day.
func (r *reader) date(into *string) take {
	return func(n *tree.Node) {
		s, _ := scalar(n)
		s = strings.TrimSuffix(s, "T00:00:00.000Z") // what YAML makes of a day
		for _, layout := range []string{"2006", "2006-01", time.DateOnly} {
			if _, err := time.Parse(layout, s); err == nil {
				*into = s
				return
			}
		}
		r.fault(n.Pos, "want the date of the list as 2026, 2026-05 or 2026-05-31, not %s", n.What())
	}
}
