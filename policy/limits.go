package policy

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"edgescope/edge/limit"
	"edgescope/internal/near"
	"edgescope/internal/tree"
)

// Limit says which limits a service, or all of a platform, has: those of a plan that is looked up, or figures of the
// policy's own, which come first. A 0 was not said.
type Limit struct {
	Service, Platform, Plan       string
	CPU, Wall, FirstByte, Startup time.Duration
	MemoryGB, BodyGB              float64
	Subrequests, RequestsPerDay   float64
	Tenant                        string
}

func (r *reader) limits(p *Policy) take {
	seen := unique{}
	return r.list("limits", func(n *tree.Node) {
		var l Limit
		r.object(n, "limits", map[string]take{
			"service": r.text(&l.Service), "platform": r.text(&l.Platform), "plan": r.text(&l.Plan),
			"cpu": r.length(&l.CPU), "wall": r.length(&l.Wall), "first_byte": r.length(&l.FirstByte),
			"startup": r.length(&l.Startup), "memory": r.size(&l.MemoryGB), "body": r.size(&l.BodyGB),
			"subrequests":      r.number(&l.Subrequests, 1, math.Inf(1)),
			"requests_per_day": r.number(&l.RequestsPerDay, 1, math.Inf(1)), "tenant": r.tenant(&l.Tenant),
		})
		if l.Service == "" && l.Platform == "" {
			r.fault(n.Pos, "limits need a service or a platform")
		}
		r.plan(n.Get("plan"), &l)
		name := n.Get("service")
		if name == nil {
			name = n.Get("platform")
		}
		r.once(seen, name, "limits of "+l.Service+l.Platform, l.Tenant+"\n"+l.Service+"\n"+l.Platform)
		p.Limits = append(p.Limits, l)
	})
}

// plan checks that there are limits of the plan that limits name.
func (r *reader) plan(n *tree.Node, l *Limit) {
	if l.Plan == "" {
		return
	}
	plans := limit.Lists
	if l.Platform != "" {
		plans = limit.PlansOf(l.Platform)
	}
	if slices.ContainsFunc(plans, func(p *limit.Plan) bool { return p.Is(l.Plan) }) {
		return
	}
	var names []string
	for _, p := range plans {
		if p.Name != "" && !slices.Contains(names, p.Name) {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		r.fault(n.Pos, "there are no limits of plans of platform %q%s: name its figures (cpu, wall, memory ...) instead of a plan",
			l.Platform, near.Hint(l.Platform, limit.Platforms()...))
		return
	}
	r.fault(n.Pos, "there are no limits of plan %q%s: want one of %s", l.Plan, near.Hint(l.Plan, names...),
		strings.Join(names, "; "))
}

// LimitsOf returns the plans whose limits hold for a service of a platform, with the figures of the policy in the place
// of theirs, and whether the policy says which: by limits of the service, else of the platform, else by the plan of its
// account. Else they are all plans of the platform that are known. The memory of the service, where it is said, is a
// limit too.
func (p *Policy) LimitsOf(platform, service string) (plans []limit.Plan, said bool) {
	own := p.limitFor(platform, service)
	name := own.Plan
	if account := p.AccountOf(platform, service); name == "" && account != nil {
		name = account.Plan
	}
	known := limit.PlansOf(platform)
	if !slices.ContainsFunc(known, func(p *limit.Plan) bool { return p.Is(name) }) {
		name = "" // a plan of another platform, or one that has a price but no limits
	}
	for _, plan := range known {
		if name == "" || plan.Is(name) {
			plans = append(plans, *plan)
		}
	}
	figures := own
	figures.Service, figures.Platform, figures.Plan, figures.Tenant = "", "", "", ""
	has := figures != Limit{}
	if len(plans) == 0 && has {
		plans = []limit.Plan{{Platform: platform, Name: "policy", Source: limit.Source{Note: "said by the policy"}}}
	}
	memory := p.MemoryOf(service)
	for i := range plans {
		own.over(&plans[i])
		if !math.IsNaN(memory) {
			plans[i].MemoryMB = memory * 1024
		}
	}
	return plans, has || name != ""
}

// limitFor returns the limits that name a service, else those that name its platform, else none.
func (p *Policy) limitFor(platform, service string) Limit {
	var of Limit
	for _, l := range p.Limits {
		switch {
		case l.Platform != "" && l.Platform != platform || l.Service != "" && l.Service != service:
		case l.Service != "":
			return l
		case of.Platform == "":
			of = l
		}
	}
	return of
}

// over puts what a policy says in the place of a plan's figures.
func (l *Limit) over(p *limit.Plan) {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	if l.CPU > 0 {
		p.CPUMS, p.MaxCPUMS = ms(l.CPU), ms(l.CPU)
	}
	p.WallMS = cmp.Or(ms(l.Wall), p.WallMS)
	p.FirstByteMS = cmp.Or(ms(l.FirstByte), p.FirstByteMS)
	p.StartupMS = cmp.Or(ms(l.Startup), p.StartupMS)
	p.MemoryMB = cmp.Or(l.MemoryGB*1024, p.MemoryMB)
	p.BodyMB = cmp.Or(l.BodyGB*1024, p.BodyMB)
	p.Subrequests = cmp.Or(l.Subrequests, p.Subrequests)
	p.RequestsPerDay = cmp.Or(l.RequestsPerDay, p.RequestsPerDay)
}
