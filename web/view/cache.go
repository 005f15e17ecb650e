package view

import (
	"math"
	"slices"
	"strings"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Cache is the model of the page about cache outcomes.
type Cache struct {
	Page     *part.Page
	Tiles    []part.Tile
	Outcomes part.Figure
	Regions  []StackRow
	Latency  part.Table
	ByRegion part.Table
	Routes   part.Table
}

// NewCache makes the model of an answer.
func NewCache(p *part.Page, a *query.CacheAnswer) part.Content {
	m := &Cache{
		Page: p, Tiles: cacheTiles(p, a), Outcomes: outcomes(a), Regions: stackRows(p, a.Regions),
		Latency: hitMissTable(a), ByRegion: cacheTable(p, "regions", "By region", query.KeyRegion, a.Regions),
		Routes: cacheTable(p, "", "By route", query.KeyRoute, a.Routes),
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Routes, m.ByRegion, m.Latency, m.Outcomes.Numbers}}
}

func cacheTiles(p *part.Page, a *query.CacheAnswer) []part.Tile {
	hit := part.CacheTile.Bare(p, &a.Total, a.Before)
	c := a.Total.Cache
	extra := query.Num(0)
	for i := range a.Routes {
		extra = part.Add(extra, a.Routes[i].OriginExtra)
	}
	return []part.Tile{
		hit,
		part.PlainTile("origin", "To the origin", chart.Number, part.Add(c.Miss, c.Expired), "misses and expired"),
		part.PlainTile("extra", "Extra origin requests", chart.Number, extra, "hits lost since "+orPrevious(p)),
		part.PlainTile("uncached", "Not cacheable", chart.Number, part.Add(c.Bypass, c.Dynamic),
			"bypass and dynamic, outside the ratio"),
	}
}

func outcomes(a *query.CacheAnswer) part.Figure {
	s := chart.Stack{
		Title: "Cache outcomes over time, shares of invocations with a cache status",
		Frame: part.Frame(a.About), Marks: part.Marks(a.About), Height: 300,
	}
	for i, names := range [][]string{{"hit"}, {"stale", "revalidated"}, {"miss", "expired"}, {"bypass", "dynamic"}} {
		s.Series = append(s.Series, chart.Series{
			Name: cacheClasses[i].Name, Class: cacheClasses[i].Class,
			Values: sumLines(a.Outcomes, names, s.Frame.Buckets),
		})
	}
	f := part.Figure{
		ID: "outcomes", Title: s.Title, SVG: s.SVG(), Legend: cacheClasses, Empty: "No cache statuses in this range.",
	}
	f.Numbers = part.SeriesTable("outcomes", "Cache outcomes per "+s.Frame.Step.String(), s.Frame, s.Series,
		chart.Number)
	return f
}

// sumLines adds the lines of those names, bucket by bucket; a bucket that none of them has is absent.
func sumLines(lines []query.Line, names []string, n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, l := range lines {
		if !slices.Contains(names, l.Name) {
			continue
		}
		for i := 0; i < n && i < len(l.Values); i++ {
			out[i] = float64(part.Add(query.Num(out[i]), l.Values[i]))
		}
	}
	return out
}

// hitMiss is one line of the comparison of latencies.
type hitMiss struct {
	name     string
	p50, p95 query.Num
}

func hitMissTable(a *query.CacheAnswer) part.Table {
	return part.Build("latency", "Latency, hit against miss", []part.ColumnOf[hitMiss]{
		{
			Column: part.Column{Key: "outcome", Title: "answered by"},
			Cell:   func(h *hitMiss) part.Cell { return part.Cell{Text: h.name, Raw: h.name, Head: true} },
		},
		part.NumberColumn("p50_ms", "p50", chart.Milliseconds, func(h *hitMiss) query.Num { return h.p50 }),
		part.NumberColumn("p95_ms", "p95", chart.Milliseconds, func(h *hitMiss) query.Num { return h.p95 }),
	}, []hitMiss{{"the cache", a.HitP50, a.HitP95}, {"the origin", a.MissP50, a.MissP95}})
}

func cacheTable(p *part.Page, name, caption, kind string, rows []query.Row) part.Table {
	c := part.Columns(p)
	t := part.RowsTable(p, name, caption, []part.RowColumn{
		c.Name(kind, kind), c.Requests(), c.Cache(), c.CacheChange(), c.Origin(),
		c.Numeric("misses", "misses", "", func(r *query.Row) part.Cell {
			return part.Number(chart.Number, part.Add(r.Cache.Miss, r.Cache.Expired))
		}),
		c.Numeric("stale", "stale", "", func(r *query.Row) part.Cell {
			return part.Number(chart.Number, part.Add(r.Cache.Stale, r.Cache.Revalidated))
		}),
		c.Numeric("bypass", "bypass", "", func(r *query.Row) part.Cell {
			return part.Number(chart.Number, part.Add(r.Cache.Bypass, r.Cache.Dynamic))
		}),
	}, rows)
	return capped(t)
}

// join writes words with commas.
func join(words []string) string { return strings.Join(words, ", ") }

// StackRow is a row of the cache outcome: a bar of shares and the hit ratio.
type StackRow struct{ Name, Href, Bar, Value, Title string }

// cacheClasses are the four colours of cache outcomes.
var cacheClasses = []part.LegendItem{
	{Class: "cache-hit", Name: "hit"},
	{Class: "cache-stale", Name: "stale / revalidated"},
	{Class: "cache-miss", Name: "miss / expired"},
	{Class: "cache-bypass", Name: "bypass / dynamic"},
}

func stackRows(p *part.Page, rows []query.Row) []StackRow {
	var out []StackRow
	for i := range rows {
		r := &rows[i]
		parts, ok := cacheParts(r.Cache)
		if !ok {
			continue
		}
		s := StackRow{
			Name: r.Name, Bar: chart.Bar(parts), Value: chart.Ratio.Text(float64(r.Cache.HitRatio)),
			Href: part.RegionLink(p.URL, r.Name),
		}
		if r.Name == "" {
			s.Name, s.Href = "unknown", ""
		}
		out = append(out, s)
	}
	return out
}

// cacheParts are the shares of the four groups of cache outcomes; ok is false when there are none.
func cacheParts(c query.Cache) (parts []chart.Part, ok bool) {
	groups := []query.Num{
		c.Hit, part.Add(c.Stale, c.Revalidated), part.Add(c.Miss, c.Expired), part.Add(c.Bypass, c.Dynamic),
	}
	total := part.OrZero(part.Add(groups...))
	if total <= 0 {
		return nil, false
	}
	for i, g := range groups {
		parts = append(parts,
			chart.Part{Name: cacheClasses[i].Name, Class: cacheClasses[i].Class, Share: part.OrZero(g) / total})
	}
	return parts, true
}
