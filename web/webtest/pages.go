package webtest

import (
	"math"
	"slices"

	"edgescope/query"
)

func (c *Collector) regions() any {
	return &query.Regions{
		About: c.about(), Total: c.stats(11400, 74, .931), Regions: c.list(c.Rows),
		Heatmap: c.heatmap(), Choices: choices,
	}
}

// list is empty in a bare collector.
func (c *Collector) list(rows []query.Row) []query.Row {
	if c.Bare {
		return nil
	}
	return rows
}

func (c *Collector) overview() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	before.P50, total.P50, before.P99, total.P99 = 20, 18, 173, 211
	o := &query.Overview{
		About: c.about(), Requests: total.Requests, Total: total, Before: &before, Choices: choices,
		RegionCount: len(c.Rows),
	}
	if c.Bare {
		none := query.None()
		o.Total = query.Stats{
			Requests: 0, Samples: 0, Rate: 0, ErrorRatio: none, P50: none, P95: none, P99: none,
			ColdRatio: none, ColdAdds: none, CPUP99: none,
		}
		o.Total.Cache.HitRatio, o.Before = none, nil
		return o
	}
	o.Findings = findings()
	o.Finding, o.Places = &o.Findings[0], placed(c.Rows)
	for _, l := range []named{
		{"rate", 11400},
		{"p50", 18},
		{"p95", 74},
		{"p99", 211},
		{"errors", .0004},
		{"cold", .019},
		{"cache", .931},
		{"cpu", 6.4},
	} {
		o.Lines = append(o.Lines, c.line(l.name, l.value, .08))
		o.BeforeLines = append(o.BeforeLines, c.line(l.name, l.value*.95, .08))
	}
	for i := range min(5, len(c.Rows)) {
		l := query.Line{Name: c.Rows[i].Name, Values: c.Rows[i].Trend}
		o.Latency = append(o.Latency, l)
	}
	o.Latency = append(o.Latency, c.line("others", 52, .05))
	o.Regions = c.Rows[:min(12, len(c.Rows))]
	o.LosingHits = c.named("/img/*?w=", "/api/catalog", "/fonts/*")
	o.Heatmap = c.heatmap()
	return o
}

func (c *Collector) heatmap() query.Heatmap {
	var h query.Heatmap
	for _, r := range c.list(c.Rows) {
		h.Rows = append(h.Rows, r.Name)
		h.Cells = append(h.Cells, r.Trend)
	}
	return h
}

func (c *Collector) region(id string) any {
	i := slices.IndexFunc(c.Rows, func(r query.Row) bool { return r.Name == id })
	out := &query.Region{About: c.about(), Name: id, All: c.stats(11400, 74, .931), Choices: choices}
	if i < 0 || c.Bare {
		return out
	}
	row := c.Rows[i]
	out.City, out.Total = row.City, row.Stats
	p := float64(row.P95)
	out.Lines = []query.Line{
		c.line("p50", p*.31, .05), c.line("p95", p, .1), c.line("p99", p*1.9, .15),
		c.line("rate", float64(row.Rate), .08), c.line("errors", .0014, .3),
	}
	out.Routes, out.Versions, out.Slowest = c.named("/img/*?w=", "/api/catalog", "/fonts/*", ""),
		c.named("v142", "v141"), c.traceList(10)
	return out
}

func (c *Collector) coldStarts() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	out := &query.ColdStarts{About: c.about(), Total: total, Before: &before, Share: .63, Choices: choices}
	if c.Bare {
		out.Share = query.None()
		return out
	}
	for i := range min(5, len(c.Rows)) {
		out.Rate = append(out.Rate, c.line(c.Rows[i].Name, .015+.004*float64(i), .2))
	}
	out.Rate = append(out.Rate, c.line("others", .011, .1))
	out.Regions, out.Versions, out.Routes = slices.Clone(c.Rows), c.named("v142", "v141", "v140"),
		c.named("/img/*", "/api/catalog")
	out.Regions[len(out.Regions)-1].Cold = 7
	out.WarmHistogram, out.ColdHistogram = bell(40, .5, 1e6), bell(340, .35, 2e4)
	return out
}

// bell is a distribution around a value on logarithmic buckets.
func bell(around, width, count float64) query.Histogram {
	var h query.Histogram
	for low := 2.0; low < 3000; low *= 1.136 {
		d := math.Log(low/around) / width
		if n := math.Round(count * math.Exp(-d*d/2) / 20); n > 0 {
			h.Buckets = append(h.Buckets,
				query.Bucket{Low: query.Num(low), High: query.Num(low * 1.136), Count: query.Num(n)})
		}
	}
	return h
}

func (c *Collector) cache() any {
	total := c.stats(11400, 74, .931)
	before := c.stats(10951, 65, .949)
	out := &query.CacheAnswer{
		About: c.about(), Total: total, Before: &before, HitP50: 12, HitP95: 31, MissP50: 74,
		MissP95: 240, Choices: choices,
	}
	if c.Bare {
		return out
	}
	for _, l := range []named{
		{"hit", 900}, {"stale", 35}, {"revalidated", 8}, {"miss", 70}, {"expired", 6}, {"bypass", 22}, {"dynamic", 9},
	} {
		out.Outcomes = append(out.Outcomes, c.line(l.name, l.value, .1))
	}
	out.Regions, out.Routes = c.Rows, c.named("/img/*?w=", "/api/catalog", "/fonts/*", "/")
	return out
}
