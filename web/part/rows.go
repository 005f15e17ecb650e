package part

import (
	"cmp"
	"net/url"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/query"
)

// FewSamples is how many events a percentile needs to be shown as one.
const FewSamples = 20

// RowColumn is a column of a table of regions, routes or versions.
type RowColumn = ColumnOf[query.Row]

// RowColumns make the columns of tables of regions, routes and versions on a page.
type RowColumns struct{ p *Page }

// Columns are the columns of tables on a page.
func Columns(p *Page) RowColumns { return RowColumns{p} }

// Numeric is a column of numbers: its key in CSV and JSON, its title, and its name in ?sort=, empty when it can't be
// sorted by.
func (RowColumns) Numeric(key, title, sort string, cell func(r *query.Row) Cell) RowColumn {
	return RowColumn{Column: Column{Key: key, Title: title, Sort: sort, Numeric: true}, Cell: cell}
}

// Name heads the row. kind is the key of the filter (region, route, version); regions lead to their page, the others to
// their traces.
func (c RowColumns) Name(kind, title string) RowColumn {
	return RowColumn{Column: Column{Key: kind, Title: title, Sort: "name"}, Cell: func(r *query.Row) Cell {
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

// RegionLink is the address of a region's page with the range and filters of this one, the region's own filter left
// out.
func RegionLink(u *url.URL, code string) string {
	base := *u
	v := base.Query()
	v.Del(query.KeyRegion)
	base.RawQuery = v.Encode()
	target := url.URL{Path: "/regions/" + code}
	return To(&base, target.Path)
}

// Rate is invocations per second.
func (c RowColumns) Rate() RowColumn {
	return c.Numeric("requests_per_second", "req/s", "rate", func(r *query.Row) Cell {
		return Number(chart.Number, r.Rate)
	})
}

// Requests is the number of invocations.
func (c RowColumns) Requests() RowColumn {
	return c.Numeric("requests", "requests", "requests",
		func(r *query.Row) Cell { return Number(chart.Number, r.Requests) })
}

// P50 is the median duration.
func (c RowColumns) P50() RowColumn {
	return c.percentile("p50", func(r *query.Row) query.Num { return r.P50 })
}

// P95 is the 95th percentile of durations.
func (c RowColumns) P95() RowColumn {
	return c.percentile("p95", func(r *query.Row) query.Num { return r.P95 })
}

// P99 is the 99th percentile of durations.
func (c RowColumns) P99() RowColumn {
	return c.percentile("p99", func(r *query.Row) query.Num { return r.P99 })
}

// percentile is greyed, with its n, when few events are behind it.
func (c RowColumns) percentile(name string, of func(*query.Row) query.Num) RowColumn {
	return c.Numeric(name+"_ms", name, name, func(r *query.Row) Cell {
		cell := Number(chart.Milliseconds, of(r))
		if name == c.p.Percentile() {
			cell.Class = "strong"
		}
		return Greyed(cell, r.Samples)
	})
}

// Greyed marks a percentile that few events are behind.
func Greyed(cell Cell, samples query.Num) Cell {
	if samples.OK() && samples < FewSamples && cell.Raw != "" {
		cell.Class = "few"
		cell.Sub = "n=" + strconv.Itoa(int(samples))
	}
	return cell
}

// Trend draws the P95 over time.
func (c RowColumns) Trend() RowColumn {
	title := "p95, " + c.p.RangeText()
	return RowColumn{Column: Column{Key: "trend", Title: title, Drawing: true}, Cell: func(r *query.Row) Cell {
		s := chart.Spark{Now: floats(r.Trend), Width: 90, Height: 20}
		return Cell{SVG: s.SVG(), Class: "trend"}
	}}
}

// Cold is the share of cold starts.
func (c RowColumns) Cold() RowColumn {
	return c.Numeric("cold_ratio", "cold", "cold", func(r *query.Row) Cell { return Number(chart.Ratio, r.ColdRatio) })
}

// ColdAdds is what cold starts add to the P95.
func (c RowColumns) ColdAdds() RowColumn {
	return c.Numeric("cold_adds_ms", "cold adds", "cold_adds", func(r *query.Row) Cell {
		return Change(chart.Milliseconds, r.ColdAdds)
	})
}

// Init is a percentile of init durations: p50, p95 or p99.
func (c RowColumns) Init(name string, of func(*query.Row) query.Num) RowColumn {
	sort := ""
	if name == "p95" {
		sort = "init"
	}
	return c.Numeric("init_"+name+"_ms", "init "+name, sort, func(r *query.Row) Cell {
		return Greyed(Number(chart.Milliseconds, of(r)), r.Cold)
	})
}

// Cache is the cache hit ratio, with a bar.
func (c RowColumns) Cache() RowColumn {
	return c.Numeric("cache_hit_ratio", "cache hit", "cache", func(r *query.Row) Cell {
		cell := Number(chart.Ratio, r.Cache.HitRatio)
		if r.Cache.HitRatio.OK() {
			cell.SVG = chart.Bar([]chart.Part{{Name: "hit", Class: "cache-hit", Share: float64(r.Cache.HitRatio)}})
			cell.Class = "barred"
		}
		return cell
	})
}

// CacheChange is the hit ratio against the period compared with.
func (c RowColumns) CacheChange() RowColumn {
	return c.Numeric("cache_hit_ratio_change", "change", "", func(r *query.Row) Cell {
		if r.Before == nil {
			return Cell{Text: chart.Absent}
		}
		return Change(chart.Ratio, r.Cache.HitRatio-r.Before.Cache.HitRatio)
	})
}

// Origin is what the origin got to do on top.
func (c RowColumns) Origin() RowColumn {
	return c.Numeric("extra_origin_requests", "extra origin requests", "origin", func(r *query.Row) Cell {
		return Number(chart.Number, r.OriginExtra)
	})
}

// Errors is the share of errors.
func (c RowColumns) Errors() RowColumn {
	return c.Numeric("error_ratio", "errors", "errors",
		func(r *query.Row) Cell { return Number(chart.Ratio, r.ErrorRatio) })
}

// Exported are further figures for CSV and JSON, which the page has no room for.
func (c RowColumns) Exported() []RowColumn {
	figure := func(key string, of func(*query.Row) query.Num) RowColumn {
		return RowColumn{
			Column: Column{Key: key, Title: key, Numeric: true, Exported: true},
			Cell:   func(r *query.Row) Cell { return Number(chart.Number, of(r)) },
		}
	}
	return []RowColumn{
		figure("requests", func(r *query.Row) query.Num { return r.Requests }),
		figure("samples", func(r *query.Row) query.Num { return r.Samples }),
		figure("errors", func(r *query.Row) query.Num { return r.Errors }),
		figure("cold", func(r *query.Row) query.Num { return r.Cold }),
		figure("warm", func(r *query.Row) query.Num { return r.Warm }),
		figure("slow_usual", func(r *query.Row) query.Num {
			if x := slowSignal(r.Standing); x != nil {
				return x.Norm
			}
			return query.None()
		}),
		figure("norm_ms", func(r *query.Row) query.Num { return r.Norm }),
		figure("latitude", func(r *query.Row) query.Num { return r.Lat }),
		figure("longitude", func(r *query.Row) query.Num { return r.Lon }),
	}
}

// State is the region against its own norm and the targets, in glyph, word and colour.
func (c RowColumns) State() RowColumn {
	return RowColumn{Column: Column{Key: "state", Title: "state", Sort: "ratio"}, Cell: func(r *query.Row) Cell {
		s := RowState(c.p.Targets, r)
		return Cell{Text: s.Text, Raw: s.Text, Class: "badge " + s.Class}
	}}
}

// Why leads from a row that fares badly to what its bad requests share; kind is the key of the filter, as in Name.
func (c RowColumns) Why(kind string) RowColumn {
	return RowColumn{Column: Column{Key: "why", Title: "why", Drawing: true}, Cell: func(r *query.Row) Cell {
		s := RowState(c.p.Targets, r)
		if r.Silent > 0 || s.Class != "bad" && s.Class != "warn" {
			return Cell{}
		}
		base := *c.p.URL
		if code, ok := strings.CutPrefix(base.Path, "/regions/"); ok {
			base.RawQuery = With(&url.URL{RawQuery: base.RawQuery}, query.KeyRegion, code)[len("?"):]
		}
		return Cell{Text: "why?", Href: ToWith(&base, "/explain", kind, cmp.Or(r.Name, query.Unknown))}
	}}
}

// RowsTable builds a table of rows, sorted as the page was asked.
func RowsTable(p *Page, name, caption string, columns []RowColumn, rows []query.Row) Table {
	t := Build(name, caption, columns, rows)
	t.Sort = p.Question.Sort
	t.Empty = "Nothing in this range matches the filters."
	return t
}
