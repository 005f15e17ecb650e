package policy

import (
	"math"
	"strings"

	"edgescope/edge/place"
	"edgescope/internal/tree"
)

// Zone is a group of countries whose users are served in some regions only.
type Zone struct {
	Name string
	// Countries are two capitals each. Regions are as the platform names them.
	Countries, Regions []string
	Tenant             string
}

// Routing says how routing advice weighs what it weighs.
type Routing struct {
	// MSPerUSD is how many milliseconds a US dollar more per million requests counts: 0 leaves cost out.
	MSPerUSD float64
}

func (r *reader) residency(p *Policy) take {
	return func(n *tree.Node) {
		if n.Kind != tree.Object {
			r.fault(n.Pos, "want zones by name, such as {EU: {countries: [DE, FR], regions: [eu-west-1]}}, not %s", n.What())
			return
		}
		seen := unique{}
		for _, f := range n.Fields {
			z := Zone{Name: f.Key}
			r.object(f.Value, "a zone", map[string]take{
				"countries": r.texts(&z.Countries), "regions": r.texts(&z.Regions), "tenant": r.tenant(&z.Tenant),
			}, "countries", "regions")
			r.zone(f.Value, &z, seen)
			p.Residency = append(p.Residency, z)
		}
	}
}

func (r *reader) zone(n *tree.Node, z *Zone, seen unique) {
	if regions := n.Get("regions"); regions != nil && regions.Kind == tree.List && len(regions.Items) == 0 {
		r.fault(regions.Pos, "zone %s allows no region: nobody could be served", z.Name)
	}
	if regions := n.Get("regions"); regions != nil {
		r.regions(regions)
	}
	countries := n.Get("countries")
	if countries == nil || countries.Kind != tree.List {
		return
	}
	if len(countries.Items) == 0 {
		r.fault(countries.Pos, "zone %s has no countries", z.Name)
	}
	for _, i := range countries.Items {
		code, ok := i.Text()
		if !ok || len(code) != 2 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			r.fault(i.Pos, "want a country as two capitals, such as DE, not %s", i.What())
			continue
		}
		r.once(seen, i, "country "+code+" in a zone", z.Tenant+"\n"+code)
	}
}

// regions refuses what is no region: one that is spelt wrong would bar everything.
func (r *reader) regions(n *tree.Node) {
	for _, i := range n.Items {
		if text, ok := i.Text(); ok && !place.IsKnown(place.Region(text)) {
			r.fault(i.Pos, "nobody knows the region %q: want one as its platform names it, such as eu-west-1, fra1 or FRA", text)
		}
	}
}

func (r *reader) routing(p *Policy) take {
	return func(n *tree.Node) {
		r.object(n, "routing", map[string]take{"ms_per_usd": r.number(&p.Routing.MSPerUSD, 0, math.Inf(1))})
	}
}
