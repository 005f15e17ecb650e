package judgement

import (
	"fmt"
	"math"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

// forecastFigure draws the measured hours and the expected ones: lines of their own, which never touch.
func forecastFigure(f *money.Forecast) part.Figure {
	past, ahead := len(f.Measured), len(f.Expected)
	line := func(name, class string, values []query.Num, from int) chart.Series {
		s := chart.Series{Name: name, Class: class, Values: make([]float64, past+ahead)}
		for i := range s.Values {
			s.Values[i] = math.NaN()
		}
		for i, v := range values {
			s.Values[from+i] = float64(v)
		}
		return s
	}
	l := &chart.Lines{
		Title: "Requests an hour, measured and expected", Unit: chart.Number, Zero: true,
		Frame:  chart.Frame{From: f.Start, Step: time.Hour, Buckets: past + ahead},
		Series: []chart.Series{line("measured", "s0", f.Measured, 0)},
	}
	if ahead > 0 {
		l.Series = append(l.Series, line("expected (model)", "s1", f.Expected, past))
		l.Marks = []chart.Mark{{At: f.Start.Add(time.Duration(past) * time.Hour), Text: "now"}}
	}
	if len(f.Low) > 0 {
		l.Series = append(l.Series, line("low of 80 %", "so", f.Low, past), line("high of 80 %", "so", f.High, past))
	}
	out := part.TimeFigure("forecast", l)
	out.Empty = "No requests are known."
	if out.Plot != nil {
		out.Plot.Zoom = false // the range of the page is another one
	}
	return out
}

// methodText says how a forecast is made and how wrong it was, or why there is none.
func methodText(f *money.Forecast) string {
	if f.Method == "" {
		return "No forecast: " + f.Reason + "."
	}
	text := "a model: by the season of the week"
	if f.Method == "last week" {
		text = "a model: last week again, which was wrong least"
	}
	if f.Error.OK() {
		text += fmt.Sprintf("; it was wrong by %s where it was tried on the last two weeks (n=%s tries)",
			chart.Ratio.Text(float64(f.Error)), part.Count(f.Tests))
	}
	return text
}

// period is a stretch of time and what it is called.
type period struct {
	*money.Expectation

	name string
}

func expectationTable(f *money.Forecast) part.Table {
	rows := []period{
		{&f.Today, "Today, " + f.Today.From.UTC().Format("2 January")},
		{&f.Month, f.Month.From.UTC().Format("January 2006")},
	}
	if f.Today.From.IsZero() {
		rows = nil
	}
	columns := []part.ColumnOf[period]{
		part.TextColumn("period", "Period (UTC)", true, func(e *period) (text, sub string) { return e.name, "" }),
	}
	columns = append(columns, part.FigureColumns("so_far", "So far, measured", part.Count, func(e *period) query.Figure { return e.SoFar })...)
	columns = append(columns, part.FigureColumns("all", "At its end, model", part.Count, func(e *period) query.Figure { return e.All })...)
	return part.Build("periods", "Requests of today and this month", columns, rows)
}

func quotaTable(f *money.Forecast) part.Table {
	columns := []part.ColumnOf[money.Quota]{
		part.TextColumn("plan", "Plan", true, func(q *money.Quota) (text, sub string) {
			if !q.Said {
				sub = "assumed"
			}
			return planName(q.Platform, q.Plan), sub
		}),
		part.TextColumn("services", "Services", false, func(q *money.Quota) (text, sub string) {
			shown := strings.Join(q.Services[:min(len(q.Services), shownServices)], ", ")
			if more := len(q.Services) - shownServices; more > 0 {
				sub = fmt.Sprintf("and %d more", more)
			}
			return shown, sub
		}),
		{Column: part.Column{Key: "limit", Title: "Quota", Numeric: true}, Cell: func(q *money.Quota) part.Cell {
			return part.Cell{Text: part.Count(q.Limit), Sub: q.Of + " a " + q.Per, Raw: part.Raw(q.Limit)}
		}},
		{Column: part.Column{Key: "bar", Title: "Used", Drawing: true}, Cell: func(q *money.Quota) part.Cell {
			return budgetBar(&held{Budget: &money.Budget{Part: q.Part, State: q.State}})
		}},
	}
	columns = append(columns, part.FigureColumns("part", "Part", func(v query.Num) string { return chart.Ratio.Text(float64(v)) },
		func(q *money.Quota) query.Figure { return q.Part })...)
	columns = append(columns,
		part.TextColumn("period", "In", false, func(q *money.Quota) (text, sub string) {
			if q.Per == "month" {
				return q.Period.From.UTC().Format("January"), q.Part.Origin
			}
			return q.Period.From.UTC().Format("2 January"), q.Part.Origin
		}),
		part.ColumnOf[money.Quota]{
			Column: part.Column{Key: "reached", Title: "Used up"}, Cell: func(q *money.Quota) part.Cell {
				if q.Reached.IsZero() {
					return part.Cell{Text: "not in sight", Class: "quiet"}
				}
				c := part.Cell{
					Text: q.Reached.UTC().Format("2 Jan 15:04"), Raw: q.Reached.UTC().Format(time.RFC3339), Class: "bad",
				}
				if !q.Earliest.IsZero() && q.Earliest.Before(q.Reached) {
					c.Sub = "earliest " + q.Earliest.UTC().Format("2 Jan 15:04")
				}
				return c
			},
		},
		part.TextColumn("then", "Then further requests", false, func(q *money.Quota) (text, sub string) {
			return strings.TrimPrefix(q.Then, "further requests "), ""
		}),
		part.ColumnOf[money.Quota]{
			Column: part.Column{Key: "as_of", Exported: true}, Cell: func(q *money.Quota) part.Cell { return part.Cell{Raw: q.AsOf} },
		},
	)
	t := part.Build("quotas", "Quotas", columns, f.Quotas)
	t.Empty = "No plan of these services bounds requests of a day, or includes a number of a month."
	return t
}
