package view

import (
	"strconv"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Regions is the model of the page with all regions.
type Regions struct {
	Page  *part.Page
	Tiles []part.Tile
	Map   part.MapCard
	Table part.Table
	Heat  part.Heat
}

// NewRegions makes the model of an answer.
func NewRegions(p *part.Page, a *query.Regions) part.Content {
	m := &Regions{
		Page: p, Map: part.NewMapCard(p, a.Regions), Table: regionsTable(p, "", a.Regions, part.Columns(p).Usual()),
		Heat: part.HeatFigure("heatmap", "Latency heatmap, "+p.Percentile()+" per region", a.About, a.Heatmap),
	}
	worse := 0
	for i := range a.Regions {
		if s := part.RowState(p.Targets, &a.Regions[i]); s.Class == "bad" || s.Class == "warn" {
			worse++
		}
	}
	m.Tiles = []part.Tile{
		part.PlainTile("regions", "Regions", chart.Number, query.Num(len(a.Regions)),
			strconv.Itoa(worse)+" out of their norm"),
		part.PlainTile("requests", "Requests", chart.PerSecond, a.Total.Rate,
			chart.Number.Text(float64(a.Total.Requests))+" in all"),
		part.PlainTile("p95", "Latency p95", chart.Milliseconds, a.Total.P95,
			"p50 "+chart.Milliseconds.Text(float64(a.Total.P50))),
		part.PlainTile("cache", "Cache hit ratio", chart.Ratio, a.Total.Cache.HitRatio, "all regions"),
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Table, m.Heat.Numbers}}
}

// Region is the model of the page about one region.
type Region struct {
	Page     *part.Page
	Name     string
	City     string
	Tiles    []part.Tile
	Latency  part.Figure
	Rate     part.Figure
	Routes   part.Table
	Versions part.Table
	Slowest  part.Table
	Traces   string
	Times    *part.Times
}

// NewRegion makes the model of an answer.
func NewRegion(p *part.Page, a *query.Region) part.Content {
	m := &Region{
		Page: p, Name: a.Name, City: a.City,
		Latency: part.TimeFigure("latency", &chart.Lines{
			Title: "Latency in " + a.Name, Frame: part.Frame(a.About),
			Series: part.LineSeries(a.Lines, []string{"p50", "p95", "p99"}),
			Unit:   chart.Milliseconds, Marks: part.Marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Rate: part.TimeFigure("rate", &chart.Lines{
			Title: "Requests per second in " + a.Name, Frame: part.Frame(a.About),
			Series: part.LineSeries(a.Lines, []string{"rate"}),
			Unit:   chart.PerSecond, Marks: part.Marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Routes: routesTable(p, "routes", a.Routes), Versions: versionsTable(p, "versions", a.Versions),
		Slowest: tracesTable(p, "slowest", a.Slowest), Traces: part.ToWith(p.URL, "/traces", query.KeyRegion, a.Name),
	}
	m.Slowest.Sort, m.Times = "", part.NewTimes(p, "times")
	for i := range part.OverviewTiles {
		t := part.OverviewTiles[i].Tile(p, &a.Total, nil, a.Lines, nil)
		t.Note = "all regions " + part.OverviewTiles[i].Value(&a.All)
		m.Tiles = append(m.Tiles, t)
	}
	return part.Content{
		Body: m.body(), Tables: m.Times.With(m.Routes, m.Versions, m.Slowest, m.Latency.Numbers, m.Rate.Numbers),
	}
}

func routesTable(p *part.Page, name string, rows []query.Row) part.Table {
	c := part.Columns(p)
	t := part.RowsTable(p, name, "Routes", []part.RowColumn{
		c.Name(query.KeyRoute, "route"), c.Rate(), c.P50(), c.P95(), c.P99(), c.Cold(), c.Cache(), c.Errors(),
		c.Why(query.KeyRoute),
	}, rows)
	return capped(t)
}

func versionsTable(p *part.Page, name string, rows []query.Row) part.Table {
	c := part.Columns(p)
	return capped(part.RowsTable(p, name, "Versions", []part.RowColumn{
		c.Name(query.KeyVersion, "version"), c.Rate(), c.P50(), c.P95(), c.P99(), c.Cold(), c.Cache(), c.Errors(),
	}, rows))
}

// mostRows is how many rows of a table a page shows.
const mostRows = 200

// capped keeps a table's HTML within mostRows and says so.
func capped(t part.Table) part.Table {
	t.Shown = mostRows
	if len(t.Rows) > mostRows {
		t.Note = "Top " + part.Integer(mostRows) + " of " + part.Integer(int64(len(t.Rows))) + "; the CSV has all."
	}
	return t
}
