package judgement

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"edgescope/chart"
	"edgescope/query"
	"edgescope/query/money"
	"edgescope/web/part"
)

// Cost is the model of the page about money.
type Cost struct {
	Page *part.Page
	// Problems are the lines about a policy that was not taken.
	Problems []string
	// Strips are the budgets that do not hold.
	Strips    []Strip
	Tiles     []part.Tile
	Accounts  part.Table
	Missing   []string
	Routes    part.Table
	Meters    part.Table
	Elsewhere []part.Table
	Invoices  part.Table
	Prices    part.Table
}

// Strip is a sentence above a page, with the part of it that counts.
type Strip struct {
	State part.State
	Text  string
}

// NewCost makes the model of an answer.
func NewCost(p *part.Page, a *money.Cost) part.Content {
	m := &Cost{
		Page: p, Tiles: costTiles(a), Accounts: accountTable(a), Routes: costRoutes(p, a), Meters: meterTable(a),
		Invoices: invoiceTable(a), Prices: priceTable(a),
	}
	if a.Problem != "" {
		m.Problems = strings.Split(a.Problem, "\n")
	}
	tables := []part.Table{m.Routes, m.Accounts, m.Meters, m.Invoices, m.Prices}
	for i := range a.Accounts {
		of := &a.Accounts[i]
		if strip, ok := budgetStrip(a, of); ok {
			m.Strips = append(m.Strips, strip)
		}
		for _, why := range of.Missing {
			m.Missing = append(m.Missing, accountName(of)+": "+why+".")
		}
		if len(of.Elsewhere) > 0 && len(m.Elsewhere) < maxElsewhere {
			t := elsewhereTable(of, len(m.Elsewhere))
			m.Elsewhere, tables = append(m.Elsewhere, t), append(tables, t)
		}
	}
	return part.Content{Body: m.body(), Tables: tables}
}

const (
	// fewEvents is below how many events a figure says so.
	fewEvents = 100
	// shownServices is how many services of an account are named.
	shownServices = 3
)

// maxElsewhere is of how many accounts, the largest, other plans are shown.
const maxElsewhere = 4

func accountName(a *money.AccountCost) string {
	switch {
	case a.Platform == "":
		return "unknown platform"
	case a.Plan == "":
		return a.Platform
	}
	return a.Platform + " " + a.Plan
}

// dollars writes an amount: cents, or two digits of what is less than a cent.
func dollars(v query.Num) string {
	f := float64(v)
	switch {
	case !v.OK():
		return chart.Absent
	case math.Abs(f) >= 1000:
		return part.Integer(int64(math.Round(f)))
	case f == 0 || math.Abs(f) >= .01:
		return strconv.FormatFloat(f, 'f', 2, 64)
	default:
		return strconv.FormatFloat(f, 'f', min(12, int(math.Ceil(-math.Log10(math.Abs(f))))+1), 64)
	}
}

// between writes the interval of a figure, "" where it has none that is wider than half a percent.
func between(f query.Figure, write func(query.Num) string) string {
	if !f.Low.OK() || !f.High.OK() || !(f.High-f.Low > .005*max(f.High, 1e-9)) {
		return ""
	}
	low, high := write(f.Low), write(f.High)
	if low == high {
		return ""
	}
	return low + "–" + high
}

// written is a figure, or its bounds where it is a range, and its interval beside it.
func written(f query.Figure, write func(query.Num) string) (text, sub string) {
	sub = between(f, write)
	if !f.Value.OK() && sub != "" {
		return sub, "CPU unknown"
	}
	return write(f.Value), sub
}

// moneyCell is a figure with its interval.
func moneyCell(f query.Figure, write func(query.Num) string) part.Cell {
	c := part.Cell{Raw: part.Raw(f.Value)}
	c.Text, c.Sub = written(f, write)
	return c
}

func count(v query.Num) string { return chart.Number.Text(float64(v)) }

// moneyColumns are a column of figures, and what of them stands in CSV and JSON only: bounds, number and origin.
func moneyColumns[T any](key, title string, write func(query.Num) string, of func(*T) query.Figure,
) []part.ColumnOf[T] {
	exported := func(suffix string, raw func(query.Figure) string) part.ColumnOf[T] {
		return part.ColumnOf[T]{
			Column: part.Column{Key: key + suffix, Exported: true},
			Cell:   func(v *T) part.Cell { return part.Cell{Raw: raw(of(v))} },
		}
	}
	return []part.ColumnOf[T]{
		{
			Column: part.Column{Key: key, Title: title, Numeric: true},
			Cell:   func(v *T) part.Cell { return moneyCell(of(v), write) },
		},
		exported("_low", func(f query.Figure) string { return part.Raw(f.Low) }),
		exported("_high", func(f query.Figure) string { return part.Raw(f.High) }),
		exported("_n", func(f query.Figure) string { return part.Raw(f.N) }),
		exported("_origin", func(f query.Figure) string { return f.Origin }),
	}
}

// textColumn is a column of texts; the first of a table names the row.
func textColumn[T any](key, title string, head bool, of func(*T) (text, sub string)) part.ColumnOf[T] {
	return part.ColumnOf[T]{
		Column: part.Column{Key: key, Title: title},
		Cell: func(v *T) part.Cell {
			text, sub := of(v)
			return part.Cell{Text: part.OrAbsent(text), Sub: sub, Raw: text, Head: head}
		},
	}
}

// costTile is a figure as a tile; absent is what stands there without one.
func costTile(id, title, absent string, f query.Figure) part.Tile {
	t := part.Tile{ID: id, Title: title, Unit: "USD"}
	text, sub := written(f, dollars)
	t.Number = text
	var notes []string
	if !f.Value.OK() && sub != "" {
		notes = append(notes, "CPU time is not known")
	} else if sub != "" {
		notes = append(notes, sub)
	}
	if text == chart.Absent {
		t.Unit, t.Note = "", absent
		return t
	}
	notes = append(notes, kindOf(f.Origin))
	if f.N.OK() && f.N > 0 {
		notes = append(notes, "n="+count(f.N))
	}
	t.Note = strings.Join(notes, ", ")
	return t
}

// costTiles are the headline.
func costTiles(a *money.Cost) []part.Tile {
	forecast := costTile("forecast", a.Month.UTC().Format("January")+", forecast", "needs three days", a.Total.Forecast)
	for i := range a.Accounts {
		if b := &a.Accounts[i]; b.Budget.OK() && expected(b) > b.Budget {
			forecast.State = "bad"
		}
	}
	return []part.Tile{
		costTile("today", "Today (UTC)", "no figure", a.Total.Today),
		costTile("to-date", "Month to date", "no figure", a.Total.ToDate),
		forecast,
		costTile("per-million", "A million more", "no figure", a.Total.PerMillion),
		costTile("range", "This range, nothing included", "no figure", a.Total.Range),
	}
}

// kindOf says in a word where a figure comes from.
func kindOf(origin string) string {
	if origin == query.OriginPriceList {
		return "price list"
	}
	return origin
}

// expected is what the month is expected to cost: its bill so far, where that is more or all that is known.
func expected(a *money.AccountCost) query.Num {
	best := query.Num(0)
	for _, v := range []query.Num{a.Forecast.Value, a.ToDate.Value, a.ToDate.Low} {
		if v.OK() {
			best = max(best, v)
		}
	}
	return best
}

// budgetStrip tells of a budget that does not hold.
func budgetStrip(c *money.Cost, a *money.AccountCost) (Strip, bool) {
	if !a.Budget.OK() || expected(a) <= a.Budget {
		return Strip{}, false
	}
	s := Strip{State: part.State{Class: "bad", Text: accountName(a) + " passes its budget of " + dollars(a.Budget) + " USD"}}
	if a.ToDate.Low > a.Budget {
		s.Text = dollars(a.ToDate.Low) + " USD so far in " + c.Month.UTC().Format("January") + "."
		return s, true
	}
	if !(a.Forecast.Low > a.Budget) {
		s.State.Class = "warn"
	}
	s.Text = dollars(a.Forecast.Value) + " USD expected for " + c.Month.UTC().Format("January")
	if sub := between(a.Forecast, dollars); sub != "" {
		s.Text += " (80 %: " + sub + ")"
	}
	if !a.Passes.IsZero() {
		s.Text += ", which passes it on " + a.Passes.UTC().Format("2 January")
	}
	s.Text += "."
	return s, true
}

func accountTable(a *money.Cost) part.Table {
	columns := []part.ColumnOf[money.AccountCost]{
		textColumn("account", "Account", true, func(v *money.AccountCost) (text, sub string) {
			if v.Assumed && v.Plan != "" {
				sub = "assumed: no account names it"
			}
			return accountName(v), sub
		}),
		textColumn("services", "Services", false, func(v *money.AccountCost) (text, sub string) {
			if more := len(v.Services) - shownServices; more > 0 {
				return strings.Join(v.Services[:shownServices], ", "), fmt.Sprintf("and %d more", more)
			}
			return strings.Join(v.Services, ", "), ""
		}),
	}
	columns = append(columns, spendingColumns(func(v *money.AccountCost) *money.Spending { return &v.Spending })...)
	columns = append(columns,
		part.ColumnOf[money.AccountCost]{
			Column: part.Column{Key: "budget", Title: "Budget", Numeric: true},
			Cell: func(v *money.AccountCost) part.Cell {
				c := part.Cell{Text: dollars(v.Budget), Raw: part.Raw(v.Budget)}
				if v.Budget.OK() && expected(v) > v.Budget {
					c.Class, c.Sub = "bad", "passes it"
					if !v.Passes.IsZero() {
						c.Sub = "passes it on " + v.Passes.UTC().Format("2 Jan")
					}
				}
				return c
			},
		},
		part.NumberColumn("factor", "Factor", chart.Times, func(v *money.AccountCost) query.Num { return v.Factor }),
	)
	t := part.Build("accounts", "Accounts", columns, a.Accounts)
	t.Empty = "No invocation this month."
	return t
}

// spendingColumns are the figures of an account.
func spendingColumns[T any](of func(*T) *money.Spending) []part.ColumnOf[T] {
	var out []part.ColumnOf[T]
	for _, c := range []struct {
		key, title string
		of         func(*money.Spending) query.Figure
	}{
		{"today", "Today", func(s *money.Spending) query.Figure { return s.Today }},
		{"to_date", "Month to date", func(s *money.Spending) query.Figure { return s.ToDate }},
		{"forecast", "Month, forecast", func(s *money.Spending) query.Figure { return s.Forecast }},
		{"per_million", "Per million", func(s *money.Spending) query.Figure { return s.PerMillion }},
	} {
		out = append(out, moneyColumns(c.key, c.title, dollars, func(v *T) query.Figure { return c.of(of(v)) })...)
	}
	return out
}

func costRoutes(p *part.Page, a *money.Cost) part.Table {
	columns := []part.ColumnOf[money.RouteCost]{
		{
			Column: part.Column{Key: "route", Title: "Route"},
			Cell: func(v *money.RouteCost) part.Cell {
				if v.Other {
					return part.Cell{Text: "(all others)", Raw: "", Head: true}
				}
				c := part.Cell{Text: v.Route, Raw: v.Route, Head: true, Class: "code"}
				if v.Route == "" {
					c.Text = "(no route)"
					return c
				}
				c.Href = part.ToWith(p.URL, "/traces", query.KeyRoute, v.Route)
				return c
			},
		},
		textColumn("service", "Service", false, func(v *money.RouteCost) (text, sub string) { return v.Service, "" }),
		textColumn("plan", "Plan", false, func(v *money.RouteCost) (text, sub string) {
			return strings.TrimSpace(v.Platform + " " + v.Plan), ""
		}),
		{
			Column: part.Column{Key: "requests", Title: "Requests", Numeric: true},
			Cell: func(v *money.RouteCost) part.Cell {
				c := part.Number(chart.Number, v.Requests)
				if v.Samples < v.Requests*.999 || v.Samples < fewEvents {
					c.Sub = "n=" + part.Integer(int64(math.Round(float64(v.Samples))))
				}
				return c
			},
		},
		{
			Column: part.Column{Key: "samples", Exported: true},
			Cell:   func(v *money.RouteCost) part.Cell { return part.Cell{Raw: part.Raw(v.Samples)} },
		},
		part.NumberColumn("cpu_ms", "CPU, mean", chart.Milliseconds, func(v *money.RouteCost) query.Num { return v.CPU }),
		part.NumberColumn("duration_ms", "Duration, mean", chart.Milliseconds,
			func(v *money.RouteCost) query.Num { return v.Duration }),
		part.NumberColumn("share", "Part of bill", chart.Ratio, func(v *money.RouteCost) query.Num { return v.Share }),
	}
	columns = append(columns, moneyColumns("bill", "Month to date", dollars,
		func(v *money.RouteCost) query.Figure { return v.Bill })...)
	columns = append(columns, moneyColumns("range", "This range", dollars,
		func(v *money.RouteCost) query.Figure { return v.Range })...)
	columns = append(columns, moneyColumns("per_million", "Per million", dollars,
		func(v *money.RouteCost) query.Figure { return v.PerMillion })...)
	t := part.Build("routes", "Routes", columns, a.Routes)
	t.Empty, t.Shown = "No invocation this month.", 50
	if a.RouteCount > t.Shown {
		t.Note = fmt.Sprintf("%d routes; CSV and JSON have up to 200 and the rest as one.", a.RouteCount)
	}
	return t
}

// accountMeter is a meter of an account.
type accountMeter struct {
	account string
	money.MeterUse
}

func meterTable(a *money.Cost) part.Table {
	var rows []accountMeter
	for i := range a.Accounts {
		for _, m := range a.Accounts[i].Meters {
			rows = append(rows, accountMeter{accountName(&a.Accounts[i]), m})
		}
	}
	columns := []part.ColumnOf[accountMeter]{
		textColumn("meter", "Meter", true, func(v *accountMeter) (text, sub string) { return meterName(v.Of), "" }),
		textColumn("account", "Account", false, func(v *accountMeter) (text, sub string) { return v.account, "" }),
	}
	columns = append(columns, moneyColumns("used", "Used", count,
		func(v *accountMeter) query.Figure { return v.Used })...)
	columns = append(columns,
		part.NumberColumn("included", "Included", chart.Number, func(v *accountMeter) query.Num { return v.Included }))
	columns = append(columns, moneyColumns("forecast", "Month, forecast", count,
		func(v *accountMeter) query.Figure { return v.Forecast })...)
	columns = append(columns, textColumn("price", "Price, USD", false, func(v *accountMeter) (text, sub string) {
		return priceText(v.Price, v.Per), ""
	}))
	t := part.Build("meters", "Meters", columns, rows)
	t.Empty = "No account has a price list."
	return t
}

func meterName(of string) string {
	switch of {
	case "cpu_ms":
		return "CPU, ms"
	case "gb_s":
		return "memory, GB s"
	case "vcpu_s":
		return "CPU, vCPU s"
	}
	return of
}

// listed writes a price as lists do: cents at least, and all that is written of less.
func listed(price query.Num) string {
	text := strconv.FormatFloat(float64(price), 'f', 10, 64)
	whole, decimals, _ := strings.Cut(text, ".")
	return whole + "." + decimals[:2] + strings.TrimRight(decimals[2:], "0")
}

// priceText writes a price as its list does: 0.30 per 1 M.
func priceText(price, per query.Num) string {
	if per == 1 {
		return listed(price)
	}
	return listed(price) + " per " + chart.Number.Text(float64(per))
}

func elsewhereTable(a *money.AccountCost, place int) part.Table {
	current := query.None()
	for i := range a.Elsewhere {
		if a.Elsewhere[i].Current {
			current = a.Elsewhere[i].Bill.Value
		}
	}
	columns := []part.ColumnOf[money.Elsewhere]{
		textColumn("plan", "Plan", true, func(v *money.Elsewhere) (text, sub string) {
			if v.Current {
				sub = "now"
			}
			return strings.TrimSpace(v.Platform + " " + v.Plan), sub
		}),
	}
	columns = append(columns, moneyColumns("bill", "Month, USD", dollars,
		func(v *money.Elsewhere) query.Figure { return v.Bill })...)
	columns = append(columns,
		part.NumberColumn("times", "Of now", chart.Times, func(v *money.Elsewhere) query.Num {
			if !(current > 0) {
				return query.None()
			}
			return v.Bill.Value / current
		}),
		part.ColumnOf[money.Elsewhere]{
			Column: part.Column{Key: "breaks", Title: "Limits"},
			Cell: func(v *money.Elsewhere) part.Cell {
				c := part.Text(strings.Join(v.Warnings, "; "))
				switch {
				case len(v.Warnings) > 0:
					c.Class = "warn"
				case v.Missing != "":
					c = part.Text(v.Missing)
				}
				return c
			},
		},
		textColumn("as_of", "Prices of", false, func(v *money.Elsewhere) (text, sub string) { return v.AsOf, "" }),
	)
	which := "month to date"
	if a.ElsewhereOf == "forecast" {
		which = "month as forecast"
	}
	return part.Build("elsewhere-"+strconv.Itoa(place), accountName(a)+" elsewhere, "+which, columns, a.Elsewhere)
}

// accountInvoice is an invoice of an account.
type accountInvoice struct {
	account string
	money.InvoicedMonth
}

func invoiceTable(a *money.Cost) part.Table {
	var rows []accountInvoice
	for i := range a.Accounts {
		for _, m := range a.Accounts[i].Invoices {
			rows = append(rows, accountInvoice{accountName(&a.Accounts[i]), m})
		}
	}
	columns := []part.ColumnOf[accountInvoice]{
		textColumn("month", "Month", true, func(v *accountInvoice) (text, sub string) {
			return v.Month.UTC().Format("2006-01"), ""
		}),
		textColumn("account", "Account", false, func(v *accountInvoice) (text, sub string) { return v.account, "" }),
		{
			Column: part.Column{Key: "invoice", Title: "Invoice", Numeric: true},
			Cell: func(v *accountInvoice) part.Cell {
				return part.Cell{Text: dollars(v.Invoice), Raw: part.Raw(v.Invoice)}
			},
		},
	}
	columns = append(columns, moneyColumns("model", "By the list", dollars,
		func(v *accountInvoice) query.Figure { return v.Model })...)
	columns = append(columns, part.ColumnOf[accountInvoice]{
		Column: part.Column{Key: "factor", Title: "Invoice / list"},
		Cell: func(v *accountInvoice) part.Cell {
			if !v.Factor.OK() {
				return part.Cell{Text: chart.Absent, Sub: v.Missing}
			}
			return part.Cell{
				Text: fmt.Sprintf("factor: %.3g", float64(v.Factor)), Raw: part.Raw(v.Factor),
				Sub: "is what the account may say", Class: "mono",
			}
		},
	})
	return part.Build("invoices", "Invoices", columns, rows)
}

func priceTable(a *money.Cost) part.Table {
	columns := []part.ColumnOf[money.PriceList]{
		textColumn("plan", "Plan", true, func(v *money.PriceList) (text, sub string) {
			text = strings.TrimSpace(v.Platform + " " + v.Plan)
			switch {
			case v.Own && v.Used:
				sub = "used, of the policy"
			case v.Own:
				sub = "of the policy"
			case v.Used:
				sub = "used"
			}
			return text, sub
		}),
		{
			Column: part.Column{Key: "month", Title: "A month", Numeric: true},
			Cell: func(v *money.PriceList) part.Cell {
				c := part.Cell{Text: dollars(v.Month), Raw: part.Raw(v.Month)}
				if v.Credit > 0 {
					c.Sub = "with " + dollars(v.Credit) + " of use"
				}
				return c
			},
		},
		textColumn("meters", "Prices, USD", false, func(v *money.PriceList) (text, sub string) { return metersText(v), "" }),
		{
			Column: part.Column{Key: "as_of", Title: "As of"},
			Cell: func(v *money.PriceList) part.Cell {
				c := part.Text(v.AsOf)
				if v.Old {
					c.Class, c.Sub = "warn", "older than a year, or undated: check it"
				}
				return c
			},
		},
		{
			Column: part.Column{Key: "source", Title: "Read at"},
			Cell: func(v *money.PriceList) part.Cell {
				c := part.Text(v.Source)
				if strings.HasPrefix(v.Source, "https://") {
					c.Href = v.Source
					c.Text = strings.TrimPrefix(v.Source, "https://")
				}
				return c
			},
		},
	}
	return part.Build("prices", "Price lists", columns, a.Prices)
}

// metersText writes what a list charges for.
func metersText(l *money.PriceList) string {
	out := make([]string, len(l.Meters))
	for i := range l.Meters {
		m := &l.Meters[i]
		out[i] = meterName(m.Of) + " " + priceText(m.Price, m.Per)
		if m.Included > 0 {
			out[i] += " above " + chart.Number.Text(float64(m.Included))
		}
		for _, t := range m.Tiers {
			out[i] += ", " + listed(t.Price) + " above " + chart.Number.Text(float64(t.Above))
		}
	}
	return strings.Join(out, "; ")
}
