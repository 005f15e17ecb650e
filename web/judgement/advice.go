package judgement

import (
	"cmp"
	"strconv"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// CacheAdvice is the model of the page that says what would save misses of the cache.
type CacheAdvice struct {
	Page    *part.Page
	Targets []part.Link
	// Advice is what to do, by route and region, in sentences.
	Advice []adviceOf
	// Replayed says which requests were read one by one, empty without any.
	Replayed string
	Keys     part.Table
}

// adviceOf is advice on a route in a region.
type adviceOf struct {
	Name, Href string
	Lost       string
	Text       []string
}

// mostAdvised is how many routes get their advice in sentences; the table has all.
const mostAdvised = 8

// fewReplayed is how many requests it takes to say more of a route than what was counted.
const fewReplayed = 100

// NewCacheAdvice makes the model of an answer.
func NewCacheAdvice(p *part.Page, a *query.CacheAdvice) part.Content {
	m := &CacheAdvice{Page: p, Keys: adviceTable(p, a)}
	for _, target := range []string{"75", "85", "90", "95", "99"} {
		m.Targets = append(m.Targets, part.Link{
			Text: target + " %", Href: p.With(query.KeyTarget, target), Current: target == percentText(a.Target),
		})
	}
	for i := range a.Advice {
		k := &a.Advice[i]
		if len(k.Text) > 0 && len(m.Advice) < mostAdvised {
			m.Advice = append(m.Advice, adviceOf{
				Name: placeName(k), Href: missesOf(p, k), Lost: chart.Milliseconds.Text(float64(k.Lost)), Text: k.Text,
			})
		}
	}
	if a.Replayed != nil {
		m.Replayed = "Of the routes that lose most, the requests from " + part.Stamp(a.Replayed.From) + " to " +
			part.Stamp(a.Replayed.To) + " UTC were read one by one, path by path."
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Keys}}
}

func percentText(share query.Num) string { return strconv.FormatFloat(float64(share)*100, 'g', 4, 64) }

// placeName names a route in a region.
func placeName(k *query.CacheKeyAdvice) string {
	return cmp.Or(k.Route, "no route") + " in " + cmp.Or(k.Region, "an unknown region")
}

// missesOf is the address of the misses of a route in a region.
func missesOf(p *part.Page, k *query.CacheKeyAdvice) string {
	q := query.Question{
		Region: []string{cmp.Or(k.Region, query.Unknown)}, Route: []string{cmp.Or(k.Route, query.Unknown)},
		Cache: []string{"expired", "miss"},
	}
	if k.Service != "" {
		q.Service = []string{k.Service}
	}
	return part.Narrowed(p.URL, "/traces", q.Values().Encode())
}

func adviceTable(p *part.Page, a *query.CacheAdvice) part.Table {
	columns := append(measuredColumns(p), modelColumns(a)...)
	t := part.Build("", "Routes by what their misses cost", columns, a.Advice)
	t.Empty = "No route has five misses of GET requests that answered 200."
	t.Shown = 50
	t.Note = "Measured: requests, hits with their 95 % interval, misses, times and misses together. " +
		"Model, of random requests at the rates that were seen: kept for, for the target, if doubled, prefetch."
	if a.Left > 0 {
		t.Note += " " + part.Integer(int64(a.Left)) + " more routes of regions have misses."
	}
	return t
}

// adviceColumn is a column of numbers about a route in a region.
func adviceColumn(
	key, title string, cell func(k *query.CacheKeyAdvice) part.Cell,
) part.ColumnOf[query.CacheKeyAdvice] {
	return part.ColumnOf[query.CacheKeyAdvice]{Column: part.Column{Key: key, Title: title, Numeric: true}, Cell: cell}
}

func measuredColumns(p *part.Page) []part.ColumnOf[query.CacheKeyAdvice] {
	return []part.ColumnOf[query.CacheKeyAdvice]{
		{
			Column: part.Column{Key: "route", Title: "route"},
			Cell: func(k *query.CacheKeyAdvice) part.Cell {
				return part.Cell{
					Text: cmp.Or(k.Route, query.Unknown), Raw: k.Route, Sub: cmp.Or(k.Region, query.Unknown), Head: true,
					Class: "mono", Href: missesOf(p, k),
				}
			},
		},
		adviceColumn("requests", "requests", func(k *query.CacheKeyAdvice) part.Cell { return part.Number(chart.Number, k.Requests) }),
		adviceColumn("hits", "hits", func(k *query.CacheKeyAdvice) part.Cell { return part.WithInterval(chart.Ratio, k.Hits) }),
		adviceColumn("misses", "misses", func(k *query.CacheKeyAdvice) part.Cell { return part.Number(chart.Number, k.Misses) }),
		adviceColumn("miss_ms", "a miss takes", func(k *query.CacheKeyAdvice) part.Cell {
			cell := part.Number(chart.Milliseconds, k.MissTime)
			if k.HitTime.OK() {
				cell.Sub = "hit " + chart.Milliseconds.Text(float64(k.HitTime))
			}
			return cell
		}),
		adviceColumn("lost_ms", "lost in all", func(k *query.CacheKeyAdvice) part.Cell {
			return part.Number(chart.Milliseconds, k.Lost)
		}),
		adviceColumn("together", "misses together", func(k *query.CacheKeyAdvice) part.Cell {
			cell := part.Number(chart.Ratio, k.Together.Value)
			if k.Together.N.OK() && k.Together.N > 0 {
				cell.Sub = "n=" + strconv.Itoa(int(k.Together.N))
			}
			return cell
		}),
	}
}

func modelColumns(a *query.CacheAdvice) []part.ColumnOf[query.CacheKeyAdvice] {
	return []part.ColumnOf[query.CacheKeyAdvice]{
		adviceColumn("kept_seconds", "kept for", func(k *query.CacheKeyAdvice) part.Cell {
			if !k.Keys.OK() && k.Requests < fewReplayed {
				return part.Cell{Text: "too few", Sub: "n=" + strconv.Itoa(int(k.Requests)), Class: "few"}
			}
			cell := part.WithInterval(chart.Milliseconds, inMilliseconds(k.Kept))
			if k.Configured.OK() {
				cell.Sub += ", max-age " + chart.Milliseconds.Text(1000*float64(k.Configured))
			}
			return cell
		}),
		adviceColumn("for_target_seconds", "for "+percentText(a.Target)+" % hits", func(k *query.CacheKeyAdvice) part.Cell {
			return part.Number(chart.Milliseconds, 1000*k.ForTarget.Value)
		}),
		adviceColumn("hits_if_doubled", "hits if doubled", func(k *query.CacheKeyAdvice) part.Cell {
			return part.Number(chart.Ratio, k.Doubled.Value)
		}),
		adviceColumn("prefetch_misses", "prefetch saves", func(k *query.CacheKeyAdvice) part.Cell {
			if k.Prefetch == nil {
				return part.Number(chart.Number, query.None())
			}
			cell := part.Number(chart.Number, k.Prefetch.Misses.Value)
			cell.Sub = "for " + chart.Number.Text(float64(k.Prefetch.Fetches)) + " fetches"
			return cell
		}),
	}
}

// inMilliseconds is a figure of seconds in milliseconds.
func inMilliseconds(f query.Figure) query.Figure {
	f.Value, f.Low, f.High = 1000*f.Value, 1000*f.Low, 1000*f.High
	return f
}
