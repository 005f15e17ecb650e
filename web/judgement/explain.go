package judgement

import (
	"fmt"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/web/part"
)

// Explain is the model of the page that says what bad invocations share.
type Explain struct {
	Page *part.Page
	// Kinds choose what is taken for bad.
	Kinds []part.Link
	// Verdict is the strip: its Class is bad or quiet.
	Verdict part.State
	// Note says what was looked at, and why that.
	Note       []string
	Causes     part.Table
	Attributes part.Table
}

// kindNames are how the page calls what is bad.
var kindNames = map[string]string{
	query.BadErrors: "Errors", query.BadSlow: "Slow", query.BadCold: "Cold starts", query.BadMiss: "Cache misses",
}

// NewExplain makes the model of an answer.
func NewExplain(p *part.Page, a *query.Explanation) part.Content {
	m := &Explain{Page: p, Causes: causesTable(p, a), Attributes: lookedTable(a)}
	for _, bad := range query.Bads() {
		m.Kinds = append(m.Kinds, part.Link{
			Text: kindNames[bad], Href: p.With(query.KeyBad, bad), Current: a.Bad == bad,
		})
	}
	m.Verdict = part.State{Class: "quiet", Text: a.Text}
	if a.Verdict == query.ExplainedCauses {
		m.Verdict.Class = "bad"
	}
	m.Note = howFound(a)
	return part.Content{Body: m.body(), Tables: []part.Table{m.Causes, m.Attributes}}
}

func howFound(a *query.Explanation) []string {
	out := []string{fmt.Sprintf("%s of %s looked at, %s of them bad; %s values and pairs were tested.",
		chart.Number.Text(float64(a.Looked)), requestsText(a.Of), chart.Number.Text(float64(a.LookedBad)),
		part.Integer(int64(a.Tests)))}
	if len(a.Stretches) > 0 {
		var parts []string
		for _, s := range a.Stretches {
			parts = append(parts, part.Stamp(s.From)[len("2006-01-02 "):]+" – "+part.Clock(s.To)+
				" ("+s.To.Sub(s.From).Round(time.Second).String()+")")
		}
		out = append(out, "Read were these stretches, where the bad ones are: "+strings.Join(parts, ", ")+
			" UTC. What happens only outside them is not seen: choose a shorter range to see it.")
	}
	if a.Why != "" {
		out = append(out, strings.ToUpper(a.Why[:1])+a.Why[1:]+".")
	}
	return out
}

func requestsText(n query.Num) string {
	if !n.OK() {
		return "the requests"
	}
	return "about " + chart.Number.Text(float64(n)) + " requests"
}

// sharedText writes what a cause is.
func sharedText(is []query.Shared) string {
	words := make([]string, len(is))
	for i, s := range is {
		words[i] = s.Key + " = " + s.Value
		if s.Value == "" {
			words[i] = "no " + s.Key
		}
	}
	return strings.Join(words, " and ")
}

func causesTable(p *part.Page, a *query.Explanation) part.Table {
	column := func(key, title string, numeric bool, cell func(c *query.Cause) part.Cell) part.ColumnOf[query.Cause] {
		return part.ColumnOf[query.Cause]{Column: part.Column{Key: key, Title: title, Numeric: numeric}, Cell: cell}
	}
	t := part.Build("", "What they share", []part.ColumnOf[query.Cause]{
		column("cause", "shared", false, func(c *query.Cause) part.Cell {
			text := sharedText(c.Is)
			return part.Cell{Text: text, Raw: text, Head: true, Class: "code"}
		}),
		column("bad", "bad", true, func(c *query.Cause) part.Cell {
			cell := part.Number(chart.Number, c.Bad)
			cell.Sub = "of " + chart.Number.Text(float64(c.Of))
			return cell
		}),
		column("bad_part", "part of the bad", true, func(c *query.Cause) part.Cell {
			value := c.Bad / c.Of
			cell := part.Number(chart.Ratio, value)
			cell.SVG = chart.Bar([]chart.Part{{Name: "bad", Class: "s4", Share: float64(value)}})
			cell.Class = "barred"
			return cell
		}),
		column("part", "part of traffic", true, func(c *query.Cause) part.Cell { return part.WithInterval(chart.Ratio, c.Part) }),
		column("risk", "as often bad as others", true, func(c *query.Cause) part.Cell {
			return part.WithInterval(chart.Times, c.Risk)
		}),
		column("sure", "surely at least", true, func(c *query.Cause) part.Cell { return part.Number(chart.Times, c.Sure) }),
		column("excess", "bad beyond usual", true, func(c *query.Cause) part.Cell {
			return part.Number(chart.Number, c.Excess)
		}),
		column("n", "n", true, func(c *query.Cause) part.Cell { return part.Number(chart.Number, c.N) }),
		column("traces", "traces", false, func(c *query.Cause) part.Cell {
			return part.Cell{Text: "their traces →", Raw: c.Query, Href: part.Narrowed(p.URL, "/traces", c.Query)}
		}),
	}, a.Causes)
	t.Empty = "Nothing that is more than chance."
	t.Note = "Each is looked for among the requests that those above it do not cover. Measured, with 95 % intervals; " +
		"“surely at least” takes all tests into account."
	return t
}

func lookedTable(a *query.Explanation) part.Table {
	t := part.Build("attributes", "What was looked at", []part.ColumnOf[query.Looked]{
		{
			Column: part.Column{Key: "attribute", Title: "attribute"},
			Cell:   func(l *query.Looked) part.Cell { return part.Cell{Text: l.Key, Raw: l.Key, Head: true, Class: "mono"} },
		},
		{
			Column: part.Column{Key: "values", Title: "values", Numeric: true},
			Cell: func(l *query.Looked) part.Cell {
				if l.Values == 0 {
					return part.Number(chart.Number, query.None())
				}
				return part.Number(chart.Number, query.Num(l.Values))
			},
		},
		{
			Column: part.Column{Key: "left", Title: "left out"},
			Cell: func(l *query.Looked) part.Cell {
				if l.Left == "" {
					return part.Cell{}
				}
				return part.Cell{Text: l.Left, Raw: l.Left, Class: "quiet"}
			},
		},
	}, a.Attributes)
	t.Empty = "No attribute: nothing was looked at."
	return t
}
