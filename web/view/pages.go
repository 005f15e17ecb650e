package view

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"edgescope/query"
	"edgescope/web/chart"
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

// overviewRegions is how many regions the overview lists.
const overviewRegions = 12

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

func mapCard(p *Page, rows []query.Row) MapCard {
	most := 0.0
	for i := range rows {
		most = math.Max(most, orZero(rows[i].Rate))
	}
	m := chart.Map{Title: "Regions on the map, coloured by p95 against their own norm of 7 days"}
	out := MapCard{}
	labels := 0
	for i := range rows {
		r := &rows[i]
		if !r.Lat.OK() || !r.Lon.OK() || r.Name == "" {
			out.Unplaced++
			continue
		}
		s := rowState(p.Targets, r)
		text := chart.Milliseconds.Text(float64(r.P95))
		d := chart.Dot{
			Name: r.Name, Text: text + " " + s.Text, Lat: float64(r.Lat), Lon: float64(r.Lon),
			Size: orZero(r.Rate) / math.Max(most, 1e-9), Class: s.Class, Link: RegionLink(p.URL, r.Name),
		}
		if (s.Class == "bad" || s.Class == "warn") && labels < labelled {
			d.Label = r.Name + " " + text
			labels++
		}
		m.Dots = append(m.Dots, d)
	}
	// Small dots come last, so that none hides under a large one.
	slices.SortStableFunc(m.Dots, func(a, b chart.Dot) int { return -cmpFloat(a.Size, b.Size) })
	out.SVG = m.SVG()
	out.Furthest = furthest(p, rows)
	return out
}

func furthest(p *Page, rows []query.Row) []NormRow {
	sorted := slices.Clone(rows)
	slices.SortStableFunc(sorted, func(a, b query.Row) int { return -cmpFloat(orZero(a.Ratio), orZero(b.Ratio)) })
	var out []NormRow
	for i := range sorted {
		r := &sorted[i]
		if !r.Ratio.OK() || len(out) == furthestShown {
			break
		}
		class := ""
		if r.Ratio >= badRatio {
			class = "bad"
		} else if r.Ratio >= warnRatio {
			class = "warn"
		}
		out = append(out, NormRow{
			Name: r.Name, City: r.City, Class: class, Href: RegionLink(p.URL, r.Name),
			Text: chart.Relative(float64(r.Ratio)) + " · norm " + chart.Milliseconds.Text(float64(r.Norm)),
		})
	}
	return out
}

func orZero(v query.Num) float64 {
	if !v.OK() {
		return 0
	}
	return float64(v)
}

func cmpFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	default:
		return 0
	}
}

// StackRow is a row of the cache outcome: a bar of shares and the hit ratio.
type StackRow struct{ Name, Href, Bar, Value, Title string }

// cacheClasses are the four colours of cache outcomes.
var cacheClasses = []LegendItem{
	{Class: "cache-hit", Name: "hit"}, {Class: "cache-stale", Name: "stale / revalidated"},
	{Class: "cache-miss", Name: "miss / expired"}, {Class: "cache-bypass", Name: "bypass / dynamic"},
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

// ColdStarts is the model of the page about cold starts.
type ColdStarts struct {
	Page         *Page
	Tiles        []Tile
	Known        string
	Rate         Figure
	Distribution Figure
	Versions     Table
	Regions      Table
	Routes       Table
}

// NewColdStarts makes the model of an answer.
func NewColdStarts(p *Page, a *query.ColdStarts) Content {
	m := &ColdStarts{
		Page: p, Tiles: coldTiles(p, a),
		Rate: timeFigure("rate", &chart.Lines{
			Title: "Cold starts, share of invocations by region", Frame: frame(a.About), Series: lineSeries(a.Rate, nil),
			Unit: chart.Ratio, Marks: marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Distribution: coldDistribution(a),
		Versions:     coldTable(p, "versions", "By version", query.KeyVersion, a.Versions),
		Regions:      coldTable(p, "", "By region", query.KeyRegion, a.Regions),
		Routes:       coldTable(p, "routes", "By route", query.KeyRoute, a.Routes),
	}
	if a.Total.Known.OK() && a.Total.Known < 0.995 {
		m.Known = "Known for " + chart.Ratio.Text(float64(a.Total.Known)) + " of invocations; shares are of those."
	}
	return Content{Body: m.body(), Tables: []Table{m.Regions, m.Versions, m.Routes, m.Rate.Numbers, m.Distribution.Numbers}}
}

func coldTiles(p *Page, a *query.ColdStarts) []Tile {
	spec := overviewTiles[5]
	spec.note = nil
	rate := spec.tile(p, &a.Total, a.Before, nil, nil)
	rate.Href = ""
	t := &a.Total
	single := query.Num(float64(t.ColdP95) - float64(t.WarmP95))
	return []Tile{
		rate,
		plainTile("cold-count", "Cold starts", chart.Number, t.Cold, "of "+chart.Number.Text(orZero(add(t.Cold, t.Warm)))+" known"),
		plainTile("init-p50", "Init p50", chart.Milliseconds, t.InitP50, "time to start a function"),
		plainTile("init-p95", "Init p95", chart.Milliseconds, t.InitP95, "p99 "+chart.Milliseconds.Text(float64(t.InitP99))),
		plainTile("cold-cost", "A cold start costs", chart.Milliseconds, single, "p95 cold − p95 warm"),
		plainTile("cold-adds", "Users feel", chart.Milliseconds, t.ColdAdds, "p95 of all − p95 warm"),
		plainTile("cold-share", "Slowest that are cold", chart.Ratio, a.Share, "of those over warm p99"),
		plainTile("init-total", "Waited in all", chart.Milliseconds, t.InitTotal, "sum of init times"),
	}
}

func coldDistribution(a *query.ColdStarts) Figure {
	sets := []chart.HistogramSet{
		{Name: "warm", Class: "s3", Buckets: buckets(a.WarmHistogram)},
		{Name: "cold", Class: "s1", Buckets: buckets(a.ColdHistogram)},
	}
	h := chart.Histogram{Title: "Durations of cold and of warm invocations, each of its own total", Sets: sets, Unit: chart.Milliseconds, Height: 210}
	f := Figure{ID: "distribution", Title: h.Title, SVG: h.SVG(), Empty: "No durations in this range."}
	f.Legend = []LegendItem{
		{Class: "s3", Name: "warm", Value: chart.Number.Text(orZero(a.Total.Warm))},
		{Class: "s1", Name: "cold", Value: chart.Number.Text(orZero(a.Total.Cold))},
	}
	f.Numbers = bucketTable("distribution", sets)
	return f
}

func buckets(h query.Histogram) []chart.Bucket {
	out := make([]chart.Bucket, len(h.Buckets))
	for i, b := range h.Buckets {
		out[i] = chart.Bucket{Low: float64(b.Low), High: float64(b.High), Count: orZero(b.Count)}
	}
	return out
}

// setBucket is a bucket and the name of its distribution.
type setBucket struct {
	set string
	chart.Bucket
}

func bucketTable(name string, sets []chart.HistogramSet) Table {
	var all []setBucket
	for _, s := range sets {
		for _, b := range s.Buckets {
			if b.Count > 0 {
				all = append(all, setBucket{s.Name, b})
			}
		}
	}
	t := build(name, "Durations", []column[setBucket]{
		{Column{Key: "set", Title: "of"}, func(b *setBucket) Cell { return Cell{Text: b.set, Raw: b.set, Head: true} }},
		{Column{Key: "from_ms", Title: "from", Numeric: true}, func(b *setBucket) Cell { return number(chart.Milliseconds, query.Num(b.Low)) }},
		{Column{Key: "to_ms", Title: "to", Numeric: true}, func(b *setBucket) Cell { return number(chart.Milliseconds, query.Num(b.High)) }},
		{Column{Key: "count", Title: "count", Numeric: true}, func(b *setBucket) Cell { return number(chart.Number, query.Num(b.Count)) }},
	}, all)
	return capped(t)
}

func coldTable(p *Page, name, caption, kind string, rows []query.Row) Table {
	c := rowColumns{p}
	t := rowsTable(p, name, caption, []rowColumn{
		c.name(kind, kind), c.cold(),
		c.numeric("cold_starts", "cold starts", "", func(r *query.Row) Cell { return number(chart.Number, r.Cold) }),
		c.init("p50", func(r *query.Row) query.Num { return r.InitP50 }),
		c.init("p95", func(r *query.Row) query.Num { return r.InitP95 }),
		c.init("p99", func(r *query.Row) query.Num { return r.InitP99 }),
		c.numeric("cold_p95_ms", "p95 cold", "", func(r *query.Row) Cell { return greyed(number(chart.Milliseconds, r.ColdP95), r.Cold) }),
		c.numeric("warm_p95_ms", "p95 warm", "", func(r *query.Row) Cell { return greyed(number(chart.Milliseconds, r.WarmP95), r.Warm) }),
		c.coldAdds(),
	}, rows)
	return capped(t)
}

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
		{Column{Key: "outcome", Title: "answered by"}, func(h *hitMiss) Cell { return Cell{Text: h.name, Raw: h.name, Head: true} }},
		{Column{Key: "p50_ms", Title: "p50", Numeric: true}, func(h *hitMiss) Cell { return number(chart.Milliseconds, h.p50) }},
		{Column{Key: "p95_ms", Title: "p95", Numeric: true}, func(h *hitMiss) Cell { return number(chart.Milliseconds, h.p95) }},
	}, []hitMiss{{"the cache", a.HitP50, a.HitP95}, {"the origin", a.MissP50, a.MissP95}})
}

func cacheTable(p *Page, name, caption, kind string, rows []query.Row) Table {
	c := rowColumns{p}
	t := rowsTable(p, name, caption, []rowColumn{
		c.name(kind, kind), c.requests(), c.cache(), c.cacheChange(), c.origin(),
		c.numeric("misses", "misses", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Miss, r.Cache.Expired)) }),
		c.numeric("stale", "stale", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Stale, r.Cache.Revalidated)) }),
		c.numeric("bypass", "bypass", "", func(r *query.Row) Cell { return number(chart.Number, add(r.Cache.Bypass, r.Cache.Dynamic)) }),
		c.p95(),
	}, rows)
	return capped(t)
}

// join writes words with commas.
func join(words []string) string { return strings.Join(words, ", ") }
