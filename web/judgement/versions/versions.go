// Package versions has the page about versions: what each made worse, and its figures.
package versions

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// model is what the page shows: what is worse first, then every verdict, and the figures by version.
type model struct {
	Page  *part.Page
	State part.State
	// Text counts what cannot be told.
	Text string
	// Worse are the versions that are, a strip each.
	Worse []strip

	Deploys, Changes, Routes, Figures part.Table
	// Notes are what the reader has to know about single verdicts.
	Notes []string
	// All leads from one version to all of them.
	All string
}

// strip is a version that is worse.
type strip struct{ Subject, Text, Explain, Traces string }

// Shown are the rows that the HTML shows of long tables; the CSV has all.
const (
	shownChanges = 24
	shownRoutes  = 40
)

// New makes the page of the verdicts on versions, newest first, and of their figures. more is how many older versions
// are left out.
func New(p *part.Page, verdicts []query.DeployVerdict, more int, v *query.Versions) part.Content {
	m := &model{
		Page: p, Deploys: deployTable(p, verdicts, more), Changes: changeTable(verdicts), Routes: routeTable(p, verdicts),
		Figures: figureTable(p, v.Versions),
	}
	m.State, m.Text = summary(verdicts)
	for i := range verdicts {
		d := &verdicts[i]
		if d.Verdict == query.VerdictWorse {
			m.Worse = append(m.Worse, strip{
				Subject: "▲ " + nameOf(d) + " is worse", Text: strings.TrimPrefix(d.Text, "worse "), Explain: ofVersion(p, "/explain", d),
				Traces: ofVersion(p, "/traces", d),
			})
		}
		m.Notes = append(m.Notes, notesOf(d)...)
	}
	if p.Value(query.KeyVersion) != "" {
		m.All = p.With(query.KeyVersion, "")
	}
	return part.Content{Body: m.body(), Tables: []part.Table{m.Deploys, m.Changes, m.Routes, m.Figures}}
}

// ofVersion leads to another page with the filters of this one and those of a version.
func ofVersion(p *part.Page, path string, d *query.DeployVerdict) string {
	return part.ToVersion(p.URL, path, d.Service, d.Version)
}

func nameOf(d *query.DeployVerdict) string { return d.Service + " " + d.Version }

// summary says in a sentence whether a version is worse, and counts the other verdicts.
func summary(verdicts []query.DeployVerdict) (part.State, string) {
	count := map[string]int{}
	for i := range verdicts {
		count[verdicts[i].Verdict]++
	}
	var rest []string
	for _, of := range []struct{ verdict, text string }{
		{query.VerdictBetter, "better"},
		{query.VerdictSame, "without a difference"},
		{query.VerdictFew, "with too few requests to tell"},
		{query.VerdictEarly, "too early to tell"},
		{query.VerdictAlone, "with nothing before to compare with"},
	} {
		if n := count[of.verdict]; n > 0 {
			rest = append(rest, fmt.Sprintf("%d %s", n, of.text))
		}
	}
	text := strings.Join(rest, ", ")
	judged := count[query.VerdictSame] + count[query.VerdictBetter]
	switch n := count[query.VerdictWorse]; {
	case n == 1:
		return part.State{Class: "bad", Text: "▲ 1 version is worse"}, text
	case n > 1:
		return part.State{Class: "bad", Text: fmt.Sprintf("▲ %d versions are worse", n)}, text
	case len(verdicts) == 0:
		return part.State{Class: "quiet", Text: "No version served in this range"}, ""
	case judged == 0:
		return part.State{Class: "quiet", Text: "No version can be judged"}, text
	}
	return part.State{Class: "quiet", Text: "No version is worse"}, text
}

func notesOf(d *query.DeployVerdict) []string {
	var out []string
	for _, note := range d.Notes {
		out = append(out, nameOf(d)+": "+note+".")
	}
	if len(d.NewRoutes) > 0 {
		out = append(out, nameOf(d)+" has routes that nothing can be compared with: "+strings.Join(d.NewRoutes, ", ")+".")
	}
	return out
}

func badge(verdict string) part.Cell {
	c := part.Cell{Raw: verdict}
	switch verdict {
	case query.VerdictWorse:
		c.Text, c.Class = "▲ worse", "badge bad"
	case query.VerdictBetter:
		c.Text, c.Class = "✓ better", "badge ok"
	case query.VerdictFew:
		c.Text, c.Class = "too few", "badge quiet"
	case query.VerdictEarly:
		c.Text, c.Class = "too early", "badge quiet"
	case query.VerdictAlone:
		c.Text, c.Class = "alone", "badge quiet"
	default:
		c.Text, c.Class = verdict, "badge"
	}
	return c
}

func column[T any](key, title string, cell func(*T) part.Cell) part.ColumnOf[T] {
	return part.ColumnOf[T]{Column: part.Column{Key: key, Title: title}, Cell: cell}
}

func numeric[T any](key, title string, cell func(*T) part.Cell) part.ColumnOf[T] {
	c := column(key, title, cell)
	c.Numeric = true
	return c
}

func exported[T any](c part.ColumnOf[T]) part.ColumnOf[T] {
	c.Exported = true
	return c
}

func link[T any](key, text string, href func(*T) string) part.ColumnOf[T] {
	c := column(key, "", func(v *T) part.Cell { return part.Cell{Text: text, Href: href(v)} })
	c.Title, c.Drawing = key, true
	return c
}

type deployColumn = part.ColumnOf[query.DeployVerdict]

func deployTable(p *part.Page, verdicts []query.DeployVerdict, more int) part.Table {
	columns := []deployColumn{
		column("version", "version", func(d *query.DeployVerdict) part.Cell {
			return part.Cell{
				Text: d.Version, Raw: d.Version, Sub: d.Service, Class: "mono", Head: true, Href: ofVersion(p, "/versions", d),
			}
		}),
		column("verdict", "verdict", func(d *query.DeployVerdict) part.Cell {
			c := badge(d.Verdict)
			if d.Provisional {
				c.Sub = "provisional"
			}
			return c
		}),
		exported(column("service", "service", func(d *query.DeployVerdict) part.Cell { return part.Text(d.Service) })),
	}
	for _, of := range signalNames {
		columns = append(columns, signalColumn(of.name, of.title))
	}
	columns = append(columns,
		column("method", "compared", methodCell),
		column("next", "next look", func(d *query.DeployVerdict) part.Cell { return nextCell(p, d) }),
		column("from", "in (UTC)", windowCell),
		exported(column("provisional", "provisional", func(d *query.DeployVerdict) part.Cell {
			return part.Text(strconv.FormatBool(d.Provisional))
		})),
		exported(column("to", "to", func(d *query.DeployVerdict) part.Cell { return part.Text(rfc(d.To)) })),
		exported(column("against", "against", func(d *query.DeployVerdict) part.Cell { return part.Text(d.Against) })),
		exported(column("began", "began", func(d *query.DeployVerdict) part.Cell { return part.Text(rfc(d.Began)) })),
		exported(column("text", "text", func(d *query.DeployVerdict) part.Cell { return part.Text(d.Text) })),
		link("traces", "traces", func(d *query.DeployVerdict) string { return ofVersion(p, "/traces", d) }),
		link("why", "why?", func(d *query.DeployVerdict) string { return ofVersion(p, "/explain", d) }),
	)
	t := part.Build("", "Verdicts", columns, verdicts)
	t.Empty = "No version served in this range."
	if more > 0 {
		t.Note = fmt.Sprintf("%d older ones are left out: filter by a version to see it.", more)
	}
	return t
}

var signalNames = []struct{ name, title string }{
	{query.SignalSlow, "slow"}, {query.SignalErrors, "errors"}, {query.SignalCold, "cold"}, {query.SignalHitLoss, "hit loss"},
}

// signalColumn is the verdict on a share, with its effect where it is one.
func signalColumn(name, title string) deployColumn {
	return column(strings.ReplaceAll(name, "-", "_"), title, func(d *query.DeployVerdict) part.Cell {
		for i := range d.Signals {
			if c := &d.Signals[i]; c.Signal == name {
				return signalCell(d, c)
			}
		}
		return part.Cell{Text: chart.Absent, Raw: d.Verdict}
	})
}

func signalCell(d *query.DeployVerdict, c *query.Change) part.Cell {
	cell := badge(c.Verdict)
	switch {
	case d.Verdict == query.VerdictAlone:
		return badge(d.Verdict)
	case c.Verdict == query.VerdictFew:
		cell.Sub = "n=" + part.Integer(int64(fewest(c)))
	case c.Verdict == query.VerdictWorse || c.Verdict == query.VerdictBetter:
		cell.Sub = effect(c)
	}
	return cell
}

func fewest(c *query.Change) float64 { return math.Min(float64(c.Share.N), float64(c.Before.N)) }

// effect is how much a share changed with its interval: the p95 in percent, others in points.
func effect(c *query.Change) string {
	f, of, unit := c.Difference, 1, "points"
	if c.P95Change != nil && c.P95Change.Value.OK() {
		f, of, unit = *c.P95Change, 0, "%"
	}
	number := func(n query.Num) string {
		return strings.Replace(fmt.Sprintf("%+.*f", of, 100*float64(n)), "-", "−", 1)
	}
	return fmt.Sprintf("%s\u00a0%s (%s to %s)", number(f.Value), unit, number(f.Low), number(f.High))
}

func methodCell(d *query.DeployVerdict) part.Cell {
	c := part.Cell{Text: chart.Absent, Raw: d.Method}
	switch d.Method {
	case query.MethodSideBySide:
		c.Text, c.Sub = "side by side", "with "+d.Against
	case query.MethodNorm:
		c.Text = "against the norm"
		if d.Against != "" {
			c.Sub = "after " + d.Against
		}
	}
	return c
}

func windowCell(d *query.DeployVerdict) part.Cell {
	if d.From.IsZero() {
		return part.Cell{Text: chart.Absent, Sub: "serves since " + short(d.Began)}
	}
	to := d.To.UTC().Format("15:04")
	if d.To.Sub(d.From) >= query.Day || d.To.UTC().Day() != d.From.UTC().Day() {
		to = short(d.To)
	}
	return part.Cell{Text: short(d.From) + " – " + to, Raw: rfc(d.From)}
}

func nextCell(p *part.Page, d *query.DeployVerdict) part.Cell {
	if d.Final || d.Next.IsZero() {
		return part.Cell{Text: "none: final", Class: "quiet"}
	}
	text := short(d.Next)
	if d.Next.UTC().Format(time.DateOnly) == p.Now.UTC().Format(time.DateOnly) {
		text = d.Next.UTC().Format("15:04")
	}
	return part.Cell{Text: text, Raw: rfc(d.Next)}
}

func short(t time.Time) string { return t.UTC().Format("Jan 2 15:04") }

func rfc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// figureTable are the plain figures by version.
func figureTable(p *part.Page, rows []query.Row) part.Table {
	c := part.Columns(p)
	columns := []part.RowColumn{
		c.Name(query.KeyVersion, "version"), c.Rate(), c.P50(), c.P95(), c.P99(), c.Trend(), c.Cold(), c.ColdAdds(), c.Cache(),
		c.Errors(),
	}
	return part.RowsTable(p, "versions", "Figures by version", append(columns, c.Exported()...), rows)
}

func orUnknown(route string) string { return cmp.Or(route, "requests without a route") }
