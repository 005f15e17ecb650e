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

func accountTable(a *money.Cost) part.Table {
	columns := []part.ColumnOf[money.AccountCost]{
		part.TextColumn("account", "Account", true, func(v *money.AccountCost) (text, sub string) {
			if v.Assumed && v.Plan != "" {
				sub = "assumed: no account names it"
			}
			return accountName(v), sub
		}),
		part.TextColumn("services", "Services", false, func(v *money.AccountCost) (text, sub string) {
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
				c := part.Cell{Text: part.Dollars(v.Budget), Raw: part.Raw(v.Budget)}
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
		out = append(out, part.FigureColumns(c.key, c.title, part.Dollars, func(v *T) query.Figure { return c.of(of(v)) })...)
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
		part.TextColumn("service", "Service", false, func(v *money.RouteCost) (text, sub string) { return v.Service, "" }),
		part.TextColumn("plan", "Plan", false, func(v *money.RouteCost) (text, sub string) {
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
	columns = append(columns, part.FigureColumns("bill", "Month to date", part.Dollars,
		func(v *money.RouteCost) query.Figure { return v.Bill })...)
	columns = append(columns, part.FigureColumns("range", "This range", part.Dollars,
		func(v *money.RouteCost) query.Figure { return v.Range })...)
	columns = append(columns, part.FigureColumns("per_million", "Per million", part.Dollars,
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
		part.TextColumn("meter", "Meter", true, func(v *accountMeter) (text, sub string) { return meterName(v.Of), "" }),
		part.TextColumn("account", "Account", false, func(v *accountMeter) (text, sub string) { return v.account, "" }),
	}
	columns = append(columns, part.FigureColumns("used", "Used", part.Count,
		func(v *accountMeter) query.Figure { return v.Used })...)
	columns = append(columns,
		part.NumberColumn("included", "Included", chart.Number, func(v *accountMeter) query.Num { return v.Included }))
	columns = append(columns, part.FigureColumns("forecast", "Month, forecast", part.Count,
		func(v *accountMeter) query.Figure { return v.Forecast })...)
	columns = append(columns, part.TextColumn("price", "Price, USD", false, func(v *accountMeter) (text, sub string) {
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
		part.TextColumn("plan", "Plan", true, func(v *money.Elsewhere) (text, sub string) {
			if v.Current {
				sub = "now"
			}
			return strings.TrimSpace(v.Platform + " " + v.Plan), sub
		}),
	}
	columns = append(columns, part.FigureColumns("bill", "Month, USD", part.Dollars,
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
		part.TextColumn("as_of", "Prices of", false, func(v *money.Elsewhere) (text, sub string) { return v.AsOf, "" }),
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
		part.TextColumn("month", "Month", true, func(v *accountInvoice) (text, sub string) {
			return v.Month.UTC().Format("2006-01"), ""
		}),
		part.TextColumn("account", "Account", false, func(v *accountInvoice) (text, sub string) { return v.account, "" }),
		{
			Column: part.Column{Key: "invoice", Title: "Invoice", Numeric: true},
			Cell: func(v *accountInvoice) part.Cell {
				return part.Cell{Text: part.Dollars(v.Invoice), Raw: part.Raw(v.Invoice)}
			},
		},
	}
	columns = append(columns, part.FigureColumns("model", "By the list", part.Dollars,
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
		part.TextColumn("plan", "Plan", true, func(v *money.PriceList) (text, sub string) {
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
				c := part.Cell{Text: part.Dollars(v.Month), Raw: part.Raw(v.Month)}
				if v.Credit > 0 {
					c.Sub = "with " + part.Dollars(v.Credit) + " of use"
				}
				return c
			},
		},
		part.TextColumn("meters", "Prices, USD", false, func(v *money.PriceList) (text, sub string) { return metersText(v), "" }),
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
