package view

import (
	"edgescope/chart"
	"edgescope/query"
)

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
	cost := plainTile("cold-cost", "A cold start costs", chart.Milliseconds, single, "p95 cold − p95 warm")
	if t.Cold.OK() && t.Cold < fewSamples && single.OK() {
		cost.Few = "n=" + integer(int64(t.Cold))
	}
	return []Tile{
		rate,
		plainTile("cold-count", "Cold starts", chart.Number, t.Cold, "of "+chart.Number.Text(orZero(add(t.Cold, t.Warm)))+" known"),
		plainTile("init-p50", "Init p50", chart.Milliseconds, t.InitP50, "time to start a function"),
		plainTile("init-p95", "Init p95", chart.Milliseconds, t.InitP95, "p99 "+chart.Milliseconds.Text(float64(t.InitP99))),
		cost,
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
		{Column: Column{Key: "set", Title: "of"}, cell: func(b *setBucket) Cell { return Cell{Text: b.set, Raw: b.set, Head: true} }},
		{Column: Column{Key: "from_ms", Title: "from", Numeric: true}, cell: func(b *setBucket) Cell { return number(chart.Milliseconds, query.Num(b.Low)) }},
		{Column: Column{Key: "to_ms", Title: "to", Numeric: true}, cell: func(b *setBucket) Cell { return number(chart.Milliseconds, query.Num(b.High)) }},
		{Column: Column{Key: "count", Title: "count", Numeric: true}, cell: func(b *setBucket) Cell { return number(chart.Number, query.Num(b.Count)) }},
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
