package policy

import (
	"math"
	"time"

	"edgescope/internal/tree"
)

// Limit says which limits a service, or all of a platform, has: those of a plan that is looked up, or figures of the
// policy's own, which come first. A 0 was not said.
type Limit struct {
	Service, Platform, Plan       string
	CPU, Wall, FirstByte, Startup time.Duration
	MemoryGB                      float64
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
			"startup": r.length(&l.Startup), "memory": r.size(&l.MemoryGB),
			"subrequests":      r.number(&l.Subrequests, 1, math.Inf(1)),
			"requests_per_day": r.number(&l.RequestsPerDay, 1, math.Inf(1)), "tenant": r.tenant(&l.Tenant),
		})
		if l.Service == "" && l.Platform == "" {
			r.fault(n.Pos, "limits need a service or a platform")
		}
		name := n.Get("service")
		if name == nil {
			name = n.Get("platform")
		}
		r.once(seen, name, "limits of "+l.Service+l.Platform, l.Tenant+"\n"+l.Service+"\n"+l.Platform)
		p.Limits = append(p.Limits, l)
	})
}
