package view

import (
	"math"
	"slices"
	"strings"

	"edgescope/chart"
	"edgescope/query"
)

// Cache is the model of the page about cache outcomes.
type Cache struct {
	Page     *Page
	Tiles    []Tile
	Outcomes Figure
	Regions  []StackRow
	Latency  Table
	ByRegion Table
	Routes   Table
}

// NewCache makes the model of an answer.
func NewCache(p *Page, a *query.CacheAnswer) Content {
	m := &Cache{
		Page: p, Tiles: cacheTiles(p, a), Outcomes: outcomes(a), Regions: stackRows(p, a.Regions),
		Latency: hitMissTable(a), ByRegion: cacheTable(p, "regions", "By region", query.KeyRegion, a.Regions),
		Routes: cacheTable(p, "", "By route", query.KeyRoute, a.Routes),
	}
	return Content{Body: m.body(), Tables: []Table{m.Routes, m.ByRegion, m.Latency, m.Outcomes.Numbers}}
}

func cacheTiles(p *Page, a *query.CacheAnswer) []Tile {
	spec := overviewTiles[6]
	spec.note = nil
	hit := spec.tile(p, &a.Total, a.Before, nil, nil)
	hit.Href = ""
	c := a.Total.Cache
	extra := query.Num(0)
	for i := range a.Routes {
		extra = add(extra, a.Routes[i].OriginExtra)
	}
	return []Tile{
		hit,
		plainTile("origin", "To the origin", chart.Number, add(c.Miss, c.Expired), "misses and expired"),
		plainTile("extra", "Extra origin requests", chart.Number, extra, "hits lost since "+orPrevious(p)),
		plainTile("uncached", "Not cacheable", chart.Number, add(c.Bypass, c.Dynamic), "bypass and dynamic, outside the ratio"),
	}
}

func outcomes(a *query.CacheAnswer) Figure {
	s := chart.Stack{Title: "Cache outcomes over time, shares of invocations with a cache status", Frame: frame(a.About), Marks: marks(a.About), Height: 300}
	for i, names := range [][]string{{"hit"}, {"stale", "revalidated"}, {"miss", "expired"}, {"bypass", "dynamic"}} {
		s.Series = append(s.Series, chart.Series{
			Name: cacheClasses[i].Name, Class: cacheClasses[i].Class, Values: sumLines(a.Outcomes, names, s.Frame.Buckets),
		})
	}
	f := Figure{ID: "outcomes", Title: s.Title, SVG: s.SVG(), Legend: cacheClasses, Empty: "No cache statuses in this range."}
	f.Numbers = seriesTable("outcomes", "Cache outcomes per "+s.Frame.Step.String(), s.Frame, s.Series, chart.Number)
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
			out[i] = float64(add(query.Num(out[i]), l.Values[i]))
		}
	}
	return out
}

// hitMiss is one line of the comparison of latencies.
type hitMiss struct {
	name     string
	p50, p95 query.Num
}

func hitMissTable(a *query.CacheAnswer) Table {
	return build("latency", "Latency, hit against miss", []column[hitMiss]{
		{Column: Column{Key: "outcome", Title: "answered by"}, cell: func(h *hitMiss) Cell { return Cell{Text: h.name, Raw: h.name, Head: true} }},
		{Column: Column{Key: "p50_ms", Title: "p50", Numeric: true}, cell: func(h *hitMiss) Cell { return number(chart.Milliseconds, h.p50) }},
		{Column: Column{Key: "p95_ms", Title: "p95", Numeric: true}, cell: func(h *hitMiss) Cell { return number(chart.Milliseconds, h.p95) }},
	}, []hitMiss{{"the cache", a.HitP50, a.HitP95}, {"the origin", a.MissP50, a.MissP95}})
}

func cacheTable(p *Page, name, caption, kind string, rows []query.Row) Table {
	c := rowColumns{p}
	t := rowsTable(p, name, caption, []rowColumn{
		c.name(kind, kind), c.requests(), c.cache(), c.cacheChange(), c.origin(),
		c.numeric("misses", "misses", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Miss, r.Cache.Expired)) }),
		c.numeric("stale", "stale", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Stale, r.Cache.Revalidated)) }),
		c.numeric("bypass", "bypass", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Bypass, r.Cache.Dynamic)) }),
	}, rows)
	return capped(t)
}

// join writes words with commas.
func join(words []string) string { return strings.Join(words, ", ") }

// StackRow is a row of the cache outcome: a bar of shares and the hit ratio.
type StackRow struct{ Name, Href, Bar, Value, Title string }

// cacheClasses are the four colours of cache outcomes.
var cacheClasses = []LegendItem{
	{Class: "cache-hit", Name: "hit"},
	{Class: "cache-stale", Name: "stale / revalidated"},
	{Class: "cache-miss", Name: "miss / expired"},
	{Class: "cache-bypass", Name: "bypass / dynamic"},
}

func stackRows(p *Page, rows []query.Row) []StackRow {
	var out []StackRow
	for i := range rows {
		r := &rows[i]
		parts, ok := cacheParts(r.Cache)
		if !ok {
			continue
		}
		s := StackRow{Name: r.Name, Bar: chart.Bar(parts), Value: chart.Ratio.Text(float64(r.Cache.HitRatio)), Href: RegionLink(p.URL, r.Name)}
		if r.Name == "" {
			s.Name, s.Href = "unknown", ""
		}
		out = append(out, s)
	}
	return out
}

// cacheParts are the shares of the four groups of cache outcomes; ok is false when there are none.
func cacheParts(c query.Cache) (parts []chart.Part, ok bool) {
	groups := []query.Num{c.Hit, add(c.Stale, c.Revalidated), add(c.Miss, c.Expired), add(c.Bypass, c.Dynamic)}
	total := orZero(add(groups...))
	if total <= 0 {
		return nil, false
	}
	for i, g := range groups {
		parts = append(parts, chart.Part{Name: cacheClasses[i].Name, Class: cacheClasses[i].Class, Share: orZero(g) / total})
	}
	return parts, true
}
