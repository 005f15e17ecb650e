package view

import (
	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// ColdStarts is the model of the page about cold starts.
type ColdStarts struct {
	Page         *part.Page
	Tiles        []part.Tile
	Known        string
	Rate         part.Figure
	Distribution part.Figure
	Versions     part.Table
	Regions      part.Table
	Routes       part.Table
}

// NewColdStarts makes the model of an answer.
func NewColdStarts(p *part.Page, a *query.ColdStarts) part.Content {
	m := &ColdStarts{
		Page: p, Tiles: coldTiles(p, a),
		Rate: part.TimeFigure("rate", &chart.Lines{
			Title: "Cold starts, share of invocations by region", Frame: part.Frame(a.About),
			Series: part.LineSeries(a.Rate, nil),
			Unit:   chart.Ratio, Marks: part.Marks(a.About), Arriving: p.Question.Live, Height: 230, Zero: true,
		}),
		Distribution: coldDistribution(a),
		Versions:     coldTable(p, "versions", "By version", query.KeyVersion, a.Versions),
		Regions:      coldTable(p, "", "By region", query.KeyRegion, a.Regions),
		Routes:       coldTable(p, "routes", "By route", query.KeyRoute, a.Routes),
	}
	if a.Total.Known.OK() && a.Total.Known < 0.995 {
		m.Known = "Known for " + chart.Ratio.Text(float64(a.Total.Known)) + " of invocations; shares are of those."
	}
	return part.Content{
		Body: m.body(), Tables: []part.Table{m.Regions, m.Versions, m.Routes, m.Rate.Numbers, m.Distribution.Numbers},
	}
}

func coldTiles(p *part.Page, a *query.ColdStarts) []part.Tile {
	rate := part.ColdTile.Bare(p, &a.Total, a.Before)
	t := &a.Total
	single := query.Num(float64(t.ColdP95) - float64(t.WarmP95))
	cost := part.PlainTile("cold-cost", "A cold start costs", chart.Milliseconds, single, "p95 cold − p95 warm")
	if t.Cold.OK() && t.Cold < part.FewSamples && single.OK() {
		cost.Few = "n=" + part.Integer(int64(t.Cold))
	}
	return []part.Tile{
		rate,
		part.PlainTile("cold-count", "Cold starts", chart.Number, t.Cold,
			"of "+chart.Number.Text(part.OrZero(part.Add(t.Cold, t.Warm)))+" known"),
		part.PlainTile("init-p50", "Init p50", chart.Milliseconds, t.InitP50, "time to start a function"),
		part.PlainTile("init-p95", "Init p95", chart.Milliseconds, t.InitP95,
			"p99 "+chart.Milliseconds.Text(float64(t.InitP99))),
		cost,
		part.PlainTile("cold-adds", "Users feel", chart.Milliseconds, t.ColdAdds, "p95 of all − p95 warm"),
		part.PlainTile("cold-share", "Slowest that are cold", chart.Ratio, a.Share, "of those over warm p99"),
		part.PlainTile("init-total", "Waited in all", chart.Milliseconds, t.InitTotal, "sum of init times"),
	}
}

func coldDistribution(a *query.ColdStarts) part.Figure {
	sets := []chart.HistogramSet{
		{Name: "warm", Class: "s3", Buckets: buckets(a.WarmHistogram)},
		{Name: "cold", Class: "s1", Buckets: buckets(a.ColdHistogram)},
	}
	h := chart.Histogram{
		Title: "Durations of cold and of warm invocations, each of its own total", Sets: sets,
		Unit: chart.Milliseconds, Height: 210,
	}
	f := part.Figure{ID: "distribution", Title: h.Title, SVG: h.SVG(), Empty: "No durations in this range."}
	f.Legend = []part.LegendItem{
		{Class: "s3", Name: "warm", Value: chart.Number.Text(part.OrZero(a.Total.Warm))},
		{Class: "s1", Name: "cold", Value: chart.Number.Text(part.OrZero(a.Total.Cold))},
	}
	f.Numbers = bucketTable("distribution", sets)
	return f
}

func buckets(h query.Histogram) []chart.Bucket {
	out := make([]chart.Bucket, len(h.Buckets))
	for i, b := range h.Buckets {
		out[i] = chart.Bucket{Low: float64(b.Low), High: float64(b.High), Count: part.OrZero(b.Count)}
	}
	return out
}

// setBucket is a bucket and the name of its distribution.
type setBucket struct {
	set string
	chart.Bucket
}

func bucketTable(name string, sets []chart.HistogramSet) part.Table {
	var all []setBucket
	for _, s := range sets {
		for _, b := range s.Buckets {
			if b.Count > 0 {
				all = append(all, setBucket{s.Name, b})
			}
		}
	}
	t := part.Build(name, "Durations", []part.ColumnOf[setBucket]{
		{
			Column: part.Column{Key: "set", Title: "of"},
			Cell:   func(b *setBucket) part.Cell { return part.Cell{Text: b.set, Raw: b.set, Head: true} },
		},
		part.NumberColumn("from_ms", "from", chart.Milliseconds,
			func(b *setBucket) query.Num { return query.Num(b.Low) }),
		part.NumberColumn("to_ms", "to", chart.Milliseconds, func(b *setBucket) query.Num { return query.Num(b.High) }),
		part.NumberColumn("count", "count", chart.Number, func(b *setBucket) query.Num { return query.Num(b.Count) }),
	}, all)
	return capped(t)
}

func coldTable(p *part.Page, name, caption, kind string, rows []query.Row) part.Table {
	c := part.Columns(p)
	t := part.RowsTable(p, name, caption, []part.RowColumn{
		c.Name(kind, kind), c.Cold(),
		c.Numeric("cold_starts", "cold starts", "",
			func(r *query.Row) part.Cell { return part.Number(chart.Number, r.Cold) }),
		c.Init("p50", func(r *query.Row) query.Num { return r.InitP50 }),
		c.Init("p95", func(r *query.Row) query.Num { return r.InitP95 }),
		c.Init("p99", func(r *query.Row) query.Num { return r.InitP99 }),
		c.Numeric("cold_p95_ms", "p95 cold", "",
			func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.ColdP95), r.Cold) }),
		c.Numeric("warm_p95_ms", "p95 warm", "",
			func(r *query.Row) part.Cell { return part.Greyed(part.Number(chart.Milliseconds, r.WarmP95), r.Warm) }),
		c.ColdAdds(),
	}, rows)
	return capped(t)
}
