package policy

import (
	"time"

	"edgescope/internal/tree"
)

// SLO is a promise to users.
type SLO struct {
	Name string
	// Service is whose promise it is, "" for all services together.
	Service string
	// SLI is what is promised: one of the SLI constants.
	SLI string
	// Target is the share of good requests in percent, above 0 and below 100.
	Target float64
	// Period is in which it holds: 30 days unless a policy says otherwise.
	Period time.Duration
	// Threshold is above what a request is slow, for SLILatency only.
	Threshold time.Duration
	// By is what the promise holds for one by one: route, region, version or service.
	By     []string
	Tenant string
}

// What can be promised.
const (
	SLIAvailability = "availability"
	SLILatency      = "latency"
	SLIWarm         = "warm"
	SLIHit          = "hit"
)

func (r *reader) slos(p *Policy) take {
	seen := unique{}
	return r.list("SLOs", func(n *tree.Node) {
		s := SLO{Period: 30 * day}
		r.object(n, "an SLO", map[string]take{
			"name": r.text(&s.Name), "service": r.text(&s.Service), "target": r.percent(&s.Target),
			"sli":    r.oneOf(&s.SLI, SLIAvailability, SLILatency, SLIWarm, SLIHit),
			"period": r.length(&s.Period), "threshold": r.length(&s.Threshold), "tenant": r.tenant(&s.Tenant),
			"by": r.list("attributes", func(n *tree.Node) {
				var by string
				if r.oneOf(&by, "route", "region", "version", "service")(n); by != "" {
					s.By = append(s.By, by)
				}
			}),
		}, "name", "sli", "target")
		threshold := n.Get("threshold")
		switch {
		case s.SLI == SLILatency && threshold == nil:
			r.fault(n.Pos, "an SLO of latency needs threshold, such as 200ms")
		case s.SLI != SLILatency && s.SLI != "" && threshold != nil:
			r.fault(threshold.Pos, "threshold is for an SLO of latency, this is one of %s", s.SLI)
		}
		r.once(seen, n.Get("name"), "the SLO "+s.Name, s.Tenant+"\n"+s.Name)
		p.SLOs = append(p.SLOs, s)
	})
}

func (r *reader) percent(into *float64) take {
	return func(n *tree.Node) {
		f, ok := numberOf(n)
		if n.Kind != tree.Scalar || !ok || f <= 0 || f >= 100 {
			r.fault(n.Pos, "want a share in percent above 0 and below 100, such as 99.9, not %s", n.What())
			return
		}
		*into = f
	}
}
