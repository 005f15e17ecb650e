package judgement

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

func budgetTable(p *part.Page, all []held) part.Table {
	var rows []held
	for _, h := range all {
		if h.State != money.BudgetMissing {
			rows = append(rows, h)
		}
	}
	columns := slices.Concat([]part.ColumnOf[held]{
		{Column: part.Column{Key: "service", Title: "Service"}, Cell: func(h *held) part.Cell {
			c := part.Cell{Text: h.whose(), Raw: h.of.Service, Head: true, Sub: planName(h.of.Platform, h.plan.Plan)}
			if !h.of.Said {
				c.Sub += ", assumed"
			}
			if h.of.Service != "" {
				c.Href = part.ToWith(p.URL, "/traces", query.KeyService, h.of.Service)
			}
			return c
		}},
		part.TextColumn("budget", "Limit of", false, func(h *held) (text, sub string) { return budgetWords[h.Name], "" }),
		{Column: part.Column{Key: "bar", Title: "Used", Drawing: true}, Cell: budgetBar},
		{Column: part.Column{Key: "part", Title: "Part", Numeric: true}, Cell: func(h *held) part.Cell {
			c := part.Cell{Text: chart.Ratio.Text(float64(h.Part.Value)), Raw: part.Raw(h.Part.Value), Class: "strong"}
			if h.Part.High.OK() {
				c.Sub = "≤\u00a0" + chart.Ratio.Text(float64(h.Part.High))
			}
			return c
		}},
		{Column: part.Column{Key: "used", Title: "Measured", Numeric: true}, Cell: func(h *held) part.Cell {
			return part.Cell{
				Text: amount(h.Budget, h.Used.Value), Raw: part.Raw(h.Used.Value),
				Sub: strings.TrimSuffix(measureWord(h.Measure), ":") + ", n=" + part.Count(h.Used.N),
			}
		}},
		{Column: part.Column{Key: "limit", Title: "Limit", Numeric: true}, Cell: func(h *held) part.Cell {
			return part.Cell{Text: amount(h.Budget, h.Limit), Raw: part.Raw(h.Limit)}
		}},
		{Column: part.Column{Key: "state", Title: "State"}, Cell: func(h *held) part.Cell {
			s := budgetState(h.Budget)
			c := part.Cell{Text: s.Text, Class: s.Class, Raw: h.State}
			if h.Over > 0 {
				c.Sub = chart.Ratio.Text(float64(h.Over)) + " are above"
			}
			return c
		}},
		{Column: part.Column{Key: "reaches", Title: "Reaches it"}, Cell: reachesCell},
	}, budgetExports())
	t := part.Build("limits", "Budgets", columns, rows)
	t.Shown, t.Empty = shownBudgets, "Nothing is measured against a limit in this range."
	if len(rows) > shownBudgets {
		t.Note = fmt.Sprintf("The first %d of %d; the CSV has all.", shownBudgets, len(rows))
	}
	return t
}

// budgetExports stand in CSV and JSON only.
func budgetExports() []part.ColumnOf[held] {
	column := func(key string, raw func(*held) string) part.ColumnOf[held] {
		return part.ColumnOf[held]{
			Column: part.Column{Key: key, Exported: true}, Cell: func(h *held) part.Cell { return part.Cell{Raw: raw(h)} },
		}
	}
	return []part.ColumnOf[held]{
		column("platform", func(h *held) string { return h.of.Platform }), column("plan", func(h *held) string { return h.plan.Plan }),
		column("over", func(h *held) string { return part.Raw(h.Over) }), column("unit", func(h *held) string { return h.Unit }), column("measure", func(h *held) string { return h.Measure }),
		column("n", func(h *held) string { return part.Raw(h.Used.N) }),
		column("part_high", func(h *held) string { return part.Raw(h.Part.High) }),
		column("exceeded", func(h *held) string { return part.Raw(h.Exceeded) }),
		column("origin", func(h *held) string { return h.Used.Origin }),
	}
}

// budgetBar draws what is used of a limit, which is at four fifths of the track, with its bound.
func budgetBar(h *held) part.Cell {
	const end = 1.25
	class := map[string]string{
		money.BudgetOver: "dot bad", money.BudgetTight: "dot warn", money.BudgetWatch: "dot warn", money.BudgetOK: "dot ok",
	}[h.State]
	bar := chart.Interval{
		Value: partOf(h.Budget), Low: partOf(h.Budget), High: float64(h.Part.High), End: end, Class: cmp.Or(class, "s0"),
	}
	return part.Cell{SVG: bar.SVG()}
}

// reachesCell is the date at which a trend reaches the limit, with that of the ends of its interval.
func reachesCell(h *held) part.Cell {
	t := h.Trend
	switch {
	case t == nil:
		return part.Cell{Text: chart.Absent}
	case t.Reaches.IsZero():
		return part.Cell{Text: "not in sight", Class: "quiet", Sub: "n=" + part.Count(t.PerDay.N) + " days"}
	}
	c := part.Cell{Text: dayText(t.Reaches), Raw: t.Reaches.UTC().Format(time.RFC3339), Class: "warn"}
	if c.Sub = "from " + t.Earliest.UTC().Format("2 Jan"); !t.Latest.IsZero() {
		c.Sub = t.Earliest.UTC().Format("2 Jan") + "–" + t.Latest.UTC().Format("2 Jan")
	}
	c.Sub += ", model"
	return c
}

func dayText(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

func planTable(a *money.Limits) part.Table {
	var rows []held
	seen := map[string]bool{}
	for i := range a.Services {
		s := &a.Services[i]
		for j := range s.Plans {
			name := planName(s.Platform, s.Plans[j].Plan)
			if s.Service != "" && !seen[name] {
				seen[name] = true
				rows = append(rows, held{nil, s, &s.Plans[j]})
			}
		}
	}
	t := part.Build("plans", "Where limits were read", []part.ColumnOf[held]{
		part.TextColumn("plan", "Plan", true, func(h *held) (text, sub string) { return planName(h.of.Platform, h.plan.Plan), "" }),
		part.TextColumn("as_of", "As of", false, func(h *held) (text, sub string) { return h.plan.AsOf, "" }),
		{Column: part.Column{Key: "source", Title: "Source"}, Cell: func(h *held) part.Cell {
			if h.plan.Source == "" {
				return part.Cell{Text: chart.Absent}
			}
			text := strings.TrimSuffix(strings.TrimPrefix(h.plan.Source, "https://"), "/")
			return part.Cell{Text: text, Href: h.plan.Source, Raw: h.plan.Source}
		}},
		part.TextColumn("remark", "Also", false, func(h *held) (text, sub string) { return h.plan.Remark, "" }),
	}, rows)
	t.Empty = "No service is on a platform whose limits are known."
	return t
}
