package policy

import (
	"slices"
	"time"

	"edgescope/internal/tree"
)

// SLO is a promise to users.
type SLO struct {
	Name string
	// Service is whose promise it is; "" means that each service has its own.
	Service string
	// SLI is what is promised: one of the SLI constants.
	SLI string
	// Target is the share of good requests in percent, above 0 and below 100.
	Target float64
	// Period is in which it holds, whole days: 30 of them unless a policy says otherwise.
	Period time.Duration
	// Threshold is above what a request is slow, for SLILatency only.
	Threshold time.Duration
	// By is what the promise holds for one by one, beside the service: route or version or both, or region.
	By []string
	// Source is where the numbers of the service come from, where it has several: span, tail, log or datapoint; "" means
	// the first of them that it has.
	Source string
	Tenant string
}

// What can be promised.
const (
	SLIAvailability = "availability"
	SLILatency      = "latency"
	SLIWarm         = "warm"
	SLIHit          = "hit"
)

const (
	// leastPeriod is the longest window in which a burn is looked for, mostPeriod less than samples are kept for.
	leastPeriod, mostPeriod = 3 * day, 366 * day
	// leastThreshold and mostThreshold bound what a histogram of durations tells apart.
	leastThreshold, mostThreshold = time.Microsecond, day
)

func (r *reader) slos(p *Policy) take {
	seen := unique{}
	return r.list("SLOs", func(n *tree.Node) {
		s := SLO{Period: 30 * day}
		r.object(n, "an SLO", map[string]take{
			"name": r.text(&s.Name), "service": r.text(&s.Service), "target": r.percent(&s.Target),
			"sli":    r.oneOf(&s.SLI, SLIAvailability, SLILatency, SLIWarm, SLIHit),
			"period": r.length(&s.Period), "threshold": r.length(&s.Threshold), "tenant": r.tenant(&s.Tenant),
			"by": r.by(&s.By), "source": r.oneOf(&s.Source, "span", "tail", "log", "datapoint"),
		}, "name", "sli", "target")
		threshold := n.Get("threshold")
		switch {
		case s.SLI == SLILatency && threshold == nil:
			r.fault(n.Pos, "an SLO of latency needs threshold, such as 200ms")
		case s.SLI != SLILatency && s.SLI != "" && threshold != nil:
			r.fault(threshold.Pos, "threshold is for an SLO of latency, this is one of %s", s.SLI)
		case s.Threshold != 0 && (s.Threshold < leastThreshold || s.Threshold > mostThreshold):
			r.fault(threshold.Pos, "want a threshold from %s to %s", leastThreshold, mostThreshold)
		}
		if s.Period%day != 0 || s.Period < leastPeriod || s.Period > mostPeriod {
			r.fault(n.Get("period").Pos, "want a period of whole days, from 3d, the longest window in which a burn is looked "+
				"for, to 366d")
		}
		r.once(seen, n.Get("name"), "the SLO "+s.Name, s.Tenant+"\n"+s.Name)
		p.SLOs = append(p.SLOs, s)
	})
}

// by reads what a promise holds for one by one. Regions are counted apart from routes and versions.
func (r *reader) by(into *[]string) take {
	return r.list("attributes", func(n *tree.Node) {
		var by string
		r.oneOf(&by, "route", "version", "region")(n)
		switch {
		case by == "":
		case slices.Contains(*into, by):
			r.fault(n.Pos, "%q is there twice", by)
		case len(*into) > 0 && (by == "region" || slices.Contains(*into, "region")):
			r.fault(n.Pos, "regions are not counted together with routes and versions: write two SLOs")
		default:
			*into = append(*into, by)
		}
	})
}

// firstOfName leaves out the SLOs whose name another one before them has: a tenant's own stands for that of all.
func firstOfName(slos []SLO) []SLO {
	var out []SLO
	for i := range slos {
		if !slices.ContainsFunc(out, func(s SLO) bool { return s.Name == slos[i].Name }) {
			out = append(out, slos[i])
		}
	}
	return out
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
