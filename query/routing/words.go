package routing

import (
	"fmt"

	"edgescope/judge"
	"edgescope/query"
	"edgescope/query/served"
)

// say writes the advice on a country, or why there is none.
func say(of *served.Country, now, to *served.Region, ranked []judge.Ranked) string {
	barred := now != nil && now.State == served.Barred
	outside := fmt.Sprintf("%s is not among the regions that zone %s allows. ", of.Now, of.Zone)
	switch {
	case to != nil:
		text := fmt.Sprintf("Serve from %s instead of %s", to.Region, of.Now)
		if barred {
			return outside + text + ". " + means(to.Region)
		}
		return text + why(now, to) + " " + means(to.Region)
	case barred && len(ranked) == 0:
		return outside + "No region that may serve is known well enough."
	case barred:
		return outside + ranked[0].Region + " would be next, though not on each of three days."
	case now == nil || now.State == served.Few:
		n := 0.0
		if now != nil && now.P95.N.OK() {
			n = float64(now.P95.N)
		}
		return fmt.Sprintf("Too few to judge (n=%.0f).", n)
	case now.State == served.Unplaced:
		return "The round trip is not measured, and the place of " + of.Now + " is not known."
	case len(ranked) > 0 && ranked[0].Region == of.Now:
		return of.Now + " serves it best."
	default:
		return "No region is better by 10 ms and 10 %, surely and on each of three days."
	}
}

// why tells what is better.
func why(now, to *served.Region) string {
	switch now.State {
	case served.Silent:
		return ", which sends nothing any more."
	case served.Errors:
		return fmt.Sprintf(", where %.1f %% are errors.", 100*float64(now.Errors.Value))
	}
	text := fmt.Sprintf(": users would wait %.0f ms instead of %.0f ms (p95), with %.2g %% errors instead of %.2g %%",
		float64(to.P95.Value), float64(now.P95.Value), 100*float64(to.Errors.Value), 100*float64(now.Errors.Value))
	if to.P95.Origin == query.OriginModel {
		text += "; the new figure is a model"
	}
	return text + "."
}

// means tells how a platform is told.
func means(region string) string {
	if isPoP(region) {
		return "A network that takes each request at the nearest point of presence is told by a placement hint, " +
			"or by an origin that is nearer."
	}
	return "Add it to the regions of the service."
}
