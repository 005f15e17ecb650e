// Package routing has the page about who is served where, and who should be.
package routing

import (
	"cmp"
	"fmt"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/served"
	"edgescope/web/part"
)

// model is what the page shows: what is served outside of its zone first, then what to change, then all that is known.
type model struct {
	Page   *part.Page
	State  part.State
	Text   string
	Advice []served.Country
	// Read says of which time the page is, Factor how round trips were reckoned.
	Read, Factor string

	Zones, Breaches, Countries, Regions part.Table
}

// How many rows of its long tables the page shows; all of them are in the CSV.
const mostCountries, mostServings = 30, 60

// New makes the page of an answer.
func New(p *part.Page, a *served.Answer) part.Content {
	m := &model{
		Page: p, Zones: zoneTable(a.Audit), Breaches: breachTable(a.Audit), Countries: countryTable(a), Regions: servingTable(a),
		Read: part.Stamp(a.Read.From) + " to " + part.Stamp(a.Read.To) + " UTC", Factor: factorText(a.Factor),
	}
	for i := range a.Countries {
		if a.Countries[i].To != "" {
			m.Advice = append(m.Advice, a.Countries[i])
		}
	}
	m.State, m.Text = verdict(a, len(m.Advice))
	return part.Content{Body: m.body(), Tables: []part.Table{m.Countries, m.Regions, m.Zones, m.Breaches}}
}

func verdict(a *served.Answer, advised int) (part.State, string) {
	outside := 0.0
	for i := range a.Audit {
		outside += float64(a.Audit[i].Outside)
	}
	switch {
	case outside > 0:
		return part.State{Text: "Outside of the zone", Class: "bad"},
			chart.Number.Text(outside) + " requests were served where the policy does not allow it"
	case len(a.Countries) == 0:
		return part.State{Text: "Nothing to judge", Class: "quiet"}, "no request of these three days says its country and its region"
	case advised > 0:
		return part.State{Text: "Could be nearer", Class: "warn"},
			fmt.Sprintf("%d of %d countries would surely wait less elsewhere", advised, len(a.Countries)+a.Left)
	default:
		return part.State{Text: "Nothing to change", Class: "ok"}, "no region is surely better for a country"
	}
}

func factorText(f query.Figure) string {
	text := fmt.Sprintf("%.2g times the way of light through fibre in a straight line (%.2g to %.2g), ",
		float64(f.Value), float64(f.Low), float64(f.High))
	if f.N < 5 {
		return text + "as is usual: fewer than five pairs of country and region say theirs"
	}
	return text + "learnt from " + strconv.Itoa(int(f.N)) + " pairs of country and region"
}

func number[T any](key, title string, cell func(v *T) part.Cell) part.ColumnOf[T] {
	return part.ColumnOf[T]{Column: part.Column{Key: key, Title: title, Numeric: true}, Cell: cell}
}

func text[T any](key, title string, cell func(v *T) part.Cell) part.ColumnOf[T] {
	return part.ColumnOf[T]{Column: part.Column{Key: key, Title: title}, Cell: cell}
}

// judged is a figure with its interval, n and origin.
func judged(u chart.Unit, f query.Figure) part.Cell {
	cell := part.Number(u, f.Value)
	if f.Low.OK() && f.High.OK() {
		cell.Sub = u.Text(float64(f.Low)) + " – " + u.Text(float64(f.High))
	}
	if f.Value.OK() && f.Origin == query.OriginModel {
		cell.Sub += ", model"
	}
	return cell
}

func countryTable(a *served.Answer) part.Table {
	columns := []part.ColumnOf[served.Country]{
		text("country", "country", func(c *served.Country) part.Cell {
			return part.Cell{Text: c.Country, Raw: c.Country, Sub: cmp.Or(c.Service, query.Unknown), Head: true}
		}),
		text("service", "service", func(c *served.Country) part.Cell { return part.Cell{Text: c.Service, Raw: c.Service} }),
		number("requests", "requests", func(c *served.Country) part.Cell { return part.Number(chart.Number, c.Requests) }),
		text("zone", "zone", func(c *served.Country) part.Cell { return part.Cell{Text: c.Zone, Raw: c.Zone} }),
		text("now", "served most from", func(c *served.Country) part.Cell {
			cell := part.Cell{Text: c.Now, Raw: c.Now, Class: "mono"}
			for i := range c.Regions {
				if c.Regions[i].Region == c.Now {
					cell.Sub = chart.Ratio.Text(float64(c.Regions[i].Share))
				}
			}
			return cell
		}),
		text("to", "better from", func(c *served.Country) part.Cell {
			return part.Cell{Text: cmp.Or(c.To, "–"), Raw: c.To, Class: "mono"}
		}),
		text("text", "why", func(c *served.Country) part.Cell { return part.Cell{Text: c.Text, Raw: c.Text, Class: "wrap"} }),
	}
	columns[1].Exported = true
	t := part.Build("", "Countries of users", columns, a.Countries)
	t.Empty = "No request of these three days says its country and its region."
	t.Shown = mostCountries
	if a.Left > 0 {
		t.Note = part.Integer(int64(a.Left)) + " more countries of services have fewer requests."
	}
	return t
}

// serving is a region with the country that it serves.
type serving struct {
	of *served.Country
	*served.Region
}

// states say why a region may not serve.
var states = map[string]string{
	served.Fit: "may serve", served.Barred: "outside of the zone", served.Silent: "silent",
	served.Errors: "too many errors", served.Few: "too few", served.Unplaced: "place unknown",
}

func servingTable(a *served.Answer) part.Table {
	var all []serving
	for i := range a.Countries {
		for j := range a.Countries[i].Regions {
			all = append(all, serving{&a.Countries[i], &a.Countries[i].Regions[j]})
		}
	}
	columns := []part.ColumnOf[serving]{
		text("country", "users in", func(s *serving) part.Cell {
			return part.Cell{Text: s.of.Country, Raw: s.of.Country, Sub: cmp.Or(s.of.Service, query.Unknown), Head: true}
		}),
		text("service", "service", func(s *serving) part.Cell { return part.Cell{Text: s.of.Service, Raw: s.of.Service} }),
		text("region", "from", func(s *serving) part.Cell {
			return part.Cell{Text: s.Region.Region, Raw: s.Region.Region, Class: "mono"}
		}),
		text("state", "state", func(s *serving) part.Cell {
			cell := part.Cell{Text: cmp.Or(states[s.State], s.State), Raw: s.State}
			if s.State == served.Few {
				cell.Sub, cell.Class = "n="+part.Raw(s.P95.N), "few"
			}
			return cell
		}),
		number("share", "of its requests", func(s *serving) part.Cell { return part.Number(chart.Ratio, s.Share) }),
		number("p95_ms", "users wait, p95", func(s *serving) part.Cell { return judged(chart.Milliseconds, s.P95) }),
		number("rtt_ms", "round trip", func(s *serving) part.Cell { return judged(chart.Milliseconds, s.RTT) }),
		number("errors", "errors", func(s *serving) part.Cell { return judged(chart.Ratio, s.Errors) }),
		number("n", "n", func(s *serving) part.Cell { return part.Number(chart.Number, s.P95.N) }),
		number("score_ms", "score", func(s *serving) part.Cell { return part.Number(chart.Milliseconds, s.Score) }),
	}
	columns[1].Exported = true
	t := part.Build("regions", "Regions for each country", columns, all)
	t.Empty = "No region serves a country that is known."
	t.Shown = mostServings
	return t
}

func zoneTable(audit []served.Audit) part.Table {
	t := part.Build("zones", "Residency", []part.ColumnOf[served.Audit]{
		text("zone", "zone", func(z *served.Audit) part.Cell { return part.Cell{Text: z.Zone, Raw: z.Zone, Head: true} }),
		number("requests", "requests", func(z *served.Audit) part.Cell { return part.Number(chart.Number, z.Requests) }),
		number("outside", "served outside", func(z *served.Audit) part.Cell { return part.Number(chart.Number, z.Outside) }),
		number("share", "of all", func(z *served.Audit) part.Cell {
			if z.Requests == 0 {
				return part.Cell{Text: "too few", Sub: "n=0", Class: "few"}
			}
			return judged(chart.Ratio, z.Share)
		}),
		number("unknown", "unknown where", func(z *served.Audit) part.Cell { return part.Number(chart.Number, z.Unknown) }),
	}, audit)
	t.Empty = "The policy names no zone."
	return t
}

// breach is a breach with its zone.
type breach struct {
	zone string
	*served.Breach
}

func breachTable(audit []served.Audit) part.Table {
	var all []breach
	left := 0
	for i := range audit {
		left += audit[i].Left
		for j := range audit[i].Breaches {
			all = append(all, breach{audit[i].Zone, &audit[i].Breaches[j]})
		}
	}
	t := part.Build("breaches", "Served outside of the zone", []part.ColumnOf[breach]{
		text("zone", "zone", func(b *breach) part.Cell { return part.Cell{Text: b.zone, Raw: b.zone, Head: true} }),
		text("country", "users in", func(b *breach) part.Cell { return part.Cell{Text: b.Country, Raw: b.Country} }),
		text("region", "served from", func(b *breach) part.Cell {
			return part.Cell{Text: b.Region, Raw: b.Region, Class: "mono"}
		}),
		text("service", "service", func(b *breach) part.Cell { return part.Cell{Text: b.Service, Raw: b.Service} }),
		number("requests", "requests", func(b *breach) part.Cell { return part.Number(chart.Number, b.Requests) }),
		text("last", "last", func(b *breach) part.Cell {
			return part.Cell{Text: part.Stamp(b.Last), Raw: part.Stamp(b.Last)}
		}),
	}, all)
	if left > 0 {
		t.Note = part.Integer(int64(left)) + " more pairs of country and region are outside."
	}
	return t
}
