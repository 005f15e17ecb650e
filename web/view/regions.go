package view

import (
	"strconv"

	"edgescope/chart"
	"edgescope/query"
)

// Regions is the model of the page with all regions.
type Regions struct {
	Page  *Page
	Tiles []Tile
	Map   MapCard
	Table Table
	Heat  Heat
}

// NewRegions makes the model of an answer.
func NewRegions(p *Page, a *query.Regions) Content {
	m := &Regions{
		Page: p, Map: mapCard(p, a.Regions), Table: regionsTable(p, "", a.Regions),
		Heat: heatFigure("heatmap", "Latency heatmap, "+p.Percentile()+" per region", a.About, a.Heatmap),
	}
	worse := 0
	for i := range a.Regions {
		if s := rowState(p.Targets, &a.Regions[i]); s.Class == "bad" || s.Class == "warn" {
			worse++
		}
	}
	m.Tiles = []Tile{
		plainTile("regions", "Regions", chart.Number, query.Num(len(a.Regions)), strconv.Itoa(worse)+" worse than their norm"),
		plainTile("requests", "Requests", chart.PerSecond, a.Total.Rate, chart.Number.Text(float64(a.Total.Requests))+" in all"),
		plainTile("p95", "Latency p95", chart.Milliseconds, a.Total.P95, "p50 "+chart.Milliseconds.Text(float64(a.Total.P50))),
		plainTile("cache", "Cache hit ratio", chart.Ratio, a.Total.Cache.HitRatio, "all regions"),
	}
	return Content{Body: m.body(), Tables: []Table{m.Table, m.Heat.Numbers}}
}

// Region is the model of the page about one region.
type Region struct {
	Page     *Page
	Name     string
	City     string
	Tiles    []Tile
	Latency  Figure
	Rate     Figure
	Routes   Table
	Versions Table
	Slowest  Table
	Traces   string
}

// NewRegion makes the model of an answer.
func NewRegion(p *Page, a *query.Region) Content {
	m := &Region{
		Page: p, Name: a.Name, City: a.City,
		Latency: timeFigure("latency", &chart.Lines{
			Title: "Latency in " + a.Name, Frame: frame(a.About), Series: lineSeries(a.Lines, []string{"p50", "p95", "p99"}),
			Unit: chart.Milliseconds, Marks: marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Rate: timeFigure("rate", &chart.Lines{
			Title: "Requests per second in " + a.Name, Frame: frame(a.About), Series: lineSeries(a.Lines, []string{"rate"}),
			Unit: chart.PerSecond, Marks: marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Routes: routesTable(p, "routes", a.Routes), Versions: versionsTable(p, "versions", a.Versions),
		Slowest: tracesTable(p, "slowest", a.Slowest), Traces: ToWith(p.URL, "/traces", query.KeyRegion, a.Name),
	}
	m.Slowest.Sort = ""
	for i := range overviewTiles {
		t := overviewTiles[i].tile(p, &a.Total, nil, a.Lines, nil)
		t.Note = "all regions " + overviewTiles[i].unit.Text(float64(overviewTiles[i].of(&a.All)))
		m.Tiles = append(m.Tiles, t)
	}
	return Content{Body: m.body(), Tables: []Table{m.Routes, m.Versions, m.Slowest, m.Latency.Numbers, m.Rate.Numbers}}
}

func routesTable(p *Page, name string, rows []query.Row) Table {
	c := rowColumns{p}
	t := rowsTable(p, name, "Routes", []rowColumn{
		c.name(query.KeyRoute, "route"), c.rate(), c.p50(), c.p95(), c.p99(), c.cold(), c.cache(), c.errors(),
	}, rows)
	return capped(t)
}

func versionsTable(p *Page, name string, rows []query.Row) Table {
	c := rowColumns{p}
	return capped(rowsTable(p, name, "Versions", []rowColumn{
		c.name(query.KeyVersion, "version"), c.rate(), c.p50(), c.p95(), c.p99(), c.cold(), c.cache(), c.errors(),
	}, rows))
}

// mostRows is how many rows of a table a page shows.
const mostRows = 200

// capped keeps a table's HTML within mostRows and says so.
func capped(t Table) Table {
	t.Shown = mostRows
	if len(t.Rows) > mostRows {
		t.Note = "Top " + integer(mostRows) + " of " + integer(int64(len(t.Rows))) + "; the CSV has all."
	}
	return t
}
