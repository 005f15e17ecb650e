package part

import (
	"cmp"
	"math"
	"slices"

	"edgescope/chart"
	"edgescope/query"
)

// MapCard is the map and the list beside it.
type MapCard struct {
	SVG string
	// Furthest are the regions furthest from their own norm.
	Furthest []NormRow
	// Unplaced are the regions whose place is unknown: they are in the table only.
	Unplaced int
}

// NormRow is a region and its distance from its norm.
type NormRow struct{ Name, City, Text, Class, Href string }

// furthestShown is how many regions the list beside the map names.
const furthestShown = 3

// labelled is how many dots of a map have their name beside them.
const labelled = 3

// NewMapCard places regions on the map; those whose place is unknown are counted.
func NewMapCard(p *Page, rows []query.Row) MapCard {
	most := 0.0
	for i := range rows {
		most = math.Max(most, OrZero(rows[i].Rate))
	}
	m := chart.Map{Title: "Regions on the map, coloured by how they stand against their own norm"}
	out := MapCard{}
	labels := 0
	for i := range rows {
		r := &rows[i]
		if !r.Lat.OK() || !r.Lon.OK() || r.Name == "" {
			out.Unplaced++
			continue
		}
		s := RowState(p.Targets, r)
		text := chart.Milliseconds.Text(float64(r.P95))
		d := chart.Dot{
			Name: r.Name, Text: text + " " + s.Text, Lat: float64(r.Lat), Lon: float64(r.Lon),
			Size: OrZero(r.Rate) / math.Max(most, 1e-9), Class: s.Class, Link: RegionLink(p.URL, r.Name),
		}
		if (s.Class == "bad" || s.Class == "warn") && labels < labelled {
			d.Label = r.Name + " " + text
			labels++
		}
		m.Dots = append(m.Dots, d)
	}
	// Small dots come last, so that none hides under a large one.
	slices.SortStableFunc(m.Dots, func(a, b chart.Dot) int { return cmp.Compare(b.Size, a.Size) })
	out.SVG = m.SVG()
	out.Furthest = furthest(p, rows)
	return out
}

func furthest(p *Page, rows []query.Row) []NormRow {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b query.Row) int { return further(&a, &b) })
	var out []NormRow
	for i := range sorted {
		r := &sorted[i]
		state, x := Standing(r.Standing)
		class := map[string]string{query.StandingAlert: "bad", query.StandingMarked: "warn"}[state]
		if class == "" {
			x = slowSignal(r.Standing)
		}
		if x == nil || r.Name == "" || len(out) == furthestShown {
			continue
		}
		out = append(out, NormRow{
			Name: r.Name, City: r.City, Class: class, Href: RegionLink(p.URL, r.Name),
			Text: x.Name + " " + chart.Ratio.Text(float64(x.Share.Value)) + " · usual " + band(x),
		})
	}
	return out
}

// OrZero returns a number, 0 for an absent one.
func OrZero(v query.Num) float64 {
	if !v.OK() {
		return 0
	}
	return float64(v)
}
