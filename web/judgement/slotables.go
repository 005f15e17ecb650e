package judgement

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// figureCell is a share with its interval.
func figureCell(r *promise, f query.Figure) part.Cell {
	c := part.Cell{Text: chart.Absent, Raw: part.Raw(f.Value)}
	switch {
	case r.State == query.PromiseFew:
		c.Text, c.Class = "too few (n="+part.Integer(int64(r.Good.N))+")", "few"
	case f.Value.OK():
		c.Text, c.Sub = share(f.Value), "["+share(f.Low)+", "+share(f.High)+"]"
	}
	return c
}

// share writes a share in percent with as many digits as tell it from all, and no more than mean something.
func share(v query.Num) string {
	digits := 2
	switch {
	case v > .999 && v < 1:
		digits = 4
	case v <= -1:
		digits = 0
	}
	text := strconv.FormatFloat(100*float64(v), 'f', digits, 64)
	if digits > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return strings.Replace(text, "-", "−", 1) + "\u00a0%"
}

func promiseTable(p *part.Page, all []promise) part.Table {
	column := func(key, title string, numeric bool, cell func(*promise) part.Cell) part.ColumnOf[promise] {
		return part.ColumnOf[promise]{Column: part.Column{Key: key, Title: title, Numeric: numeric}, Cell: cell}
	}
	service := column("service", "service", false, func(r *promise) part.Cell { return part.Text(r.Service) })
	service.Exported = true
	t := part.Build("", "Promises", []part.ColumnOf[promise]{
		column("name", "objective", false, func(r *promise) part.Cell {
			return part.Cell{Text: r.name(), Raw: r.name(), Head: true}
		}),
		service,
		column("state", "state", false, stateCell),
		column("left", "budget left", true, func(r *promise) part.Cell { return figureCell(r, r.Remaining) }),
		column("burn", "burn now", true, func(r *promise) part.Cell {
			c := part.Cell{Text: burnText(r.Burn), Raw: part.Raw(r.Burn)}
			if r.Burn.OK() {
				c.Sub = "in " + lengthText(r.BurnOver)
			}
			return c
		}),
		column("exhausted", "gone (UTC)", false, func(r *promise) part.Cell { return goneCell(r, p.Now) }),
		column("promised", "promised", false, func(r *promise) part.Cell { return part.Text(promised(r.o)) }),
		column("good", "good", true, func(r *promise) part.Cell { return figureCell(r, r.Good) }),
		column("bad", "bad", true, func(r *promise) part.Cell { return part.Number(chart.Number, r.Bad) }),
		column("total", "of", true, func(r *promise) part.Cell { return part.Number(chart.Number, r.Total) }),
		column("n", "n", true, nCell),
	}, all)
	t.Empty = "Nothing of what is promised has been asked for yet."
	return t
}

func nCell(r *promise) part.Cell {
	c := part.Cell{Text: part.Integer(int64(r.Good.N)), Raw: part.Raw(r.Good.N)}
	if r.Estimated {
		c.Sub = "estimated"
	}
	return c
}

func stateCell(r *promise) part.Cell {
	glyph := map[string]string{"bad": "▲ ", "warn": "▲ ", "ok": "✓ "}[classOf(r.State)]
	c := part.Cell{Text: glyph + wordOf(r.State), Raw: r.State, Class: "badge " + classOf(r.State)}
	if !r.Since.IsZero() {
		c.Sub = "since " + r.Since.UTC().Format("Jan 2 15:04")
	}
	return c
}

// goneCell says when the budget is gone at the burn that is now.
func goneCell(r *promise, now time.Time) part.Cell {
	switch {
	case r.Exhausted.IsZero() && r.Remaining.Value <= 0:
		return part.Text("gone")
	case r.Exhausted.IsZero():
		return part.Text("")
	}
	c := part.Cell{
		Text: r.Exhausted.UTC().Format("Jan 2 15:04"), Raw: r.Exhausted.UTC().Format(time.RFC3339), Sub: "model",
	}
	if left := r.Exhausted.Sub(now); left > 0 {
		c.Sub = "in " + chart.Milliseconds.Text(float64(left.Milliseconds())) + ", model"
	}
	return c
}

// burnRow is how a promise stands with a rule.
type burnRow struct {
	promise
	b *query.Burn
}

// burnTable has the rules of the worst promise of each objective.
func burnTable(p *part.Page, all []promise) part.Table {
	var rows []burnRow
	seen := map[*query.Objective]bool{}
	for _, r := range all {
		if !seen[r.o] {
			seen[r.o] = true
			for i := range r.Burns {
				rows = append(rows, burnRow{r, &r.Burns[i]})
			}
		}
	}
	numeric := func(key, title string, cell func(*burnRow) part.Cell) part.ColumnOf[burnRow] {
		return part.ColumnOf[burnRow]{Column: part.Column{Key: key, Title: title, Numeric: true}, Cell: cell}
	}
	burn := func(v query.Num, window int64) part.Cell {
		return part.Cell{Text: burnText(v), Raw: part.Raw(v), Sub: "in " + lengthText(window)}
	}
	t := part.Build("burns", "Who is told when", []part.ColumnOf[burnRow]{
		{Column: part.Column{Key: "name", Title: "objective"}, Cell: func(r *burnRow) part.Cell {
			return part.Cell{Text: r.name(), Raw: r.name(), Head: true}
		}},
		{Column: part.Column{Key: "severity", Title: "tells"}, Cell: func(r *burnRow) part.Cell {
			c := part.Cell{Text: r.b.Severity, Raw: r.b.Severity}
			if r.b.Tells {
				c.Text, c.Class = "▲ "+r.b.Severity, "badge "+classOf(r.b.Severity)
			}
			return c
		}},
		numeric("at", "from", func(r *burnRow) part.Cell {
			return part.Cell{
				Text: burnText(r.b.At), Raw: part.Raw(r.b.At), Sub: chart.Ratio.Text(float64(r.b.Part)) + " in " + lengthText(r.b.Long),
			}
		}),
		numeric("long", "long window", func(r *burnRow) part.Cell { return burn(r.b.InLong, r.b.Long) }),
		numeric("short", "short window", func(r *burnRow) part.Cell { return burn(r.b.InShort, r.b.Short) }),
		numeric("bad", "bad received", func(r *burnRow) part.Cell { return part.Number(chart.Number, r.b.Bad) }),
		numeric("n", "n", func(r *burnRow) part.Cell {
			return part.Cell{Text: part.Integer(int64(r.b.N)), Raw: part.Raw(r.b.N)}
		}),
	}, rows)
	if t.Shown = burnsShown; len(rows) > burnsShown {
		t.Note = fmt.Sprintf("%d more rows are in the CSV.", len(rows)-burnsShown)
	}
	return t
}

// burnsShown is how many rows of rules the page lists: those of six objectives.
const burnsShown = 24
