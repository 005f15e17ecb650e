package judgement

import (
	"slices"

	"edgescope/query"
	"edgescope/web/part"
)

// GlanceOf are the answers that the overview shows tiles of; nil ones are left out.
type GlanceOf struct {
	SLO    *query.SLO
	Cost   *query.Cost
	Limits *query.Limits
}

// Glance are tiles of what is judged elsewhere, in the order of how much they weigh: promises, what it costs, the nearest
// limit. None where nothing is known.
func Glance(p *part.Page, of GlanceOf) []part.Tile {
	return slices.Concat(promisesAtAGlance(p, of.SLO), costAtAGlance(p, of.Cost), LimitTiles(p, of.Limits))
}

// costAtAGlance are today, the month as it is forecast, and a million more.
func costAtAGlance(p *part.Page, a *query.Cost) []part.Tile {
	if a == nil || len(a.Accounts) == 0 {
		return nil
	}
	var out []part.Tile
	for _, t := range costTiles(a) {
		if t.ID == "today" || t.ID == "forecast" || t.ID == "per-million" {
			t.ID, t.Title, t.Href = "cost-"+t.ID, "Cost: "+t.Title, p.To("/cost")
			out = append(out, t)
		}
	}
	return out
}
