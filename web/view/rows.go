package view

import (
	"net/url"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
)

// fewSamples is how many events a percentile needs to be shown as one.
const fewSamples = 20

type rowColumn = column[query.Row]

// rowColumns make the columns of tables of regions, routes and versions on a page.
type rowColumns struct{ p *Page }

func (rowColumns) numeric(key, title, sort string, cell func(r *query.Row) Cell) rowColumn {
	return rowColumn{Column: Column{Key: key, Title: title, Sort: sort, Numeric: true}, cell: cell}
}

// name heads the row. kind is the key of the filter (region, route, version); regions lead to their page, the others to
// their traces.
func (c rowColumns) name(kind, title string) rowColumn {
	return rowColumn{Column: Column{Key: kind, Title: title, Sort: "name"}, cell: func(r *query.Row) Cell {
		cell := Cell{Text: r.Name, Sub: r.City, Raw: r.Name, Head: true, Class: "mono"}
		switch {
		case r.Name == "":
			cell.Text, cell.Class = "unknown", "quiet"
			cell.Href = ToWith(c.p.URL, "/traces", kind, query.Unknown)
		case kind == query.KeyRegion:
			cell.Class = "code"
			cell.Href = RegionLink(c.p.URL, r.Name)
		default:
			cell.Href = ToWith(c.p.URL, "/traces", kind, r.Name)
		}
		return cell
	}}
}

// RegionLink is the address of a region's page with the range and filters of this one, the region's own filter left out.
func RegionLink(u *url.URL, code string) string {
	base := *u
	v := base.Query()
	v.Del(query.KeyRegion)
	base.RawQuery = v.Encode()
	target := url.URL{Path: "/regions/" + code}
	return To(&base, target.Path)
}

func (c rowColumns) rate() rowColumn {
	return c.numeric("requests_per_second", "req/s", "rate", func(r *query.Row) Cell {
		return number(chart.Number, r.Rate)
	})
}

func (c rowColumns) requests() rowColumn {
	return c.numeric("requests", "requests", "requests", func(r *query.Row) Cell { return number(chart.Number, r.Requests) })
}

func (c rowColumns) p50() rowColumn {
	return c.percentile("p50", func(r *query.Row) query.Num { return r.P50 })
}

func (c rowColumns) p95() rowColumn {
	return c.percentile("p95", func(r *query.Row) query.Num { return r.P95 })
}

func (c rowColumns) p99() rowColumn {
	return c.percentile("p99", func(r *query.Row) query.Num { return r.P99 })
}

// percentile is greyed, with its n, when few events are behind it.
func (c rowColumns) percentile(name string, of func(*query.Row) query.Num) rowColumn {
	return c.numeric(name+"_ms", name, name, func(r *query.Row) Cell {
		cell := number(chart.Milliseconds, of(r))
		if name == c.p.Percentile() {
			cell.Class = "strong"
		}
		return greyed(cell, r.Samples)
	})
}

// greyed marks a percentile that few events are behind.
func greyed(cell Cell, samples query.Num) Cell {
	if samples.OK() && samples < fewSamples && cell.Raw != "" {
		cell.Class = "few"
		cell.Sub = "n=" + strconv.Itoa(int(samples))
	}
	return cell
}

func (c rowColumns) trend() rowColumn {
	title := "p95, " + c.p.RangeText()
	return rowColumn{Column: Column{Key: "trend", Title: title, Drawing: true}, cell: func(r *query.Row) Cell {
		s := chart.Spark{Now: floats(r.Trend), Width: 90, Height: 20}
		return Cell{SVG: s.SVG(), Class: "trend"}
	}}
}

func (c rowColumns) cold() rowColumn {
	return c.numeric("cold_ratio", "cold", "cold", func(r *query.Row) Cell { return number(chart.Ratio, r.ColdRatio) })
}

func (c rowColumns) coldAdds() rowColumn {
	return c.numeric("cold_adds_ms", "cold adds", "cold_adds", func(r *query.Row) Cell {
		return change(chart.Milliseconds, r.ColdAdds)
	})
}

func (c rowColumns) init(name string, of func(*query.Row) query.Num) rowColumn {
	sort := ""
	if name == "p95" {
		sort = "init"
	}
	return c.numeric("init_"+name+"_ms", "init "+name, sort, func(r *query.Row) Cell {
		return greyed(number(chart.Milliseconds, of(r)), r.Cold)
	})
}

func (c rowColumns) cache() rowColumn {
	return c.numeric("cache_hit_ratio", "cache hit", "cache", func(r *query.Row) Cell {
		cell := number(chart.Ratio, r.Cache.HitRatio)
		if r.Cache.HitRatio.OK() {
			cell.SVG = chart.Bar([]chart.Part{{Name: "hit", Class: "cache-hit", Share: float64(r.Cache.HitRatio)}})
			cell.Class = "barred"
		}
		return cell
	})
}

// cacheChange is the hit ratio against the period compared with.
func (c rowColumns) cacheChange() rowColumn {
	return c.numeric("cache_hit_ratio_change", "change", "", func(r *query.Row) Cell {
		if r.Before == nil {
			return Cell{Text: chart.Absent}
		}
		return change(chart.Ratio, r.Cache.HitRatio-r.Before.Cache.HitRatio)
	})
}

func (c rowColumns) origin() rowColumn {
	return c.numeric("extra_origin_requests", "extra origin requests", "origin", func(r *query.Row) Cell {
		return number(chart.Number, r.OriginExtra)
	})
}

func (c rowColumns) errors() rowColumn {
	return c.numeric("error_ratio", "errors", "errors", func(r *query.Row) Cell { return number(chart.Ratio, r.ErrorRatio) })
}

// exported are further figures for CSV and JSON, which the page has no room for.
func (c rowColumns) exported() []rowColumn {
	figure := func(key string, of func(*query.Row) query.Num) rowColumn {
		return rowColumn{Column: Column{Key: key, Title: key, Numeric: true, Exported: true}, cell: func(r *query.Row) Cell { return number(chart.Number, of(r)) }}
	}
	return []rowColumn{
		figure("requests", func(r *query.Row) query.Num { return r.Requests }),
		figure("samples", func(r *query.Row) query.Num { return r.Samples }),
		figure("errors", func(r *query.Row) query.Num { return r.Errors }),
		figure("cold", func(r *query.Row) query.Num { return r.Cold }),
		figure("warm", func(r *query.Row) query.Num { return r.Warm }),
		figure("norm_ms", func(r *query.Row) query.Num { return r.Norm }),
		figure("latitude", func(r *query.Row) query.Num { return r.Lat }),
		figure("longitude", func(r *query.Row) query.Num { return r.Lon }),
	}
}

// state is the region against its own norm and the targets, in glyph, word and colour.
func (c rowColumns) state() rowColumn {
	return rowColumn{Column: Column{Key: "state", Title: "state", Sort: "ratio"}, cell: func(r *query.Row) Cell {
		s := rowState(c.p.Targets, r)
		return Cell{Text: s.Text, Raw: s.Text, Class: "badge " + s.Class}
	}}
}

// State is how something fares: Class is ok, warn, bad or quiet, Text starts with the glyph of that class.
type State struct{ Class, Text string }

// The limits of a region's p95 against its own norm of 7 days.
const (
	warnRatio = 1.25
	badRatio  = 1.5
)

// rowState judges a row: a burning error budget first, then the distance from its norm.
func rowState(t Targets, r *query.Row) State {
	burn := 0.0
	if t.ErrorRatio > 0 && r.ErrorRatio.OK() {
		burn = float64(r.ErrorRatio) / t.ErrorRatio
	}
	few := r.Samples.OK() && r.Samples < fewSamples
	ratio := float64(r.Ratio)
	switch {
	case r.Silent > 0:
		return State{"bad", "✕ silent " + strconv.Itoa(int(r.Silent/60)) + "\u00a0min"}
	case few:
		return State{"quiet", "· few samples"}
	case burn >= 6:
		return State{"bad", "✕ burn " + chart.Times.Text(burn)}
	case ratio >= badRatio:
		return State{"bad", "✕ " + chart.Relative(ratio)}
	case t.P95 > 0 && float64(r.P95) > t.P95:
		return State{"bad", "✕ over " + chart.Milliseconds.Text(t.P95)}
	case burn >= 1:
		return State{"warn", "! burn " + chart.Times.Text(burn)}
	case ratio >= warnRatio:
		return State{"warn", "! " + chart.Relative(ratio)}
	case !r.Ratio.OK():
		return State{"quiet", "· no norm yet"}
	default:
		return State{"ok", "✓ ok"}
	}
}

// rowsTable builds a table of rows, sorted as the page was asked.
func rowsTable(p *Page, name, caption string, columns []rowColumn, rows []query.Row) Table {
	t := build(name, caption, columns, rows)
	t.Sort = p.Question.Sort
	t.Empty = "Nothing in this range matches the filters."
	return t
}
