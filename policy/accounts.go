package policy

import (
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge/price"
	"edgescope/internal/near"
	"edgescope/internal/tree"
)

// Account says on which plan services are. What a plan includes is there once for an account, however many services
// share it.
type Account struct {
	Platform, Plan string
	// Services are those of the account; none means all of the platform that no other account names.
	Services []string
	// Budget is what a month may cost in US dollars, NaN when nobody said.
	Budget float64
	// Factor is what a bill by the list is multiplied by, for discounts and taxes: 1 unless a policy says otherwise.
	Factor float64
	// ColdStart is what an avoided cold start is worth in US dollars, 0 unless a policy says otherwise.
	ColdStart float64
	Invoices  []Invoice
	Tenant    string

	at tree.Position
}

// Invoice is what a month cost in truth.
type Invoice struct {
	Month  time.Time // its first moment, UTC
	Amount float64   // US dollars
}

// Load says what a request to a target of load runs uses there, and on which plan.
type Load struct {
	// Target is the host of the target, "" for any.
	Target         string
	Platform, Plan string
	// CPU and Duration are those of one request, 0 when they are not known; MemoryGB is 0 then too.
	CPU, Duration time.Duration
	MemoryGB      float64

	at tree.Position
}

// Memory is what memory an instance of a service has, in GB of 1,024 MB.
type Memory struct {
	Service string
	GB      float64
	Tenant  string
}

func (r *reader) accounts(p *Policy) take {
	seen := unique{}
	return r.list("accounts", func(n *tree.Node) {
		a := Account{Budget: math.NaN(), Factor: 1, at: n.Pos}
		r.object(n, "an account", map[string]take{
			"platform": r.text(&a.Platform), "plan": r.text(&a.Plan), "tenant": r.tenant(&a.Tenant),
			"services": r.texts(&a.Services), "budget": r.money(&a.Budget), "factor": r.above(&a.Factor),
			"cold_start": r.money(&a.ColdStart),
			"invoices":   r.invoices(&a.Invoices),
		}, "platform", "plan")
		if n.Get("services") == nil {
			r.once(seen, n.Get("platform"), "an account of "+a.Platform+" for all services", a.Tenant+"\n"+a.Platform+"\n")
		}
		for _, service := range a.Services {
			r.once(seen, n.Get("services"), "service "+service+" of "+a.Platform+" in an account",
				a.Tenant+"\n"+a.Platform+"\n"+service)
		}
		p.Accounts = append(p.Accounts, a)
	})
}

func (r *reader) invoices(into *[]Invoice) take {
	seen := unique{}
	return r.list("invoices", func(n *tree.Node) {
		var i Invoice
		r.object(n, "an invoice", map[string]take{"month": r.month(&i.Month), "amount": r.money(&i.Amount)},
			"month", "amount")
		if !i.Month.IsZero() {
			r.once(seen, n.Get("month"), "the invoice of "+i.Month.Format("2006-01"), i.Month.String())
		}
		*into = append(*into, i)
	})
}

func (r *reader) month(into *time.Time) take {
	return func(n *tree.Node) {
		s, _ := scalar(n)
		t, err := time.Parse("2006-01", s)
		if err != nil {
			r.fault(n.Pos, "want a month such as 2026-10, not %s", n.What())
			return
		}
		*into = t
	}
}

func (r *reader) loads(p *Policy) take {
	seen := unique{}
	return r.list("loads", func(n *tree.Node) {
		l := Load{at: n.Pos}
		r.object(n, "a load", map[string]take{
			"target": r.host(&l.Target), "platform": r.text(&l.Platform), "plan": r.text(&l.Plan),
			"cpu": r.length(&l.CPU), "duration": r.length(&l.Duration), "memory": r.size(&l.MemoryGB),
		}, "platform", "plan")
		of := "a load of " + l.Platform + " " + l.Plan
		if l.Target != "" {
			of += " on " + l.Target
		}
		r.once(seen, n.Get("plan"), of, l.Target+"\n"+l.Platform+"\n"+l.Plan)
		p.Loads = append(p.Loads, l)
	})
}

func (r *reader) host(into *string) take {
	return func(n *tree.Node) {
		if r.text(into)(n); strings.ContainsAny(*into, "/ ") {
			r.fault(n.Pos, "want the host of a target, such as shop.example.com or 127.0.0.1:8787, not %s", n.What())
		}
	}
}

// memory reads an object of services with their memory, or a list of items that may name a tenant.
func (r *reader) memory(p *Policy) take {
	seen := unique{}
	items := r.list("services with their memory", func(n *tree.Node) {
		var m Memory
		r.object(n, "the memory of a service", map[string]take{
			"service": r.text(&m.Service), "size": r.size(&m.GB), "tenant": r.tenant(&m.Tenant),
		}, "service", "size")
		r.once(seen, n.Get("service"), "the memory of "+m.Service, m.Tenant+"\n"+m.Service)
		p.Memory = append(p.Memory, m)
	})
	return func(n *tree.Node) {
		if n.Kind == tree.List {
			items(n)
			return
		}
		if n.Kind != tree.Object {
			r.fault(n.Pos, "want services with their memory, such as {shop: 512MB}, not %s", n.What())
			return
		}
		for _, f := range n.Fields {
			m := Memory{Service: f.Key}
			r.size(&m.GB)(f.Value)
			p.Memory = append(p.Memory, m)
		}
	}
}

// plansExist checks that accounts and loads are on plans that have a price list.
func (r *reader) plansExist(p *Policy) {
	check := func(at tree.Position, platform, name, tenant string) {
		if platform == "" || name == "" {
			return // which was told
		}
		var platforms, names []string
		for _, plan := range p.For(tenant).Plans() {
			if platforms = append(platforms, plan.Platform); plan.Platform == platform {
				names = append(names, plan.Name)
			}
		}
		switch {
		case len(names) == 0:
			r.fault(at, "there are no prices of platform %q%s: want one of %s, or a price list in prices", platform,
				near.Hint(platform, platforms...), strings.Join(slices.Compact(platforms), ", "))
		case !slices.Contains(names, name):
			r.fault(at, "there are no prices of plan %q of %s%s: want one of %s, or a price list in prices", name, platform,
				near.Hint(name, names...), strings.Join(names, "; "))
		}
	}
	for i := range p.Accounts {
		a := &p.Accounts[i]
		check(a.at, a.Platform, a.Plan, a.Tenant)
	}
	for i := range p.Loads {
		l := &p.Loads[i]
		check(l.at, l.Platform, l.Plan, "")
	}
}

// AccountOf returns the account that a service of a platform belongs to, nil if none says so. Where the platform is not
// known, "", only an account that names the service has it.
func (p *Policy) AccountOf(platform, service string) *Account {
	var all *Account
	for i := range p.Accounts {
		a := &p.Accounts[i]
		switch {
		case a.Platform != platform && platform != "":
		case slices.Contains(a.Services, service):
			return a
		case len(a.Services) == 0 && all == nil && platform != "":
			all = a
		}
	}
	return all
}

// MemoryOf returns the memory of a service in GB, NaN when nobody said.
func (p *Policy) MemoryOf(service string) float64 {
	for i := range p.Memory {
		if p.Memory[i].Service == service {
			return p.Memory[i].GB
		}
	}
	return math.NaN()
}

// LoadsOf returns the loads that a target has, by its host: those that name it, else those that name none.
func (p *Policy) LoadsOf(host string) []Load {
	var named, all []Load
	for _, l := range p.Loads {
		switch l.Target {
		case host:
			named = append(named, l)
		case "":
			all = append(all, l)
		}
	}
	if len(named) > 0 {
		return named
	}
	return all
}

// PlanOf returns the price list of an account.
func (p *Policy) PlanOf(a *Account) *price.Plan { return p.Plan(a.Platform, a.Plan) }
