package view

import (
	"strconv"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Overview is the model of the page that says whether anything is wrong, where and since when.
type Overview struct {
	Page    *part.Page
	Finding *FindingStrip
	// More are the other findings, MoreText says how many.
	More     []FindingStrip
	MoreText string
	// Glance are tiles of what is judged: promises, what it costs, which limit is nearest; none where there is nothing.
	Glance      []part.Tile
	Tiles       []part.Tile
	Latency     part.Figure
	Percentiles []part.Link
	Map         part.MapCard
	Regions     part.Table
	RegionCount int
	Cache       []StackRow
	Losing      part.Table
	Heat        part.Heat
}

// NewOverview makes the model of an answer, with tiles of what is judged.
func NewOverview(p *part.Page, a *query.Overview, glance []part.Tile) part.Content {
	lines := latencyLines(p, a.About, "Latency by region, "+p.Percentile(), a.Latency)
	o := &Overview{
		Page: p, Finding: finding(p, a), Glance: glance, Latency: part.TimeFigure("latency", lines),
		Percentiles: percentiles(p),
		Map:         part.NewMapCard(p, part.Placed(a.Places)), Regions: regionsTable(p, "", a.Regions), RegionCount: a.RegionCount,
		Cache: stackRows(p, a.Regions), Losing: losingTable(p, a.LosingHits),
		Heat: part.HeatFigure("heatmap", "Latency heatmap, "+p.Percentile()+" per region", a.About, a.Heatmap),
	}
	o.More, o.MoreText = more(p, a)
	for i := range part.OverviewTiles {
		o.Tiles = append(o.Tiles, part.OverviewTiles[i].Tile(p, &a.Total, a.Before, a.Lines, a.BeforeLines))
	}
	return part.Content{Body: o.body(), Tables: []part.Table{o.Regions, o.Losing, o.Latency.Numbers, o.Heat.Numbers}}
}

func percentiles(p *part.Page) []part.Link {
	var out []part.Link
	for _, n := range query.Percentiles() {
		text := strconv.Itoa(n)
		out = append(out,
			part.Link{Text: "p" + text, Href: p.With(query.KeyPercentile, text), Current: p.Percentile() == "p"+text})
	}
	return out
}

func latencyLines(p *part.Page, a query.About, title string, lines []query.Line) *chart.Lines {
	l := &chart.Lines{
		Title: title, Frame: part.Frame(a), Series: part.LineSeries(lines, nil), Unit: chart.Milliseconds,
		Marks: part.Marks(a), Arriving: p.Question.Live, Height: 290,
	}
	if p.Targets.P95 > 0 && p.Percentile() == "p95" {
		l.Limits = []chart.Limit{{Value: p.Targets.P95, Text: "target p95 " + chart.Milliseconds.Text(p.Targets.P95)}}
	}
	return l
}

// regionsTable is a table of regions; their state is the second column, which stands on every screen.
func regionsTable(p *part.Page, name string, rows []query.Row, further ...part.RowColumn) part.Table {
	c := part.Columns(p)
	columns := append([]part.RowColumn{
		c.Name(query.KeyRegion, "region"), c.State(), c.Rate(), c.P50(), c.P95(), c.P99(), c.Trend(), c.Cold(), c.ColdAdds(),
		c.Cache(), c.Errors(),
	}, further...)
	columns = append(columns, c.Why(query.KeyRegion))
	return part.RowsTable(p, name, "Regions", append(columns, c.Exported()...), rows)
}

func losingTable(p *part.Page, rows []query.Row) part.Table {
	c := part.Columns(p)
	t := part.RowsTable(p, "losing", "Routes losing most hits", []part.RowColumn{
		c.Name(query.KeyRoute, "route"), c.CacheChange(), c.Origin(),
	}, rows)
	t.Sort, t.Shown, t.Empty = "", 5, "No route lost hits against "+orPrevious(p)+"."
	for i := range t.Columns {
		t.Columns[i].Sort = ""
	}
	return t
}

func orPrevious(p *part.Page) string {
	if c := p.Compared(); c != "" {
		return c
	}
	return "an earlier period"
}
