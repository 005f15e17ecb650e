package judgement

import (
	"slices"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

// GlanceOf are the answers that the overview shows tiles of; nil ones are left out.
type GlanceOf struct {
	SLO    *query.SLO
	Cost   *money.Bill
	Limits *money.Limits
}

// Glance are tiles of what is judged elsewhere, in the order of how much they weigh: promises, what it costs, the nearest
// limit. None where nothing is known.
func Glance(p *part.Page, of GlanceOf) []part.Tile {
	return slices.Concat(promisesAtAGlance(p, of.SLO), costAtAGlance(p, of.Cost), LimitTiles(p, of.Limits))
}

// costAtAGlance are today, the month as it is forecast, and a million more, of the accounts that the policy names.
func costAtAGlance(p *part.Page, b *money.Bill) []part.Tile {
	if b == nil || b.Accounts == 0 {
		return nil
	}
	month := costTile("cost-forecast", "Cost: "+b.Month.UTC().Format("January")+", forecast", "needs three days", b.Forecast)
	if b.Budget.OK() && month.Number != chart.Absent {
		month.Note = "budget " + part.Dollars(b.Budget) + ", " + month.Note
	}
	if len(b.Over) > 0 {
		month.State = "bad"
	}
	out := []part.Tile{
		costTile("cost-today", "Cost: Today (UTC)", "no figure", b.Today), month,
		costTile("cost-per-million", "Cost: A million more", "no figure", b.PerMillion),
	}
	for i := range out {
		out[i].Href = p.To("/cost")
	}
	return out
}
