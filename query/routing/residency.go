package routing

import (
	"cmp"
	"slices"
	"strings"

	"edgescope/edge/place"
	"edgescope/policy"
	"edgescope/query"
	"edgescope/query/served"
)

// mostBreaches is how many breaches of a zone an answer has.
const mostBreaches = 20

// zoneOf is the zone that a country is in, nil if none.
func zoneOf(zones []policy.Zone, country string) *policy.Zone {
	for i := range zones {
		if slices.Contains(zones[i].Countries, country) {
			return &zones[i]
		}
	}
	return nil
}

// Where a region lies as a zone sees it.
const (
	inside = iota
	outside
	nowhere // nobody knows
)

// lies tells whether a region is among those of a zone. A point of presence, which no policy lists one by one, is when it
// stands in one of the zone's countries.
func lies(z *policy.Zone, region string) int {
	code := place.Region(region)
	if slices.ContainsFunc(z.Regions, func(r string) bool { return place.Region(r) == code && code != "" }) {
		return inside
	}
	if region == "" {
		return nowhere
	}
	if !isPoP(region) {
		return outside
	}
	p, ok := place.Lookup(region)
	switch {
	case !ok:
		return nowhere
	case slices.Contains(z.Countries, p.Country):
		return inside
	default:
		return outside
	}
}

// isPoP tells whether a region is a point of presence: the code of an airport.
func isPoP(region string) bool {
	return len(region) == 3 && strings.Trim(region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// audit adds up what was served outside of the regions that zones allow.
func audit(zones []policy.Zone, p *period) []served.Audit {
	out := make([]served.Audit, 0, len(zones))
	for i := range zones {
		z := &zones[i]
		a := served.Audit{Zone: z.Name, Breaches: []served.Breach{}}
		n := 0.0
		for of, c := range p.pairs {
			if !slices.Contains(z.Countries, of.country) {
				continue
			}
			n += c.n
			a.Requests += query.Num(c.weight)
			switch lies(z, of.region) {
			case outside:
				a.Outside += query.Num(c.weight)
				a.Breaches = append(a.Breaches, served.Breach{
					Service: of.service, Country: of.country, Region: of.region, Requests: query.Num(c.weight), Last: c.last,
				})
			case nowhere:
				a.Unknown += query.Num(c.weight)
			}
		}
		slices.SortFunc(a.Breaches, func(a, b served.Breach) int {
			return cmp.Or(cmp.Compare(b.Requests, a.Requests), strings.Compare(a.Service, b.Service),
				strings.Compare(a.Country, b.Country), strings.Compare(a.Region, b.Region))
		})
		a.Left = max(0, len(a.Breaches)-mostBreaches)
		a.Breaches = a.Breaches[:len(a.Breaches)-a.Left]
		a.Share = share(float64(a.Outside), float64(a.Requests), n)
		out = append(out, a)
	}
	return out
}
