package judgement

import (
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

// costTile is a figure as a tile; absent is what stands there without one.
func costTile(id, title, absent string, f query.Figure) part.Tile {
	t := part.Tile{ID: id, Title: title, Unit: "USD"}
	text, sub := part.Written(f, part.Dollars)
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
		notes = append(notes, "n="+part.Count(f.N))
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
	s := Strip{State: part.State{Class: "bad", Text: accountName(a) + " passes its budget of " + part.Dollars(a.Budget) + " USD"}}
	if a.ToDate.Low > a.Budget {
		s.Text = part.Dollars(a.ToDate.Low) + " USD so far in " + c.Month.UTC().Format("January") + "."
		return s, true
	}
	if !(a.Forecast.Low > a.Budget) {
		s.State.Class = "warn"
	}
	s.Text = part.Dollars(a.Forecast.Value) + " USD expected for " + c.Month.UTC().Format("January")
	if sub := part.Between(a.Forecast, part.Dollars); sub != "" {
		s.Text += " (80 %: " + sub + ")"
	}
	if !a.Passes.IsZero() {
		s.Text += ", which passes it on " + a.Passes.UTC().Format("2 January")
	}
	s.Text += "."
	return s, true
}
