package view

import (
	"edgescope/chart"
	"edgescope/query"
)

// Overview is the model of the page that says whether anything is wrong, where and since when.
type Overview struct {
	Page        *Page
	Finding     *FindingStrip
	Tiles       []Tile
	Latency     Figure
	Percentiles []Link
	Map         MapCard
	Regions     Table
	RegionCount int
	Cache       []StackRow
	Losing      Table
	Heat        Heat
}

// FindingStrip is the one thing to look at; Class is bad, warn or quiet.
type FindingStrip struct{ Class, Subject, Text, LinkText, Href string }

// NewOverview makes the model of an answer.
func NewOverview(p *Page, a *query.Overview) Content {
	lines := latencyLines(p, a.About, "Latency by region, "+p.Percentile(), a.Latency)
	o := &Overview{
		Page: p, Finding: finding(p, a.Finding), Latency: timeFigure("latency", lines), Percentiles: percentiles(p),
		Map: mapCard(p, a.Regions), Regions: regionsTable(p, "", a.Regions), RegionCount: a.RegionCount,
		Cache: stackRows(p, a.Regions), Losing: losingTable(p, a.LosingHits),
		Heat: heatFigure("heatmap", "Latency heatmap, "+p.Percentile()+" per region", a.About, a.Heatmap),
	}
	for i := range overviewTiles {
		o.Tiles = append(o.Tiles, overviewTiles[i].tile(p, &a.Total, a.Before, a.Lines, a.BeforeLines))
	}
	return Content{Body: o.body(), Tables: []Table{o.Regions, o.Losing, o.Latency.Numbers, o.Heat.Numbers}}
}

func finding(p *Page, f *query.Finding) *FindingStrip {
	if f == nil {
		return &FindingStrip{Class: "quiet", Subject: "Nothing stands out", Text: "No region or route is worse than its norm in the " + p.RangeText() + "."}
	}
	s := &FindingStrip{Class: "bad", Subject: f.Subject, Text: f.Text, LinkText: "Slow traces", Href: p.To("/traces")}
	if f.Severity == "warn" {
		s.Class = "warn"
	}
	switch {
	case f.Region != "":
		s.LinkText, s.Href = "Slow traces in "+f.Region, ToWith(p.URL, "/traces", query.KeyRegion, f.Region)
	case f.Route != "":
		s.LinkText, s.Href = "Slow traces of "+f.Route, ToWith(p.URL, "/traces", query.KeyRoute, f.Route)
	}
	return s
}

func percentiles(p *Page) []Link {
	var out []Link
	for _, n := range []string{"50", "95", "99"} {
		out = append(out, Link{Text: "p" + n, Href: p.With(query.KeyPercentile, n), Current: p.Percentile() == "p"+n})
	}
	return out
}

func latencyLines(p *Page, a query.About, title string, lines []query.Line) *chart.Lines {
	l := &chart.Lines{
		Title: title, Frame: frame(a), Series: lineSeries(lines, nil), Unit: chart.Milliseconds,
		Marks: marks(a), Arriving: p.Question.Live, Height: 290,
	}
	if p.Targets.P95 > 0 && p.Percentile() == "p95" {
		l.Limit, l.LimitText = p.Targets.P95, "target p95 "+chart.Milliseconds.Text(p.Targets.P95)
	}
	return l
}

func regionsTable(p *Page, name string, rows []query.Row) Table {
	c := rowColumns{p}
	return rowsTable(p, name, "Regions", append([]rowColumn{
		c.name(query.KeyRegion, "region"), c.rate(), c.p50(), c.p95(), c.p99(), c.trend(), c.cold(), c.coldAdds(),
		c.cache(), c.errors(), c.state(),
	}, c.exported()...), rows)
}

func losingTable(p *Page, rows []query.Row) Table {
	c := rowColumns{p}
	t := rowsTable(p, "losing", "Routes losing most hits", []rowColumn{
		c.name(query.KeyRoute, "route"), c.cacheChange(), c.origin(),
	}, rows)
	t.Sort, t.Shown, t.Empty = "", 5, "No route lost hits against "+orPrevious(p)+"."
	for i := range t.Columns {
		t.Columns[i].Sort = ""
	}
	return t
}

func orPrevious(p *Page) string {
	if c := p.Compared(); c != "" {
		return c
	}
	return "an earlier period"
}
