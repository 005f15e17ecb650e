package versions

import (
	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// changed is a change of a share on a route of a version; on all of them where there is no route.
type changed struct {
	of    *query.DeployVerdict
	route *query.RouteChange
	*query.Change
}

func versionColumn(p *part.Page) part.ColumnOf[changed] {
	return column("version", "version", func(c *changed) part.Cell {
		cell := part.Cell{Text: c.of.Version, Raw: c.of.Version, Sub: c.of.Service, Class: "mono", Head: c.route == nil}
		if p != nil {
			cell.Href = ofVersion(p, "/versions", c.of)
		}
		return cell
	})
}

// measures are the columns of a change: its verdict, both shares, the difference and how sure that is.
func measures() []part.ColumnOf[changed] {
	figure := func(key, title string, of func(*changed) query.Figure) part.ColumnOf[changed] {
		return numeric(key, title, func(c *changed) part.Cell { return withInterval(chart.Ratio.Text, of(c)) })
	}
	count := func(key, title string, of func(*changed) query.Num) part.ColumnOf[changed] {
		return numeric(key, title, func(c *changed) part.Cell {
			return part.Cell{Text: part.Integer(int64(part.OrZero(of(c)))), Raw: part.Raw(of(c))}
		})
	}
	return []part.ColumnOf[changed]{
		column("signal", "share", func(c *changed) part.Cell { return part.Cell{Text: titleOf(c.Signal), Raw: c.Signal} }),
		column("verdict", "verdict", func(c *changed) part.Cell { return badge(c.Verdict) }),
		figure("before", "before", func(c *changed) query.Figure { return c.Before }),
		figure("share", "now", func(c *changed) query.Figure { return c.Share }),
		numeric("difference", "difference", func(c *changed) part.Cell { return withInterval(chart.Ratio.Change, c.Difference) }),
		numeric("p95_change", "p95", p95Cell),
		count("n_before", "n before", func(c *changed) query.Num { return c.Before.N }),
		count("n", "n now", func(c *changed) query.Num { return c.Share.N }),
		part.NumberColumn("score", "score", chart.Number, func(c *changed) query.Num { return c.Score }),
		part.NumberColumn("sure", "sure from", chart.Number, func(c *changed) query.Num { return c.Sure }),
		exported(column("text", "text", func(c *changed) part.Cell { return part.Text(c.Text) })),
	}
}

func titleOf(signal string) string {
	for _, of := range signalNames {
		if of.name == signal {
			return of.title
		}
	}
	return signal
}

// withInterval writes a figure with its interval.
func withInterval(write func(float64) string, f query.Figure) part.Cell {
	cell := part.Cell{Text: write(float64(f.Value)), Raw: part.Raw(f.Value)}
	if f.Value.OK() && f.Low.OK() && f.High.OK() {
		cell.Sub = write(float64(f.Low)) + " to " + write(float64(f.High))
	}
	return cell
}

func p95Cell(c *changed) part.Cell {
	if c.P95 == nil || c.P95Before == nil || c.P95Change == nil || !c.P95Change.Value.OK() {
		return part.Cell{}
	}
	ms := func(f *query.Figure) string { return chart.Milliseconds.Text(float64(f.Value)) }
	return part.Cell{Text: ms(c.P95Before) + " → " + ms(c.P95), Sub: effect(c.Change), Raw: part.Raw(c.P95Change.Value)}
}

// changeTable are the shares over all routes together, of the versions that could be judged.
func changeTable(verdicts []query.DeployVerdict) part.Table {
	var all []changed
	for i := range verdicts {
		d := &verdicts[i]
		if d.Verdict == query.VerdictAlone || d.Verdict == query.VerdictEarly {
			continue
		}
		for j := range d.Signals {
			all = append(all, changed{of: d, Change: &d.Signals[j]})
		}
	}
	t := part.Build("changes", "Shares over all routes", append([]part.ColumnOf[changed]{versionColumn(nil)}, measures()...), all)
	t.Empty = "Nothing was compared."
	if t.Shown = shownChanges; len(all) > t.Shown {
		t.Note = "The newest six versions: the CSV has all."
	}
	return t
}

// routeTable are the shares of single routes that differ, or make up much of a difference; of one version all.
func routeTable(p *part.Page, verdicts []query.DeployVerdict) part.Table {
	var all []changed
	for i := range verdicts {
		d := &verdicts[i]
		for j := range d.Routes {
			r := &d.Routes[j]
			for k := range r.Signals {
				if c := &r.Signals[k]; tells(c, len(verdicts) == 1) {
					all = append(all, changed{of: d, route: r, Change: c})
				}
			}
		}
	}
	route := column("route", "route", func(c *changed) part.Cell {
		cell := part.Cell{Text: orUnknown(c.route.Route), Raw: c.route.Route, Class: "code", Head: true}
		if c.route.Route != "" {
			cell.Href = part.ToVersion(p.URL, "/traces", c.of.Service, c.of.Version, query.KeyRoute, c.route.Route)
		}
		return cell
	})
	ofAll := numeric("part", "part of the difference", func(c *changed) part.Cell { return part.Number(chart.Ratio, c.Part) })
	columns := append([]part.ColumnOf[changed]{route, versionColumn(p)}, measures()...)
	t := part.Build("routes", "Routes", append(columns, ofAll), all)
	t.Empty = "No route changed."
	if t.Shown = shownRoutes; len(all) > t.Shown {
		t.Note = "The most changed ones: the CSV has all."
	}
	return t
}

// leastPart is how much of a difference a route must make up to be named for it.
const leastPart = 0.2

func tells(c *query.Change, one bool) bool {
	return one || c.Verdict == query.VerdictWorse || c.Verdict == query.VerdictBetter || c.Part >= leastPart
}
